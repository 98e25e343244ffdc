"""A file's training loops as short strings, for tables of examples.

An event reads ``kind:what it is done to``: ``?`` stands after it for each undecided condition it
is under, ``>`` before it for each loop it is in below the outermost, ``*`` after its kind if it
goes through a loss scaler, and a clip says what it clips to.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradhealth_lint.limits import Limits
from gradhealth_lint.semantics import reader
from gradhealth_lint.source import Source

if TYPE_CHECKING:
    from gradhealth_lint.semantics.facts import FileFacts
    from gradhealth_lint.semantics.loop_facts import LoopEvent, TrainingLoop

#: What every program of ``loops/`` starts with.
PRELUDE = """
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch import optim
from torch.nn.utils import clip_grad_norm_

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.rnn = nn.LSTM(8, 8)
    def forward(self, x):
        return self.rnn(x)[0]
"""


def facts_of(text: str) -> FileFacts:
    """The facts of a file with this text."""
    return reader.read(Source("example.py", text, text.encode()), Limits()).facts


def compact(text: str) -> list[str]:
    """Every loop of a text: its owner, what is known of each step's clipping, its events."""
    return [_loop(one) for one in facts_of(text).loops]


def _loop(found: TrainingLoop) -> str:
    kind = "loop" if found.looped else "no-loop"
    steps = " ".join(f"{step.model}={step.clipping}" for step in found.steps)
    events = " ".join(_event(one, looped=found.looped) for one in found.events)
    return f"{found.owner} {kind} [{steps}] {events}"


def _event(found: LoopEvent, *, looped: bool) -> str:
    deeper = ">" * max(len(found.loops) - int(looped), 0)
    limit = f"<={found.limit}" if found.kind in {"clip", "fit"} else ""
    scaled = "*" if found.how == "scaled" else ""
    return f"{deeper}{found.kind}{scaled}:{found.text}{limit}{'?' * len(found.conditions)}"
