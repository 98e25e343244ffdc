"""docs/lint.md names every option, configuration key, limit and format, and its examples hold."""

from __future__ import annotations

import argparse
import dataclasses
import re
import sys
from importlib import import_module
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from gradhealth_lint import config, formats
from gradhealth_lint.cli import arguments, main
from gradhealth_lint.limits import Limits

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "lint.md").read_text(encoding="utf-8")
#: Pieces of code in the running text and in tables.
NAMED = set(re.findall(r"`([^`\n]+)`", re.sub(r"^```.*?^```", "", PAGE, flags=re.M | re.S)))


def commands() -> dict[str, argparse.ArgumentParser]:
    (action,) = (
        one
        for one in arguments.make_parser()._actions
        if isinstance(one, argparse._SubParsersAction)
    )
    return dict(action.choices)


def options(command: argparse.ArgumentParser) -> set[str]:
    return {option for action in command._actions for option in action.option_strings}


def rows(heading: str) -> list[list[str]]:
    """The rows of the tables under a heading, without their heads."""
    section = re.split(rf"^#+ {heading}$", PAGE, flags=re.M)[1].split("\n#")[0]
    lines = re.findall(r"^\| (.*) \|$", section, flags=re.M)
    cells = [[cell.strip() for cell in line.split(" | ")] for line in lines]
    return [row for row in cells if row[0].startswith("`")]


def test_every_command_is_named() -> None:
    assert set(re.findall(r"^    gradhealth-lint (?:\[check\]|(\w+))", PAGE, flags=re.M)) >= {
        name for name in commands() if name != "check"
    }


def test_every_option_is_named_and_no_other() -> None:
    every = {option for command in commands().values() for option in options(command)}
    first = [re.split(r"[` \[]", cells[0])[1] for cells in rows("Options")]
    assert len(set(first)) == len(first)
    listed = {one for cells in rows("Options") for one in re.findall(r"`(--?[\w-]+)", cells[0])}
    assert listed == every


@pytest.mark.parametrize(("name", "mark"), [("baseline", "b"), ("predict", "p"), ("facts", "p")])
def test_the_marks_of_commands_are_right(name: str, mark: str) -> None:
    marked = {
        option
        for cells in rows("Options")
        if mark in cells[1].split()
        for option in re.findall(r"`(--?[\w-]+)", cells[0])
    }
    if name == "baseline":
        marked.add("--output")
    assert marked == options(commands()[name])


def test_every_key_is_named_and_no_other() -> None:
    keys = {cells[0].strip("`") for cells in rows("Configuration")}
    assert keys == set(config._READERS)


def test_the_table_of_limits_is_current(request: pytest.FixtureRequest) -> None:
    """``pytest tests/docs --update-snapshots`` writes it anew."""
    head = "| limit | default | unit |\n|---|---|---|\n"
    table = head + "".join(
        f"| `{item.name.replace('_', '-')}` | {item.default:.10g} "
        f"| {_cell(item.metadata['unit'])} |\n"
        for item in dataclasses.fields(Limits)
    )
    path = ROOT / "docs" / "lint.md"
    text = path.read_text(encoding="utf-8")
    if request.config.getoption("--update-snapshots"):
        text = re.sub(r"^\| limit \| .*\n(?:\|.*\n)+", lambda _: table, text, flags=re.M)
        path.write_text(text, encoding="utf-8")
    assert table in text


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def test_every_format_is_named() -> None:
    assert [cells[0].strip("`") for cells in rows("Formats")] == list(formats.NAMES)


def test_the_configurations_are_valid(tmp_path: Path) -> None:
    toml = import_module("tomllib" if sys.version_info >= (3, 11) else "tomli")
    blocks = re.findall(r"^```toml\n(.*?)^```", PAGE, flags=re.M | re.S)
    assert len(blocks) == 2
    for block in blocks:
        table = toml.loads(block)["tool"]["gradhealth"]["lint"]
        config.parse(table, tmp_path / "pyproject.toml")


def test_the_hooks_exist() -> None:
    (block,) = re.findall(r"^```yaml\n(.*?)^```", PAGE, flags=re.M | re.S)
    yaml = YAML(typ="safe")
    hooks = {hook["id"] for hook in yaml.load(ROOT / ".pre-commit-hooks.yaml")}
    assert {hook["id"] for hook in yaml.load(block)["repos"][0]["hooks"]} <= hooks
    assert hooks <= NAMED


@pytest.mark.parametrize(
    ("comment", "place", "code"),
    [
        ("# gradhealth: ignore[GRD101] reason", "behind", 0),
        ("# gradhealth: ignore[GRD101] reason", "above", 0),
        ("# gradhealth: file-ignore[GRD101] reason", "top", 0),
        ("# noqa: GRD101", "behind", 0),
        ("# noqa", "behind", 0),
        ("# noqa", "above", 1),
    ],
)
def test_the_comments_do_what_they_say(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, comment: str, place: str, code: int
) -> None:
    assert comment in NAMED
    comment = comment.replace("GRD101", "GRD201")
    fault = "nn.init.normal_(layer.weight, mean=1.5, std=0.1)"
    fault = {"behind": f"{fault}  {comment}", "above": f"{comment}\n{fault}"}.get(place, fault)
    top = f"{comment}\n" if place == "top" else ""
    text = f"{top}from torch import nn\n\nlayer = nn.Linear(8, 8)\n{fault}\n"
    (tmp_path / "a.py").write_text(text)
    monkeypatch.chdir(tmp_path)
    assert main(["--isolated", "--no-cache", "a.py"]) == code
