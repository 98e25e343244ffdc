"""Terms of a loss that have lost their graph: they are added, and change no gradient.

``loss = task + 0.1 * distance(a, b).detach()`` is trained on ``task`` alone. A term is told from a
number on purpose (a target, a baseline, a straight-through estimator) by its name, by being added
to something that has a graph, and by nothing but sums and factors behind it.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import libcst as cst

from gradhealth_lint.semantics.domain import walking
from gradhealth_lint.semantics.domain.torch_values import Applied, Squashed
from gradhealth_lint.semantics.domain.values import Value
from gradhealth_lint.semantics.pytorch.graphless import CUT

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Names of what is there to be trained on.
_LOSS: Final = re.compile(r"loss|penalty|regulari|(^|_)(reg|kld?|kl_div)(_|$)", re.I)
#: Names of what is added to a loss to be shown, or to stand for another value.
_SHOWN: Final = re.compile(
    r"(^|_)(log(s|ged|ging)?|shown?|print(ed)?|display|report(ed)?|record(ed)?|run(ning)?)(_|$)",
    re.I,
)
_SUMS: Final = (cst.Add, cst.Subtract, cst.AddAssign, cst.SubtractAssign)
_FACTORS: Final = (cst.Multiply, cst.Divide, cst.MultiplyAssign, cst.DivideAssign)

#: A value and the code that it is of.
Side = tuple[Value, cst.CSTNode]


def combined(op: cst.CSTNode, left: Side, right: Side, result: Value) -> Value:
    """``left op right``, with the terms that are lost in it."""
    if not isinstance(result, (Applied, Squashed)):
        return result
    if isinstance(op, _SUMS):
        terms = (*_contributed(left, right), *_contributed(right, left))
    elif isinstance(op, _FACTORS):
        terms = (*_terms(left[0]), *_terms(right[0]))
        if isinstance(left[0], Applied) and isinstance(right[0], Applied):
            terms = ()
    else:
        return result
    return replace(result, terms=tuple(dict.fromkeys(terms))) if terms else result


def lost(value: Value) -> tuple[Squashed, ...]:
    """The terms that a backward pass from here does not reach, where it reaches others."""
    return value.terms if isinstance(value, Applied) else ()


def _terms(value: Value) -> tuple[Squashed, ...]:
    return value.terms if isinstance(value, (Applied, Squashed)) else ()


def _contributed(side: Side, other: Side) -> Iterator[Squashed]:
    value, node = side
    yield from _terms(value)
    if not isinstance(value, Squashed) or value.function != CUT or value.terms:
        return
    cut = _source(value.node)
    named = [name for name in walking.names(node) if _LOSS.search(name)]
    shown = any(_SHOWN.search(name) for name in walking.names(node))
    if cut is None or not named or shown:
        return
    # What stands in the other term as well is there to give it another value or another slope.
    if not set(walking.names(cut)) & set(walking.names(other[1])):
        yield value


def _source(node: cst.CSTNode) -> cst.BaseExpression | None:
    """What was cut: ``x`` of ``x.detach()``, ``x.item()``, ``float(x)``."""
    if isinstance(node, cst.Attribute):
        return node.value
    if not isinstance(node, cst.Call):
        return None
    if isinstance(node.func, cst.Attribute) and not node.args:
        return node.func.value
    return node.args[0].value if node.args else None
