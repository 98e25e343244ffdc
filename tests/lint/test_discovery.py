"""Which files are checked."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from gradhealth_lint.cli import main


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def make(root: Path, *paths: str) -> None:
    for path in paths:
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("")


def shown(capsys: pytest.CaptureFixture[str], *options: str) -> list[str]:
    assert main(["--show-files", *options]) == 0
    return capsys.readouterr().out.split()


def test_folders_are_searched_in_order(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    make(folder, "b.py", "a.py", "sub/c.py", "a.pyi", "a.txt", "sub/.hidden.py", ".h/x.py")
    assert shown(capsys) == ["a.py", "b.py", "sub/.hidden.py", "sub/c.py"]
    assert shown(capsys, "sub", "b.py") == ["sub/.hidden.py", "sub/c.py", "b.py"]


def test_a_file_counts_once(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    make(folder, "sub/a.py")
    (folder / "sub" / "b.py").symlink_to(folder / "sub" / "a.py")
    assert shown(capsys, "sub/a.py", ".", "./sub", str(folder / "sub" / "a.py")) == ["sub/a.py"]


def test_links_lead_nowhere_and_never_round(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make(folder, "sub/a.py")
    (folder / "sub" / "loop").symlink_to(folder)
    (folder / "sub" / "dangling.py").symlink_to(folder / "nothing.py")
    (folder / "sub" / "folder.py").mkdir()
    os.mkfifo(folder / "sub" / "pipe.py")
    assert shown(capsys) == ["sub/a.py"]
    (folder / "round.py").symlink_to(folder / "round.py")
    assert shown(capsys) == ["sub/a.py"]


def test_paths_outside_the_working_directory(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    make(folder, "src/a.py", "here/b.py")
    monkeypatch.chdir(folder / "here")
    assert shown(capsys, "../src", ".") == ["../src/a.py", "b.py"]
    assert shown(capsys, "..") == ["b.py", "../src/a.py"]


def test_gitignore_counts_up_to_the_repository_and_down_into_it(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make(
        folder, "repo/a.py", "repo/gen_a.py", "repo/sub/gen_b.py", "repo/sub/b.py",
        "repo/sub/keep/gen_c.py", "repo/out/d.py", "repo/info.py",
    )  # fmt: skip
    (folder / ".gitignore").write_text("*.py\n")  # outside the repository
    (folder / "repo" / ".git" / "info").mkdir(parents=True)
    (folder / "repo" / ".git" / "info" / "exclude").write_text("info.py\n")
    (folder / "repo" / ".gitignore").write_text("gen_*.py\n/out/\n")
    (folder / "repo" / "sub" / "keep" / ".gitignore").write_text("!gen_c.py\n")
    everything = ["repo/a.py", "repo/sub/b.py", "repo/sub/keep/gen_c.py"]
    assert shown(capsys, "repo") == everything
    assert shown(capsys, "repo/sub") == everything[1:]
    assert shown(capsys, "repo/gen_a.py") == ["repo/gen_a.py"]
    assert "repo/gen_a.py" in shown(capsys, "repo", "--no-respect-gitignore")


def test_gitignore_counts_without_a_repository(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make(folder, "a.py", "gen.py")
    (folder / ".gitignore").write_text("gen.py\n")
    assert shown(capsys) == ["a.py"]


def test_virtual_environments_are_known_by_their_file(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make(folder, "a.py", "my-env/pyvenv.cfg", "my-env/lib/b.py")
    assert shown(capsys) == ["a.py"]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ((), ["build/a.py", "legacy/b.py", "c.py"]),
        (("--force-exclude",), ["c.py"]),
        (("--force-exclude", "--exclude", "c.py"), ["build/a.py"]),
    ],
)
def test_named_files_are_taken_unless_exclusion_is_forced(
    folder: Path, capsys: pytest.CaptureFixture[str], options: tuple[str, ...], expected: list[str]
) -> None:
    make(folder, "build/a.py", "legacy/b.py", "c.py")
    (folder / "pyproject.toml").write_text('[tool.gradhealth.lint]\nextend-exclude = ["/legacy"]\n')
    assert shown(capsys, *options, "build/a.py", "legacy/b.py", "c.py") == expected


def test_a_folder_that_cannot_be_read_is_one_line(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    make(folder, "a.py", "closed/b.py", "open/c.py")
    scandir = os.scandir

    def guarded(path: str) -> object:
        if str(path).endswith("closed"):
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", guarded)
    assert main(["."]) == 2
    output = capsys.readouterr()
    assert output.out == "no findings\n"
    assert output.err == "gradhealth-lint: closed: cannot be read: Permission denied\n"
