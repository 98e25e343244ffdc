"""What a rule is: a class that holds everything about itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Protocol

if TYPE_CHECKING:
    import re
    from collections.abc import Iterator

    from gradhealth_lint.edits.plan import Plan
    from gradhealth_lint.limits import Limits
    from gradhealth_lint.semantics.facts import FileFacts
    from gradhealth_lint.semantics.places import Anchor
    from gradhealth_lint.violation import Example, Severity


@dataclass(frozen=True, slots=True)
class Found:
    """One finding before it has a path and a line; ``fix`` is what writes the remedy."""

    anchor: Anchor
    message: str
    remedy: str
    fix: Plan | None = None


class Rule(Protocol):
    """A rule reads facts and yields findings; the rest of it is for people.

    ``name`` is the bad pattern and reads after "allow". ``message`` and ``remedy`` are templates
    that ``check`` fills. ``needs`` is the screen: a file in which one of these patterns is not
    found cannot be reported, so each must fit every spelling under which its thing can appear.
    """

    code: ClassVar[str]
    name: ClassVar[str]
    severity: ClassVar[Severity]
    on_by_default: ClassVar[bool]
    message: ClassVar[str]
    remedy: ClassVar[str]
    why: ClassVar[str]
    references: ClassVar[tuple[str, ...]]
    needs: ClassVar[tuple[re.Pattern[bytes], ...]]
    #: Whether it needs forward passes, as ``facts.stacks`` do; those of files with an uncentred
    #: init are always read.
    reads_stacks: ClassVar[bool]
    good: ClassVar[tuple[Example, ...]]
    bad: ClassVar[tuple[Example, ...]]

    def check(self, facts: FileFacts, limits: Limits) -> Iterator[Found]:
        """Judge one file."""
        ...
