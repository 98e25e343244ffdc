"""What else a run can be asked for: counts, quiet, notes, stdin, an exit code of 0."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import pytest

from gradhealth_lint.cli import main

CLEAN = "import torch\n\nlayer = torch.nn.Linear(4, 4)\n"
BAD = """\
import torch
from torch import nn

layer = nn.Linear(8, 8)
nn.init.normal_(layer.weight, mean=1.5, std=0.1)
"""
#: A training script that takes its model from another file.
SCRIPT = """\
import torch
from first import Model

model = Model()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for x in loader:
    optimizer.zero_grad()
    model(x).mean().backward()
    optimizer.step()
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CI", raising=False)
    (tmp_path / "a.py").write_text(BAD)
    return tmp_path


def test_statistics_count_by_code(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "b.py").write_text(BAD + BAD)
    (folder / "c.py").write_text("x = (\n")
    assert main(["--statistics"]) == 1
    rows = capsys.readouterr().out.splitlines()
    assert rows == ["3  GRD201  normal-init-large-mean", "1  GRD002  unreadable-file"]
    assert main(["--statistics", "--output-format", "json"]) == 1
    assert json.loads(capsys.readouterr().out) == [
        {"code": "GRD201", "name": "normal-init-large-mean", "count": 3},
        {"code": "GRD002", "name": "unreadable-file", "count": 1},
    ]
    assert main(["--statistics", "--select", "GRD301", "a.py"]) == 0
    assert capsys.readouterr().out == "no findings\n"


def test_statistics_in_a_format_that_has_none_exit_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--statistics", "--output-format", "sarif"]) == 2
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err == "gradhealth-lint: --statistics: counts are written as text or json\n"


def test_exit_zero_hides_findings_but_not_failures(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert main(["--exit-zero"]) == 0
    assert "GRD201" in capsys.readouterr().out
    assert main(["--exit-zero", "no-such-file.py"]) == 2

    from gradhealth_lint import engine

    def failing(*_: object, **__: object) -> object:
        raise KeyError("oops")

    monkeypatch.setattr(engine, "read", failing)
    assert main(["--exit-zero", "--no-cache"]) == 2


def test_quiet_leaves_notes_out_and_findings_in(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["baseline", "--output", "known.json"]) == 0
    assert (
        capsys.readouterr().err == "gradhealth-lint: 1 findings in 1 files accepted in known.json\n"
    )
    assert main(["baseline", "--quiet", "--output", "known.json"]) == 0
    assert capsys.readouterr().err == ""
    assert main(["--baseline", "known.json"]) == 0
    assert "1 finding hidden by known.json" in capsys.readouterr().err
    assert main(["--baseline", "known.json", "--quiet"]) == 0
    assert capsys.readouterr().err == ""
    assert main(["--quiet"]) == 1
    output = capsys.readouterr()
    assert "GRD201" in output.out
    assert output.err == ""
    assert main(["--quiet", "no-such-file.py"]) == 2
    assert "no-such-file.py" in capsys.readouterr().err


def stdin(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))


def test_stdin_has_the_name_and_the_configuration_of_a_file(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "sub").mkdir()
    (folder / "sub" / "pyproject.toml").write_text('[tool.gradhealth.lint]\nignore = ["GRD201"]\n')
    stdin(monkeypatch, BAD)
    assert main(["--stdin-filename", "new.py", "-"]) == 1
    out = capsys.readouterr().out
    assert out.startswith("new.py:5:1: GRD201")
    assert "^^^" in out  # the line is from stdin: there is no such file
    stdin(monkeypatch, BAD)
    assert main(["--stdin-filename", "sub/new.py", "-"]) == 0
    stdin(monkeypatch, CLEAN)
    assert main(["--stdin-filename", "a.py", "-"]) == 0
    stdin(monkeypatch, BAD)
    assert main(["-", "--output-format", "json"]) == 1
    assert json.loads(capsys.readouterr().out.split("\n", 2)[2])[0]["path"] == "-"
    assert not (folder / ".gradhealth_cache").exists()


def test_verbose_says_what_was_not_understood(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "pyproject.toml").write_text(
        "[tool.gradhealth.lint.limits]\nproject-file-bytes = 10\n"
    )
    (folder / "a.py").write_text(SCRIPT)
    (folder / "first.py").write_text("class Model: ...\n")
    sentence = (
        "gradhealth-lint: a.py: 1 imported files were too large or too many and were not read\n"
    )
    assert main(["a.py"]) == 0
    assert capsys.readouterr().err == ""
    for options in (["-v"], ["--verbose"], ["-v", "--no-cache"], ["-v", "--jobs", "2"]):
        assert main(["a.py", *options]) == 0
        assert capsys.readouterr() == ("no findings\n", sentence)


@pytest.mark.parametrize("command", ["predict", "facts"])
def test_limits_hold_per_file(
    folder: Path, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    stack = (
        "from torch import nn\n\nnet = nn.Sequential(nn.Linear(4, 4), nn.Tanh(), nn.Linear(4, 4))\n"
    )
    (folder / "a.py").write_text(stack)
    for name, limit in (("one", 2), ("two", 20)):
        (folder / name).mkdir()
        (folder / name / "net.py").write_text(stack)
        table = f"[tool.gradhealth.lint.limits]\nsmallest-stack = {limit}\n"
        (folder / name / "pyproject.toml").write_text(table)
    main([command, ".", "--output-format", "json"])
    found = {
        row["path"]
        for row in json.loads(capsys.readouterr().out)
        if command == "predict" or row["stacks"]
    }
    assert found == {"a.py", "one/net.py"}


@pytest.mark.parametrize("command", ["predict", "facts", "rules"])
def test_other_commands_write_text_and_json_only(command: str) -> None:
    with pytest.raises(SystemExit) as stopped:
        main([command, "--output-format", "sarif"])
    assert stopped.value.code == 2


def test_the_configured_format_is_written_and_counts_fall_back_to_text(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "pyproject.toml").write_text('[tool.gradhealth.lint]\noutput-format = "sarif"\n')
    assert main([]) == 1
    assert json.loads(capsys.readouterr().out)["version"] == "2.1.0"
    assert main(["--output-format", "concise"]) == 1
    assert capsys.readouterr().out.startswith("a.py:5:1: GRD201 ")
    assert main(["--statistics"]) == 1
    assert capsys.readouterr().out == "1  GRD201  normal-init-large-mean\n"
