"""docs/rules has the page of every rule, as ``gradhealth-lint rule`` writes it, and no other.

``pytest tests/docs --update-snapshots`` writes them anew.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from gradhealth_lint import cli
from gradhealth_lint.rules import ALL_RULES

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "rules"


@pytest.mark.parametrize("code", [rule.code for rule in ALL_RULES])
def test_the_page_is_current(
    code: str, request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["rule", code, "--output-format", "markdown"]) == 0
    page, path = capsys.readouterr().out, FOLDER / f"{code}.md"
    if request.config.getoption("--update-snapshots"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(page, encoding="utf-8")
    assert page == path.read_text(encoding="utf-8")


def test_there_is_no_page_of_a_rule_that_is_none() -> None:
    assert {path.stem for path in FOLDER.glob("*.md")} == {rule.code for rule in ALL_RULES}
