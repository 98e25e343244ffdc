"""GRD103 exploding-stack."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, ClassVar

from gradhealth_lint.rules import wording
from gradhealth_lint.rules.rule import Found
from gradhealth_lint.violation import Example, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gradhealth_lint.limits import Limits
    from gradhealth_lint.rules.depth.outlook import Outlook
    from gradhealth_lint.semantics.facts import FileFacts
    from gradhealth_lint.semantics.network_facts import Init, Recurrence


class ExplodingStack:
    """Layers or time steps that multiply the gradient, together by a thousand and more."""

    code: ClassVar[str] = "GRD103"
    name: ClassVar[str] = "exploding-stack"
    severity: ClassVar[Severity] = "warning"
    on_by_default: ClassVar[bool] = True
    message: ClassVar[str] = (
        "{stack} with {init}: the gradient grows by about {per_layer} per layer, to {total} times "
        "its size at the first layer"
    )
    message_recurrent: ClassVar[str] = (
        "{init} on weight_hh of nn.{kind}({inputs}, {hidden}) has a spectral radius of about "
        "{radius}: the gradient grows by about {per_layer} per time step, to {total} times its "
        "size over {steps} steps"
    )
    remedy: ClassVar[str] = (
        "draw the weights with std {scale} / sqrt(fan_in) and zero biases, which keeps the gradient"
    )
    remedy_branches: ClassVar[str] = (
        "put a norm into each branch, or let each start small: nn.init.zeros_ on its last layer"
    )
    remedy_recurrent: ClassVar[str] = (
        "use nn.init.orthogonal_(weight_hh), whose spectral radius is 1, and clip the gradient "
        "with torch.nn.utils.clip_grad_norm_"
    )
    why: ClassVar[str] = (
        "A layer multiplies the gradient by sqrt(fan_in Var(w) E[phi'^2]), a residual block by the "
        "root of 1 plus the square of what its branch does, a time step by the same recurrent "
        "matrix again and again. Over a few dozen such factors of 1.3 the gradient is thousands "
        "of times as large at one end as at the other: no learning rate suits both, and the loss "
        "becomes nan. The number in the message is that product, computed from the code. Silent "
        "where a norm takes the scale out again, where depth or init are not told, and where one "
        "layer's init is out of scale by itself, which GRD201 to GRD204 report."
    )
    references: ClassVar[tuple[str, ...]] = (
        "Zhang, Dauphin and Ma (2019), Fixup initialization, arXiv 1901.09321, section 2",
        "Pascanu, Mikolov and Bengio (2013), On the difficulty of training recurrent neural "
        "networks, arXiv 1211.5063",
    )
    needs: ClassVar[tuple[re.Pattern[bytes], ...]] = (
        re.compile(rb"torch"),
        re.compile(rb"Linear|Conv|RNN|LSTM|GRU|import \*"),
        re.compile(rb"normal|uniform|orthogonal"),
    )
    reads_stacks: ClassVar[bool] = True

    def check(self, facts: FileFacts, limits: Limits) -> Iterator[Found]:
        """Every network and every recurrent layer that multiplies the gradient by too much."""
        from gradhealth_lint.rules.depth import outlook

        for one in outlook.outlooks(facts, limits):
            total, per_layer = one.prediction.total_gain, one.prediction.gain_per_layer
            if total is None or per_layer is None or total <= limits.exploding_total_gain:
                continue
            if outlook.has_norms_in_arms(one.network) or _reported_elsewhere(one, limits):
                continue
            gains = [outlook.predicted(p, limits).total_gain for p in outlook.parts(one.network)]
            if any(gain is None for gain in gains):
                continue
            if max((gain or 0.0 for gain in gains), default=0.0) > limits.exploding_total_gain:
                message = self.message.format(
                    stack=wording.network(one.row, one.activation or "identity"),
                    init=wording.init(one.prediction.init),
                    per_layer=wording.gain(per_layer),
                    total=wording.gain(total),
                )
                message += wording.assumptions(one.prediction.assumed)
                yield Found(one.network.anchor, message, self._better(one, limits))
        for recurrence in facts.recurrences:
            yield from self._recurrent(recurrence, limits)

    def _recurrent(self, recurrence: Recurrence, limits: Limits) -> Iterator[Found]:
        from gradhealth_lint.networks.recurrence_prediction import predict_recurrence
        from gradhealth_lint.stack_inits import describe, distribution

        init, hidden = dict(recurrence.inits)["weight_hh"], recurrence.hidden
        if init is None or init.name == "default" or hidden is None:
            return
        # A Gaussian matrix has its eigenvalues within this radius, an orthogonal one upon it.
        drawn = distribution(init, hidden, _gates(recurrence.kind) * hidden, bias=False)
        radius = 0.0 if drawn is None else math.sqrt(hidden * drawn.variance)
        if not 1.0 < radius < limits.init_weight_gain:  # beyond it, GRD202's
            return
        found = predict_recurrence(recurrence, limits)
        total, per_step = found.total_gain, found.gain_per_layer
        if total is None or per_step is None or total <= limits.exploding_total_gain:
            return
        message = self.message_recurrent.format(
            init=describe(init),
            kind=recurrence.kind,
            inputs="?" if recurrence.inputs is None else recurrence.inputs,
            hidden=hidden,
            radius=wording.gain(radius),
            per_layer=wording.gain(per_step),
            total=wording.gain(total),
            steps=found.depth,
        )
        yield Found(
            recurrence.anchor, message + wording.assumptions(found.assumed), self.remedy_recurrent
        )

    def _better(self, one: Outlook, limits: Limits) -> str:
        from gradhealth_lint.networks.prediction import predict_network

        gain = predict_network(one.network, limits).better_gain
        return self.remedy_branches if gain is None else self.remedy.format(scale=f"{gain:.2g}")

    good: ClassVar[tuple[Example, ...]] = (
        Example(
            "he-init",
            """
            from torch import nn

            net = nn.Sequential(*[m for _ in range(24) for m in (nn.Linear(64, 64), nn.ReLU())])
            for m in net.modules():
                if isinstance(m, nn.Linear):
                    nn.init.kaiming_normal_(m.weight, nonlinearity="relu")
                    nn.init.zeros_(m.bias)
            """,
        ),
        Example(
            "norms-take-it-out",
            """
            from torch import nn

            net = nn.Sequential(
                *[m for _ in range(50) for m in (nn.Linear(64, 64), nn.LayerNorm(64), nn.ReLU())]
            )
            for m in net.modules():
                if isinstance(m, nn.Linear):
                    nn.init.normal_(m.weight, std=0.5)
            """,
        ),
        Example(
            "branches-that-start-at-zero",
            """
            import torch
            from torch import nn

            class Block(nn.Module):
                def __init__(self, width):
                    super().__init__()
                    self.one, self.two = nn.Linear(width, width), nn.Linear(width, width)
                    nn.init.kaiming_normal_(self.one.weight)
                    nn.init.zeros_(self.two.weight)

                def forward(self, x):
                    return x + self.two(torch.relu(self.one(x)))

            net = nn.Sequential(*[Block(64) for _ in range(40)])
            """,
        ),
    )
    bad: ClassVar[tuple[Example, ...]] = (
        Example(
            "residuals-without-norm",
            """
            import torch.nn as nn

            class ResNet(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.blocks = nn.ModuleList(  # <- here
                        [
                            nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 64))
                            for _ in range(50)
                        ]
                    )
                    for m in self.modules():
                        if isinstance(m, nn.Linear):
                            nn.init.kaiming_normal_(m.weight)

                def forward(self, x):
                    for block in self.blocks:
                        x = x + block(x)
                    return x
            """,
        ),
        Example(
            "spectral-radius-of-a-recurrence",
            """
            from torch import nn

            class CharRNN(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.rnn = nn.RNN(32, 128, nonlinearity="relu", batch_first=True)  # <- here
                    for name, p in self.rnn.named_parameters():
                        if "weight" in name:
                            nn.init.normal_(p, 0, 0.2)

                def forward(self, x):
                    out, h = self.rnn(x)
                    return out
            """,
        ),
    )


def _gates(kind: str) -> int:
    return {"LSTM": 4, "GRU": 3}.get(kind.removesuffix("Cell"), 1)


def _reported_elsewhere(one: Outlook, limits: Limits) -> bool:
    """Whether a layer's init is out of scale by itself, or is no random matrix at all."""
    return any(
        _is_out_of_scale(layer.weight, layer.fan_in or limits.assumed_width, layer.fan_out, limits)
        for layer in one.row.layers
    )


def _is_out_of_scale(init: Init | None, fan_in: int, fan_out: int | None, limits: Limits) -> bool:
    from gradhealth_lint.stack_inits import distribution

    drawn = distribution(init, fan_in, fan_out or fan_in, bias=False)
    if drawn is None or drawn.variance <= 0.0:
        return True
    centred = abs(drawn.mean) <= limits.init_mean_over_std * math.sqrt(drawn.variance)
    large = math.sqrt(fan_in * drawn.variance) >= limits.init_weight_gain
    return not centred or (large and fan_in >= limits.init_fewest_inputs)
