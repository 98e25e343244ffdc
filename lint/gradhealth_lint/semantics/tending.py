"""Whether somebody trains, by name, what a module does not register.

Read off the source's text, for it is a question about the whole file: an optimizer that is given
``[net.w]``, an update by hand, a method of the class that gives out its parameters.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import libcst as cst

from gradhealth_lint.semantics.domain import walking
from gradhealth_lint.semantics.domain.names import dotted
from gradhealth_lint.semantics.domain.values import MISSING, ClassValue
from gradhealth_lint.semantics.python import classes

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Methods that set parameters and do not use them.
_SETTING: Final = re.compile(r"init|reset|^extra_repr$|^__repr__$|^_?load|^_?save")
#: What a statement has if it trains what it names, freezes it, or differentiates by it.
_TENDING: Final = re.compile(
    r"optim|adam|\bsgd\b|rmsprop|adagrad|lbfgs|\bgrad\b|param_groups?\b|params\b|parameters\b"
    r"|\bstate_dict|\bno_grad\b|trainable|requires_grad|\beval\b|add_module|register_module",
    re.IGNORECASE,
)
_TENDING_METHOD: Final = re.compile(r"param|optim|trainable|^update|^step", re.IGNORECASE)
_OPENING: Final = frozenset("([{")
_CLOSING: Final = frozenset(")]}")


def is_used(cls: ClassValue, name: str) -> bool:
    """Whether a method that does more than set it mentions an attribute."""
    return any(
        isinstance(node, cst.Attribute) and dotted(node) == f"self.{name}"
        for method in methods(cls)
        if not _SETTING.search(method.name.value)
        for node in walking.within(method)
    )


def is_tended(cls: ClassValue, name: str, code: str) -> bool:
    """Whether the class gives out its parameters by itself, or a statement tends to this one."""
    if classes.find(cls, "parameters") is not MISSING:
        return True
    for method in methods(cls):
        if _TENDING_METHOD.search(method.name.value) and any(
            isinstance(node, cst.Attribute) and node.attr.value == name
            for node in walking.within(method)
        ):
            return True
    escaped = re.escape(name)
    mentioned = re.compile(rf"\.{escaped}\b")
    making = re.compile(
        rf"\.{escaped}(\s*(:[^=\n]*)?=[^=]|\.requires_grad|\.append\(|\[[^\]]*\]\s*=[^=])"
    )
    return any(
        mentioned.search(statement)
        and not making.search(statement)
        and _TENDING.search(mentioned.sub("", statement))
        for statement in _statements(code, mentioned)
    )


def methods(cls: ClassValue) -> Iterator[cst.FunctionDef]:
    """The methods of a class and of those above it that are in view."""
    for base in classes.linear_bases(cls):
        for one in base.node.body.body if isinstance(base, ClassValue) else ():
            if isinstance(one, cst.FunctionDef):
                yield one


def _statements(code: str, mentioned: re.Pattern[str]) -> Iterator[str]:
    """The lines that mention something, those within brackets joined, loops with their bodies."""
    lines = list(_logical_lines(code))
    for index, line in enumerate(lines):
        if not mentioned.search(line):
            continue
        text = line
        if line.lstrip().startswith("for "):
            for later in lines[index + 1 :]:
                if later.strip() and _indent(later) <= _indent(line):
                    break
                text += "\n" + later
        yield text


def _logical_lines(code: str) -> Iterator[str]:
    depth, parts = 0, []
    for line in code.splitlines():
        parts.append(line)
        depth += sum((char in _OPENING) - (char in _CLOSING) for char in line)
        if depth <= 0:
            yield " ".join(parts)
            depth, parts = 0, []
    yield " ".join(parts)


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())
