"""Which rules run: --select, --extend-select and --ignore, over what the configuration says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from gradhealth_lint.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gradhealth_lint.rules.listed import Listed
    from gradhealth_lint.rules.rule import Rule

ALL: Final = "ALL"
#: Not rules of their own: the engine reports comments that silence nothing, and unreadable files.
UNUSED: Final = "GRD001"
UNREADABLE: Final = "GRD002"
ENGINE_CODES: Final = (UNUSED, UNREADABLE)


class UnknownCodeError(UsageError):
    """A code that no rule has; the text lists those there are."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What one place says: ``chosen`` replaces the default set, ``extended`` adds to it.

    Of a prefix and a longer one the longer wins, so that ``--ignore GRD1 --select GRD101`` runs
    GRD101. ``chosen`` is None where nothing is said.
    """

    chosen: tuple[str, ...] | None = None
    extended: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()

    def says(self, code: str) -> bool | None:
        """Whether a code runs, None if this place leaves that open."""
        positive = max((_fit(code, given) for given in (*self._chosen, *self.extended)), default=-1)
        negative = max((_fit(code, given) for given in self.ignored), default=-1)
        if positive < 0 and negative < 0:
            # A set of rules says nothing about the engine's own reports.
            return None if self.chosen is None or code in ENGINE_CODES else False
        return positive > negative

    @property
    def _chosen(self) -> tuple[str, ...]:
        return self.chosen or ()


@dataclass(frozen=True, slots=True)
class Selected:
    """The rules to run, and which of the engine's own codes are reported."""

    rules: tuple[Rule | Listed, ...]
    unused: bool
    unreadable: bool


def select(rules: Sequence[Rule | Listed], choices: Sequence[Choice]) -> Selected:
    """What runs; the first choice that says something about a code decides.

    Raises:
        UnknownCodeError: for a code or prefix that fits nothing.
    """
    for choice in choices:
        check(rules, (*(choice.chosen or ()), *choice.extended, *choice.ignored))

    def wanted(code: str, *, default: bool) -> bool:
        said = (choice.says(code) for choice in choices)
        return next((answer for answer in said if answer is not None), default)

    return Selected(
        tuple(rule for rule in rules if wanted(rule.code, default=rule.on_by_default)),
        unused=wanted(UNUSED, default=True),
        unreadable=wanted(UNREADABLE, default=True),
    )


def check(rules: Sequence[Rule | Listed], given: Iterable[str]) -> None:
    """Hold codes and prefixes against the rules there are.

    Raises:
        UnknownCodeError: one fits nothing.
    """
    codes = {*ENGINE_CODES, *(rule.code for rule in rules)}
    for one in given:
        if one != ALL and not any(code.startswith(one) for code in codes):
            valid = ", ".join(sorted(codes))
            raise UnknownCodeError(
                f"unknown code {one!r}: there are {valid}, their prefixes and {ALL}"
            )


def _fit(code: str, given: str) -> int:
    """How closely a given code or prefix fits: its length, 0 for ALL, -1 if it does not."""
    if given == ALL:
        return 0
    return len(given) if code.startswith(given) else -1
