"""Every block of Python in the plugin's pages runs, and passes, on a small healthy model."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from textwrap import indent
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pytest_gradhealth import GradientHealth

DOCS = Path(__file__).resolve().parents[2] / "docs"


class Classifier(nn.Sequential):
    """What a page calls ``MyModel``."""

    def __init__(self) -> None:
        super().__init__(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 3))


class Tasks(nn.Module):
    """A class and a depth."""

    def __init__(self) -> None:
        super().__init__()
        self.trunk, self.kind, self.depth = nn.Linear(8, 16), nn.Linear(16, 3), nn.Linear(16, 1)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        features = torch.relu(self.trunk(x))
        return self.kind(features), self.depth(features)


def blocks() -> Iterator[tuple[str, str]]:
    for page in ("plugin", "training", "baselines"):
        text = (DOCS / f"{page}.md").read_text(encoding="utf-8")
        for index, block in enumerate(re.findall(r"^```python\n(.*?)^```", text, re.M | re.S)):
            yield f"{page}-{index}", block


def names_for(block: str) -> dict[str, Any]:
    """What a page takes for granted: a model, a batch, a loader, an optimizer."""
    torch.manual_seed(0)
    x, y = torch.randn(32, 8), torch.randint(3, (32,))
    model: nn.Module = Classifier()
    batch: Any = (x, y)
    if "assert_reaches" in block:
        model, batch = nn.GRU(8, 8, batch_first=True), torch.randn(4, 6, 8)
    if "assert_balanced_losses" in block:
        model, batch = Tasks(), (x, y, torch.randn(32, 1))
    if "assert_batch_independent" in block or "assert_no_vanishing" in block:
        batch = x
    return {
        "torch": torch,
        "F": F,
        "pytest": pytest,
        "model": model,
        "batch": batch,
        "MyModel": Classifier,
        "my_loader": [batch],
        "optimizer": torch.optim.SGD(model.parameters(), lr=0.01),
        "loss_of": lambda model, batch: F.cross_entropy(model(batch[0]), batch[1]),
    }


@pytest.mark.parametrize(("name", "block"), [pytest.param(*b, id=b[0]) for b in blocks()])
def test_the_block_runs(name: str, block: str, gradhealth: GradientHealth, tmp_path: Path) -> None:
    gradhealth.update = True
    gradhealth.baselines = lambda: tmp_path / "profile.json"
    names = names_for(block)
    if "def test_" not in block:
        block = f"def test_it(gradhealth):\n{indent(block, '    ')}"
    exec(compile(block, f"{name}.py", "exec"), names)
    (test,) = (value for key, value in names.items() if key.startswith("test_"))
    test(gradhealth)
