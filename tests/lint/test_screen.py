"""The screen is sound: a file it keeps from a rule has nothing that the rule would report."""

from __future__ import annotations

from textwrap import dedent

import pytest

from gradhealth_lint import engine
from gradhealth_lint.limits import Limits
from gradhealth_lint.rules import ALL_RULES
from gradhealth_lint.source import from_bytes
from tests.lint.rule_cases import BAD, GOOD
from tests.lint.stack_cases import CASES

TEXTS = [
    pytest.param(example.text, id=example.name)
    for rule in ALL_RULES
    for example in (*rule.good, *rule.bad, *GOOD[rule.code], *BAD[rule.code])
]
TEXTS += [pytest.param(case.source, id=case.name) for case in CASES]


@pytest.mark.parametrize("text", TEXTS)
def test_what_a_rule_finds_passes_its_screen(text: str) -> None:
    source = from_bytes(dedent(text).encode(), "a.py")
    facts = engine.read(source, Limits(), stacks=True).facts
    for rule in ALL_RULES:
        if list(rule.check(facts, Limits())):
            assert engine.needed([rule], source.data), rule.code


def test_the_screen_spares_files_that_no_rule_needs() -> None:
    spared = b"import torch\n\n\ndef double(x: torch.Tensor) -> torch.Tensor:\n    return 2 * x\n"
    assert engine.needed(ALL_RULES, spared) == []


@pytest.mark.parametrize(
    "name",
    ['"Sig" + "moid"', '"Sig" "moid"', r'"\x53igmoid"', "f\"Sig{'moid'}\"", '"sigmoid".title()'],
)
def test_a_name_put_together_at_run_time_names_nothing(name: str) -> None:
    """The screen could not see it, so the interpretation must not either."""
    text = f"""
from torch import nn
act = getattr(nn, {name})
net = nn.Sequential(*[m for _ in range(20) for m in (nn.Linear(8, 8), act())])
"""
    source = from_bytes(text.encode(), "a.py")
    facts = engine.read(source, Limits(), stacks=True).facts
    assert facts.stacks == ()
