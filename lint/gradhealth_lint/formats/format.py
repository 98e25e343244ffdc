"""What output formats can write, and what they may know beside the findings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from gradhealth_lint.located import LocatedPrediction
    from gradhealth_lint.rules.rule import Rule
    from gradhealth_lint.violation import Violation


def _no_line(_: Violation) -> str:
    return ""


@dataclass(frozen=True, slots=True)
class Context:
    """``line`` gives the source line that a finding starts on, empty where there is none.

    ``failures`` are the files that the linter failed on, a sentence each.
    """

    colour: bool = False
    line: Callable[[Violation], str] = _no_line
    failures: Sequence[str] = ()


class Format(Protocol):
    """A module of this folder."""

    def violations(self, found: Sequence[Violation], context: Context) -> str:
        """The findings of a run, in order of place: the whole output."""
        ...


class Listing(Format, Protocol):
    """A format for everything there is to list."""

    def predictions(self, found: Sequence[LocatedPrediction]) -> str:
        """The predictions of a run."""
        ...

    def rules(self, every: Iterable[Rule]) -> str:
        """The list of rules."""
        ...


class Pages(Protocol):
    """A format for all there is to say about one rule."""

    def page(self, rule: Rule) -> str:
        """A rule's page."""
        ...
