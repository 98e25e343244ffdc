"""Which rules run: --select, --extend-select and --ignore."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gradhealth_lint.rules.rule import Rule

ALL: Final = "ALL"
#: Not a rule of its own: the engine reports files that cannot be read.
UNREADABLE: Final = "GRD002"


class UnknownCodeError(ValueError):
    """A code that no rule has; the text lists those there are."""


def select(
    rules: Sequence[Rule],
    chosen: Sequence[str],
    extended: Sequence[str],
    ignored: Sequence[str],
) -> tuple[tuple[Rule, ...], bool]:
    """The rules to run, and whether unreadable files are reported.

    ``chosen`` replaces the default set, ``extended`` adds to it, ``ignored`` takes away; of a
    prefix and a longer one the longer wins, so that ``--ignore GRD1 --select GRD101`` runs GRD101.

    Raises:
        UnknownCodeError: for a code or prefix that fits nothing.
    """
    codes = {UNREADABLE, *(rule.code for rule in rules)}
    for given in (*chosen, *extended, *ignored):
        if given != ALL and not any(code.startswith(given) for code in codes):
            valid = ", ".join(sorted(codes))
            raise UnknownCodeError(
                f"unknown code {given!r}: there are {valid}, their prefixes and {ALL}"
            )

    def wanted(code: str, *, default: bool) -> bool:
        positive = max((_fit(code, given) for given in (*chosen, *extended)), default=-1)
        negative = max((_fit(code, given) for given in ignored), default=-1)
        if positive < 0 and default and not (chosen and code != UNREADABLE):
            positive = 0
        return positive > negative or (positive == 0 and negative < 0)

    running = tuple(rule for rule in rules if wanted(rule.code, default=rule.on_by_default))
    return running, wanted(UNREADABLE, default=True)


def _fit(code: str, given: str) -> int:
    """How closely a given code or prefix fits: its length, 0 for ALL, -1 if it does not."""
    if given == ALL:
        return 0
    return len(given) if code.startswith(given) else -1
