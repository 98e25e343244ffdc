"""GRD301 where model, optimizer, loop and clipping stand in different files."""

from __future__ import annotations

from textwrap import dedent
from typing import TYPE_CHECKING

import pytest

from gradhealth_lint import engine
from gradhealth_lint.limits import Limits
from gradhealth_lint.rules import ALL_RULES

if TYPE_CHECKING:
    from pathlib import Path

    from gradhealth_lint.violation import Violation

MODELS = """
import torch
from torch import nn

class Tagger(nn.Module):
    def __init__(self, size=8):
        super().__init__()
        self.lstm = nn.LSTM(size, size)
        self.head = nn.Linear(size, 5)

    def forward(self, x):
        return self.head(self.lstm(x)[0])

class Plain(nn.Module):
    def __init__(self, size=8):
        super().__init__()
        self.head = nn.Linear(size, 5)

    def forward(self, x):
        return self.head(x)

def build():
    return Tagger()

def optimizer_of(model, decay):
    plain = [p for n, p in model.named_parameters() if n.endswith("bias")]
    other = [p for n, p in model.named_parameters() if not n.endswith("bias")]
    groups = [{"params": plain, "weight_decay": 0.0}, {"params": other, "weight_decay": decay}]
    return torch.optim.AdamW(groups)
"""
LOOPS = """
from torch import nn

def epoch(model, optimizer, loader):
    for x in loader:
        optimizer.zero_grad()
        model(x).mean().backward()
        optimizer.step()

def clipped_epoch(model, optimizer, loader):
    for x in loader:
        optimizer.zero_grad()
        model(x).mean().backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()

def epoch_clipped_if_asked(model, optimizer, loader, clip, amp):
    for x in loader:
        optimizer.zero_grad()
        model(x).mean().backward()
        if clip:
            nn.utils.clip_grad_norm_(model.parameters(), clip)
        if not amp:
            optimizer.step()

def update(loss, optimizer):
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()

class Trainer:
    def __init__(self, model, optimizer):
        self.model = model
        self.optimizer = optimizer

    def fit(self, loader):
        for x in loader:
            self.optimizer.zero_grad()
            self.model(x).mean().backward()
            self.optimizer.step()
"""
BODY = """
for x in loader:
    optimizer.zero_grad()
    model(x).mean().backward()
    optimizer.step()  # <- here
"""


def found(folder: Path, text: str) -> list[Violation]:
    (folder / "pyproject.toml").touch()
    (folder / "models.py").write_text(MODELS)
    (folder / "loops.py").write_text(LOOPS)
    main = "import torch\nimport loops\nfrom models import *\n" + dedent(text)
    (folder / "main.py").write_text(main)
    return engine.lint_file(folder / "main.py", str(folder / "main.py"), ALL_RULES, Limits())


MADE = "model = Tagger()\noptimizer = torch.optim.Adam(model.parameters())\n"
FLAGGED = {
    "imported-model": MADE + BODY,
    "imported-builder": MADE.replace("Tagger()", "build()") + BODY,
    "imported-optimizer": "model = Tagger()\noptimizer = optimizer_of(model, 0.1)\n" + BODY,
    "loop-in-a-function-below": """
        def main(args):
            net = Tagger().to(args.device)
            optimizer = torch.optim.Adam(net.parameters())
            run(net, optimizer, args.loader)

        def run(model, optimizer, loader):
            model.train()
            for x in loader:
                optimizer.zero_grad()
                model(x).mean().backward()
                optimizer.step()  # <- here

        main(parse())
        """,
    "imported-loop": MADE + "loops.epoch(model, optimizer, data)  # <- here\n",
    "imported-loop-in-a-loop": f"""{MADE}
for epoch in range(9):
    loops.epoch(model, optimizer, data)  # <- here
""",
    "imported-step": f"""{MADE}
for x in data:
    loops.update(model(x).mean(), optimizer)  # <- here
""",
    "imported-trainer": MADE
    + """
trainer = loops.Trainer(model, optimizer)
trainer.fit(data)  # <- here
""",
}
SILENT = {
    "harmless-model": MADE.replace("Tagger", "Plain") + BODY,
    "unknown-model": MADE.replace("Tagger", "Other") + BODY,
    "imported-clipping-loop": MADE + "loops.clipped_epoch(model, optimizer, data)\n",
    "harmless-model-in-an-imported-loop": MADE.replace("Tagger", "Plain")
    + "loops.epoch(model, optimizer, data)\n",
    "imported-loop-of-a-head": """
        model = Tagger()
        optimizer = torch.optim.Adam(model.head.parameters())
        loops.epoch(model, optimizer, data)
        """,
    "imported-loop-of-a-frozen-model": """
        model = Tagger()
        model.lstm.requires_grad_(False)
        optimizer = torch.optim.Adam(model.parameters())
        loops.epoch(model, optimizer, data)
        """,
    "imported-clipping-by-choice": MADE
    + "loops.epoch_clipped_if_asked(model, optimizer, data, args.clip, args.amp)\n",
    "loop-that-is-not-there": MADE + "loops.nothing(model, optimizer, data)\n",
}


@pytest.mark.parametrize("text", FLAGGED.values(), ids=FLAGGED)
def test_what_is_seen_through_imports_is_reported(tmp_path: Path, text: str) -> None:
    (one,) = found(tmp_path, text)
    lines = (tmp_path / "main.py").read_text().splitlines()
    assert (one.code, lines[one.line - 1].endswith("# <- here")) == ("GRD301", True)


@pytest.mark.parametrize("text", SILENT.values(), ids=SILENT)
def test_what_is_clipped_unknown_or_harmless_is_not(tmp_path: Path, text: str) -> None:
    assert found(tmp_path, text) == []


def test_a_step_in_another_file_names_its_function_and_has_no_fix(tmp_path: Path) -> None:
    (one,) = found(tmp_path, FLAGGED["imported-loop"])
    assert one.fix is None
    assert one.remedy == (
        "before the step in loops.epoch, write "
        "torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm=1.0)"
    )


def test_the_file_with_the_loop_alone_is_silent(tmp_path: Path) -> None:
    found(tmp_path, "")
    assert engine.lint_file(tmp_path / "loops.py", "loops.py", ALL_RULES, Limits()) == []
