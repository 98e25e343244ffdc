"""GRD106 sigmoid-hidden."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar

from gradhealth_lint.rules.depth.grd101_saturating_deep_stack import SaturatingDeepStack
from gradhealth_lint.rules.rule import Found
from gradhealth_lint.violation import Example, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gradhealth_lint.limits import Limits
    from gradhealth_lint.semantics.facts import FileFacts


class SigmoidHidden:
    """A sigmoid or softmax as the activation of a hidden layer, shallow networks included."""

    code: ClassVar[str] = "GRD106"
    name: ClassVar[str] = "sigmoid-hidden"
    severity: ClassVar[Severity] = "advice"
    on_by_default: ClassVar[bool] = False
    message: ClassVar[str] = "{function} is the activation of a hidden layer: {effect}"
    effect_sigmoid: ClassVar[str] = (
        "it passes on at most 1/4 of a gradient and is never negative, so that all weights of a "
        "unit after it are pushed the same way"
    )
    effect_softmax: ClassVar[str] = (
        "its units share a sum of 1, so that each is near 1 / width, and what it passes on of a "
        "gradient is of that size too"
    )
    remedy: ClassVar[str] = (
        "use nn.ReLU, nn.GELU or nn.Tanh there; {function} belongs to the output, where "
        "probabilities are wanted"
    )
    why: ClassVar[str] = (
        "A sigmoid's slope is 1/4 at most and its values are all positive: the gradients of the "
        "weights into the next unit then have one sign, and learning zigzags. One such layer is "
        "only slow; from about five on the gradient is gone, which GRD101 reports. A softmax "
        "between two layers makes units compete for a sum of 1 and leaves little of signal and "
        "gradient. Silent are gates, attention weights, outputs, and a norm after the activation, "
        "which centres it. Advice only: small networks train with either."
    )
    references: ClassVar[tuple[str, ...]] = (
        "LeCun et al. (1998), Efficient BackProp, section 4.4",
        "Glorot and Bengio (2010), Understanding the difficulty of training deep feedforward "
        "neural networks, section 3",
    )
    needs: ClassVar[tuple[re.Pattern[bytes], ...]] = (
        re.compile(rb"torch"),
        re.compile(rb"igmoid|expit|oftmax"),
        re.compile(rb"Linear|Conv|import \*"),
    )
    reads_stacks: ClassVar[bool] = True

    def check(self, facts: FileFacts, limits: Limits) -> Iterator[Found]:
        """The first such activation of each model; none in a file with stacks that are too deep."""
        hidden = [wiring for wiring in facts.wirings if wiring.kind == "hidden"]
        if facts.differentiates_twice or not hidden or any(_DEEP.check(facts, limits)):
            return
        for wiring in hidden:
            softmax = wiring.function == "softmax"
            function = wiring.source_text or f"a {wiring.function}"
            effect = self.effect_softmax if softmax else self.effect_sigmoid
            yield Found(
                wiring.source,
                self.message.format(function=function, effect=effect),
                self.remedy.format(function=function),
            )

    good: ClassVar[tuple[Example, ...]] = (
        Example(
            "at-the-output",
            """
            from torch import nn

            net = nn.Sequential(nn.Linear(20, 64), nn.ReLU(), nn.Linear(64, 1), nn.Sigmoid())
            """,
        ),
        Example(
            "gate",
            """
            import torch
            from torch import nn

            class Gated(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.value, self.gate = nn.Linear(64, 64), nn.Linear(64, 64)
                    self.out = nn.Linear(64, 10)

                def forward(self, x):
                    return self.out(self.value(x) * torch.sigmoid(self.gate(x)))
            """,
        ),
        Example(
            "attention-weights",
            """
            import torch
            import torch.nn.functional as F
            from torch import nn

            class Pool(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.score = nn.Linear(64, 1)
                    self.out = nn.Linear(64, 10)

                def forward(self, h):
                    weights = F.softmax(self.score(h), dim=1)
                    return self.out((weights * h).sum(1))
            """,
        ),
    )
    bad: ClassVar[tuple[Example, ...]] = (
        Example(
            "one-hidden-sigmoid",
            """
            import torch
            import torch.nn as nn

            class Net(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.fc1 = nn.Linear(784, 100)
                    self.fc2 = nn.Linear(100, 10)

                def forward(self, x):
                    x = torch.sigmoid(self.fc1(x))  # <- here
                    return self.fc2(x)
            """,
        ),
        Example(
            "softmax-between-layers",
            """
            from torch import nn

            model = nn.Sequential(
                nn.Linear(30, 16),
                nn.Softmax(dim=1),  # <- here
                nn.Linear(16, 2),
            )
            """,
        ),
        Example(
            "lenet",
            """
            import torch.nn as nn

            class LeNet(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.conv = nn.Sequential(
                        nn.Conv2d(1, 6, 5),
                        nn.Sigmoid(),  # <- here
                        nn.MaxPool2d(2, 2),
                        nn.Conv2d(6, 16, 5),
                        nn.ReLU(),
                        nn.MaxPool2d(2, 2),
                    )
                    self.fc = nn.Sequential(nn.Linear(256, 84), nn.ReLU(), nn.Linear(84, 10))

                def forward(self, img):
                    return self.fc(self.conv(img).view(img.shape[0], -1))
            """,
        ),
    )


_DEEP = SaturatingDeepStack()
