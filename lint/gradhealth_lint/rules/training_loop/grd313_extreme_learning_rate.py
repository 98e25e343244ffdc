"""GRD313 extreme-learning-rate."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar, Final

from gradhealth_lint.rules.rule import Found
from gradhealth_lint.violation import Example, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gradhealth_lint.limits import Limits
    from gradhealth_lint.semantics.facts import FileFacts
    from gradhealth_lint.semantics.training_facts import LearningRate

#: Optimizers whose steps are about as long as their rate, whatever the gradient.
_ADAPTIVE: Final = frozenset({"Adam", "AdamW", "Adamax", "NAdam", "RAdam", "RMSprop", "SparseAdam"})


class ExtremeLearningRate:
    """A learning rate at which the optimizer destroys the weights, or does not move them."""

    code: ClassVar[str] = "GRD313"
    name: ClassVar[str] = "extreme-learning-rate"
    severity: ClassVar[Severity] = "warning"
    on_by_default: ClassVar[bool] = True
    message: ClassVar[str] = "{optimizer} with lr={rate}: {why}"
    remedy: ClassVar[str] = "{what}"
    why: ClassVar[str] = (
        "Adam and its kin divide the gradient by its own size, so each step moves each weight by "
        "about the learning rate. The weights of a layer start at about 1 / sqrt(inputs): at 0.1 "
        "one step is larger than what it changes, ReLU units are pushed off for good, and the "
        "network stays at the loss of a constant guess. SGD multiplies the gradient by the rate, "
        "and momentum sums the steps up to lr / (1 - momentum); beyond two over the curvature "
        "each step overshoots by more than the one before, until the loss is nan. A rate of 0, or "
        "one that float32 rounds away, changes nothing at all. Silent for shallow models, for "
        "tensors that are no model's parameters, where a schedule starts elsewhere, where "
        "gradients are clipped before SGD, and where parameter groups have rates of their own."
    )
    references: ClassVar[tuple[str, ...]] = (
        "Kingma and Ba (2015), Adam, arXiv 1412.6980, section 2.1: the step is bounded by lr",
        "Goodfellow, Bengio and Courville (2016), Deep Learning, section 11.4.1",
    )
    needs: ClassVar[tuple[re.Pattern[bytes], ...]] = (
        re.compile(rb"torch"),
        re.compile(rb"Adam|SGD|RMSprop"),
    )
    reads_stacks: ClassVar[bool] = False

    def check(self, facts: FileFacts, limits: Limits) -> Iterator[Found]:
        """Every rate out of its optimizer's range."""
        for rate in facts.rates:
            judged = _judged(rate, limits)
            if judged:
                why, what = judged
                names = {"optimizer": rate.optimizer, "rate": rate.text}
                yield Found(
                    rate.anchor,
                    self.message.format(**names, why=why),
                    self.remedy.format(what=what),
                )

    good: ClassVar[tuple[Example, ...]] = (
        Example(
            "toy-regression",
            """
            import torch
            from torch import nn

            model = nn.Linear(1, 1)
            optimizer = torch.optim.Adam(model.parameters(), lr=0.1)
            other = torch.optim.SGD(nn.Linear(2, 1).parameters(), lr=0.1, momentum=0.9)
            """,
        ),
        Example(
            "image-optimised",
            """
            import torch

            image = torch.rand(1, 3, 64, 64, requires_grad=True)
            optimizer = torch.optim.Adam([image], lr=1.0)
            slower = torch.optim.SGD([image], lr=100.0)
            """,
        ),
        Example(
            "one-cycle",
            """
            import torch
            from torch import nn

            model = nn.Sequential(
                nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10)
            )
            optimizer = torch.optim.Adam(model.parameters(), lr=1.0)
            schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 1e-3, total_steps=100)
            """,
        ),
        Example(
            "clipped-language-model",
            """
            import torch
            from torch import nn

            model = nn.Sequential(nn.Embedding(1000, 64), nn.Linear(64, 64), nn.Linear(64, 1000))
            optimizer = torch.optim.SGD(model.parameters(), lr=30)
            for x, y in loader:
                optimizer.zero_grad()
                nn.functional.cross_entropy(model(x).flatten(0, 1), y.flatten()).backward()
                nn.utils.clip_grad_norm_(model.parameters(), 0.25)
                optimizer.step()
            """,
        ),
        Example(
            "linear-probe",
            """
            import torch
            from torch import nn
            from torchvision import models

            model = models.resnet50()
            model.requires_grad_(False)
            model.fc = nn.Linear(2048, 1000)
            optimizer = torch.optim.SGD(model.fc.parameters(), lr=30.0, momentum=0.9)
            """,
        ),
    )
    bad: ClassVar[tuple[Example, ...]] = (
        Example(
            "adam-with-a-rate-for-sgd",
            """
            import torch
            from torch import nn

            model = nn.Sequential(
                nn.Flatten(),
                nn.Linear(784, 256), nn.ReLU(), nn.Linear(256, 64), nn.ReLU(), nn.Linear(64, 10),
            )
            optimizer = torch.optim.Adam(model.parameters(), lr=0.1)  # <- here
            """,
        ),
        Example(
            "sgd",
            """
            import torch.nn as nn
            import torch.optim as optim

            class Net(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.conv = nn.Conv2d(1, 8, 3)
                    self.fc = nn.Linear(5408, 10)

                def forward(self, x):
                    return self.fc(self.conv(x).relu().flatten(1))

            net = Net()
            optimizer = optim.SGD(net.parameters(), lr=1.0, momentum=0.9)  # <- here
            """,
        ),
        Example(
            "pretrained",
            """
            from torch.optim import AdamW
            from transformers import AutoModelForSequenceClassification

            LEARNING_RATE = 5e-1
            model = AutoModelForSequenceClassification.from_pretrained("bert-base-uncased")
            optimizer = AdamW(model.parameters(), lr=LEARNING_RATE)  # <- here
            """,
        ),
        Example(
            "nothing-moves",
            """
            import torch
            from torch import nn

            model = nn.Linear(64, 10)
            optimizer = torch.optim.RMSprop(model.parameters(), 1e-12)  # <- here
            """,
        ),
    )


