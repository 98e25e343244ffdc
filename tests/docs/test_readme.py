"""What the README and docs promise is so."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from gradhealth_lint.rules import ALL_RULES
from pytest_gradhealth import assertions

if TYPE_CHECKING:
    from gradhealth_lint.rules.rule import Rule

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text()


def test_the_rules_table_is_current(request: pytest.FixtureRequest) -> None:
    """``pytest tests/docs --update-snapshots`` writes it anew."""
    head = "| code | name | by default | reports |\n|---|---|---|---|\n"
    table = head + "".join(
        f"| [{rule.code}](docs/rules/{rule.code}.md) | {rule.name} "
        f"| {'on' if rule.on_by_default else 'off'} | {_summary(rule)} |\n"
        for rule in ALL_RULES
    )
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    if request.config.getoption("--update-snapshots"):
        text = re.sub(r"^\| code \| name .*\n(?:\|.*\n)+", lambda _: table, text, flags=re.M)
        (ROOT / "README.md").write_text(text, encoding="utf-8")
    assert table in text


def _summary(rule: Rule) -> str:
    line = (type(rule).__doc__ or "").strip().splitlines()[0].removesuffix(".")
    return line[0].lower() + line[1:]


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
        "docs/symptoms/README.md",
        "docs/plugin.md",
        "docs/training.md",
        "docs/baselines.md",
        "docs/comparison.md",
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
