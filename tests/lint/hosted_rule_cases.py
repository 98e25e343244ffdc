"""More examples of GRD304: clips in methods that a framework calls before its backward pass."""

from __future__ import annotations

from textwrap import dedent

from gradhealth_lint.violation import Example

_LIGHTNING = """\
import lightning as L
import torch
from torch import nn

class Model(L.LightningModule):
    def __init__(self):
        super().__init__()
        self.net = nn.Linear(8, 1)

"""
_STEP = """
    def configure_optimizers(self):
        return torch.optim.Adam(self.parameters())
"""


def _indented(text: str) -> str:
    return "".join(f"    {line}\n" if line else "\n" for line in dedent(text).strip().split("\n"))


def _module(texts: dict[str, str]) -> tuple[Example, ...]:
    return tuple(
        Example(name, f"{_LIGHTNING}{_indented(text)}{_STEP}") for name, text in texts.items()
    )


_BAD = {
    "in-training-step": """
        def training_step(self, batch, index):
            x, y = batch
            loss = nn.functional.mse_loss(self.net(x), y)
            norm = torch.nn.utils.clip_grad_norm_(self.parameters(), self.hparams.clip)  # <- here
            self.log("grad_norm", norm)
            return loss
        """,
    "in-a-helper-of-it": """
        def _shared_step(self, batch, stage):
            x, y = batch
            loss = nn.functional.mse_loss(self.net(x), y)
            if stage == "train":
                nn.utils.clip_grad_value_(self.net.parameters(), 0.5)  # <- here
            self.log(f"{stage}_loss", loss)
            return loss

        def training_step(self, batch, index):
            return self._shared_step(batch, "train")
        """,
    "at-the-start-of-a-batch": """
        def on_train_batch_start(self, batch, index):
            torch.nn.utils.clip_grad_norm_(self.net.parameters(), max_norm=1.0)  # <- here

        def training_step(self, batch, index):
            return self.net(batch).mean()
        """,
}

_GOOD = {
    "before-the-step": """
        def training_step(self, batch, index):
            return self.net(batch).mean()

        def on_before_optimizer_step(self, optimizer):
            torch.nn.utils.clip_grad_norm_(self.parameters(), 1.0)
        """,
    "after-backward": """
        def training_step(self, batch, index):
            return self.net(batch).mean()

        def on_after_backward(self):
            for p in self.parameters():
                p.grad.clamp_(-1, 1)
        """,
    "by-hand": """
        def training_step(self, batch, index):
            optimizer = self.optimizers()
            loss = self.net(batch).mean()
            optimizer.zero_grad()
            self.manual_backward(loss)
            torch.nn.utils.clip_grad_norm_(self.parameters(), 1.0)
            optimizer.step()
        """,
    "by-hand-in-a-helper-elsewhere": """
        automatic_optimization = False

        def training_step(self, batch, index):
            loss = self.net(batch).mean()
            update(self, loss)
            torch.nn.utils.clip_grad_norm_(self.parameters(), 1.0)
            return loss
        """,
    "norm-of-the-last-step": """
        def training_step(self, batch, index):
            norm = nn.utils.clip_grad_norm_(self.parameters(), float("inf"))
            self.log("last_norm", norm)
            return self.net(batch).mean()
        """,
    "own-hook-of-the-framework": """
        def training_step(self, batch, index):
            return self.net(batch).mean()

        def configure_gradient_clipping(self, optimizer, value, algorithm):
            self.clip_gradients(optimizer, gradient_clip_val=0.5)
        """,
}

_TRAINER = """\
import torch
from torch import nn
from transformers import Trainer

class Weighted(Trainer):
    def compute_loss(self, model, inputs, return_outputs=False):
        outputs = model(**inputs)
        loss = nn.functional.cross_entropy(outputs.logits, inputs["labels"])
"""
_TRAINED = {
    "loss-of-a-trainer": """\
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)  # <- here
        return loss
"""
}
_TRAINED_WELL = {
    "step-of-a-trainer": """\
        return loss

    def training_step(self, model, inputs):
        loss = self.compute_loss(model, inputs)
        self.accelerator.backward(loss)
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        return loss.detach()
"""
}


def _trainer(texts: dict[str, str]) -> tuple[Example, ...]:
    return tuple(Example(name, f"{_TRAINER}{text}") for name, text in texts.items())


GOOD: dict[str, tuple[Example, ...]] = {"GRD304": _module(_GOOD) + _trainer(_TRAINED_WELL)}
BAD: dict[str, tuple[Example, ...]] = {"GRD304": _module(_BAD) + _trainer(_TRAINED)}
