"""Softmax and sigmoid calls as they are written, for the fixes of what is done to their results."""

from __future__ import annotations

import re
from collections import Counter
from functools import lru_cache
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
    operand = _operand(asking)
    return Squashing(
        "method" if method else "function" if function else "layer",
        anchor(given),
        _text(arguments),
        operand is source or _is_still_there(tree, asking, source, given, target),
        isinstance(given, cst.Name) and target == given.value,
        _counts(tree)[target] <= _ASSIGNED_AND_READ,
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


def _operand(asking: cst.CSTNode) -> cst.CSTNode | None:
    """What a loss or a logarithm is given."""
    if not isinstance(asking, cst.Call):
        return None
    if not asking.args:
        return asking.func.value if isinstance(asking.func, cst.Attribute) else None
    return asking.args[0].value


def _is_still_there(
    tree: cst.Module,
    asking: cst.CSTNode,
    source: cst.CSTNode,
    given: cst.CSTNode,
    target: str,
) -> bool:
    """Whether ``target = softmax(given)`` could be repeated where ``target`` is used."""
    operand = _operand(asking)
    if not (isinstance(operand, cst.Name) and operand.value == target):
        return False
    if not isinstance(given, cst.Name) or given.value == target:
        return False
    function = _around(tree, asking, source)
    after = False
    for node in walking.within(function):
        if after and given.value in _bound(node):
            return False
        after = after or node is source
    bound = [name for node in walking.within(function) for name in _bound(node)]
    return after and bound.count(target) == 1


def _around(tree: cst.Module, *nodes: cst.CSTNode) -> cst.CSTNode:
    """The innermost function that these are in, else the file."""
    found: cst.CSTNode = tree
    for function in walking.nodes_within(tree, cst.FunctionDef):
        inside = {id(one) for one in walking.within(function)}
        if inside.issuperset(map(id, nodes)):
            found = function
    return found


def _bound(node: cst.CSTNode) -> list[str]:
    """The names that a statement or expression gives a value, or changes in place."""
    targets: list[cst.CSTNode] = []
    if isinstance(node, cst.Assign):
        targets = [one.target for one in node.targets]
    elif isinstance(node, (cst.AnnAssign, cst.AugAssign, cst.For, cst.NamedExpr, cst.CompFor)):
        targets = [node.target]
    elif isinstance(node, (cst.AsName, cst.Param)):
        targets = [node.name]
    elif isinstance(node, cst.Attribute) and node.attr.value.endswith("_"):
        targets = [node.value]
    return [name for target in targets for name in walking.names(target)]


def _target(tree: cst.Module, source: cst.CSTNode) -> str:
    """The name that a call is assigned to, "" if it is not."""
    assignment = _assignments(tree).get(id(source))
    targets = [] if assignment is None else [one.target for one in assignment.targets]
    return dotted(targets[0]) if len(targets) == 1 else ""


@lru_cache(maxsize=1)
def _assignments(tree: cst.Module) -> dict[int, cst.Assign]:
    """Every assignment of a file, by the identity of what is assigned."""
    return {id(one.value): one for one in walking.nodes_within(tree, cst.Assign)}


@lru_cache(maxsize=1)
def _counts(tree: cst.Module) -> Counter[str]:
    """How often each name is in a file."""
    return Counter(walking.names(tree))


def _text(arguments: list[cst.Arg]) -> str:
    code = cst.Module([]).code_for_node
    return ", ".join(code(one.with_changes(comma=cst.MaybeSentinel.DEFAULT)) for one in arguments)
