"""Every rule against its examples: each bad one once, on its line; each good one not at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gradhealth_lint import engine, fixing, source
from gradhealth_lint.limits import REASON, SOURCE, UNIT, Limits
from gradhealth_lint.rules import ALL_RULES
from tests.lint.editing import changed
from tests.lint.fix_cases import CHANGES
from tests.lint.rule_cases import BAD, GOOD

if TYPE_CHECKING:
    from pathlib import Path

    from gradhealth_lint.rules.rule import Rule
    from gradhealth_lint.violation import Example

GOOD_EXAMPLES = [
    pytest.param(example, id=f"{rule.code}-{example.name}")
    for rule in ALL_RULES
    for example in (*rule.good, *GOOD[rule.code])
]
BAD_EXAMPLES = [
    pytest.param(rule, example, id=f"{rule.code}-{example.name}")
    for rule in ALL_RULES
    for example in (*rule.bad, *BAD[rule.code])
]


def found(folder: Path, example: Example) -> list[tuple[str, int]]:
    file = folder / "example.py"
    file.write_text(example.text, encoding="utf-8")
    return [(v.code, v.line) for v in engine.lint_file(file, "example.py", ALL_RULES, Limits())]


@pytest.mark.parametrize("example", GOOD_EXAMPLES)
def test_good_examples_are_silent(tmp_path: Path, example: Example) -> None:
    assert example.marked_line is None
    assert found(tmp_path, example) == []


@pytest.mark.parametrize(("rule", "example"), BAD_EXAMPLES)
def test_bad_examples_are_reported_once_on_their_line(
    tmp_path: Path, rule: Rule, example: Example
) -> None:
    assert found(tmp_path, example) == [(rule.code, example.marked_line)]


@pytest.mark.parametrize(("rule", "example"), BAD_EXAMPLES)
def test_bad_examples_are_fixed_as_expected_and_others_have_no_fix(
    rule: Rule, example: Example
) -> None:
    settings = engine.Settings(ALL_RULES, Limits())
    before = source.from_bytes(example.text.encode(), "example.py")
    fixed = fixing.fix(before, settings, unsafe=True)
    if example in rule.bad:
        assert fixed.text == (example.fixed or example.text)
    else:
        assert changed(example.text, fixed.text) == CHANGES.get(f"{rule.code} {example.name}", [])
    has_fix = any(one.fix for one in engine.judge(before, settings).violations)
    assert has_fix is (fixed.text != example.text)
    if has_fix:
        assert fixed.counts == {rule.code: 1}
        after = engine.judge(source.with_text(before, fixed.text), settings).violations
        assert [one.code for one in after] == []


@pytest.mark.parametrize("rule", ALL_RULES, ids=lambda rule: rule.code)
def test_each_rule_has_enough_examples_with_names_of_their_own(rule: Rule) -> None:
    bad, good = (*rule.bad, *BAD[rule.code]), (*rule.good, *GOOD[rule.code])
    assert len(bad) >= 6
    assert len(good) >= 8
    assert len({example.name for example in (*bad, *good)}) == len(bad) + len(good)


def test_codes_and_names_are_unique_and_sorted() -> None:
    codes = [rule.code for rule in ALL_RULES]
    assert codes == sorted(set(codes))
    assert len({rule.name for rule in ALL_RULES}) == len(ALL_RULES)


@pytest.mark.parametrize("rule", ALL_RULES, ids=lambda rule: rule.code)
def test_file_class_and_code_share_a_stem(rule: Rule) -> None:
    module = type(rule).__module__.rpartition(".")[2]
    assert module == f"{rule.code.lower()}_{rule.name.replace('-', '_')}"
    assert type(rule).__name__ == "".join(part.capitalize() for part in rule.name.split("-"))


def test_every_limit_says_its_unit_reason_and_source() -> None:
    import dataclasses

    for field in dataclasses.fields(Limits):
        assert all(field.metadata[key] for key in (UNIT, REASON, SOURCE)), field.name
