"""Imports and the canonical names of what they bring in.

Every import style ends in the same dotted name, so that ``L`` in ``from torch.nn import Linear as
L`` and ``torch.nn.modules.linear.Linear`` both are ``torch.nn.Linear``. Shadowing needs no rule of
its own: names are bound in the frames of the interpretation, where an assignment, a def or a
parameter replaces an import as it does in Python.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final, cast

import libcst as cst

from gradhealth_lint.semantics.domain.values import Qualified

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Public names that have moved or have twins.
_ALIASES: Final = {
    "torch.cuda.amp.GradScaler": "torch.amp.GradScaler",
    "torch.cuda.amp.grad_scaler.GradScaler": "torch.amp.GradScaler",
    "torch.cuda.amp.autocast": "torch.amp.autocast",
    "torch.special.expit": "torch.sigmoid",
    "torch.nn.parallel.DataParallel": "torch.nn.DataParallel",
    "torch.nn.parallel.distributed.DistributedDataParallel": (
        "torch.nn.parallel.DistributedDataParallel"
    ),
    "torch.nn.parameter.Parameter": "torch.nn.Parameter",
    "torch.Tensor.sigmoid": "torch.sigmoid",
    "torch.Tensor.tanh": "torch.tanh",
    "torch.Tensor.relu": "torch.relu",
}
#: Modules whose public members live one package up.
_INNER_MODULES: Final = ("torch.nn.modules.", "torch.optim.", "torch.nn.utils.")


@lru_cache(maxsize=4096)
def canonical(name: str) -> str:
    """The one name by which the linter knows a member of torch; other names stay as they are."""
    if not name.startswith("torch."):
        return name
    if name in _ALIASES:
        return _ALIASES[name]
    for inner in _INNER_MODULES:
        tail = name.removeprefix(inner)
        if tail != name and "." in tail and not tail.startswith(("lr_scheduler.", "rnn.")):
            package = "torch.nn." if inner == "torch.nn.modules." else inner
            if package != "torch.optim." or tail.rsplit(".", 1)[1][:1].isupper():
                return package + tail.rsplit(".", 1)[1]
    return name


def dotted(node: cst.BaseExpression | None) -> str:
    """``a.b.c`` of a name or attribute; "" of anything else."""
    kind = node.__class__  # ``isinstance`` asks ``abc`` of every node that is neither
    if kind is cst.Name:
        return cast("cst.Name", node).value
    if kind is cst.Attribute:
        attribute = cast("cst.Attribute", node)
        base = dotted(attribute.value)
        return f"{base}.{attribute.attr.value}" if base else ""
    return ""


def called(node: cst.CSTNode | None) -> str:
    """``backward`` of ``anything.backward(...)`` or ``backward(...)``; "" of anything else."""
    func = node.func if isinstance(node, cst.Call) else None
    kind = func.__class__
    if kind is cst.Attribute:
        return cast("cst.Attribute", func).attr.value
    return cast("cst.Name", func).value if kind is cst.Name else ""


def bindings(node: cst.Import | cst.ImportFrom) -> Iterator[tuple[str, Qualified]]:
    """The names an import statement binds; a star import binds none (see ``star``)."""
    if isinstance(node, cst.Import):
        for alias in node.names:
            name = dotted(alias.name)
            if alias.asname is not None:
                yield dotted(_target(alias)), Qualified(canonical(name))
            else:
                # "import torch.nn" binds torch
                root = name.partition(".")[0]
                yield root, Qualified(root)
        return
    if isinstance(node.names, cst.ImportStar):
        return
    module = "." * len(node.relative) + dotted(node.module)
    for alias in node.names:
        name = dotted(alias.name)
        target = dotted(_target(alias)) if alias.asname is not None else name
        yield target, Qualified(canonical(f"{module}.{name}"))


def star(node: cst.Import | cst.ImportFrom) -> str | None:
    """The module a star import takes everything from."""
    if isinstance(node, cst.ImportFrom) and isinstance(node.names, cst.ImportStar):
        return "." * len(node.relative) + dotted(node.module)
    return None


def _target(alias: cst.ImportAlias) -> cst.BaseExpression | None:
    if alias.asname is None or isinstance(alias.asname.name, (cst.Tuple, cst.List)):
        return None
    return alias.asname.name


def stops_gradients(node: cst.BaseExpression) -> bool:
    """Whether this decorator or context is ``torch.no_grad()`` or another that records nothing."""
    return records_gradients(node) is False


def records_gradients(node: cst.BaseExpression) -> bool | None:
    """What this decorator or context makes autograd do; None if that is not known, or nothing."""
    call = node if isinstance(node, cst.Call) else None
    name = dotted(node if call is None else call.func).rpartition(".")[2]
    given = call.args[0].value if call is not None and call.args else None
    mode = given.value if isinstance(given, cst.Name) else ""
    if name == "no_grad":
        return False
    if name == "enable_grad":
        return True
    if name == "set_grad_enabled":
        return {"True": True, "False": False}.get(mode)
    return False if name == "inference_mode" and mode != "False" else None
