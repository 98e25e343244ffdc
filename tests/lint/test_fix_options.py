"""--fix and --unsafe-fixes: files, bytes, exit codes, and what goes wrong."""

from __future__ import annotations

import os
import stat
import subprocess
from pathlib import Path

import pytest

from gradhealth_lint import atomic, fixing
from gradhealth_lint.cli import main
from tests.lint.editing import BAD, FIXED

FIX = ("--fix", "--unsafe-fixes")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def contents(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and ".gradhealth_cache" not in path.parts
    }


def test_unsafe_fixes_have_to_be_asked_for(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "a.py").write_text(BAD)
    assert main(["--fix", "a.py"]) == 1
    output = capsys.readouterr()
    assert "a.py:4:1: GRD201" in output.out
    assert output.err == "gradhealth-lint: 1 more can be fixed with --unsafe-fixes\n"
    assert main(["--unsafe-fixes", "a.py"]) == 1
    assert contents(folder) == {"a.py": BAD.encode()}


@pytest.mark.parametrize("cache", ["--cache", "--no-cache"])
def test_fix(folder: Path, capsys: pytest.CaptureFixture[str], cache: str) -> None:
    (folder / "a.py").write_text(BAD)
    (folder / "b.py").write_text(BAD.replace("1.5", "0.0"))
    (folder / "c.py").write_text(BAD.replace("layer.weight", "layer. weight"))
    assert main([cache, *FIX, "."]) == 0
    output = capsys.readouterr()
    assert output.out == "no findings\n"
    assert output.err == "gradhealth-lint: 2 findings fixed in 2 files\n"
    assert (folder / "a.py").read_text() == FIXED
    before = contents(folder)
    assert main([cache, *FIX, "."]) == 0
    assert capsys.readouterr().err == ""
    assert contents(folder) == before


def test_quiet_fixes(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "a.py").write_text(BAD)
    assert main(["-q", *FIX, "a.py"]) == 0
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (BAD.replace("\n", "\r\n"), FIXED.replace("\n", "\r\n")),
        (BAD.replace("\n", "\r"), FIXED.replace("\n", "\r")),
        (BAD.rstrip("\n"), FIXED.rstrip("\n")),
        ("\r\n" + BAD, "\r\n" + FIXED),
        ("\ufeff" + BAD, "\ufeff" + FIXED),
        ("# coding: utf-8\n" + BAD + "# é𝕏\n", "# coding: utf-8\n" + FIXED + "# é𝕏\n"),
        (BAD + "\x0c\n\t\n  \n#\u2028 \x85\n", FIXED + "\x0c\n\t\n  \n#\u2028 \x85\n"),
    ],
    ids=["crlf", "cr", "no-newline", "mixed", "bom", "utf-8", "odd-space"],
)
def test_every_other_byte_stays(folder: Path, before: str, after: str) -> None:
    (folder / "a.py").write_bytes(before.encode())
    assert main([*FIX, "a.py"]) == 0
    assert (folder / "a.py").read_bytes() == after.encode()


def test_the_encoding_stays(folder: Path) -> None:
    head = "# -*- coding: latin-1 -*-\ns = 'é'\n"
    (folder / "a.py").write_bytes((head + BAD).encode("latin-1"))
    assert main([*FIX, "a.py"]) == 0
    assert (folder / "a.py").read_bytes() == (head + FIXED).encode("latin-1")


