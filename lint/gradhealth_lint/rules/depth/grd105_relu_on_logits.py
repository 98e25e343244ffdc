"""GRD105 relu-on-logits."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar, Final

from gradhealth_lint.rules import wording
from gradhealth_lint.rules.rule import Found
from gradhealth_lint.semantics.domain import catalogue
from gradhealth_lint.violation import Example, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gradhealth_lint.limits import Limits
    from gradhealth_lint.semantics.facts import FileFacts, Wiring

_TAKES: Final = frozenset({"cross_entropy", "bce_with_logits", "output"})
#: The least value of each activation, as people would say it; of those with a limit above, both.
_FLOORS: Final = {
    "relu": "0", "relu6": "0", "softplus": "0", "gelu": "-0.17", "silu": "-0.28", "mish": "-0.31",
    "hardswish": "-0.38", "elu": "-1", "celu": "-1", "selu": "-1.76",
}  # fmt: skip
_FLAT: Final = frozenset({"relu", "relu6"})


class ReluOnLogits:
    """A ReLU, or another activation with a floor, between the last layer and softmax or loss."""

    code: ClassVar[str] = "GRD105"
    name: ClassVar[str] = "relu-on-logits"
    severity: ClassVar[Severity] = "warning"
    on_by_default: ClassVar[bool] = True
    message: ClassVar[str] = (
        "{function} stands before {taker}, which takes logits of either sign: {effect}"
    )
    effect_flat: ClassVar[str] = (
        "no logit can be below 0, and a class whose logit is negative gets no gradient at all"
    )
    effect_floor: ClassVar[str] = (
        "no logit can be below {floor}, and the gradient of those that are near it is close to 0"
    )
    effect_bounded: ClassVar[str] = (
        "logits differ by 2 at most, so that no class can be ruled out, and the gradient of those "
        "near the limits is close to 0"
    )
    remedy: ClassVar[str] = "give {taker} what the last layer computes, without {activation}"
    why: ClassVar[str] = (
        "Softmax and sigmoid make probabilities of differences between logits, which have to be "
        "free to go down as well as up: a class is ruled out by a logit far below the others. "
        "After a ReLU none is below 0. The scores of wrong classes stick there, where the slope is "
        "0 and no gradient reaches the last layer's weights; if all logits of a sample are "
        "negative the sample teaches nothing. With a sigmoid no probability falls below 1/2. It "
        "comes of a model that applies the same activation after every layer. Models are followed "
        "to their last operation. Silent where that is not known, for leaky rectifiers, and where "
        "scores are averaged over an image after it, as in NiN and SqueezeNet."
    )
    references: ClassVar[tuple[str, ...]] = (
        "PyTorch documentation, torch.nn.CrossEntropyLoss: the input is expected to contain the "
        "unnormalized logits for each class",
        "Goodfellow, Bengio and Courville (2016), Deep Learning, section 6.2.2.2",
    )
    needs: ClassVar[tuple[re.Pattern[bytes], ...]] = (
        re.compile(rb"torch"),
        re.compile(rb"(?i:lu|swish|mish|tanh|softsign)|import \*"),
        re.compile(rb"(?i:softmax|cross_?entropy|sigmoid|BCEWithLogits)"),
    )
    reads_stacks: ClassVar[bool] = True

    def check(self, facts: FileFacts, limits: Limits) -> Iterator[Found]:
        """Every softmax at an end and every loss of logits that is given rectified ones."""
        seen: set[int] = set()
        for wiring in facts.wirings:
            if wiring.kind not in _TAKES or wiring.function not in catalogue.RECTIFYING:
                continue
            if wiring.source in seen:
                continue
            seen.add(wiring.source)
            activation = wiring.source_text or f"nn.{wording.class_name(wiring.function)}"
            taker = wiring.text or "the loss"
            yield Found(
                wiring.source,
                self.message.format(function=activation, taker=taker, effect=self._effect(wiring)),
                self.remedy.format(taker=taker, activation=activation),
            )

    def _effect(self, wiring: Wiring) -> str:
        if wiring.function in _FLAT:
            return self.effect_flat
        floor = _FLOORS.get(wiring.function)
        return self.effect_bounded if floor is None else self.effect_floor.format(floor=floor)

    good: ClassVar[tuple[Example, ...]] = (
        Example(
            "relu-on-hidden-layers",
            """
            import torch.nn as nn
            import torch.nn.functional as F

            class Net(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.fc1 = nn.Linear(20, 64)
                    self.fc2 = nn.Linear(64, 10)

                def forward(self, x):
                    return self.fc2(F.relu(self.fc1(x)))

            model = Net()
            for x, y in loader:
                loss = F.cross_entropy(model(x), y)
            """,
        ),
        Example(
            "regression-that-cannot-be-negative",
            """
            import torch.nn as nn

            model = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 1), nn.ReLU())
            criterion = nn.MSELoss()

            def step(x, price):
                return criterion(model(x), price)
            """,
        ),
        Example(
            "averaged-over-the-image",
            """
            import torch.nn as nn

            class SqueezeNet(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.features = nn.Sequential(nn.Conv2d(3, 64, 3), nn.ReLU())
                    self.classifier = nn.Sequential(
                        nn.Dropout(), nn.Conv2d(64, 10, 1), nn.ReLU(), nn.AdaptiveAvgPool2d(1)
                    )

                def forward(self, x):
                    return self.classifier(self.features(x)).flatten(1)

            criterion = nn.CrossEntropyLoss()
            net = SqueezeNet()
            loss = criterion(net(images), labels)
            """,
        ),
        Example(
            "leaky-attention-scores",
            """
            import torch
            import torch.nn as nn
            import torch.nn.functional as F

            class Attention(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.a = nn.Linear(64, 1)

                def forward(self, h):
                    return F.softmax(F.leaky_relu(self.a(h), 0.2), dim=1)
            """,
        ),
    )
    bad: ClassVar[tuple[Example, ...]] = (
        Example(
            "after-every-layer",
            """
            import torch.nn as nn
            import torch.nn.functional as F

            class Net(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.fc1 = nn.Linear(784, 128)
                    self.fc2 = nn.Linear(128, 10)

                def forward(self, x):
                    x = F.relu(self.fc1(x))
                    x = F.relu(self.fc2(x))  # <- here
                    return x

            model = Net()
            criterion = nn.CrossEntropyLoss()
            for images, labels in loader:
                output = model(images)
                loss = criterion(output, labels)
            """,
        ),
        Example(
            "before-log-softmax",
            """
            import torch.nn as nn
            import torch.nn.functional as F

            class Net(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.conv = nn.Conv2d(1, 10, kernel_size=5)
                    self.fc = nn.Linear(1440, 10)
                    self.relu = nn.ReLU()

                def forward(self, x):
                    x = F.max_pool2d(self.relu(self.conv(x)), 2)
                    x = self.relu(self.fc(x.view(-1, 1440)))  # <- here
                    return F.log_softmax(x, dim=1)
            """,
        ),
        Example(
            "in-the-sequential",
            """
            from torch import nn

            net = nn.Sequential(
                nn.Linear(30, 16),
                nn.ReLU(),
                nn.Linear(16, 1),
                nn.ReLU(),  # <- here
            )
            loss_fn = nn.BCEWithLogitsLoss()

            def train_step(x, y):
                return loss_fn(net(x).squeeze(1), y)
            """,
        ),
    )
