"""A file with one step of a fix made in it, for tables of examples."""

from __future__ import annotations

from difflib import unified_diff
from typing import TYPE_CHECKING

from gradhealth_lint.edits.making import Maker
from gradhealth_lint.edits.plan import Plan
from gradhealth_lint.edits.text import Text
from gradhealth_lint.semantics.reader import Span
from gradhealth_lint.violation import MARK

if TYPE_CHECKING:
    from gradhealth_lint.edits.plan import Step

#: A file with a fault, and what its fix makes of it.
BAD = """\
from torch import nn

layer = nn.Linear(8, 8)
nn.init.normal_(layer.weight, mean=1.5, std=0.1)  # here
"""
FIXED = BAD.replace(
    "nn.init.normal_(layer.weight, mean=1.5, std=0.1)",
    'nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")',
)


def made(text: str, needles: list[str], *steps: Step) -> str | None:
    """The text after the steps; anchor number n is where needle n stands first.

    None if the fix is withheld.
    """
    draft = Text(text)
    fix = Maker(text, {n: _span(draft, one) for n, one in enumerate(needles)}).make(
        Plan("safe", steps)
    )
    if fix is None:
        return None
    return draft.spliced([draft.splice(edit) for edit in fix.edits])


def _span(draft: Text, needle: str) -> Span:
    start = draft.text.index(needle)
    return Span(*draft.place(start), *draft.place(start + len(needle)))


def changed(before: str, after: str) -> list[str]:
    """The lines taken out and put in, without their indentation and marks."""
    lines = unified_diff(before.splitlines(), after.splitlines(), n=0, lineterm="")
    kept = [line for line in lines if line[:3] not in {"---", "+++"} and line[:2] != "@@"]
    return [f"{line[0]} {line[1:].removesuffix(MARK).strip()}" for line in kept]
