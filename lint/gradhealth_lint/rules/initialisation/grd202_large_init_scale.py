"""GRD202 large-init-scale."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, ClassVar, Final

from gradhealth_lint.rules import wording
from gradhealth_lint.rules.initialisation.redrawing import redraw
from gradhealth_lint.rules.rule import Found
from gradhealth_lint.semantics.domain import catalogue
from gradhealth_lint.stack_inits import describe, spread
from gradhealth_lint.violation import Example, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gradhealth_lint.limits import Limits
    from gradhealth_lint.semantics.facts import FileFacts
    from gradhealth_lint.semantics.network_facts import Init, InitTarget

_SCALED: Final = frozenset({"xavier_normal_", "xavier_uniform_", "orthogonal_"})
_OUTPUT: Final = frozenset({"identity", "sigmoid"})
_XAVIER: Final = frozenset({"tanh", "sigmoid", "identity", "softsign"})


class LargeInitScale:
    """A weight matrix drawn far wider than its number of inputs allows."""

    code: ClassVar[str] = "GRD202"
    name: ClassVar[str] = "large-init-scale"
    severity: ClassVar[Severity] = "warning"
    on_by_default: ClassVar[bool] = True
    message: ClassVar[str] = (
        "{init} on {layer} of {fan_in} inputs multiplies the signal, and the gradient on its way"
        " back, by about {gain}: its standard deviation times sqrt({fan_in})"
    )
    message_assumed: ClassVar[str] = (
        "{init} on {layer}: at {fan_in} inputs (their number is not told) it multiplies the"
        " signal, and the gradient on its way back, by about {gain}"
    )
    remedy: ClassVar[str] = "scale it by the fan-in: {call}, or std={std} here"
    why: ClassVar[str] = (
        "A unit adds up fan_in products, so its sum is sqrt(fan_in) times as large as one of "
        "them. Weights of standard deviation s therefore multiply the signal by s * sqrt(fan_in) "
        "in every layer, and the gradient as well: with normal_'s default of 1 a Linear of 256 "
        "inputs multiplies by 16. Sigmoids and tanh are then in their flat parts from the start "
        "and pass on next to nothing; ReLU networks explode. Every scheme of initialisation "
        "divides by sqrt(fan_in). Not reported: layers with a norm after them or of their weight, "
        "which takes the scale out again, a single last layer, frozen random features, layers of "
        "few inputs such as coordinates, embeddings and biases."
    )
    references: ClassVar[tuple[str, ...]] = (
        "LeCun et al. (1998), Efficient BackProp, section 4.6",
        "He et al. (2015), Delving deep into rectifiers, arXiv 1502.01852, section 2.2",
    )
    needs: ClassVar[tuple[re.Pattern[bytes], ...]] = (
        re.compile(rb"torch"),
        re.compile(rb"normal|uniform|rand|orthogonal"),
        re.compile(rb"\bnn\b|Module|[Pp]arameter|requires_grad|import \*|weight|bias|\.apply\s*\("),
    )
    reads_stacks: ClassVar[bool] = True

    def check(self, facts: FileFacts, limits: Limits) -> Iterator[Found]:
        """Every wide centred draw that is in force for a matrix."""
        for use in facts.inits:
            std = _spread(use.init, limits)
            targets = [t for t in use.targets if std and _counts(t, limits)]
            if std is None or not targets or (len(use.targets) == 1 and _is_end(targets[0], facts)):
                continue
            worst = max(targets, key=lambda target: target.fan_in or limits.assumed_width)
            fan_in = worst.fan_in or limits.assumed_width
            gain = std if use.init.name in _SCALED else std * math.sqrt(fan_in)
            if gain < limits.init_weight_gain:
                continue
            message = self.message_assumed if worst.fan_in is None else self.message
            yield Found(
                use.anchor,
                message.format(
                    init=describe(use.init),
                    layer=f"every nn.{worst.kind}" if worst.every else f"nn.{worst.kind}",
                    fan_in=fan_in,
                    gain=wording.gain(gain),
                ),
                self.remedy.format(
                    call=_call(use.target_text or "weight", worst), std=f"{fan_in**-0.5:.2g}"
                ),
                redraw(use, worst, "uniform_" if "uniform" in use.init.name else "normal_"),
            )

    good: ClassVar[tuple[Example, ...]] = (
        Example(
            "small-enough",
            """
            import torch.nn as nn

            layer = nn.Linear(4096, 4096)
            nn.init.normal_(layer.weight, std=0.02)
            """,
        ),
        Example(
            "normalised-after",
            """
            from torch import nn

            net = nn.Sequential(
                nn.Conv2d(64, 128, 3), nn.BatchNorm2d(128), nn.ReLU(), nn.Conv2d(128, 8, 1)
            )
            nn.init.normal_(net[0].weight)
            """,
        ),
        Example(
            "few-inputs",
            """
            import torch
            import torch.nn as nn

            class Features(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.proj = nn.Linear(2, 256)
                    nn.init.normal_(self.proj.weight, std=10.0)

                def forward(self, x):
                    return torch.sin(self.proj(x))
            """,
        ),
        Example(
            "embedding",
            """
            import torch.nn as nn

            table = nn.Embedding(1000, 256)
            nn.init.normal_(table.weight)
            """,
        ),
    )
    bad: ClassVar[tuple[Example, ...]] = (
        Example(
            "standard-normal",
            """
            from torch import nn
            from torch.nn import init

            class Net(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.up = nn.Linear(784, 256)
                    self.out = nn.Linear(256, 10)
                    init.normal_(self.up.weight)  # <- here

                def forward(self, x):
                    return self.out(self.up(x).tanh())
            """,
            """
            from torch import nn
            from torch.nn import init

            class Net(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.up = nn.Linear(784, 256)
                    self.out = nn.Linear(256, 10)
                    init.xavier_normal_(self.up.weight, gain=init.calculate_gain("tanh"))  # <- here

                def forward(self, x):
                    return self.out(self.up(x).tanh())
            """,
        ),
        Example(
            "apply",
            """
            import torch.nn as nn

            def init_weights(m):
                if isinstance(m, nn.Linear):
                    nn.init.normal_(m.weight, mean=0.0, std=1.0)  # <- here
                    nn.init.zeros_(m.bias)

            net = nn.Sequential(nn.Linear(100, 100), nn.ReLU(), nn.Linear(100, 10))
            net.apply(init_weights)
            """,
            """
            import torch.nn as nn

            def init_weights(m):
                if isinstance(m, nn.Linear):
                    nn.init.kaiming_normal_(m.weight, nonlinearity="relu")  # <- here
                    nn.init.zeros_(m.bias)

            net = nn.Sequential(nn.Linear(100, 100), nn.ReLU(), nn.Linear(100, 10))
            net.apply(init_weights)
            """,
        ),
        Example(
            "wide-uniform",
            """
            from torch import nn

            rnn = nn.LSTM(64, 128)
            for name, p in rnn.named_parameters():
                if "weight" in name:
                    p.data.uniform_(-1, 1)  # <- here
            """,
            """
            from torch import nn

            rnn = nn.LSTM(64, 128)
            for name, p in rnn.named_parameters():
                if "weight" in name:
                    nn.init.xavier_uniform_(p)  # <- here
            """,
        ),
    )


def _counts(target: InitTarget, limits: Limits) -> bool:
    """Whether a target is a matrix whose scale reaches the layers after it."""
    if not target.multiplies or target.frozen or target.rescaled:
        return False
    if target.fan_in is None and target.kind in catalogue.CONVOLUTION:
        return False
    return target.fan_in is None or target.fan_in >= limits.init_fewest_inputs


def _spread(init: Init, limits: Limits) -> float | None:
    """The standard deviation of a draw, or the gain that one scaled by the fan is told."""
    gain = init.get("gain") if init.name in _SCALED else None
    return gain if isinstance(gain, float) else spread(init, limits.init_mean_over_std)


def _is_end(target: InitTarget, facts: FileFacts) -> bool:
    """Whether nothing of weight follows: wide logits of one layer may be meant, as in a sampler."""
    if target.activation not in _OUTPUT:
        return False
    return target.stack is None or target.position == facts.stacks[target.stack].depth - 1


def _call(weight: str, target: InitTarget) -> str:
    if target.activation in _XAVIER or target.kind in catalogue.RECURRENT:
        return f"nn.init.xavier_normal_({weight})"
    return f'nn.init.kaiming_normal_({weight}, nonlinearity="relu")'
