"""From a plan to the edits of a fix."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from gradhealth_lint.edits import expressions, keywords, moving, statements
from gradhealth_lint.edits.draft import Draft, parsed
from gradhealth_lint.edits.names import Names
from gradhealth_lint.edits.plan import (
    AddImport,
    Code,
    Delete,
    DropKeyword,
    InsertAfter,
    InsertBefore,
    MoveAfter,
    MoveBefore,
    Name,
    Replace,
    SameFunction,
    SetKeyword,
    Wrap,
)
from gradhealth_lint.edits.text import WithheldError, in_order, overlap
from gradhealth_lint.violation import Fix

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gradhealth_lint.edits.plan import Plan, Step, Template
    from gradhealth_lint.edits.text import Splice


class Place(Protocol):
    """Lines and columns from 1, the end after the last character."""

    @property
    def line(self) -> int: ...  # noqa: D102
    @property
    def column(self) -> int: ...  # noqa: D102
    @property
    def end_line(self) -> int: ...  # noqa: D102
    @property
    def end_column(self) -> int: ...  # noqa: D102


class Maker:
    """Makes the fixes of one file; ``places`` are those of the anchors in the plans."""

    def __init__(self, text: str, places: Mapping[int, Place]) -> None:
        self._text = text
        self._places = places
        self._draft: Draft | None = None

    def make(self, plan: Plan) -> Fix | None:
        """The fix, None if there is no way to make it that is surely right."""
        try:
            if self._draft is None:
                self._draft = Draft(self._text)
                self._names = Names(self._draft)
            self._names.missing.clear()
            making = _Making(self._draft, self._names, self._places)
            splices = [splice for step in plan.steps for splice in making.step(step)]
            splices = in_order([*self._names.imports(), *splices])
            if not splices or overlap(splices):
                return None
            parsed(self._draft.spliced(splices))
        except WithheldError:
            return None
        edits = tuple(self._draft.edit(splice) for splice in splices)
        return Fix(plan.applicability, edits)


class _Making:
    """One plan on its way."""

    def __init__(self, draft: Draft, names: Names, places: Mapping[int, Place]) -> None:
        self._draft = draft
        self._names = names
        self._places = places

    def step(self, step: Step) -> list[Splice]:
        """What one step does to the text."""
        draft = self._draft
        if isinstance(step, AddImport):
            self._names.need(step.module)
            return []
        at = self._span(step.anchor)
        if isinstance(step, Replace):
            kept = [self._span(part.anchor) for part in step.code if isinstance(part, Code)]
            return [expressions.replace(draft, *at, self._code(step.code, at), kept)]
        if isinstance(step, Wrap):
            before, after = self._code(step.before, at), self._code(step.after, at)
            return expressions.wrap(draft, *at, before, after)
        if isinstance(step, InsertBefore):
            lines = [self._code(one, at) for one in step.statements]
            return [statements.insert_before(draft, *at, lines)]
        if isinstance(step, InsertAfter):
            lines = [self._code(one, at) for one in step.statements]
            return [statements.insert_after(draft, *at, lines)]
        if isinstance(step, Delete):
            return [statements.delete(draft, *at)]
        if isinstance(step, (MoveBefore, MoveAfter)):
            inner, behind = getattr(step, "inner", False), isinstance(step, MoveAfter)
            return moving.move(draft, at, self._span(step.target), after=behind, inner=inner)
        if isinstance(step, SameFunction):
            moving.check_same_function(draft, at, self._span(step.target))
            return []
        if isinstance(step, SetKeyword):
            return [keywords.give(draft, *at, step.keyword, self._code(step.code, at))]
        if isinstance(step, DropKeyword):
            return [keywords.drop(draft, *at, step.keyword)]
        raise AssertionError(step)

    def _span(self, anchor: int) -> tuple[int, int]:
        place = self._places[anchor]
        start = self._draft.offset(place.line, place.column)
        return start, self._draft.offset(place.end_line, place.end_column)

    def _code(self, template: Template, at: tuple[int, int]) -> str:
        """New code for a place in the file."""
        parts = []
        for part in template:
            if isinstance(part, Code):
                parts.append(
                    expressions.argument(self._draft, *self._span(part.anchor), atom=part.atom)
                )
            elif isinstance(part, Name):
                parts.append(self._names.spell(part.full, *at))
            else:
                parts.append(part)
        return "".join(parts)
