"""Making tensors by hand: ``torch.randn`` and its kind, and ``nn.Parameter`` of them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from gradhealth_lint.semantics.domain import folding
from gradhealth_lint.semantics.domain.torch_values import Drawn, InitCall, ParameterRef
from gradhealth_lint.semantics.domain.values import MISSING, UNKNOWN, Arguments, Value
from gradhealth_lint.semantics.pytorch import inits, leaves

if TYPE_CHECKING:
    import libcst as cst

    from gradhealth_lint.semantics.python.interpreter import Interpreter

#: Memory as it was found: the numbers are whatever lay there.
UNSET: Final = "empty"
_SIZED: Final[dict[str, tuple[str, tuple[tuple[str, float], ...]]]] = {
    "randn": ("normal_", (("mean", 0.0), ("std", 1.0))),
    "rand": ("uniform_", (("a", 0.0), ("b", 1.0))),
    "zeros": ("zeros_", ()),
    "ones": ("ones_", ()),
    "empty": (UNSET, ()),
}
#: Of a tensor with numbers that are no init's.
_UNREAD: Final[dict[str, Value]] = {"init": UNKNOWN, "trained": False}
_ALIKE: Final = {f"{name}_like": made for name, made in _SIZED.items()}
_TYPED: Final = frozenset(
    f"torch.{device}{kind}"
    for device in ("", "cuda.")
    for kind in ("Tensor", "FloatTensor", "DoubleTensor", "HalfTensor")
)
_VARIABLES: Final = frozenset({"torch.autograd.Variable", "torch.autograd.variable.Variable"})


def make(interpreter: Interpreter, name: str, arguments: Arguments, node: cst.Call) -> Value:
    """``torch.randn(...)`` by its full name, MISSING if the name or what it is given is another."""
    last = name.rpartition(".")[2]
    given = arguments.positional
    init, numbers = _SIZED["empty"]
    shape: tuple[Value, ...] | None = None
    if name in _VARIABLES and given and isinstance(given[0], Drawn):
        return asked(interpreter, given[0], arguments)
    if name in _TYPED:
        if not _are_sizes(given):
            return MISSING
        shape = tuple(given)
    elif last in _SIZED:
        init, numbers = _SIZED[last]
        shape = _shape(arguments)
    elif last in _ALIKE and given and isinstance(given[0], (Drawn, ParameterRef)):
        init, numbers = _ALIKE[last]
        like = given[0]
        shape = like.shape if isinstance(like, Drawn) else inits.shape(like)
    elif last in {"full", "full_like", "tensor", "normal"}:
        read = _written(last, arguments)
        if read is None and last == "tensor" and _are_numbers(given):
            return asked(interpreter, Drawn(dict(_UNREAD), None, interpreter.at(node)), arguments)
        if read is None:
            return MISSING
        init, numbers, shape = read
    else:
        return MISSING
    call = InitCall(init, numbers, interpreter.at(node), "", name)
    tensor = Drawn({"init": call, "trained": False}, shape, call.node)
    return asked(interpreter, tensor, arguments)


def _written(
    name: str, arguments: Arguments
) -> tuple[str, tuple[tuple[str, float], ...], tuple[Value, ...] | None] | None:
    if name == "normal":
        bound = arguments.bind("mean", "std", "size")
        mean, std = (folding.number(bound.get(key, UNKNOWN)) for key in ("mean", "std"))
        if mean is None or std is None or "size" not in bound:
            return None
        return "normal_", (("mean", mean), ("std", std)), folding.sequence(bound["size"])
    names = {"tensor": ("data",), "full_like": ("input", "fill_value")}
    bound = arguments.bind(*names.get(name, ("size", "fill_value")))
    number = folding.number(bound.get("data" if name == "tensor" else "fill_value", UNKNOWN))
    if number is None:
        return None
    shape = () if name == "tensor" else folding.sequence(bound.get("size", UNKNOWN))
    return "constant_", (("val", number),), shape


def _are_numbers(given: list[Value]) -> bool:
    """Whether torch.tensor is given a list of numbers, or lists of them."""
    items = folding.sequence(given[0]) if given and not isinstance(given[0], str) else None
    return bool(items) and all(
        folding.number(item) is not None or _are_numbers([item]) for item in items or ()
    )


def _are_sizes(given: list[Value]) -> bool:
    """Whether torch.Tensor is given sizes: numbers, or more things than one."""
    return len(given) > 1 or (len(given) == 1 and folding.whole(given[0]) is not None)


def _shape(arguments: Arguments) -> tuple[Value, ...] | None:
    given: Value = arguments.keywords.get("size", arguments.positional)
    if isinstance(given, list):
        inner = folding.sequence(given[0]) if len(given) == 1 else None
        given = tuple(given) if inner is None else inner
    found = folding.sequence(given)
    return None if arguments.open else found


def asked(interpreter: Interpreter, tensor: Drawn, arguments: Arguments) -> Drawn:
    """The tensor, with ``requires_grad=`` heeded."""
    wanted = arguments.keywords.get("requires_grad", False)
    if wanted is not False:
        interpreter.store.write(tensor.fields, "trained", wanted)
        interpreter.drawn.append(tensor)
    return tensor


def parameter(interpreter: Interpreter, arguments: Arguments) -> Value:
    """``nn.Parameter(tensor)``: followed where the tensor's making is known."""
    bound = arguments.bind("data", "requires_grad")
    given = bound.get("data", UNKNOWN)
    if not isinstance(given, Drawn):
        return leaves.parameter(interpreter, arguments)
    made = replace(given, is_parameter=True, made_by="", leaf=None)
    interpreter.store.write(made.fields, "trained", bound.get("requires_grad", True))
    interpreter.drawn.append(made)
    return made
