"""Whatever a tree holds, each trouble is one line, the run goes on, and the exit code is right."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from random import Random

import hypothesmith
import pytest
from hypothesis import HealthCheck, Phase, given, settings

from gradhealth_lint.cli import main
from gradhealth_lint.rules import ALL_RULES
from tests.lint import mutating
from tests.lint.rule_cases import BAD as BAD_CASES
from tests.lint.rule_cases import GOOD

BAD = "from torch import nn\nlayer = nn.Linear(8, 8)\nnn.init.normal_(layer.weight, 1.5, 0.1)\n"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "z.py").write_text(BAD)
    return tmp_path


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b'print "Python 2"\n', "cannot be parsed"),
        (b"exec 'x' in {}\n", "cannot be parsed"),
        (b"# -*- coding: utf-8 -*-\ns = '\xff'\n", "is not valid utf-8"),
        ("import torch\n".encode("utf-16"), "contains NUL bytes"),
        (b"import torch\nx = " + b"[" * 2000 + b"]" * 2000 + b"\n", "cannot be parsed"),
        (b"import torch\n" + b"".join(b" " * n + b"if x:\n" for n in range(200)), "cannot"),
        (b"import torch # nn.init.normal_\n" + b"x = 1\n" * 900_000, "is too large: 5.4 MB"),
    ],
    ids=["print", "exec", "encoding", "utf-16", "brackets", "ifs", "large"],
)
def test_a_file_that_cannot_be_checked_is_one_finding(
    folder: Path, capsys: pytest.CaptureFixture[str], data: bytes, words: str
) -> None:
    (folder / "a.py").write_bytes(data)
    assert main([".", "--output-format", "json", "--no-cache"]) == 1
    output = capsys.readouterr()
    first, second = json.loads(output.out)
    assert (first["path"], first["code"], second["code"]) == ("a.py", "GRD002", "GRD201")
    assert words in first["message"]
    assert output.err == ""


def test_a_large_file_that_no_rule_needs_is_none(folder: Path) -> None:
    (folder / "z.py").write_bytes(b"x = 1\n" * 900_000)
    assert main(["z.py"]) == 0


def test_the_largest_size_can_be_set(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "pyproject.toml").write_text(
        "[tool.gradhealth.lint.limits]\nlargest_file_bytes = 10\n"
    )
    assert main(["."]) == 1
    assert "GRD002" in capsys.readouterr().out


def test_a_file_that_is_gone_or_closed_is_one_finding(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "a.py").write_text(BAD)
    read = Path.read_bytes

    def guarded(path: Path) -> bytes:
        if path.name == "a.py":
            raise PermissionError(13, "Permission denied")
        return read(path)

    monkeypatch.setattr(Path, "read_bytes", guarded)
    assert main(["."]) == 1
    output = capsys.readouterr()
    assert "a.py:1:1: GRD002" in output.out
    assert "Permission denied" in output.out
    assert "z.py:3:1: GRD201" in output.out


def test_a_reader_that_goes_away_is_no_fault_of_ours(folder: Path) -> None:
    for number in range(300):
        (folder / f"f{number}.py").write_text("def f(:\n")
    command = [sys.executable, "-m", "gradhealth_lint", ".", "--no-cache", "-j1"]
    env = {**os.environ, "OMP_NUM_THREADS": "1"}
    with subprocess.Popen(
        command, cwd=folder, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as run:
        assert run.stdout is not None
        assert run.stderr is not None
        run.stdout.close()
        assert run.stderr.read() == b""
    assert run.returncode == 2


def test_an_interrupt_is_one_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from gradhealth_lint import engine

    def interrupted(*_: object) -> object:
        raise KeyboardInterrupt

    monkeypatch.setattr(engine, "attempt", interrupted)
    assert main(["."]) == 2
    assert capsys.readouterr().err == "gradhealth-lint: interrupted\n"


@pytest.mark.parametrize("name", ["sp ace.py", "ümlaut.py", "new\nline.py", b"\xff.py"])
def test_names_of_all_kinds(folder: Path, name: str | bytes) -> None:
    file = folder / os.fsdecode(name)
    file.write_text(BAD)
    env = {**os.environ, "OMP_NUM_THREADS": "1", "LC_ALL": "C", "PYTHONIOENCODING": "ascii"}
    for output_format in ("text", "json"):
        run = subprocess.run(
            [sys.executable, "-m", "gradhealth_lint", ".", "--output-format", output_format],
            cwd=folder, env=env, capture_output=True, check=False, timeout=60,
        )  # fmt: skip
        assert (run.returncode, run.stderr) == (1, b"")
        assert run.stdout.count(b"GRD201") == 2


@pytest.mark.parametrize("call", ["normal_(w, parameters=1.0)", "trunc_normal_(w, flatten=2.0)"])
def test_an_init_with_arguments_that_torch_refuses_is_not_known(
    folder: Path, capsys: pytest.CaptureFixture[str], call: str
) -> None:
    start = "from torch import nn\nlayer = nn.Linear(8, 8)\nw = layer.weight\n"
    (folder / "z.py").write_text(f"{start}nn.init.{call}\n")
    assert main([".", "--no-cache"]) == 0
    assert "internal error" not in capsys.readouterr().err


#: Programs that the rules have something to say about, or nearly.
PROGRAMS = [
    example.text.encode()
    for rule in ALL_RULES
    for example in (*rule.good, *rule.bad, *GOOD[rule.code], *BAD_CASES[rule.code])
]


@settings(
    max_examples=60,
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(hypothesmith.from_grammar())
def test_whatever_the_grammar_allows_can_be_read(program: str) -> None:
    text = mutating.PRELUDE + mutating.renamed(program, Random(program))
    data = text.encode("utf-8", "surrogatepass")
    assert mutating.failure(data, thorough=True) is None, text


@pytest.mark.parametrize("seed", range(12))
def test_mutated_programs_can_be_read(seed: int) -> None:
    random = Random(seed)
    for _ in range(10):
        data = mutating.mutated(random.choice(PROGRAMS), random)
        assert mutating.failure(data, thorough=True) is None, data.decode("utf-8", "replace")


@pytest.mark.parametrize("seed", range(12))
def test_mutated_notebooks_can_be_read(seed: int) -> None:
    random = Random(1000 + seed)
    for _ in range(8):
        program = mutating.mutated(random.choice(PROGRAMS), random)
        data = mutating.as_notebook(program, random)
        if random.random() < 0.2:
            data = mutating.broken(data, random)
        assert mutating.failure(data, "a.ipynb", thorough=True) is None, data


def test_arguments_that_an_init_does_not_have_are_no_trouble(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "z.py").write_text(BAD.replace("1.5, 0.1", "mean=1.5, spread=0.1"))
    assert main(["z.py"]) == 0
    assert capsys.readouterr().err == ""


def test_a_budget_that_is_spent_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gradhealth_lint.semantics.python.interpreter.BUDGET", 20)
    calls = "x = [f(1), f(2), f(3)]\n" * 20
    function = "def f(a=g(1)):\n    return torch.exp(a)\n"
    Path("long.py").write_text(f"import torch\n{calls}{function}loss.backward()\n")
    assert main(["check", "--no-cache", "--extend-select", "GRD4", "long.py"]) == 0
