"""docs/plugin.md names every option, ini value and method, and its configuration holds."""

from __future__ import annotations

import re
import sys
from dataclasses import fields
from importlib import import_module
from pathlib import Path

import pytest

from pytest_gradhealth import GradientHealth
from pytest_gradhealth.registry import ASSERTIONS
from pytest_gradhealth.settings import limits_from

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "plugin.md").read_text(encoding="utf-8")


def first_cells(heading: str) -> list[str]:
    """The first cell of every row of the tables under a heading, without its code marks."""
    section = re.split(rf"^## {heading}$", PAGE, flags=re.M)[1].split("\n## ")[0]
    return re.findall(r"^\| `([^`]+)` \|", section, flags=re.M)


def test_every_option_is_named_with_its_default(pytestconfig: pytest.Config) -> None:
    (group,) = (one for one in pytestconfig._parser._groups if one.name == "gradhealth")
    options = {name for option in group.options for name in option.names()}
    assert {cell.partition("=")[0] for cell in first_cells("Options")} == options


def test_every_ini_value_and_marker_is_named(pytestconfig: pytest.Config) -> None:
    ours = {name for name in pytestconfig._parser._inidict if name.startswith("gradhealth")}
    named = first_cells("Limits")
    assert ours == {cell for cell in named if cell.startswith("gradhealth")}
    assert any(cell.startswith("@pytest.mark.gradhealth(") for cell in named)


def test_every_method_is_named_and_no_other() -> None:
    named = first_cells("The fixture")
    assert [cell for cell in named if cell.startswith("assert_")] == sorted(ASSERTIONS)
    public = {name for name in vars(GradientHealth) if not name.startswith("_")}
    given = {field.name for field in fields(GradientHealth)} - {"compared"}
    assert set(named) == public - given


def test_the_configuration_is_valid() -> None:
    (block,) = re.findall(r"^```toml\n(.*?)^```", PAGE, flags=re.M | re.S)
    toml = import_module("tomllib" if sys.version_info >= (3, 11) else "tomli")
    assert limits_from((), toml.loads(block)["tool"]["gradhealth"]["limits"], {})
