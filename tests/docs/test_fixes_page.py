"""docs/fixes.md names every rule that has a fix, and every step that a fix is made of."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

from gradhealth_lint.edits import plan
from gradhealth_lint.fixing import MOST_ROUNDS
from gradhealth_lint.rules import ALL_RULES

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "fixes.md").read_text(encoding="utf-8")


def test_every_rule_with_a_fix_has_a_row() -> None:
    fixed = {rule.code for rule in ALL_RULES if any(one.expected for one in rule.bad)}
    assert set(re.findall(r"^\| (GRD\d{3}) \|", PAGE, flags=re.M)) == fixed


def test_every_step_has_a_row() -> None:
    steps = {step.__name__ for step in get_args(plan.Step)}
    rows = "".join(line for line in PAGE.splitlines() if line.startswith("| `"))
    assert set(re.findall(r"`(\w+)\(", rows)) == steps


def test_the_number_of_rounds_is_the_real_one() -> None:
    assert f"at most {MOST_ROUNDS} rounds" in " ".join(PAGE.split())
