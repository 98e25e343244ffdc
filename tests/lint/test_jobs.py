"""Many processes say what one says, in the same order, and one that dies takes one file along."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from pathlib import Path

import pytest

from gradhealth_lint import engine, jobs
from gradhealth_lint.cli import main
from gradhealth_lint.engine import Result, Settings
from gradhealth_lint.limits import Limits
from gradhealth_lint.rules import ALL_RULES
from gradhealth_lint.run import run
from gradhealth_lint.task import Task

BAD = "from torch import nn\nlayer = nn.Linear(8, 8)\nnn.init.normal_(layer.weight, {}, 0.1)\n"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for number in range(9):
        text = "\n" * (number * 5 % 7) + BAD.format(1.5 + number)
        (tmp_path / f"f{number}.py").write_text(text)
    (tmp_path / "broken.py").write_text("def f(:\n")
    return tmp_path


@pytest.fixture(params=["fork", "spawn"])
def start(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    method = str(request.param)
    if method == "fork" and threading.active_count() > 1:
        pytest.skip("a fork is not safe beside other threads")
    monkeypatch.setattr(jobs, "_context", lambda: multiprocessing.get_context(method))
    return method


def test_the_output_is_the_same(start: str, capsys: pytest.CaptureFixture[str]) -> None:
    outputs = []
    for count in ("1", "2", "4"):
        assert main([".", "--no-cache", "--jobs", count, "--output-format", "json"]) == 1
        outputs.append(capsys.readouterr().out)
    assert outputs[0].count("GRD201") == 9
    assert outputs[0].count("GRD002") == 1
    assert outputs.count(outputs[0]) == 3


def _die(file: Path, path: str, *given: object) -> Result:
    if path == "f3.py":
        os.kill(os.getpid(), signal.SIGKILL)
    if path == "f5.py":
        os._exit(7)
    return Result(texts=(path,))


def test_a_process_that_dies_costs_one_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if threading.active_count() > 1:
        pytest.skip("a fork is not safe beside other threads")
    monkeypatch.setattr(engine, "attempt", _die)
    settings = Settings(ALL_RULES, Limits())
    tasks = [Task(folder / f"f{n}.py", f"f{n}.py", settings) for n in range(9)]
    results = run(tasks, jobs=3)
    assert len(results) == 9
    assert [result.failure for result in results if result.failure] == [
        "f3.py: the process that checked it died: signal 9 (SIGKILL)",
        "f5.py: the process that checked it died: exit code 7",
    ]
    assert [result.texts for result in results if not result.failure] == [
        (f"f{n}.py",) for n in (0, 1, 2, 4, 6, 7, 8)
    ]
    assert not multiprocessing.active_children()


@pytest.mark.parametrize("error", [RecursionError, MemoryError])
def test_a_file_that_is_too_much_is_one_line(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    error: type[Exception],
) -> None:
    read = engine.read

    def failing(source: object, *given: object, **options: object) -> object:
        if getattr(source, "path", "") == "f3.py":
            raise error("much text\nin many lines")
        return read(source, *given, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(engine, "read", failing)
    assert main([".", "--no-cache", "--jobs", "1"]) == 2
    output = capsys.readouterr()
    assert output.err == f"gradhealth-lint: f3.py: internal error: {error.__name__}\n"
    assert output.out.count("GRD201") == 8


@pytest.mark.parametrize("given", ["0", "-1", "many", "1.5"])
def test_a_number_of_processes_must_be_one(given: str) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["--jobs", given])
    assert stopped.value.code == 2


def test_there_is_a_core() -> None:
    assert jobs.cores() >= 1
