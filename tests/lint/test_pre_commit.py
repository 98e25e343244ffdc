"""The hooks of .pre-commit-hooks.yaml: commands that exist, and nothing heavy to install."""

from __future__ import annotations

import re
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from gradhealth_lint.cli import main

ROOT = Path(__file__).resolve().parents[2]
HOOKS: dict[str, Any] = {
    hook["id"]: hook for hook in YAML(typ="safe").load(ROOT / ".pre-commit-hooks.yaml")
}
BAD = """\
from torch import nn

layer = nn.Linear(8, 8)
nn.init.normal_(layer.weight, mean=1.5, std=0.1)
"""


def test_the_hooks_there_are() -> None:
    assert list(HOOKS) == ["gradhealth-lint", "gradhealth-lint-fix"]
    assert HOOKS["gradhealth-lint-fix"]["args"] == ["--fix"]
    for hook in HOOKS.values():
        assert hook["language"] == "python"
        assert hook["types_or"] == ["python", "jupyter"]
        assert hook["require_serial"] is True


@pytest.mark.parametrize("name", HOOKS)
def test_the_hook_checks_the_files_it_is_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "old").mkdir()
    for file in ("a.py", "b.py", "old/c.py"):
        (tmp_path / file).write_text(BAD)
    (tmp_path / "pyproject.toml").write_text('[tool.gradhealth.lint]\nexclude = ["old/"]\n')
    hook = HOOKS[name]
    program, *given = hook["entry"].split()
    assert program == "gradhealth-lint"
    given += hook.get("args", [])
    assert main([*given, "a.py", "old/c.py"]) == 1
    found = capsys.readouterr().out
    assert "a.py:4:1: GRD201" in found
    assert "b.py" not in found
    assert "c.py" not in found  # excluded, though it is named
    assert main([*given, "old/c.py"]) == 0


def test_installing_the_hook_installs_no_torch() -> None:
    toml = import_module("tomllib" if sys.version_info >= (3, 11) else "tomli")
    project = toml.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    needed = {re.split(r"[^\w-]", one)[0] for one in project["dependencies"]}
    assert needed == {"libcst", "pytest", "tomli"}
