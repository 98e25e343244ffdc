"""What a rule says a fix does: steps on constructs, which are told by their anchors.

New code is a template: strings, ``Code`` for what the user wrote and ``Name`` for what is imported.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gradhealth_lint.violation import Applicability


@dataclass(frozen=True, slots=True)
class Code:
    """An expression as the user wrote it, fit to be an argument; ``atom``: fit for ``.x`` too."""

    anchor: int
    atom: bool = False


@dataclass(frozen=True, slots=True)
class Name:
    """A dotted name in full, written under the names the file has; imported if it has none."""

    full: str


Part: TypeAlias = str | Code | Name
Template: TypeAlias = tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Replace:
    """Write another expression in place of one."""

    anchor: int
    code: Template


@dataclass(frozen=True, slots=True)
class Wrap:
    """Make an expression the argument of a call: ``before`` ends with its open bracket."""

    anchor: int
    before: Template
    after: Template = (")",)


@dataclass(frozen=True, slots=True)
class InsertBefore:
    """New statements before the one that a construct is in."""

    anchor: int
    statements: tuple[Template, ...]


@dataclass(frozen=True, slots=True)
class InsertAfter:
    """New statements after the one that a construct is in."""

    anchor: int
    statements: tuple[Template, ...]


@dataclass(frozen=True, slots=True)
class Delete:
    """Take out the statement that a construct is in, with the comment at its end."""

    anchor: int


@dataclass(frozen=True, slots=True)
class MoveBefore:
    """Put the statement that a construct is in before the one that another is in.

    A test about nothing else goes with it. ``inner``: into loops that only the other is in.
    """

    anchor: int
    target: int
    inner: bool = False


@dataclass(frozen=True, slots=True)
class MoveAfter:
    """Put the statement that a construct is in after the one that another is in."""

    anchor: int
    target: int


@dataclass(frozen=True, slots=True)
class SameFunction:
    """Change nothing, and make no fix at all if two constructs are in different functions."""

    anchor: int
    target: int


@dataclass(frozen=True, slots=True)
class SetKeyword:
    """Give a call a keyword argument, or another value for the one it has."""

    anchor: int
    keyword: str
    code: Template


@dataclass(frozen=True, slots=True)
class DropKeyword:
    """Take a keyword argument out of a call."""

    anchor: int
    keyword: str


@dataclass(frozen=True, slots=True)
class AddImport:
    """Import a module, if the file does not."""

    module: str


Step: TypeAlias = (
    Replace
    | Wrap
    | InsertBefore
    | InsertAfter
    | Delete
    | MoveBefore
    | MoveAfter
    | SameFunction
    | SetKeyword
    | DropKeyword
    | AddImport
)


@dataclass(frozen=True, slots=True)
class Plan:
    """A fix before it is made: ``Found.fix``."""

    applicability: Applicability
    steps: tuple[Step, ...]

    def anchors(self) -> Iterator[int]:
        """Every construct whose place is needed."""
        for step in self.steps:
            if not isinstance(step, AddImport):
                yield step.anchor
            if isinstance(step, (MoveBefore, MoveAfter, SameFunction)):
                yield step.target
            yield from (part.anchor for part in _parts(step) if isinstance(part, Code))


def _parts(step: Step) -> Template:
    if isinstance(step, (Replace, SetKeyword)):
        return step.code
    if isinstance(step, Wrap):
        return (*step.before, *step.after)
    if isinstance(step, (InsertBefore, InsertAfter)):
        return tuple(part for statement in step.statements for part in statement)
    return ()
