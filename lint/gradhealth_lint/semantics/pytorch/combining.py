"""What is computed of several values, some of a model and some that have lost their graph."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import libcst as cst

from gradhealth_lint.semantics.domain.torch_values import Applied, Drawn, InitCall
from gradhealth_lint.semantics.domain.values import (
    UNKNOWN,
    Arguments,
    ListValue,
    Qualified,
    Value,
    is_constant,
)
from gradhealth_lint.semantics.pytorch import data
from gradhealth_lint.semantics.pytorch.graphless import COMPUTED, is_cut

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gradhealth_lint.semantics.python.interpreter import Interpreter

#: Functions of these make values of values.
_SUMS: Final = frozenset({cst.Add, cst.Subtract, cst.AddAssign, cst.SubtractAssign})
#: Names of what a backward pass starts at.
_SUM: Final = re.compile(r"loss|objective", re.I)
_PACKAGES: Final = ("torch.", "torch.nn.functional.", "numpy.")


def combined(
    interpreter: Interpreter, left: tuple[Value, cst.CSTNode], right: tuple[Value, cst.CSTNode]
) -> Value:
    """``left op right`` of what is computed, or cut, and of anything else."""
    if interpreter.gradless:
        cut = next((one for one, _ in (left, right) if is_cut(one)), None)
        if cut is not None:
            return cut  # nothing has a graph here
    for one, (other, node) in ((left[0], right), (right[0], left)):
        if is_cut(one) and not isinstance(other, Applied) and data.are_data(interpreter, [node]):
            return one
    return joined(left[0], right[0])


def accumulated(op: cst.CSTNode, left: Value, right: Value) -> Value:
    """``loss + term`` of a sum that starts as a tensor of plain numbers: what its terms come to.

    UNKNOWN where it is no such sum, or not its first term.
    """
    if op.__class__ not in _SUMS:
        return UNKNOWN
    for start, term in ((left, right), (right, left)):
        if isinstance(start, Drawn) and start.leaf is None and _SUM.search(start.text):
            if isinstance(term, Applied):
                return COMPUTED
            if is_cut(term) and isinstance(start.fields["init"], InitCall):
                return term
    return UNKNOWN


def joined(left: Value, right: Value) -> Value:
    """The same where it is not known how they are written."""
    if isinstance(left, Applied) or isinstance(right, Applied):
        return COMPUTED
    for one, other in ((left, right), (right, left)):
        if is_cut(one) and (is_constant(other) or is_cut(other)):
            return one
    return UNKNOWN


def gathered(values: Iterable[Value]) -> Value:
    """The sum, the mean or the row of these."""
    every = list(values)
    if any(isinstance(one, Applied) for one in every):
        return COMPUTED
    cut = [one for one in every if is_cut(one)]
    return cut[0] if cut and all(is_cut(one) or is_constant(one) for one in every) else UNKNOWN


def after(interpreter: Interpreter, node: cst.Call, callee: Value, arguments: Arguments) -> Value:
    """``torch.mean(values)``, ``numpy.array(values)`` of what is cut and of data; else UNKNOWN."""
    if not isinstance(callee, Qualified) or f"{callee.name.rpartition('.')[0]}." not in _PACKAGES:
        return UNKNOWN
    given = [(one, _whole(one)) for one in arguments.positional]
    found = next((whole for _, whole in given if is_cut(whole)), UNKNOWN)
    if found is UNKNOWN or arguments.open or any(isinstance(w, Applied) for _, w in given):
        return UNKNOWN
    pairs = zip(node.args, given, strict=False)
    others = [written.value for written, (_, whole) in pairs if not is_cut(whole)]
    return found if data.are_data(interpreter, others) else UNKNOWN


def _whole(value: Value) -> Value:
    """A list as what its elements come to."""
    if isinstance(value, ListValue) and isinstance(value.items, tuple):
        return gathered(value.items)
    return value
