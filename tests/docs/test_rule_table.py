"""The table of rules is what their files say."""

from __future__ import annotations

import re

import pytest

from tests.docs import rule_table


def test_the_table_is_current() -> None:
    """``python -m tests.docs.rule_table`` writes it anew."""
    assert rule_table.TABLE.read_text(encoding="utf-8") == rule_table.text()


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        (rb"torch", {b"torch"}),
        (rb"backward|\.step\(", {b"backward", b".step("}),
        (rb"(?<!kaiming_)(?:normal|uniform)", {b"normal", b"uniform"}),
        (rb"(?i:soft_?max)", {b"soft"}),
        (rb"\brand\b|rand_like", {b"rand"}),
        (rb"x\s*=\s*(?:zeros|ones)\(", {b"zeros", b"ones"}),
        (rb"a(bc)+d", {b"bc"}),
        (rb"[<>]=?", {b"<", b">"}),
        (rb"[Aa]dam|SGD", {b"dam", b"sgd"}),
    ],
)
def test_literals_are_in_whatever_fits(pattern: bytes, expected: set[bytes]) -> None:
    assert rule_table.literals(re.compile(pattern)) == expected


@pytest.mark.parametrize("pattern", [rb"\w+", rb"torch|\d", rb"(torch)?"])
def test_a_pattern_that_fits_everything_is_refused(pattern: bytes) -> None:
    with pytest.raises(ValueError, match="without a letter in common"):
        rule_table.literals(re.compile(pattern))
