"""The cache changes nothing but the time: every change of what a result depends on is seen."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from gradhealth_lint import cache, engine
from gradhealth_lint.cli import main
from gradhealth_lint.limits import Limits

BAD = "from torch import nn\nlayer = nn.Linear(8, 8)\nnn.init.normal_(layer.weight, 1.5, 0.1)\n"
CLEAN = "import os\n"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.py").write_text(BAD)
    (tmp_path / "b.py").write_text(CLEAN)
    return tmp_path


@pytest.fixture
def linted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The files that are really linted, in order."""
    seen: list[str] = []
    attempt = engine.attempt

    def counted(file: Path, path: str, *given: object) -> engine.Result:
        seen.append(path)
        return attempt(file, path, *given)  # type: ignore[arg-type]

    monkeypatch.setattr(engine, "attempt", counted)
    return seen


def output(capsys: pytest.CaptureFixture[str], *options: str) -> str:
    assert main([".", "--output-format", "json", *options]) in {0, 1}
    return capsys.readouterr().out


def test_the_second_run_lints_nothing_that_costs_and_says_the_same(
    folder: Path, capsys: pytest.CaptureFixture[str], linted: list[str]
) -> None:
    first = output(capsys)
    assert "a.py" in linted
    linted.clear()
    assert output(capsys) == first
    assert "a.py" not in linted
    assert (folder / ".gradhealth_cache" / ".gitignore").read_text() == "*\n"
    assert output(capsys, "--no-cache") == first
    assert "a.py" in linted


def test_of_many_files_the_clean_ones_are_known_too(
    folder: Path, capsys: pytest.CaptureFixture[str], linted: list[str]
) -> None:
    for number in range(20):
        (folder / f"c{number}.py").write_text(CLEAN)
    output(capsys, "--jobs", "1")
    linted.clear()
    output(capsys, "--jobs", "1")
    assert linted == []


@pytest.mark.parametrize("change", ["text", "rules", "limits", "comments", "moved"])
def test_what_a_result_depends_on_is_seen(
    folder: Path, capsys: pytest.CaptureFixture[str], linted: list[str], change: str
) -> None:
    first = output(capsys)
    linted.clear()
    options: list[str] = []
    if change == "text":
        (folder / "a.py").write_text(BAD.replace("1.5", "2.5"))
    elif change == "rules":
        options = ["--ignore", "GRD201"]
    elif change == "limits":
        text = "[tool.gradhealth.lint.limits]\ninit_mean_over_std = 100\n"
        (folder / "pyproject.toml").write_text(text)
    elif change == "comments":
        options = ["--require-ignore-reason"]
    else:
        (folder / "a.py").rename(folder / "z.py")
    second = output(capsys, *options)
    assert {"a.py", "z.py"} & set(linted)
    assert (second == first) is (change == "comments")


