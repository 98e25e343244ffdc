"""Under which names a file has what it imports, and importing what it does not have."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from gradhealth_lint.edits import statements
from gradhealth_lint.edits.text import Splice, WithheldError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gradhealth_lint.edits.draft import Draft

_FUNCTIONS: Final = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_DEFINITIONS: Final = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


@dataclass(frozen=True, slots=True)
class _Import:
    """``local`` stands for ``full`` from the end of the statement on."""

    local: str
    full: str
    statement: ast.Import | ast.ImportFrom


class Names:
    """The names of one file."""

    def __init__(self, draft: Draft) -> None:
        self._draft = draft
        self._imports: list[_Import] = []
        #: Names that are something else as well, somewhere in the file.
        self._others: set[str] = set()
        for node in ast.walk(draft.tree):
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                self._imports += _imported(node)
            else:
                self._others.update(self._bound(node))
        #: Modules to import, in the order in which they were needed.
        self.missing: dict[str, None] = {}

    def spell(self, full: str, start: int, end: int) -> str:
        """How code in a stretch of text can write a dotted name."""
        best: _Import | None = None
        for one in self._imports:
            fits = full == one.full or full.startswith(f"{one.full}.")
            if (
                fits
                and (best is None or len(one.full) > len(best.full))
                and self._holds(one, start, end)
            ):
                best = one
        if best is not None:
            return best.local + full[len(best.full) :]
        self.need(full.partition(".")[0])
        return full

    def need(self, module: str) -> None:
        """Import a module under its own name, unless it is.

        Raises:
            WithheldError: the name is another thing's.
        """
        root = module.partition(".")[0]
        here = [one for one in self._imports if one.local == root]
        if root in self._others or any(one.full != root for one in here):
            raise WithheldError
        if not any(self._is_global(one) and _brings(one, module) for one in here):
            self.missing[module] = None

    def imports(self) -> list[Splice]:
        """The import statements to add, after those at the top of the file."""
        body = self._draft.tree.body
        last = None
        for number, node in enumerate(body):
            if not (
                isinstance(node, (ast.Import, ast.ImportFrom))
                or (number == 0 and statements.is_text(node))
            ):
                break
            last = node
        lines = [f"import {module}" for module in self.missing]
        if not lines or not body:
            return []
        if last is None:
            return [statements.put_before(self._draft, body[0], lines)]
        return [statements.put_after(self._draft, last, lines)]

    def _holds(self, one: _Import, start: int, end: int) -> bool:
        """Whether a name stands for what was imported wherever the file uses it."""
        others = (other for other in self._imports if other.local == one.local)
        if one.local in self._others or any(other.full != one.full for other in others):
            return False
        place = self._draft.statement(start, end)
        functions = [
            node for node in (place, *self._draft.ancestors(place)) if isinstance(node, _FUNCTIONS)
        ]
        earlier = self._draft.span(one.statement)[1] <= start
        if self._is_global(one):
            return earlier or bool(functions)
        return earlier and self._draft.parents[one.statement] in functions

    def _is_global(self, one: _Import) -> bool:
        """Whether the module itself imports it, with no condition but that it is there."""
        parent = self._draft.parents[one.statement]
        if isinstance(parent, ast.Try) and one.statement in parent.body:
            parent = self._draft.parents[parent]
        return isinstance(parent, ast.Module)

    def _bound(self, node: ast.AST) -> Iterator[str]:
        """The names that a node binds, for code outside classes."""
        inside = isinstance(self._draft.parents.get(node), ast.ClassDef)
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            yield node.id
        elif isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, _DEFINITIONS) and not inside:
            yield node.name
        elif isinstance(node, (ast.ExceptHandler, ast.MatchAs, ast.MatchStar)):
            yield from () if node.name is None else (node.name,)
        elif isinstance(node, ast.MatchMapping) and node.rest:
            yield node.rest


def _imported(node: ast.Import | ast.ImportFrom) -> Iterator[_Import]:
    for alias in node.names:
        if isinstance(node, ast.ImportFrom):
            module = "." * node.level + (node.module or "")
            if alias.name != "*":
                yield _Import(alias.asname or alias.name, f"{module}.{alias.name}", node)
        elif alias.asname:
            yield _Import(alias.asname, alias.name, node)
        else:
            root = alias.name.partition(".")[0]
            yield _Import(root, root, node)


def _brings(one: _Import, module: str) -> bool:
    """Whether an import of a package brings a module of it along."""
    return "." not in module or any(
        alias.asname is None and f"{alias.name}.".startswith(f"{module}.")
        for alias in one.statement.names
    )
