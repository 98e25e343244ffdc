"""Names imported from other files of a project: found on disk, read lazily, never run."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent
from typing import TYPE_CHECKING

import pytest

from gradhealth_lint import engine, source
from gradhealth_lint.limits import Limits

if TYPE_CHECKING:
    from gradhealth_lint.semantics.reader import FileReading

NET = """
from torch import nn

class Net(nn.Module):
    def __init__(self, width=8):
        super().__init__()
        self.rnn = nn.LSTM(width, width)

    def forward(self, x):
        return self.rnn(x)[0]
"""
CLIP = """
import torch

def clip(model):
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
"""
LOOP = """
import torch
{imports}

model = {make}
optimizer = torch.optim.Adam(model.parameters())
for x in loader:
    optimizer.zero_grad()
    model(x).mean().backward()
    {between}
    optimizer.step()
"""


def tree(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(dedent(text), encoding="utf-8")
    return folder


def loop(imports: str, make: str = "Net()", between: str = "pass") -> str:
    return LOOP.format(imports=imports, make=make, between=between)


def read(file: Path, limits: Limits | None = None) -> FileReading:
    return engine.read(source.read(file, str(file)), limits or Limits(), stacks=True)


def verdict(file: Path) -> tuple[str | None, list[str], str]:
    (found,) = read(file).facts.loops
    (step,) = found.steps
    return step.model, sorted(step.layers), step.clipping


IMPORTS = {
    "beside": ({"net.py": NET}, "train.py", "from net import Net", "Net()"),
    "module": ({"net.py": NET}, "train.py", "import net", "net.Net()"),
    "alias": ({"net.py": NET}, "train.py", "from net import Net as N", "N(width=4)"),
    "folder": ({"models/rnn.py": NET}, "train.py", "from models.rnn import Net", "Net()"),
    "dotted-module": (
        {"models/rnn.py": NET, "models/__init__.py": ""},
        "train.py",
        "import models.rnn",
        "models.rnn.Net()",
    ),
    "reexport": (
        {"models/__init__.py": "from .rnn import Net", "models/rnn.py": NET},
        "train.py",
        "from models import Net",
        "Net()",
    ),
    "reexport-renamed": (
        {"models/__init__.py": "from .rnn import Net as LSTMNet", "models/rnn.py": NET},
        "train.py",
        "from models import LSTMNet",
        "LSTMNet()",
    ),
    "star-in-package": (
        {"models/__init__.py": "from .rnn import *", "models/rnn.py": NET},
        "train.py",
        "from models import Net",
        "Net()",
    ),
    "star": ({"net.py": NET}, "train.py", "from net import *", "Net()"),
    "relative": (
        {"pkg/__init__.py": "", "pkg/net.py": NET},
        "pkg/train.py",
        "from .net import Net",
        "Net()",
    ),
    "relative-module": (
        {"pkg/__init__.py": "", "pkg/net.py": NET},
        "pkg/train.py",
        "from . import net",
        "net.Net()",
    ),
    "two-up": (
        {"pkg/__init__.py": "", "pkg/run/__init__.py": "", "pkg/models/net.py": NET},
        "pkg/run/train.py",
        "from ..models.net import Net",
        "Net()",
    ),
    "absolute-in-package": (
        {"pyproject.toml": "", "pkg/__init__.py": "", "pkg/net.py": NET},
        "pkg/run/train.py",
        "from pkg.net import Net",
        "Net()",
    ),
    "source-folder": (
        {"setup.py": "", "src/pkg/__init__.py": "", "src/pkg/net.py": NET},
        "scripts/train.py",
        "from pkg.net import Net",
        "Net()",
    ),
    "namespace-package": (
        {"pyproject.toml": "", "space/part/net.py": NET},
        "scripts/train.py",
        "from space.part.net import Net",
        "Net()",
    ),
    "conditional": (
        {"net.py": NET},
        "train.py",
        "try:\n    from net import Net\nexcept ImportError:\n    Net = None",
        "Net()",
    ),
    "builder": (
        {"net.py": NET + "\ndef build(cfg):\n    return Net(cfg.width)\n"},
        "train.py",
        "from net import build",
        "build(cfg)",
    ),
    "object": ({"net.py": NET + "\nnet = Net()\n"}, "train.py", "import net as m", "m.net"),
    "base-class": (
        {"net.py": NET},
        "train.py",
        "from net import Net\nclass Mine(Net):\n    pass",
        "Mine()",
    ),
}


@pytest.mark.parametrize("case", IMPORTS)
def test_an_imported_model_is_known(tmp_path: Path, case: str) -> None:
    files, at, imports, make = IMPORTS[case]
    train = tree(tmp_path, {**files, at: loop(imports, make)}) / at
    model, layers, clipping = verdict(train)
    assert model in {"Net", "Mine"}
    assert layers == ["LSTM"]
    assert clipping == "none"


HELPERS = {
    "function": ({"tools.py": CLIP}, "from tools import clip", "clip(model)", "clipped"),
    "module": ({"tools.py": CLIP}, "import tools", "tools.clip(model)", "clipped"),
    "missing": ({}, "from tools import clip", "clip(model)", "unknown"),
    "harmless": (
        {"tools.py": "def look(model):\n    return sum(p.numel() for p in model.parameters())"},
        "from tools import look",
        "look(model)",
        "none",
    ),
    "broken": ({"tools.py": "def clip(:"}, "from tools import clip", "clip(model)", "unknown"),
    "through-two": (
        {"tools.py": "from deeper import clip as c\ndef g(m):\n    c(m)", "deeper.py": CLIP},
        "from tools import g",
        "g(model)",
        "clipped",
    ),
    "circular": (
        {"tools.py": "from deeper import clip", "deeper.py": "from tools import clip"},
        "from tools import clip",
        "clip(model)",
        "unknown",
    ),
}


@pytest.mark.parametrize("case", HELPERS)
def test_an_imported_helper_is_followed(tmp_path: Path, case: str) -> None:
    files, imports, between, expected = HELPERS[case]
    files = {**files, "net.py": NET}
    text = loop(f"from net import Net\n{imports}", between=between)
    train = tree(tmp_path, {**files, "train.py": text}) / "train.py"
    assert verdict(train)[2] == expected


def test_an_imported_trainer_base_is_followed(tmp_path: Path) -> None:
    base = """
    import torch
    class Trainer:
        def after_backward(self):
            torch.nn.utils.clip_grad_norm_(self.net.parameters(), 1.0)
    """
    mine = """
    import torch
    from base import Trainer
    from net import Net
    class Mine(Trainer):
        def __init__(self):
            self.net = Net()
            self.opt = torch.optim.Adam(self.net.parameters())
        def fit(self, loader):
            for x in loader:
                self.net(x).mean().backward()
                self.after_backward()
                self.opt.step()
    """
    folder = tree(tmp_path, {"base.py": base, "net.py": NET, "train.py": mine})
    assert verdict(folder / "train.py") == ("Net", ["LSTM"], "clipped")


def test_what_was_read_is_listed_with_its_hash(tmp_path: Path) -> None:
    folder = tree(
        tmp_path, {"net.py": NET, "unused.py": NET, "train.py": loop("from net import Net")}
    )
    reading = read(folder / "train.py")
    assert [file for file, _ in reading.resolved] == [str(folder / "net.py")]
    (folder / "net.py").write_text(NET + "\n")
    assert read(folder / "train.py").resolved != reading.resolved


def test_loops_and_stacks_of_other_files_are_theirs(tmp_path: Path) -> None:
    other = """
    import torch
    from torch import nn
    net = nn.Sequential(*[m for _ in range(20) for m in (nn.Linear(8, 8), nn.Sigmoid())])
    def train(model, loader):
        opt = torch.optim.Adam(model.parameters())
        for x in loader:
            model(x).mean().backward()
            opt.step()
    def build():
        return nn.Sequential(*[m for _ in range(20) for m in (nn.Linear(8, 8), nn.Sigmoid())])
    """
    here = "from other import train, build\nmodel = build()\ntrain(model, data)  # backward step"
    facts = read(tree(tmp_path, {"other.py": other, "here.py": here}) / "here.py").facts
    assert facts.loops == ()
    assert facts.stacks == ()


def test_an_operation_of_another_file_is_no_risk_of_this_one(tmp_path: Path) -> None:
    net = """
    import torch
    from torch import nn

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.gate = nn.Linear(4, 4)

        def copied(self, x):
            return -torch.log(1 + torch.exp(self.gate(x)))
    """
    train = """
    import torch
    from net import Net

    class Trainer:
        def __init__(self):
            self.model = Net()
            self.optimizer = torch.optim.SGD(self.model.parameters(), lr=0.1)

        def update(self, batch):
            self.optimizer.zero_grad()
            gate = torch.log(1 + torch.exp(self.model.gate(batch)))
            (self.model.copied(batch).mean() + gate.mean()).backward()
            self.optimizer.step()
    """
    file = tree(tmp_path, {"net.py": net, "train.py": train}) / "train.py"
    (steep,) = read(file).facts.steep
    assert steep.text == "torch.log(1 + torch.exp(self.model.gate(batch)))"


def test_large_files_and_too_many_are_left_out_with_a_note(tmp_path: Path) -> None:
    folder = tree(tmp_path, {"net.py": NET, "train.py": loop("from net import Net")})
    for limits in (Limits(project_files=0), Limits(project_file_bytes=10)):
        reading = read(folder / "train.py", limits)
        # A file that is too large may shrink.
        named = [Path(name).name for name, _ in reading.resolved]
        assert named == ([] if limits.project_files == 0 else ["net.py"])
        assert [step.model for one in reading.facts.loops for step in one.steps] == [None]
        assert len(reading.notes) == 1


def test_nothing_is_run(tmp_path: Path) -> None:
    bomb = "raise SystemExit('run')\n" + NET
    folder = tree(tmp_path, {"net.py": bomb, "train.py": loop("from net import Net")})
    read(folder / "train.py")


def test_a_file_that_does_not_train_reads_no_other(tmp_path: Path) -> None:
    text = "from net import Net\nmodel = Net()\n"
    folder = tree(tmp_path, {"net.py": NET, "main.py": text})
    assert read(folder / "main.py").resolved == ()


def test_an_imported_init_function_is_applied(tmp_path: Path) -> None:
    init = """
    from torch import nn
    def weights(m):
        if isinstance(m, nn.Linear):
            nn.init.xavier_normal_(m.weight)
    """
    here = """
    from torch import nn
    from init import weights
    net = nn.Sequential(nn.Linear(8, 8), nn.Tanh(), nn.Linear(8, 8))
    net.apply(weights)
    """
    facts = read(tree(tmp_path, {"init.py": init, "here.py": here}) / "here.py").facts
    (stack,) = facts.stacks
    inits = [layer.weight.name for layer in stack.layers if layer.weight is not None]
    assert inits == ["xavier_normal_", "xavier_normal_"]
    assert facts.inits == ()