def test_a_change_of_the_linter_itself_is_seen(
    capsys: pytest.CaptureFixture[str], linted: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    output(capsys)
    linted.clear()
    monkeypatch.setattr(cache, "stamp", lambda: "another")
    output(capsys)
    assert "a.py" in linted


def test_files_that_a_result_was_read_from_are_seen(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "model.py").write_text(
        "from torch import nn\n\n\ndef init(m):\n    if isinstance(m, nn.Linear):\n"
        "        nn.init.normal_(m.weight, 1.5, 0.1)\n"
    )
    (folder / "a.py").write_text(
        "from torch import nn\nfrom model import init\n"
        "net = nn.Sequential(nn.Linear(8, 8))\nnet.apply(init)\n"
    )
    first = output(capsys)
    assert output(capsys) == first
    text = (folder / "model.py").read_text()
    (folder / "model.py").write_text(text.replace("1.5", "0.0"))
    assert output(capsys) == output(capsys, "--no-cache")


def test_a_file_that_was_too_large_to_be_followed_is_seen_to_shrink(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = (
        "from torch import nn\n\n\nclass Net(nn.Module):\n    def __init__(self):\n"
        "        super().__init__()\n        self.rnn = nn.LSTM(8, 8)\n\n"
        "    def forward(self, x):\n        return self.rnn(x)[0]\n"
    )
    (folder / "model.py").write_text(model + "#" * (Limits().project_file_bytes + 1))
    (folder / "a.py").write_text(
        "import torch\nfrom model import Net\n\nmodel = Net()\n"
        "optimizer = torch.optim.SGD(model.parameters(), lr=0.1)\n"
        "for x, y in loader:\n    optimizer.zero_grad()\n"
        "    torch.nn.functional.mse_loss(model(x), y).backward()\n    optimizer.step()\n"
    )
    assert "GRD301" not in output(capsys)
    (folder / "model.py").write_text(model)
    assert "GRD301" in output(capsys)


@pytest.mark.parametrize("place", ["model.py", "model/__init__.py"])
def test_a_file_that_was_looked_for_in_vain_is_seen_to_come(
    folder: Path, capsys: pytest.CaptureFixture[str], linted: list[str], place: str
) -> None:
    (folder / "a.py").write_text(
        "import torch\nfrom model import Net\n\nmodel = Net()\n"
        "optimizer = torch.optim.SGD(model.parameters(), lr=0.1)\n"
        "for x, y in loader:\n    optimizer.zero_grad()\n"
        "    torch.nn.functional.mse_loss(model(x), y).backward()\n    optimizer.step()\n"
    )
    assert "GRD301" not in output(capsys)
    linted.clear()
    assert "GRD301" not in output(capsys)
    assert "a.py" not in linted
    (folder / place).parent.mkdir(exist_ok=True)
    (folder / place).write_text(
        "from torch import nn\n\n\nclass Net(nn.Module):\n    def __init__(self):\n"
        "        super().__init__()\n        self.rnn = nn.LSTM(8, 8)\n\n"
        "    def forward(self, x):\n        return self.rnn(x)[0]\n"
    )
    assert "GRD301" in output(capsys)


@pytest.mark.parametrize(
    "broken",
    [b"", b"{", b"[]", b"null", b"\xff\xfe", b'{"version": 1}', b"[" * 100_000],
    ids=["empty", "cut", "list", "null", "bytes", "keys", "deep"],
)
def test_a_broken_cache_is_written_anew(
    folder: Path, capsys: pytest.CaptureFixture[str], linted: list[str], broken: bytes
) -> None:
    first = output(capsys)
    file = folder / ".gradhealth_cache" / "results.json"
    file.write_bytes(broken)
    assert output(capsys) == first
    linted.clear()
    assert output(capsys) == first
    assert "a.py" not in linted


def test_broken_rows_are_learned_again(
    folder: Path, capsys: pytest.CaptureFixture[str], linted: list[str]
) -> None:
    first = output(capsys)
    file = folder / ".gradhealth_cache" / "results.json"
    data = json.loads(file.read_text())
    for row in ([], 3, {"a": 1}, [data["files"]["a.py"][0]], [data["files"]["a.py"][0], 1, 2, 3]):
        file.write_text(json.dumps({**data, "files": {"a.py": row}}))
        linted.clear()
        assert output(capsys) == first
        assert "a.py" in linted


def test_a_folder_that_cannot_be_written_does_no_harm(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "file").write_text("")
    first = output(capsys, "--no-cache")
    assert output(capsys, "--cache-dir", str(folder / "file" / "cache")) == first


def test_runs_at_the_same_time_do_not_disturb_each_other(folder: Path) -> None:
    for number in range(30):
        (folder / f"c{number}.py").write_text(BAD.replace("1.5", f"1.{number + 10}"))
    command = [sys.executable, "-m", "gradhealth_lint", ".", "--output-format", "json", "-j1"]
    env = {**os.environ, "OMP_NUM_THREADS": "1"}
    runs = [
        subprocess.Popen(command, cwd=folder, env=env, stdout=subprocess.PIPE) for _ in range(3)
    ]
    outputs = {run.communicate(timeout=100)[0] for run in runs}
    assert len(outputs) == 1
    assert len(json.loads(outputs.pop())) == 31
    left = sorted(path.name for path in (folder / ".gradhealth_cache").iterdir())
    assert left == [".gitignore", "CACHEDIR.TAG", "results.json"]
