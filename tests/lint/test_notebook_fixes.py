"""Fixes in notebooks: an edit has the cell it is in, which need not be that of the finding."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gradhealth_lint.cli import main

CELLS = (
    ["import os\n", "x = 1"],
    ["%matplotlib inline\n", "y = 2"],
    ["from torch.nn import Linear\n",
     "from torch.nn.init import uniform_\n", "layer = Linear(9, 9)"],
    ["uniform_(layer.weight, 0.1, 0.3)  # here"],
)  # fmt: skip


def notebook(*cells: list[str]) -> str:
    made = [
        {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": 1, "source": one}
        for one in cells
    ]
    data = {"cells": made, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(data, indent=1)


@pytest.fixture(autouse=True)
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.ipynb").write_text(notebook(*CELLS))
    return tmp_path / "a.ipynb"


@pytest.mark.parametrize("run", ["cold", "warm"])
def test_every_edit_has_its_cell(capsys: pytest.CaptureFixture[str], run: str) -> None:
    for _ in range(1 if run == "cold" else 2):
        capsys.readouterr()
        assert main(["--output-format", "json", "."]) == 1
    (finding,) = json.loads(capsys.readouterr().out)
    assert (finding["cell"], finding["line"]) == (4, 1)
    places = [(edit["cell"], edit["line"], edit["column"]) for edit in finding["fix"]["edits"]]
    assert places == [(1, 2, 1), (4, 1, 1)]


def test_every_cell_is_fixed(file: Path) -> None:
    assert main(["--fix", "--unsafe-fixes", "."]) == 0
    new = 'torch.nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")  # here'
    assert file.read_text() == notebook(
        ["import os\n", "import torch\n", "x = 1"], *CELLS[1:3], [new]
    )
