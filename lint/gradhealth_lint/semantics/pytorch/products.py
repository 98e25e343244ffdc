"""Products of a signal and a trained matrix made by hand, and what is done to them at once."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from gradhealth_lint.semantics.domain import folding
from gradhealth_lint.semantics.domain.graph import OPAQUE, Node
from gradhealth_lint.semantics.domain.names import called, dotted
from gradhealth_lint.semantics.domain.torch_values import Drawn, Product
from gradhealth_lint.semantics.domain.values import MISSING, UNKNOWN, Arguments, Either, Value

if TYPE_CHECKING:
    from collections.abc import Iterable

    import libcst as cst

    from gradhealth_lint.semantics.python.interpreter import Interpreter

#: Calls that multiply by a matrix, and which of their arguments are the factors.
_FACTORS: Final = {
    "MatrixMultiply": (0, 1),
    **dict.fromkeys(("matmul", "mm", "bmm", "linear", "conv1d", "conv2d", "conv3d"), (0, 1)),
    "addmm": (1, 2),
    "einsum": (1, 2),
}
_FEWEST_DIMENSIONS: Final = 2
_Fans = tuple["int | None", "int | None"]


def only(value: Value) -> Value:
    """The tensor of "a tensor or None"; anything else as it is."""
    options = getattr(value, "options", ()) if isinstance(value, Either) else ()
    found = [option for option in options if option is not None]
    return found[0] if len(found) == 1 else value


def product(interpreter: Interpreter, name: str, given: tuple[Value, ...]) -> Value:
    """A matrix product with a trained tensor made by hand, MISSING if it is none."""
    places = _FACTORS.get(name)
    if places is None or len(given) <= places[1]:
        return MISSING
    factors = [only(given[place]) for place in places]
    trained = [one for one in factors if isinstance(one, Drawn) and one.fields["trained"] is True]
    if len(trained) != 1 or len(trained[0].shape or ()) < _FEWEST_DIMENSIONS:
        return MISSING
    weight = trained[0]
    fans = _fans(name, weight.shape or (), given[0], second=factors[1] is weight)
    if fans is None:
        return MISSING
    nodes = [one for one in factors if isinstance(one, Node)]
    result: Value = Product(weight)
    if nodes:
        result = interpreter.node(OPAQUE, nodes, label="matmul", arguments={"weight": weight})
    interpreter.products.append((weight, fans, result))
    return result


def _fans(name: str, shape: tuple[Value, ...], first: Value, *, second: bool) -> _Fans | None:
    """Inputs and outputs of a unit, None if nothing is summed over."""
    if name == "einsum":
        return _of_equation(first, shape, second=second)
    if name.startswith("conv"):
        return (_count(shape[1:]), _count(shape[:1])) if second else None
    inputs, outputs = (shape[-2], shape[-1]) if second and name != "linear" else shape[:-3:-1]
    return folding.whole(inputs), folding.whole(outputs)


def _of_equation(equation: Value, shape: tuple[Value, ...], *, second: bool) -> _Fans | None:
    """``bi,ij->bj``: i is summed over, j is what the weight adds."""
    left, arrow, result = (
        equation.replace(" ", "").partition("->") if isinstance(equation, str) else ("", "", "")
    )
    factors = left.split(",")
    if not arrow or len(factors) != 2:  # noqa: PLR2004
        return None
    letters, others = (factors[1], factors[0]) if second else (factors[0], factors[1])
    if len(letters) != len(shape) or "." in letters:
        return None
    sizes = dict(zip(letters, shape, strict=True))
    summed = [size for letter, size in sizes.items() if letter in others and letter not in result]
    new = [size for letter, size in sizes.items() if letter not in others]
    return (_count(summed), _count(new)) if summed else None


def _count(sizes: Iterable[Value]) -> int | None:
    known = [folding.whole(size) for size in sizes]
    return None if None in known else math.prod(size for size in known if size is not None)


def unread(interpreter: Interpreter, arguments: Arguments, node: cst.CSTNode) -> Value:
    """``x.mm(w)`` of something of which nothing is known, MISSING if it is another call."""
    name = called(node)
    if name not in {"mm", "matmul", "bmm"} or "." not in dotted(getattr(node, "func", None)):
        return MISSING
    return product(interpreter, name, (UNKNOWN, *arguments.positional))


def rescale(interpreter: Interpreter, value: Value) -> Value:
    """A product is multiplied, divided or normalised right away."""
    if isinstance(value, Product):
        interpreter.rescaled.add(id(value.weight.fields))
    return UNKNOWN
