"""What the README and docs promise is so."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gradhealth_lint.rules import ALL_RULES
from pytest_gradhealth import assertions

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text()


def test_the_rules_table_is_current() -> None:
    rows = re.findall(r"^\| (GRD\d{3}) \| ([\w-]+) \|", README, flags=re.M)
    assert rows == [(rule.code, rule.name) for rule in ALL_RULES]


def test_the_assertions_table_is_current() -> None:
    named = set(re.findall(r"^\| `(assert_\w+)` \|", README, flags=re.M))
    assert named == {name for name in vars(assertions) if name.startswith("assert_")}


def test_the_make_targets_exist() -> None:
    makefile = (ROOT / "Makefile").read_text()
    targets = re.findall(r"`?make (\w+)`?", README)
    assert set(targets) >= {"demo", "test"}
    for target in targets:
        assert re.search(rf"^{target}:", makefile, flags=re.M), target


@pytest.mark.parametrize(
    "path",
    [
        "README.md",
        "CONTRIBUTING.md",
        "docs/symptoms.md",
        "docs/performance.md",
        "docs/tally.md",
        "docs/lint.md",
    ],
)
def test_links_lead_somewhere(path: str) -> None:
    page = ROOT / path
    for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text()):
        assert (page.parent / target).exists(), target


def test_the_first_test_runs(pytester: pytest.Pytester) -> None:
    (block,) = re.findall(r"```python\n(.*?)```", README, flags=re.S)
    pytester.makepyfile(
        f"""
import torch
from torch import nn

def MyModel():
    return nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3))

my_loader = [(torch.randn(16, 4), torch.randint(0, 3, (16,)))]

{block}
"""
    )
    pytester.runpytest().assert_outcomes(passed=1)
