"""GRD101 saturating-deep-stack."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from gradhealth_lint.rules import wording
from gradhealth_lint.rules.rule import Found
from gradhealth_lint.semantics.domain import catalogue
from gradhealth_lint.violation import Example, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gradhealth_lint.limits import Limits
    from gradhealth_lint.prediction import StackPrediction
    from gradhealth_lint.semantics.facts import FileFacts
    from gradhealth_lint.semantics.network_facts import Stack
    from gradhealth_lint.semantics.places import Anchor

#: Inits made for tanh: whoever writes one has thought about it.
_CENTRED_INITS = frozenset({"xavier_normal_", "xavier_uniform_", "orthogonal_"})


class SaturatingDeepStack:
    """Hidden sigmoids or tanhs, so many that the gradient is gone before the first layer."""

    code: ClassVar[str] = "GRD101"
    name: ClassVar[str] = "saturating-deep-stack"
    severity: ClassVar[Severity] = "warning"
    on_by_default: ClassVar[bool] = True
    message: ClassVar[str] = (
        "{stack} with {init}: the gradient shrinks by about {per_layer} per layer, to {total} of "
        "its size at the first layer"
    )
    remedy: ClassVar[str] = (
        "use nn.ReLU or nn.GELU with nn.init.kaiming_normal_ in the hidden layers, or put "
        "nn.LayerNorm or a residual connection between them; keep {activation} for the output"
    )
    why: ClassVar[str] = (
        "A sigmoid passes on at most 1/4 of a gradient, and tanh less than 1 wherever it bends. "
        "Mean-field theory gives what a layer passes on with a given init: the square root of "
        "Var(w) * fan_in * E[phi'(z)^2]. Over many layers the factors multiply, and the first "
        "layers stand still. The number in the message is that product, computed from the code. "
        "Silent are gates, output layers, stacks with norms or residuals, tanh with Xavier or "
        "orthogonal init, and files that differentiate twice (PINNs need smooth activations)."
    )
    references: ClassVar[tuple[str, ...]] = (
        "Glorot and Bengio (2010), Understanding the difficulty of training deep feedforward "
        "neural networks",
        "Schoenholz et al. (2017), Deep information propagation, arXiv 1611.01232",
    )
    needs: ClassVar[tuple[re.Pattern[bytes], ...]] = (
        re.compile(rb"torch"),
        re.compile(rb"igmoid|anh|oftsign|expit"),
        re.compile(rb"Linear|Conv|import \*"),
    )
    reads_stacks: ClassVar[bool] = True

    def check(self, facts: FileFacts, limits: Limits) -> Iterator[Found]:
        """Every stack and every network whose hidden activations mostly saturate."""
        if facts.differentiates_twice:
            return
        yield from self._of_stacks(facts, limits)
        yield from self._of_networks(facts, limits)

    def _of_stacks(self, facts: FileFacts, limits: Limits) -> Iterator[Found]:
        from gradhealth_lint.prediction import predict

        for stack in facts.stacks:
            activation = _hidden_activation(stack)
            if activation is None:
                continue
            known = predict(_without_assumed_repeats(stack), limits).total_gain
            prediction = predict(stack, limits)
            per_layer, total = prediction.gain_per_layer, prediction.total_gain
            if known is None or per_layer is None or total is None:
                continue
            if known < limits.saturating_total_gain:
                of = wording.stack(stack, activation)
                yield self._found(stack.anchor, of, activation, prediction, per_layer, total)

    def _of_networks(self, facts: FileFacts, limits: Limits) -> Iterator[Found]:
        """Convolutions, and what has norms, pools and branches that do not keep the gradient."""
        from gradhealth_lint.rules.depth import outlook

        for one in outlook.outlooks(facts, limits):
            activation = _hidden_activation(one.row)
            if activation is None or outlook.may_be_set(one.row, facts):
                continue
            kept = outlook.kept(one, limits)
            if kept is not None and 0.0 < kept.total < limits.saturating_total_gain:
                of = wording.network(one.row, activation)
                prediction, anchor = one.prediction, one.network.anchor
                yield self._found(anchor, of, activation, prediction, kept.per_layer, kept.total)

    def _found(
        self,
        anchor: Anchor,
        of: str,
        activation: str,
        prediction: StackPrediction,
        per_layer: float,
        total: float,
    ) -> Found:
        message = self.message.format(
            stack=of,
            init=wording.init(prediction.init),
            per_layer=wording.gain(per_layer),
            total=wording.gain(total),
        )
        remedy = self.remedy.format(activation=wording.class_name(activation))
        return Found(anchor, message + wording.assumptions(prediction.assumed), remedy)

    good: ClassVar[tuple[Example, ...]] = (
        Example(
            "two-tanh-layers",
            """
            from torch import nn

            policy = nn.Sequential(nn.Linear(8, 64), nn.Tanh(), nn.Linear(64, 64), nn.Tanh(),
                                   nn.Linear(64, 2))
            """,
        ),
        Example(
            "norm-in-between",
            """
            from torch import nn

            block = [m for _ in range(20) for m in (nn.Linear(64, 64), nn.LayerNorm(64), nn.Tanh())]
            net = nn.Sequential(*block)
            """,
        ),
        Example(
            "sigmoid-gate",
            """
            import torch
            from torch import nn

            class Gated(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.layers = nn.ModuleList(nn.Linear(64, 64) for _ in range(20))

                def forward(self, x):
                    for layer in self.layers:
                        x = x * torch.sigmoid(layer(x))
                    return x
            """,
        ),
        Example(
            "relu-inside-sigmoid-at-the-end",
            """
            from torch import nn

            net = nn.Sequential(*[nn.Sequential(nn.Linear(64, 64), nn.ReLU()) for _ in range(6)],
                                nn.Linear(64, 1), nn.Sigmoid())
            """,
        ),
    )
    bad: ClassVar[tuple[Example, ...]] = (
        Example(
            "twenty-sigmoids",
            """
            import torch.nn as nn

            class Net(nn.Module):
                def __init__(self, depth=20):
                    super().__init__()
                    layers = []
                    for _ in range(depth):
                        layers += [nn.Linear(64, 64), nn.Sigmoid()]
                    self.net = nn.Sequential(*layers)  # <- here

                def forward(self, x):
                    return self.net(x)
            """,
        ),
        Example(
            "functional-in-forward",
            """
            import torch
            from torch.nn import Linear, Module, ModuleList

            class Net(Module):
                def __init__(self):
                    super().__init__()
                    self.hidden = ModuleList([Linear(32, 32) for _ in range(30)])  # <- here
                    self.head = Linear(32, 10)

                def forward(self, x):
                    for layer in self.hidden:
                        x = torch.tanh(layer(x))
                    return self.head(x)
            """,
        ),
    )


def _hidden_activation(stack: Stack) -> str | None:
    """The saturating activation that most hidden layers have, None if most have another."""
    hidden = [layer for layer in stack.layers[:-1] if layer.activation != "identity"]
    saturating = [layer for layer in hidden if layer.activation in catalogue.SATURATING]
    if not saturating or 2 * len(saturating) <= len(hidden):
        return None
    activation = saturating[0].activation
    meant = all(layer.weight and layer.weight.name in _CENTRED_INITS for layer in saturating)
    return None if activation == "tanh" and meant else activation


def _without_assumed_repeats(stack: Stack) -> Stack:
    """The part of the stack that is there whatever the untold counts are."""
    if not stack.notes:
        return stack
    known = tuple(layer for layer in stack.layers if not layer.repeated)
    return replace(stack, layers=known or stack.layers[:1])
