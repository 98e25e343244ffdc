"""What an attribute of a module is assigned in the source, for fixes that wrap it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import libcst as cst

from gradhealth_lint.semantics import tending
from gradhealth_lint.semantics.domain import walking
from gradhealth_lint.semantics.domain.names import dotted
from gradhealth_lint.semantics.domain.torch_values import is_module
from gradhealth_lint.semantics.domain.values import UNKNOWN, DictValue, ListValue
from gradhealth_lint.semantics.module_facts import Remade

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gradhealth_lint.semantics.domain.values import ClassValue, Value
    from gradhealth_lint.semantics.places import Anchor

_PARAMETER: Final = re.compile(r"(^|\.)Parameter$")
#: What lists and dicts have, and nn.ModuleList and nn.ModuleDict have not.
_ONLY_PLAIN: Final = r"\.(get|setdefault|copy|index|sort|remove|reverse|count|popitem|fromkeys)\("
_WRAPPED: Final = (cst.List, cst.ListComp, cst.Tuple, cst.Dict, cst.DictComp)
_MADE_BY: Final = frozenset({"list", "tuple", "dict"})


def assigned(cls: ClassValue, name: str) -> cst.BaseExpression | None:
    """The only thing that ``self.name`` is assigned, once its module is set up; else None."""
    found = []
    for method in tending.methods(cls):
        ready = method.name.value != "__init__"
        for node in walking.within(method.body):
            if isinstance(node, cst.Attribute) and node.attr.value == "__init__":
                ready = True
            for target, value in _parts(node):
                if dotted(target) == f"self.{name}":
                    found.append(value if ready else None)
    return found[0] if len(found) == 1 else None


def holdable(cls: ClassValue, name: str, held: Value, code: str) -> cst.BaseExpression | None:
    """The list or dict that ``self.name`` is, if nn.ModuleList or nn.ModuleDict can hold it."""
    value = assigned(cls, name)
    made = isinstance(value, cst.Call) and dotted(value.func) in _MADE_BY
    if not (made or isinstance(value, _WRAPPED)):
        return None
    if re.search(rf"\.{re.escape(name)}{_ONLY_PLAIN}", code):
        return None
    return value if all(map(is_module, _items(held))) and _has_plain_keys(held) else None


def remade(value: cst.CSTNode | None, anchor: Callable[[cst.CSTNode], Anchor]) -> Remade | None:
    """The parts of ``nn.Parameter(x).cuda()`` and of ``0.02 * nn.Parameter(x)``."""
    before, after, made = "", "", value
    code = cst.Module([]).code_for_node
    if isinstance(value, cst.BinaryOperation) and isinstance(value.operator, cst.Multiply):
        before, made = f"{code(value.left)} * ", value.right
    while isinstance(made, cst.Call) and isinstance(made.func, cst.Attribute):
        if _PARAMETER.search(dotted(made.func)):
            break
        after = f".{made.func.attr.value}({_arguments(made)}){after}"
        made = made.func.value
    if not (isinstance(made, cst.Call) and _PARAMETER.search(dotted(made.func))):
        return None
    plain = len(made.args) == 1 and made.args[0].keyword is None and not made.args[0].star
    return Remade(before, anchor(made.args[0].value), after) if plain else None


def _parts(node: cst.CSTNode) -> Iterator[tuple[cst.BaseExpression, cst.BaseExpression | None]]:
    if isinstance(node, cst.Assign):
        for one in node.targets:
            yield one.target, node.value
    elif isinstance(node, (cst.AnnAssign, cst.AugAssign)):
        yield node.target, node.value if isinstance(node, cst.AnnAssign) else None


def _items(held: Value) -> list[Value]:
    if isinstance(held, ListValue):
        return [] if held.items is UNKNOWN else list(held.items)
    if isinstance(held, DictValue):
        return [] if held.items is UNKNOWN else [item for _, item in held.items]
    return list(held) if isinstance(held, tuple) else []


def _has_plain_keys(held: Value) -> bool:
    """Whether the keys of a dict can name modules."""
    if not isinstance(held, DictValue):
        return True
    return held.items is not UNKNOWN and all(
        isinstance(key, str) and "." not in key and not hasattr(dict, key) for key, _ in held.items
    )


def _arguments(call: cst.Call) -> str:
    code = cst.Module([]).code_for_node
    return ", ".join(code(one.with_changes(comma=cst.MaybeSentinel.DEFAULT)) for one in call.args)
