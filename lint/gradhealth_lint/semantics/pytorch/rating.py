"""The learning rates that optimizers are made with."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import libcst as cst

from gradhealth_lint.semantics.domain import walking
from gradhealth_lint.semantics.domain.names import dotted
from gradhealth_lint.semantics.domain.values import MISSING, DictValue, ListValue
from gradhealth_lint.semantics.python import iteration

if TYPE_CHECKING:
    from gradhealth_lint.semantics.domain.torch_values import Optimizer
    from gradhealth_lint.semantics.domain.values import Arguments, Value
    from gradhealth_lint.semantics.python.interpreter import Interpreter


@dataclass(frozen=True, eq=False, slots=True)
class Rated:
    """An optimizer of torch.optim, and what ``lr`` and ``momentum`` it was given.

    ``written`` is the expression of the rate, None if the optimizer's own default holds.
    """

    optimizer: Optimizer
    node: cst.Call = field(repr=False)
    rate: Value
    momentum: Value
    written: cst.BaseExpression | None


def made(
    interpreter: Interpreter, optimizer: Optimizer, arguments: Arguments, node: cst.Call
) -> None:
    """Note the rate of a new optimizer, unless a group of its parameters has its own."""
    if optimizer.foreign or arguments.open or interpreter.site is not None:
        return
    given = arguments.bind("params", "lr")
    if "lr" not in given or _has_own_rates(interpreter, given.get("params"), node):
        return
    momentum = given.get("momentum", arguments.positional[2:3] or 0.0)
    momentum = momentum[0] if isinstance(momentum, list) else momentum
    rated = Rated(optimizer, node, given["lr"], momentum, _written(node))
    interpreter.ownership.rated.append(rated)


def _has_own_rates(interpreter: Interpreter, parameters: Value, node: cst.Call) -> bool:
    items = iteration.iterated(interpreter, parameters) if isinstance(parameters, ListValue) else ()
    if items is None:
        return not source(node)
    return any(isinstance(one, DictValue) and one.lookup("lr") is not MISSING for one in items)


def _written(node: cst.Call) -> cst.BaseExpression | None:
    for place, argument in enumerate(node.args):
        if argument.keyword is not None and argument.keyword.value == "lr":
            return argument.value
        if argument.keyword is None and place == 1:
            return argument.value
    return None


def source(node: cst.Call) -> str:
    """``model`` of ``Adam(model.parameters())``, "" if it is given something else."""
    first = node.args[0].value if node.args else None
    for one in () if first is None else walking.within(first):
        if isinstance(one, cst.Attribute) and one.attr.value in {"parameters", "named_parameters"}:
            return dotted(one.value)
    return ""
