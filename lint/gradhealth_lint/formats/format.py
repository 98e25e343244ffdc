"""What every output format can write."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gradhealth_lint.located import LocatedPrediction
    from gradhealth_lint.rules.rule import Rule
    from gradhealth_lint.violation import Violation


class Format(Protocol):
    """A module of this folder; each function returns the whole output."""

    def violations(self, found: Sequence[Violation]) -> str:
        """The findings of a run."""
        ...

    def predictions(self, found: Sequence[LocatedPrediction]) -> str:
        """The predictions of a run."""
        ...

    def rules(self, every: Iterable[Rule]) -> str:
        """The list of rules."""
        ...
