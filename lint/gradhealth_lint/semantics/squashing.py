"""Softmax and sigmoid calls as they are written, for the fixes of what is done to their results."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import libcst as cst

from gradhealth_lint.semantics.domain import walking
from gradhealth_lint.semantics.domain.names import dotted
from gradhealth_lint.semantics.squashing_facts import Squashing

if TYPE_CHECKING:
    from collections.abc import Callable

    from gradhealth_lint.semantics.places import Anchor

_LAYER: Final = re.compile(r"(^|\.)(Softmax|Softmax2d|Sigmoid)$")
_ASSIGNED_AND_READ: Final = 2
_METHODS: Final = frozenset({"softmax", "sigmoid"})
_MODULES: Final = re.compile(r"^(torch|th|F|nn|functional|self|special)(\.|$)")


def squashing(
    asking: cst.CSTNode,
    source: cst.CSTNode,
    tree: cst.Module,
    anchor: Callable[[cst.CSTNode], Anchor],
) -> Squashing | None:
    """How ``source`` is written, whose result ``asking`` is given; None if it is not plain."""
    if not isinstance(source, cst.Call) or any(one.star for one in source.args):
        return None
    name = dotted(source.func)
    arguments = list(source.args)
    if _LAYER.search(name):
        return Squashing("made", None, _text(arguments), direct=False, idle=False, lone=True)
    given: cst.CSTNode | None = None
    method = _is_method(source, name)
    if method and isinstance(source.func, cst.Attribute):
        given = source.func.value
    elif arguments and arguments[0].keyword is None:
        given = arguments.pop(0).value
    if given is None:
        return None
    function = name.rpartition(".")[2] in _METHODS and not name.startswith("self.")
    target = _target(tree, source)
    return Squashing(
        "method" if method else "function" if function else "layer",
        anchor(given),
        _text(arguments),
        _is_operand(asking, source),
        isinstance(given, cst.Name) and target == given.value,
        list(walking.names(tree)).count(target) <= _ASSIGNED_AND_READ,
    )


def _is_method(call: cst.Call, name: str) -> bool:
    if not isinstance(call.func, cst.Attribute) or call.func.attr.value not in _METHODS:
        return False
    if not name:
        return True  # of an expression
    numbers = all(
        one.keyword is not None or isinstance(one.value, (cst.Integer, cst.UnaryOperation))
        for one in call.args
    )
    return numbers and not _MODULES.search(name.rpartition(".")[0])


def _is_operand(asking: cst.CSTNode, source: cst.CSTNode) -> bool:
    if not isinstance(asking, cst.Call):
        return False
    first = asking.args[0].value if asking.args else None
    return first is source or (
        isinstance(asking.func, cst.Attribute) and asking.func.value is source
    )


def _target(tree: cst.Module, source: cst.CSTNode) -> str:
    """The name that a call is assigned to, "" if it is not."""
    for assignment in walking.nodes_within(tree, cst.Assign):
        if assignment.value is source:
            targets = [one.target for one in assignment.targets]
            return dotted(targets[0]) if len(targets) == 1 else ""
    return ""


def _text(arguments: list[cst.Arg]) -> str:
    code = cst.Module([]).code_for_node
    return ", ".join(code(one.with_changes(comma=cst.MaybeSentinel.DEFAULT)) for one in arguments)
