"""GRD205 unscaled-parameter."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, ClassVar, Final

from gradhealth_lint.rules import wording
from gradhealth_lint.rules.rule import Found
from gradhealth_lint.stack_inits import describe, spread
from gradhealth_lint.violation import Example, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gradhealth_lint.limits import Limits
    from gradhealth_lint.semantics.facts import FileFacts

#: What is not a layer's matrix although something is multiplied by it: things to be compared with.
_COMPARED: Final = re.compile(
    r"tok|pos|emb|quer|key|mem|proto|code|cent|latent|slot|anchor|basis|bases|freq|noise|state"
    r"|memory|cls|prompt|template|dict|vocab|item|user|entit|relation|cluster|landmark",
    re.IGNORECASE,
)


class UnscaledParameter:
    """A matrix made by hand from random numbers that are not scaled by its fan-in."""

    code: ClassVar[str] = "GRD205"
    name: ClassVar[str] = "unscaled-parameter"
    severity: ClassVar[Severity] = "warning"
    on_by_default: ClassVar[bool] = True
    message: ClassVar[str] = (
        "{text} is drawn as {init} and adds up {fan_in} inputs{told}: each product makes the"
        " signal, and the gradient on its way back, about {gain} times as large"
    )
    message_told: ClassVar[str] = " (their number is not told)"
    remedy: ClassVar[str] = (
        "divide by the root of the fan-in, as in torch.randn(...) / math.sqrt({size}), or call"
        " nn.init.kaiming_normal_ or nn.init.xavier_normal_ on it"
    )
    why: ClassVar[str] = (
        "torch.randn gives numbers of standard deviation 1. A unit adds up fan_in products, so "
        "that its sum is sqrt(fan_in) times as large as its inputs: 28 times for an image of "
        "MNIST. nn.Linear divides by that root, a parameter made by hand does not unless it is "
        "told to. Signals and gradients are multiplied by it in every layer, tanh and sigmoid "
        "units start in their flat parts, and a softmax starts with one class certain. Silent "
        "where the product is multiplied, divided or normalised at once, and for embeddings, "
        "tokens, queries, prototypes and the like, which are not a layer's weights."
    )
    references: ClassVar[tuple[str, ...]] = (
        "LeCun et al. (1998), Efficient BackProp, section 4.6",
        "He et al. (2015), Delving deep into rectifiers, arXiv 1502.01852, section 2.2",
    )
    needs: ClassVar[tuple[re.Pattern[bytes], ...]] = (
        re.compile(rb"torch"),
        re.compile(rb"randn|normal|uniform|rand\b"),
        re.compile(rb"Parameter|requires_grad"),
    )
    reads_stacks: ClassVar[bool] = True

    def check(self, facts: FileFacts, limits: Limits) -> Iterator[Found]:
        """Every matrix made by hand that is drawn wide and used as it is."""
        for made in facts.hand_made:
            if made.init is None or not made.multiplies or made.rescaled:
                continue
            std = spread(made.init, limits.init_mean_over_std)
            fan_in = limits.assumed_width if made.fan_in is None else made.fan_in
            if std is None or _COMPARED.search(made.text):
                continue
            gain = std * math.sqrt(fan_in)
            if fan_in >= limits.init_fewest_inputs and gain >= limits.unscaled_weight_gain:
                yield Found(
                    made.anchor,
                    self.message.format(
                        text=made.text or "a parameter",
                        init=describe(made.init),
                        fan_in=fan_in,
                        told=self.message_told if made.fan_in is None else "",
                        gain=wording.gain(gain),
                    ),
                    self.remedy.format(size="fan_in" if made.fan_in is None else fan_in),
                )

    good: ClassVar[tuple[Example, ...]] = (
        Example(
            "scaled",
            """
            import math
            import torch
            import torch.nn as nn

            class Projection(nn.Module):
                def __init__(self, width=512):
                    super().__init__()
                    self.weight = nn.Parameter(torch.randn(width, width) / math.sqrt(width))
                    self.out = nn.Parameter(torch.randn(width, 10) * width ** -0.5)

                def forward(self, x):
                    return (x @ self.weight).relu() @ self.out
            """,
        ),
        Example(
            "position-and-token",
            """
            import torch
            from torch import nn

            class Encoder(nn.Module):
                def __init__(self, length, width):
                    super().__init__()
                    self.token = nn.Parameter(torch.randn(1, 1, width))
                    self.position = nn.Parameter(torch.randn(1, length + 1, width))

                def forward(self, x):
                    x = torch.cat([self.token.expand(len(x), -1, -1), x], dim=1)
                    return x + self.position
            """,
        ),
        Example(
            "drawn-again",
            """
            import torch
            from torch import nn
            from torch.nn import functional as F

            class Linear(nn.Module):
                def __init__(self, n_in, n_out):
                    super().__init__()
                    self.weight = nn.Parameter(torch.randn(n_out, n_in))
                    self.reset_parameters()

                def reset_parameters(self):
                    nn.init.xavier_uniform_(self.weight)

                def forward(self, x):
                    return F.linear(x, self.weight)
            """,
        ),
        Example(
            "equalised-learning-rate",
            """
            import math
            import torch
            from torch import nn
            from torch.nn import functional as F

            class EqualLinear(nn.Module):
                def __init__(self, n_in, n_out):
                    super().__init__()
                    self.weight = nn.Parameter(torch.randn(n_out, n_in))
                    self.scale = 1 / math.sqrt(n_in)

                def forward(self, x):
                    return F.linear(x, self.weight * self.scale)
            """,
        ),
    )
    bad: ClassVar[tuple[Example, ...]] = (
        Example(
            "standard-normal",
            """
            import torch
            import torch.nn as nn

            class MyLinear(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.weight = nn.Parameter(torch.randn(784, 256))  # <- here
                    self.bias = nn.Parameter(torch.zeros(256))

                def forward(self, x):
                    return x @ self.weight + self.bias
            """,
        ),
        Example(
            "without-a-module",
            """
            import torch

            w1 = torch.randn(784, 100, requires_grad=True)  # <- here
            b1 = torch.zeros(100, requires_grad=True)

            def model(x):
                return torch.relu(x.mm(w1) + b1)
            """,
        ),
        Example(
            "functional-linear",
            """
            import torch
            import torch.nn.functional as F

            class Head(torch.nn.Module):
                def __init__(self, width, classes):
                    super().__init__()
                    self.w = torch.nn.Parameter(torch.empty(classes, width).normal_())  # <- here

                def forward(self, x):
                    return F.linear(x, self.w)
            """,
        ),
    )
