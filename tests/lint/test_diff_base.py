"""--diff-base: findings on lines that changed since the merge base, and no others."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from gradhealth_lint.cli import main

HEAD = "from torch import nn\nlayer = nn.Linear(8, 8)\n"
CALL = "nn.init.normal_(layer.weight, 1.5, 0.1)\n"


def git(folder: Path, *arguments: str) -> None:
    command = ["git", "-c", "user.name=n", "-c", "user.email=e@x", "-C", str(folder), *arguments]
    subprocess.run(command, check=True, capture_output=True)


def commit(folder: Path) -> None:
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "m", "--allow-empty")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = tmp_path / "repo"
    root.mkdir()
    git(root, "init", "-q", "-b", "main")
    (root / "old.py").write_text(HEAD + CALL)
    (root / "moved.py").write_text("# a file to be renamed\n" * 20 + HEAD + CALL)
    commit(root)
    git(root, "checkout", "-qb", "work")
    monkeypatch.chdir(root)
    return root


def found(capsys: pytest.CaptureFixture[str], *options: str) -> list[str]:
    given = [".", "--diff-base", "main", "--output-format", "json", "--no-cache", *options]
    assert main(given) in {0, 1}
    return [f"{f['path']}:{f['line']}" for f in json.loads(capsys.readouterr().out)]


def test_nothing_changed(capsys: pytest.CaptureFixture[str]) -> None:
    assert found(capsys) == []


@pytest.mark.parametrize("state", ["committed", "staged", "unstaged"])
def test_new_lines_count(folder: Path, capsys: pytest.CaptureFixture[str], state: str) -> None:
    (folder / "old.py").write_text("import os\n" + HEAD + CALL + "x = 1\n" + CALL)
    if state != "unstaged":
        git(folder, "add", "-A")
    if state == "committed":
        commit(folder)
    assert found(capsys) == ["old.py:6"]


def test_a_call_counts_if_any_of_its_lines_changed(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = "nn.init.normal_(\n    layer.weight,\n    mean=1.5,\n    std=0.1,\n)\n"
    (folder / "old.py").write_text(HEAD + text)
    commit(folder)
    git(folder, "branch", "-f", "main")
    (folder / "old.py").write_text(HEAD + text.replace("1.5", "2.5"))
    assert found(capsys) == ["old.py:3"]


def test_the_neighbours_of_lines_taken_away_count(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "old.py").write_text(HEAD + "x = 1\n" + CALL + "y = 1\nz = 1\n" * 3)
    commit(folder)
    git(folder, "branch", "-f", "main")
    (folder / "old.py").write_text(HEAD + CALL + "y = 1\nz = 1\n" * 3)
    assert found(capsys) == ["old.py:3"]
    (folder / "old.py").write_text(HEAD + "x = 1\n" + CALL + "y = 1\nz = 1\n" * 2)
    assert found(capsys) == []


def test_untracked_and_renamed_files(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "new").mkdir()
    (folder / "new" / "n.py").write_text(HEAD + CALL)
    git(folder, "mv", "moved.py", "renamed.py")
    assert found(capsys) == ["new/n.py:3"]
    (folder / "renamed.py").write_text((folder / "renamed.py").read_text() + CALL)
    assert found(capsys) == ["new/n.py:3", "renamed.py:24"]


def test_what_main_did_since_is_not_ours(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    git(folder, "checkout", "-q", "main")
    (folder / "old.py").write_text(HEAD)
    commit(folder)
    git(folder, "checkout", "-q", "work")
    assert found(capsys) == []


@pytest.mark.parametrize("name", ["sp ace.py", "ümlaut.py", 'quo"te.py', "tab\t.py", "b/b.py"])
def test_names_of_all_kinds(folder: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_text(HEAD + CALL)
    commit(folder)
    git(folder, "branch", "-f", "main")
    (folder / name).write_text("++ 1\n-- 1\n".replace(" ", "") + HEAD + CALL + CALL)
    (folder / name).write_text("# x\n" + HEAD + CALL + "+1\n-1\n" + CALL)
    assert found(capsys) == [f"{name}:7"]


def test_the_users_settings_of_git_do_not_matter(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for key, value in (
        ("diff.noprefix", "true"), ("diff.mnemonicPrefix", "true"), ("color.ui", "always"),
        ("diff.external", "false"), ("diff.relative", "true"), ("core.quotePath", "false"),
    ):  # fmt: skip
        git(folder, "config", key, value)
    (folder / "sub").mkdir()
    (folder / "sub" / "s.py").write_text(HEAD)
    commit(folder)
    git(folder, "branch", "-f", "main")
    (folder / "sub" / "s.py").write_text(HEAD + CALL)
    (folder / "old.py").write_text(HEAD + CALL + CALL)
    assert found(capsys) == ["old.py:4", "sub/s.py:3"]
    monkeypatch.chdir(folder / "sub")
    assert found(capsys) == ["s.py:3"]


def test_files_that_did_not_change_are_not_read(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "new.py").write_text(HEAD)
    assert main([".", "--diff-base", "main", "--show-files"]) == 0
    assert capsys.readouterr().out == "new.py\n"


@pytest.mark.parametrize(
    ("revision", "words"),
    [("no-such", "git knows no revision 'no-such'"), ("--output=x", "git knows no revision")],
)
def test_a_revision_that_is_not_there_exits_2(
    capsys: pytest.CaptureFixture[str], revision: str, words: str
) -> None:
    assert main([".", f"--diff-base={revision}"]) == 2
    assert words in capsys.readouterr().err


def test_histories_without_a_common_commit(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    git(folder, "checkout", "-q", "--orphan", "alone")
    (folder / "old.py").unlink()
    commit(folder)
    assert main([".", "--diff-base", "main"]) == 2
    assert "no common ancestor" in capsys.readouterr().err


def test_outside_a_repository(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder.parent / "outside.py").write_text(HEAD)
    assert main(["../outside.py", "--diff-base", "main"]) == 2
    assert "is not in the repository" in capsys.readouterr().err
    monkeypatch.chdir(folder.parent)
    assert main([".", "--diff-base", "main"]) == 2
    assert "needs a git repository" in capsys.readouterr().err
    monkeypatch.setenv("PATH", "")
    assert main([".", "--diff-base", "main"]) == 2
    assert "git cannot be run" in capsys.readouterr().err
