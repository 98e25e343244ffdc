"""Every check and every rule has a file of its own and is registered once."""

from __future__ import annotations

import re
from pathlib import Path

import pytest_gradhealth
from gradhealth_lint.rules import ALL_RULES
from pytest_gradhealth.checks import ALL_CHECKS
from pytest_gradhealth.facts import SYMPTOMS

ROOT = Path(__file__).resolve().parents[2]
HELPERS = {
    "__init__",
    "check",
    "expected",
    "faded",
    "onset",
    "over_time",
    "overflow",
    "related",
    "table",
    "way",
}


def test_every_check_file_is_registered_once() -> None:
    stems = {path.stem for path in (ROOT / "pytest_gradhealth" / "checks").glob("*.py")} - HELPERS
    symptoms = [check.symptom for check in ALL_CHECKS]
    assert sorted(symptoms) == sorted(stems)
    assert set(symptoms) <= set(SYMPTOMS)
    for check in ALL_CHECKS:
        assert type(check).__module__.endswith(f".{check.symptom}")


def test_every_rule_file_is_registered_once() -> None:
    files = {
        path.stem
        for path in (ROOT / "lint" / "gradhealth_lint" / "rules").rglob("grd*.py")
        if re.match(r"grd\d{3}_", path.stem)
    }
    stems = [f"{rule.code.lower()}_{rule.name.replace('-', '_')}" for rule in ALL_RULES]
    assert sorted(stems) == sorted(files)


def test_related_rules_exist() -> None:
    source = (ROOT / "pytest_gradhealth" / "checks" / "related.py").read_text(encoding="utf-8")
    named = set(re.findall(r"GRD\d{3}", source))
    assert named
    assert named <= {rule.code for rule in ALL_RULES}


def test_public_names_are_sorted_and_resolve() -> None:
    assert list(pytest_gradhealth.__all__) == sorted(pytest_gradhealth.__all__)
    for name in pytest_gradhealth.__all__:
        assert getattr(pytest_gradhealth, name) is not None
    assert set(pytest_gradhealth.__all__) <= set(dir(pytest_gradhealth))
