"""Statements about names alone: imports, global and nonlocal, del."""

from __future__ import annotations

from typing import TYPE_CHECKING

import libcst as cst

from gradhealth_lint.semantics.domain import names
from gradhealth_lint.semantics.domain.flow import Flow
from gradhealth_lint.semantics.domain.values import MISSING, UNKNOWN, Frame, Qualified

if TYPE_CHECKING:
    from gradhealth_lint.semantics.python.interpreter import Interpreter


def run_import(interpreter: Interpreter, node: cst.Import | cst.ImportFrom, frame: Frame) -> Flow:
    """Bind the names of an import."""
    project = interpreter.project
    dots = len(node.relative) if isinstance(node, cst.ImportFrom) else 0
    for name, value in names.bindings(node):
        found = value
        if project is not None and dots:
            path = project.relative(frame.module, dots, value.name[dots:].lstrip("."))
            found = Qualified(path)
        interpreter.store.write(frame.fields, name, found)
    module = names.star(node)
    if module is not None:
        if project is not None and dots:
            module = project.relative(frame.module, dots, module[dots:])
        frame.stars = (*frame.stars, module)
    return Flow.NEXT


def run_scope(_: Interpreter, node: cst.Global | cst.Nonlocal, frame: Frame) -> Flow:
    """``global`` and ``nonlocal``: where the names live."""
    for item in node.names:
        scope = frame.parent
        while scope is not None and scope.parent is not None:
            if isinstance(node, cst.Nonlocal) and item.name.value in scope.fields:
                break
            scope = scope.parent
        if scope is not None:
            frame.elsewhere[item.name.value] = scope
    return Flow.NEXT


def run_del(interpreter: Interpreter, node: cst.Del, frame: Frame) -> Flow:
    """Unbind names."""
    targets: list[cst.BaseExpression] = [node.target]
    if isinstance(node.target, (cst.Tuple, cst.List)):
        targets = [element.value for element in node.target.elements]
    for target in targets:
        name = target.value if isinstance(target, cst.Name) else None
        scope = frame.elsewhere.get(name, frame) if isinstance(name, str) else frame
        if isinstance(name, str) and name in scope.fields:
            # A local name stays local; what a module deletes may be a builtin again.
            left = MISSING if scope.parent is None else UNKNOWN
            interpreter.store.write(scope.fields, name, left)
    return Flow.NEXT
