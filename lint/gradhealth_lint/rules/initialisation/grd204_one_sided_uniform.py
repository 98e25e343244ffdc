"""GRD204 one-sided-uniform."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar

from gradhealth_lint.rules.initialisation.redrawing import redraw
from gradhealth_lint.rules.rule import Found
from gradhealth_lint.stack_inits import describe
from gradhealth_lint.violation import Example, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gradhealth_lint.limits import Limits
    from gradhealth_lint.semantics.facts import FileFacts


class OneSidedUniform:
    """A weight matrix drawn from 0 to 1, so that no weight is negative."""

    code: ClassVar[str] = "GRD204"
    name: ClassVar[str] = "one-sided-uniform"
    severity: ClassVar[Severity] = "warning"
    on_by_default: ClassVar[bool] = True
    message: ClassVar[str] = (
        "{init} on nn.{kind} draws every weight between 0 and 1: each unit computes "
        "nearly the same sum of its inputs, about {gain} times as large as they are"
    )
    message_hand_made: ClassVar[str] = (
        "{text} is drawn between 0 and 1, so that no weight is negative: each unit computes "
        "nearly the same sum of its inputs, about {gain} times as large as they are"
    )
    remedy: ClassVar[str] = (
        "give it two sides, such as a=-bound, b=bound with bound = 1 / sqrt(fan_in), or"
        " use nn.init.xavier_uniform_ or kaiming_uniform_"
    )
    why: ClassVar[str] = (
        "nn.init.uniform_(w) without limits draws from 0 to 1, with mean 1/2. Every "
        "unit then adds up its inputs with positive weights, so all units agree, and "
        "with n inputs what they have in common is multiplied by n / 2 in every layer: "
        "signals and gradients grow exponentially with depth, and sigmoids saturate at "
        "once. Centred limits keep units different. Silent for biases, norms, "
        "embeddings and attention's own parameters."
    )
    references: ClassVar[tuple[str, ...]] = (
        "Glorot and Bengio (2010), Understanding the difficulty of training deep "
        "feedforward neural networks, section 4.2",
        "PyTorch documentation, torch.nn.init.uniform_",
    )
    needs: ClassVar[tuple[re.Pattern[bytes], ...]] = (
        re.compile(rb"torch"),
        re.compile(rb"uniform|rand\b|rand_like"),
    )
    reads_stacks: ClassVar[bool] = True

    def check(self, facts: FileFacts, limits: Limits) -> Iterator[Found]:
        """Every uniform init from 0 to 1 that is in force for a matrix."""
        for use in facts.inits:
            numbers = dict(use.init.arguments)
            if use.init.name != "uniform_" or (numbers.get("a"), numbers.get("b")) != (0.0, 1.0):
                continue
            matrices = [target for target in use.targets if target.multiplies]
            if matrices:
                worst = max(matrices, key=lambda target: target.fan_in or 0)
                gain = (worst.fan_in or limits.assumed_fan_in) / 2
                yield Found(
                    use.anchor,
                    self.message.format(init=describe(use.init), kind=worst.kind, gain=f"{gain:g}"),
                    self.remedy,
                    redraw(use, worst, "uniform_"),
                )
        for made in facts.hand_made:
            numbers = {} if made.init is None else dict(made.init.arguments)
            if made.init is None or not made.multiplies or made.rescaled:
                continue
            if made.init.name == "uniform_" and (numbers.get("a"), numbers.get("b")) == (0.0, 1.0):
                gain = (made.fan_in or limits.assumed_fan_in) / 2
                yield Found(
                    made.anchor,
                    self.message_hand_made.format(text=made.text, gain=f"{gain:g}"),
                    self.remedy,
                )

    good: ClassVar[tuple[Example, ...]] = (
        Example(
            "two-sided",
            """
            from torch import nn

            layer = nn.Linear(64, 64)
            nn.init.uniform_(layer.weight, -0.1, 0.1)
            """,
        ),
        Example(
            "bias",
            """
            from torch import nn

            layer = nn.Linear(64, 64)
            nn.init.uniform_(layer.bias)
            """,
        ),
        Example(
            "norm-scale",
            """
            from torch import nn

            norm = nn.BatchNorm2d(64)
            nn.init.uniform_(norm.weight)
            """,
        ),
        Example(
            "embedding",
            """
            import torch.nn as nn

            table = nn.Embedding(100, 16)
            nn.init.uniform_(table.weight)
            """,
        ),
    )
    bad: ClassVar[tuple[Example, ...]] = (
        Example(
            "default-limits",
            """
            import torch.nn as nn

            layer = nn.Linear(64, 64)
            nn.init.uniform_(layer.weight)  # <- here
            """,
            """
            import torch.nn as nn

            layer = nn.Linear(64, 64)
            nn.init.kaiming_uniform_(layer.weight, nonlinearity="relu")  # <- here
            """,
        ),
        Example(
            "apply",
            """
            import torch
            import torch.nn as nn

            def weights_init(m):
                if isinstance(m, nn.Linear):
                    torch.nn.init.uniform_(m.weight)  # <- here
                    m.bias.data.fill_(0.01)

            net = nn.Sequential(nn.Linear(784, 256), nn.ReLU(), nn.Linear(256, 10))
            net.apply(weights_init)
            """,
            """
            import torch
            import torch.nn as nn

            def weights_init(m):
                if isinstance(m, nn.Linear):
                    nn.init.kaiming_uniform_(m.weight, nonlinearity="relu")  # <- here
                    m.bias.data.fill_(0.01)

            net = nn.Sequential(nn.Linear(784, 256), nn.ReLU(), nn.Linear(256, 10))
            net.apply(weights_init)
            """,
        ),
        Example(
            "through-data",
            """
            from torch import nn

            class Net(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.fc = nn.Linear(32, 32)
                    self.fc.weight.data.uniform_(0, 1)  # <- here

                def forward(self, x):
                    return self.fc(x)
            """,
            """
            from torch import nn

            class Net(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.fc = nn.Linear(32, 32)
                    nn.init.xavier_uniform_(self.fc.weight)  # <- here

                def forward(self, x):
                    return self.fc(x)
            """,
        ),
    )