def _judged(rate: LearningRate, limits: Limits) -> tuple[str, str] | None:
    """What a rate does, and what to do about it; None of one in its range."""
    if rate.rate == 0 and rate.of_model:
        return "no step moves anything", "give it the rate to train at, or leave the optimizer out"
    if rate.optimizer in _ADAPTIVE:
        return _of_adaptive(rate, limits)
    deep = bool(rate.network) or (rate.depth is not None and rate.depth >= limits.sgd_rate_depth)
    far = rate.rate / max(1 - rate.momentum, 1e-3)
    if rate.optimizer != "SGD" or not deep or rate.bounded or far < limits.sgd_rate:
        return None
    with_momentum = f", summed up by momentum to {far:.3g}," if rate.momentum else ""
    return (
        f"steps of {rate.rate:g}{with_momentum} times the gradient overshoot by more each time, "
        "and end in nan",
        "start at 0.1 or 0.01 for SGD",
    )


def _of_adaptive(rate: LearningRate, limits: Limits) -> tuple[str, str] | None:
    deep = bool(rate.network) or (
        rate.depth is not None and rate.depth >= limits.adaptive_rate_depth
    )
    if rate.of_model and rate.rate < limits.smallest_adaptive_rate:
        return (
            "each step moves a weight by about lr, which float32 rounds away",
            f"start at 1e-3 for {rate.optimizer}",
        )
    largest = limits.adaptive_rate if deep else limits.adaptive_rate_of_any
    if not rate.of_model or rate.rate < largest:
        return None
    return (
        f"each step moves every weight by about {rate.rate:g}, whatever the gradient: more than "
        "the weights are",
        f"start at 1e-3 for {rate.optimizer}, at 1e-5 to 1e-4 for a trained transformer",
    )
