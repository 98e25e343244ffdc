"""GRD203 constant-init."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar, Final

from gradhealth_lint.rules.initialisation import symmetry
from gradhealth_lint.rules.rule import Found
from gradhealth_lint.semantics.domain import catalogue
from gradhealth_lint.stack_inits import describe
from gradhealth_lint.violation import Example, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gradhealth_lint.limits import Limits
    from gradhealth_lint.semantics.facts import FileFacts
    from gradhealth_lint.semantics.network_facts import (
        InitTarget,
        InitUse,
        Stack,
        StackLayer,
    )
    from gradhealth_lint.semantics.parameter_facts import HandMade

#: Those whose slope at 0 is 0 in torch.
_FLAT_AT_ZERO: Final = frozenset({"relu", "relu6"})
#: Those of hidden units. A sigmoid is a gate as often.
_HIDDEN: Final = frozenset({"relu", "leaky_relu", "elu", "selu", "gelu", "silu", "tanh"})


class ConstantInit:
    """A hidden weight matrix whose entries all start equal, so that its units stay copies."""

    code: ClassVar[str] = "GRD203"
    name: ClassVar[str] = "constant-init"
    severity: ClassVar[Severity] = "error"
    on_by_default: ClassVar[bool] = True
    message: ClassVar[str] = "{init} on {layer}{what}"
    message_equal: ClassVar[str] = (
        " and {following} after it: {units} units start equal, get equal gradients and stay equal"
    )
    message_biases: ClassVar[str] = (
        " and {following} after it: nothing but the biases tells {units} units apart"
    )
    message_still: ClassVar[str] = (
        " and {following} after it: each multiplies the other's gradient, so both get none"
    )
    message_flat: ClassVar[str] = (
        ": every preactivation is 0, where the slope of {activation} is 0, so that the weight"
        " never gets a gradient"
    )
    message_sum: ClassVar[str] = (
        ": {units} units all compute the same sum, and only the next layer's weights tell them"
        " apart"
    )
    message_matrices: ClassVar[str] = (
        ", and the like on the other {others} matrices here: all units of a layer compute the same"
        " sum and get the same gradient"
    )
    message_every: ClassVar[str] = (
        ": all units of a layer compute the same sum and get nearly the same gradient"
    )
    remedy: ClassVar[str] = (
        "draw {weight} at random, such as with nn.init.kaiming_normal_ for ReLU or"
        " nn.init.xavier_normal_ for tanh and sigmoid, or leave PyTorch's default; a bias may be"
        " constant"
    )
    why: ClassVar[str] = (
        "Two hidden units whose incoming weights are equal compute the same number. If the "
        "weights that lead on from them are equal too, they get the same gradient in every step "
        "and remain copies of each other: a layer of 256 then does the work of one unit. With "
        "zeros nothing may move at all, for the gradient of a weight is multiplied by the weights "
        "after it and by the slope of the activation. A single zero layer among random ones is "
        "another thing: its gradient is random and it wakes up in the first step, so that zero "
        "last layers of residual branches, heads, LoRA's B, zero convolutions and gates are not "
        "reported, nor are biases, norms, embeddings, frozen filters and layers of one unit."
    )
    references: ClassVar[tuple[str, ...]] = (
        "Goodfellow, Bengio and Courville (2016), Deep Learning, section 8.4",
        "Glorot and Bengio (2010), Understanding the difficulty of training deep feedforward "
        "neural networks",
    )
    needs: ClassVar[tuple[re.Pattern[bytes], ...]] = (
        re.compile(rb"torch"),
        re.compile(rb"zero|ones|constant|fill|full|\[\s*(?::|\.\.\.)\s*\]\s*="),
        re.compile(rb"\bnn\b|Module|[Pp]arameter|requires_grad|import \*|weight|bias|\.apply\s*\("),
    )
    reads_stacks: ClassVar[bool] = True

    def check(self, facts: FileFacts, limits: Limits) -> Iterator[Found]:
        """Every constant init of hidden weights, one a stack."""
        reported: set[int] = set()
        for use in facts.inits:
            value = symmetry.constant(use.init)
            if value is None:
                continue
            what = self._within(use, facts.stacks, reported) or self._without(use, value)
            if what is not None:
                target, text = what
                yield Found(
                    use.anchor,
                    self.message.format(
                        init=describe(use.init), layer=_named(use, target), what=text
                    ),
                    self.remedy.format(weight=use.target_text or "the weight"),
                )

        yield from self._by_hand(facts)

    def _by_hand(self, facts: FileFacts) -> Iterator[Found]:
        """Networks of matrices made by hand, all of them constant."""
        owners: dict[str, list[HandMade]] = {}
        for made in facts.hand_made:
            if made.multiplies and not made.rescaled:
                owners.setdefault(made.owner, []).append(made)
        for matrices in owners.values():
            constants = [made for made in matrices if symmetry.constant(made.init) is not None]
            first = constants[0] if len(constants) == len(matrices) > 1 else None
            if first is not None and first.fan_out != 1:
                text = self.message_matrices.format(others=len(matrices) - 1)
                yield Found(
                    first.anchor,
                    self.message.format(init=describe(first.init), layer=first.text, what=text),
                    self.remedy.format(weight=first.text or "the weight"),
                )

    def _within(
        self, use: InitUse, stacks: tuple[Stack, ...], reported: set[int]
    ) -> tuple[InitTarget, str] | None:
        """What is wrong with a layer whose neighbours are known."""
        for target in use.targets:
            if not target.multiplies or target.frozen or target.stack is None:
                continue
            stack, position = stacks[target.stack], target.position or 0
            layers = stack.layers[position : position + 2]
            text = self._judge(layers[0], layers[1:], residual=stack.residual)
            if text is not None and target.stack not in reported:
                reported.add(target.stack)
                return target, text
        return None

    def _judge(
        self, layer: StackLayer, after: tuple[StackLayer, ...], *, residual: bool
    ) -> str | None:
        value, bias = symmetry.constant(layer.weight), symmetry.constant(layer.bias)
        if value is None or any(symmetry.grouped(one) for one in (layer, *after)):
            return None
        rectified = layer.activation in _FLAT_AT_ZERO and not layer.normalised
        if value == 0 and bias == 0 and rectified:
            return self.message_flat.format(activation=layer.activation)
        if not after or after[0].weight is None:
            return None
        following = symmetry.constant(after[0].weight)
        units = symmetry.units(layer)
        if following is not None:
            named = f"{describe(after[0].weight)} on the nn.{after[0].kind}"
            if value == following == 0 and bias == 0 and layer.activation in {"tanh", "identity"}:
                return self.message_still.format(following=named)
            if units == "1":
                return None
            text = self.message_biases if bias is None else self.message_equal
            return text.format(following=named, units=f"its {units}".rstrip())
        if value != 0 and units != "1" and not residual:
            return self.message_sum.format(units=f"its {units}".rstrip())
        return None

    def _without(self, use: InitUse, value: float) -> tuple[InitTarget, str] | None:
        """What is wrong with layers that are known by their kind or their model only."""
        repeats = any(target.kind in catalogue.RECURRENT for target in use.targets)
        if value == 0 and not (use.whole and repeats):
            return None
        for target in use.targets:
            alone = target.stack is None and not target.frozen and target.multiplies
            recurrent = target.kind in catalogue.RECURRENT and target.parameter.startswith("weight")
            hidden = target.activation in _HIDDEN and target.kind in catalogue.LINEAR
            if alone and hidden and value != 0 and target.fan_out != 1:
                return target, self.message_sum.format(units=f"its {target.fan_out or ''}".rstrip())
            if alone and (use.whole or target.every or (recurrent and value != 0)):
                return target, self.message_every
        return None

    good: ClassVar[tuple[Example, ...]] = (
        Example(
            "last-layer-of-a-residual-branch",
            """
            from torch import nn

            class Block(nn.Module):
                def __init__(self, width):
                    super().__init__()
                    self.up = nn.Linear(width, 4 * width)
                    self.act = nn.GELU()
                    self.down = nn.Linear(4 * width, width)
                    nn.init.zeros_(self.down.weight)
                    nn.init.zeros_(self.down.bias)

                def forward(self, x):
                    return x + self.down(self.act(self.up(x)))
            """,
        ),
        Example(
            "logistic-regression",
            """
            import torch.nn as nn

            class LogisticRegression(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.linear = nn.Linear(784, 10)
                    self.linear.weight.data.zero_()
                    self.linear.bias.data.zero_()

                def forward(self, x):
                    return self.linear(x.view(-1, 784))
            """,
        ),
    )
    bad: ClassVar[tuple[Example, ...]] = (
        Example(
            "apply",
            """
            import torch.nn as nn

            def init_weights(m):
                if isinstance(m, nn.Linear):
                    nn.init.constant_(m.weight, 0.5)  # <- here
                    nn.init.constant_(m.bias, 0)

            net = nn.Sequential(nn.Linear(784, 256), nn.ReLU(), nn.Linear(256, 10))
            net.apply(init_weights)
            """,
        ),
        Example(
            "all-zero",
            """
            import torch
            from torch import nn

            class MLP(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.fc1 = nn.Linear(20, 64)
                    self.fc2 = nn.Linear(64, 2)
                    for p in self.parameters():
                        nn.init.zeros_(p)  # <- here

                def forward(self, x):
                    return self.fc2(torch.relu(self.fc1(x)))
            """,
        ),
    )


def _named(use: InitUse, target: InitTarget) -> str:
    if target.every:
        return f"every nn.{target.kind}"
    if use.whole and target.stack is None:
        return f"every weight of {use.whole}"
    return f"nn.{target.kind}"
