"""Random files with faults: fixed twice they are as fixed once, and nothing else changes."""

from __future__ import annotations

import re
from collections import Counter
from functools import cache
from random import Random
from typing import Final

import pytest

from gradhealth_lint import engine, fixing, source
from gradhealth_lint.edits.text import LINE_END
from gradhealth_lint.limits import Limits
from gradhealth_lint.rules import ALL_RULES
from tests.lint.rule_cases import BAD

SETTINGS: Final = engine.Settings(ALL_RULES, Limits())
PIECES: Final = [
    example.text
    for rule in ALL_RULES
    if any(example.expected for example in rule.bad)
    for example in (*rule.bad, *BAD.get(rule.code, ()))
]


def draw(random: Random) -> str:
    """Some pieces in one file, in some formatting."""
    text = "\n".join(random.sample(PIECES, random.randint(1, 4)))
    if random.random() < 0.3:
        text = text.replace("    ", "\t")
    if random.random() < 0.3:
        text = text.replace("  # <- here\n", random.choice(["\n", ";\n", " # é𝕏\n", "; pass\n"]))
    if random.random() < 0.3:
        text = text.rstrip()
    if random.random() < 0.3:
        text = '"""Text."""\n# coding: utf-8\n\n' + text
    return text.replace("\n", random.choice(["\n", "\r\n", "\r"]))


@pytest.mark.parametrize("seed", range(40))
def test_fixing_twice_is_fixing_once_and_nothing_else_changes(seed: int) -> None:
    before = source.from_bytes(draw(Random(seed)).encode(), "a.py")
    found = engine.judge(before, SETTINGS).violations
    fixed = fixing.fix(before, SETTINGS, unsafe=True)
    after = source.with_text(before, fixed.text)
    left = engine.judge(after, SETTINGS).violations
    assert fixing.fix(after, SETTINGS, unsafe=True).text == fixed.text
    assert not any(one.fix for one in left)
    codes = Counter(one.code for one in found)
    codes.subtract(fixed.counts)
    assert all(codes[code] == count for code, count in Counter(one.code for one in left).items())
    assert set(LINE_END.findall(fixed.text)) == set(LINE_END.findall(before.text))
    lines = LINE_END.split(before.text)
    edited = Counter(
        statement
        for one in found
        for edit in (one.fix.edits if one.fix else ())
        for line in lines[edit.line - 1 : edit.end_line]
        for statement in statements(line)
    )
    assert not statements(before.text) - statements(fixed.text) - edited
    old, new = statements(before.text), statements(fixed.text)
    rewritten, written = changes()
    assert set(old - new) <= rewritten
    assert {unqualified(one) for one in new - old if "import" not in one} <= written


@cache
def changes() -> tuple[set[str], set[str]]:
    """The statements that fixes take out of the pieces, each by itself, and those they put in."""
    rewritten, written = set[str](), set[str]()
    for piece in PIECES:
        before = source.from_bytes(piece.encode(), "a.py")
        fixed = fixing.fix(before, SETTINGS, unsafe=True).text
        old, new = statements(piece), statements(fixed)
        rewritten.update(old - new)
        written.update(map(unqualified, new - old))
    return rewritten, written


def unqualified(statement: str) -> str:
    """Without the modules that functions are in, which each file has by names of its own."""
    return re.sub(r"\b(?:\w+\.)+(?=\w+\()", "", statement)


def statements(text: str) -> Counter[str]:
    """Every simple statement and every head of a block, as often as it is there."""
    lines = (line.partition("#")[0] for line in LINE_END.split(text))
    found = (one.strip() for line in lines for one in line.split(";"))
    return Counter(one for one in found if one not in {"", "pass"})