def test_an_encoding_that_does_not_lead_back_is_not_written(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = b"# coding: utf-7\n" + BAD.encode().replace(b"# here", b"# +AGE-")
    (folder / "a.py").write_bytes(text)
    assert main([*FIX, "a.py"]) == 2
    assert "a.py: cannot be fixed: its text does not lead back" in capsys.readouterr().err
    assert (folder / "a.py").read_bytes() == text


def test_mode_and_links_stay(folder: Path) -> None:
    (folder / "real.py").write_text(BAD)
    (folder / "real.py").chmod(0o750)
    (folder / "a.py").symlink_to("real.py")
    assert main([*FIX, "a.py"]) == 0
    assert (folder / "a.py").is_symlink()
    assert (folder / "real.py").read_text() == FIXED
    assert stat.S_IMODE((folder / "real.py").stat().st_mode) == 0o750
    assert sorted(contents(folder)) == ["a.py", "real.py"]


def test_what_cannot_be_written_is_one_line_and_the_run_goes_on(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    write = atomic.write

    def full(file: Path, data: bytes, *, durable: bool = False) -> None:
        if file.name == "b.py":
            raise OSError(28, "No space left on device")
        write(file, data, durable=durable)

    for name in ("a.py", "b.py", "c.py"):
        (folder / name).write_text(BAD)
    monkeypatch.setattr(atomic, "write", full)
    assert main([*FIX, "."]) == 2
    output = capsys.readouterr()
    assert output.err.splitlines() == [
        "gradhealth-lint: 2 findings fixed in 2 files",
        "gradhealth-lint: b.py: cannot be fixed: No space left on device",
    ]
    assert "b.py:4:1: GRD201" in output.out
    assert contents(folder) == {
        "a.py": FIXED.encode(), "b.py": BAD.encode(), "c.py": FIXED.encode(),
    }  # fmt: skip


def test_a_read_only_file_is_left_alone(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "a.py").write_text(BAD)
    (folder / "a.py").chmod(0o444)
    # The superuser may write everything.
    monkeypatch.setattr(os, "access", lambda file, _: file.stat().st_mode & stat.S_IWUSR != 0)
    assert main([*FIX, "a.py"]) == 2
    assert capsys.readouterr().err.endswith("a.py: cannot be fixed: it is read-only\n")
    assert (folder / "a.py").read_text() == BAD


def test_nobody_reads_half_a_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A write that fails half-way leaves the file as it was, and nothing beside it."""
    (folder / "a.py").write_text(BAD)

    def failing(_: int) -> None:
        assert (folder / "a.py").read_text() == BAD
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "fsync", failing)
    assert main([*FIX, "a.py"]) == 2
    assert contents(folder) == {"a.py": BAD.encode()}


def test_a_fault_of_ours_leaves_the_file_alone(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*_: object, **__: object) -> None:
        raise KeyError("oops")

    monkeypatch.setattr(fixing, "fix", failing)
    (folder / "a.py").write_text(BAD)
    assert main([*FIX, "a.py"]) == 2
    assert "a.py: internal error: KeyError" in capsys.readouterr().err
    assert (folder / "a.py").read_text() == BAD


def test_only_what_a_baseline_does_not_hide_is_fixed(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "a.py").write_text(BAD)
    assert main(["baseline", "--output", "known.json", "a.py"]) == 0
    (folder / "a.py").write_text(BAD + BAD.replace("layer", "other"))
    capsys.readouterr()
    assert main(["--baseline", "known.json", *FIX, "a.py"]) == 0
    assert (folder / "a.py").read_text() == BAD + FIXED.replace("layer", "other")
    assert "1 finding fixed in 1 file" in capsys.readouterr().err


def test_only_changed_lines_are_fixed(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("GIT_AUTHOR", "GIT_COMMITTER"):
        monkeypatch.setenv(f"{name}_NAME", "a")
        monkeypatch.setenv(f"{name}_EMAIL", "a@b")
    (folder / "a.py").write_text(BAD)
    for command in (["init", "-q"], ["add", "a.py"], ["commit", "-qm", "a"]):
        subprocess.run(["git", *command], check=True, cwd=folder)
    (folder / "a.py").write_text(BAD + BAD.replace("layer", "other"))
    assert main(["--diff-base", "HEAD", *FIX, "a.py"]) == 0
    assert (folder / "a.py").read_text() == BAD + FIXED.replace("layer", "other")


@pytest.mark.parametrize(
    "options", [("--fix", "--diff"), ("--fix", "--add-ignore"), ("--diff", "--add-ignore")]
)
def test_one_change_at_a_time(options: tuple[str, ...]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main([*options, "."])
    assert stopped.value.code == 2


def test_fixes_outlive_the_cache_and_other_processes(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("a.py", "b.py"):
        (folder / name).write_text(BAD)
    outputs = []
    for options in (("--no-cache",), ("--no-cache", "-j", "2"), (), ()):
        assert main([*options, "--output-format", "json", "."]) == 1
        outputs.append(capsys.readouterr().out)
    assert len(set(outputs)) == 1
    assert '"applicability": "unsafe"' in outputs[0]
    assert main(["-j", "2", *FIX, "."]) == 0  # what is known from the cache
    assert contents(folder) == {"a.py": FIXED.encode(), "b.py": FIXED.encode()}
