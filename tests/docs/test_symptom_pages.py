"""docs/symptoms: every page's example fails as it says, and its limits are those in force."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path
from typing import Any

import pytest

from pytest_gradhealth import GradientHealth, GradientHealthError, Limits
from pytest_gradhealth.facts.vocabulary import SYMPTOMS

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "symptoms"
PAGES = sorted(path.stem for path in FOLDER.glob("*.md") if path.stem != "README")
#: The limits that a page explains; the README has the others.
LIMITS = {
    "collapse": ("collapse_spread", "small_spread"),
    "dead_units": ("dead_share", "dead_chance"),
    "disconnected": (),
    "exploding": (
        "exploding_growth",
        "steepness",
        "ordinary_learning_rates",
        "stability_steps",
        "overflow_growth",
    ),
    "nonfinite": (),
    "saturation": ("saturated_share",),
    "symmetry": ("tied_share",),
    "underflow": ("underflow_rms", "underflow_kept"),
    "vanishing": ("vanishing_share", "fading_share", "solved_loss"),
    "README": (
        "warmup_steps",
        "warmup_learning_rate",
        "confirmation_seeds",
        "learning_steps",
        "learning_gain",
        "learning_fitted",
        "learning_trace",
        "remedy_seconds",
    ),
}


def text_of(page: str) -> str:
    return (FOLDER / f"{page}.md").read_text(encoding="utf-8")


def test_every_symptom_has_its_page_and_is_in_the_index() -> None:
    assert set(PAGES) == set(SYMPTOMS)
    assert set(re.findall(r"^\| \[\w+\]\((\w+)\.md\) \|", text_of("README"), flags=re.M)) == set(
        PAGES
    )


def test_every_limit_of_a_symptom_is_on_one_page() -> None:
    named = [name for names in LIMITS.values() for name in names]
    elsewhere = (
        "baseline_",
        "learns_",
        "update_",
        "clip_",
        "mixing_",
        "reach_",
        "leak_",
        "balance_",
    )
    fields = [field.name for field in dataclasses.fields(Limits)]
    assert sorted(named) == sorted(name for name in fields if not name.startswith(elsewhere))


@pytest.mark.parametrize("page", LIMITS)
def test_the_table_of_limits_is_current(page: str, request: pytest.FixtureRequest) -> None:
    """``pytest tests/docs --update-snapshots`` writes it anew."""
    if not LIMITS[page]:
        return
    fields = {field.name: field for field in dataclasses.fields(Limits)}
    rows = [_row(fields[name]) for name in LIMITS[page]]
    table = "\n".join(["| limit | default | unit | why | source |", "|---|---|---|---|---|", *rows])
    old = text_of(page)
    new = re.sub(r"(?<=\n## Limits\n\n)(LIMITS .*|\|(?:.*\n\|)*.*)", lambda _: table, old, count=1)
    assert _settled(page, old, new, request), new


def _row(field: dataclasses.Field[Any]) -> str:
    value, about = field.default, field.metadata
    shown = f"{value:g}" if isinstance(value, float) else str(value)
    return f"| `{field.name}` | {shown} | {about['unit']} | {about['reason']} | {about['source']} |"


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.gradhealth(remedy_seconds=600.0)
def test_the_example_fails_as_the_page_says(
    page: str, gradhealth: GradientHealth, request: pytest.FixtureRequest
) -> None:
    """``pytest tests/docs --update-snapshots`` records the message anew."""
    old = text_of(page)
    (block,) = re.findall(r"^```python\n(.*?)^```", old, flags=re.M | re.S)
    names: dict[str, Any] = {}
    exec(compile(block, "test_net.py", "exec"), names)
    (test,) = (value for name, value in names.items() if name.startswith("test_"))
    with pytest.raises(GradientHealthError) as failure:
        test(gradhealth)
    assert failure.value.findings[0].symptom == page
    message = f"```text\n{failure.value}\n```"
    new = re.sub(r"^```text\n.*?^```$", lambda _: message, old, flags=re.M | re.S)
    assert _settled(page, old, new, request), message


def _settled(page: str, old: str, new: str, request: pytest.FixtureRequest) -> bool:
    """Whether the page is current, or has been made so."""
    if request.config.getoption("--update-snapshots"):
        (FOLDER / f"{page}.md").write_text(new, encoding="utf-8")
        return True
    return old == new
