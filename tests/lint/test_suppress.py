"""Comments that silence, comments that silence nothing, and those that give no reason."""

from __future__ import annotations

import json
from pathlib import Path
from textwrap import dedent

import pytest

from gradhealth_lint.cli import main

HEAD = "from torch import nn\nlayer = nn.Linear(8, 8)\n"
CALL = "nn.init.normal_(layer.weight, 1.5, 0.1)"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def lint(
    folder: Path, capsys: pytest.CaptureFixture[str], text: str, *options: str
) -> list[tuple[str, int, str]]:
    (folder / "a.py").write_text(text)
    assert main(["a.py", "--output-format", "json", *options]) in {0, 1}
    return [(f["code"], f["line"], f["message"]) for f in json.loads(capsys.readouterr().out)]


@pytest.mark.parametrize(
    "text",
    [
        f"{CALL}  # gradhealth: ignore[GRD201]",
        f"{CALL}  # gradhealth:ignore[grd201] why",
        f"{CALL}  # a note  # gradhealth: ignore[GRD201]",
        f"{CALL}  # type: ignore[x]  # gradhealth: ignore[GRD2]",
        f"{CALL}  # gradhealth: ignore[ALL]",
        f"# gradhealth: ignore[GRD201] on the line above\n{CALL}",
        f"# gradhealth: ignore[GRD201]\n# a note between\n\n{CALL}",
        "nn.init.normal_(  # gradhealth: ignore[GRD201]\n    layer.weight, 1.5, 0.1\n)",
        "nn.init.normal_(\n    layer.weight, 1.5, 0.1\n)  # gradhealth: ignore[GRD201]",
        f"{CALL}; s = '''\n'''  # gradhealth: ignore[GRD201]",
        f"{CALL}; s = f'''{{\n1}}\n'''  # gradhealth: ignore[GRD201]",
        f"{CALL}; s = \\\n    1  # gradhealth: ignore[GRD201]",
        f"# gradhealth: file-ignore[GRD201] a study\n{CALL}",
        f"{CALL}\n\n# gradhealth: file-ignore[GRD201] at the end",
        f"x = 1  # gradhealth: file-ignore[GRD201] in the first lines\n{CALL}",
    ],
)
def test_what_silences(folder: Path, capsys: pytest.CaptureFixture[str], text: str) -> None:
    assert lint(folder, capsys, HEAD + text + "\n") == []


@pytest.mark.parametrize(
    "text",
    [
        f"{CALL}\n# gradhealth: ignore[GRD201]",
        f"x = 1  # gradhealth: ignore[GRD201]\n{CALL}",
        f"# noqa: GRD201\n{CALL}",
        f"s = '# gradhealth: file-ignore[GRD201]'\n{CALL}",
        "\n" * 30 + f"x = 1  # gradhealth: file-ignore[GRD201]\n{CALL}",
        f"# gradhealth: ignore[GRD301]\n{CALL}",
        f"# gradhealth: file-ignore\n{CALL}",
    ],
)
def test_what_does_not(folder: Path, capsys: pytest.CaptureFixture[str], text: str) -> None:
    codes = [code for code, _, _ in lint(folder, capsys, HEAD + text + "\n")]
    assert "GRD201" in codes


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x = 1  # gradhealth: ignore[GRD201] why", "nothing here is reported as GRD201"),
        ("x = 1  # noqa: GRD201", "nothing here is reported as GRD201"),
        ("x = 1  # noqa: E501, GRD201", "nothing here is reported as GRD201"),
        ("# gradhealth: file-ignore[GRD201]", "nothing in this file is reported as GRD201"),
        ("x = 1  # gradhealth: ignore[GRD999]", "no rule has the code GRD999"),
        ("x = 1  # gradhealth: ignore", "a comment that names no code silences nothing"),
        ("x = 1  # gradhealth: ignore[] why", "a comment that names no code silences nothing"),
    ],
)
def test_a_comment_that_silences_nothing_is_reported(
    folder: Path, capsys: pytest.CaptureFixture[str], text: str, message: str
) -> None:
    assert lint(folder, capsys, HEAD + text + "\n") == [("GRD001", 3, message)]


@pytest.mark.parametrize(
    ("text", "options"),
    [
        ("x = 1  # noqa", ()),
        ("x = 1  # noqa: E501", ()),
        ("x = 1  # noqa: G1", ()),
        ("x = 1  # gradhealth: ignore[GRD201]", ("--select", "GRD301")),
        ("x = 1  # gradhealth: ignore[GRD2]", ("--ignore", "GRD201")),
        ("x = 1  # gradhealth: ignore[GRD201]", ("--ignore", "GRD001")),
        ("x = 1  # gradhealth: ignore[ALL]", ()),
        ("x = 1  # gradhealth: ignore[GRD201, GRD001] kept for later", ()),
        ("x = '# gradhealth: ignore[GRD201]'", ()),
    ],
)
def test_what_cannot_be_judged_is_not(
    folder: Path, capsys: pytest.CaptureFixture[str], text: str, options: tuple[str, ...]
) -> None:
    assert lint(folder, capsys, HEAD + text + "\n", *options) == []


def test_each_code_is_judged_by_itself(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = f"{HEAD}{CALL}  # gradhealth: ignore[GRD201, GRD301] why\n"
    ((code, line, message),) = lint(folder, capsys, text)
    assert (code, line, message) == ("GRD001", 3, "nothing here is reported as GRD301")


@pytest.mark.parametrize(
    ("comment", "complaints"),
    [
        ("# gradhealth: ignore[GRD201] a study of bad inits", 0),
        ("# gradhealth: ignore[GRD201]: a study", 0),
        ("# gradhealth: ignore[GRD201]", 1),
        ("# gradhealth: ignore[GRD201] -  # noqa: E501", 1),
        ("# noqa: GRD201", 1),
        ("# noqa", 0),
    ],
)
def test_a_reason_may_be_required(
    folder: Path, capsys: pytest.CaptureFixture[str], comment: str, complaints: int
) -> None:
    text = f"{HEAD}{CALL}  {comment}\n"
    assert lint(folder, capsys, text) == []
    found = lint(folder, capsys, text, "--require-ignore-reason")
    assert [message for _, _, message in found] == [
        "no reason is given for silencing GRD201"
    ] * complaints
    (folder / "pyproject.toml").write_text("[tool.gradhealth.lint]\nrequire-ignore-reason = true\n")
    assert len(lint(folder, capsys, text)) == complaints
    assert lint(folder, capsys, text, "--no-require-ignore-reason") == []


def test_lines_are_counted_as_python_counts_them(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = (HEAD + "s = '\x0c\x1c\u2028'\n" + CALL).replace("\n", "\r\n")
    (folder / "a.py").write_bytes(f"{text}  # gradhealth: ignore[GRD201]\r\n".encode())
    assert main(["a.py"]) == 0
    capsys.readouterr()


def test_a_file_that_cannot_be_read_can_be_ignored_by_path_only(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = dedent("""\
        # gradhealth: file-ignore[GRD002]
        print "Python 2"
    """)
    assert [code for code, _, _ in lint(folder, capsys, text)] == ["GRD002"]
    (folder / "pyproject.toml").write_text(
        '[tool.gradhealth.lint.per-file-ignores]\n"a.py" = ["GRD002"]\n'
    )
    assert lint(folder, capsys, text) == []
