"""GRD201 normal-init-large-mean."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, ClassVar

from gradhealth_lint.rules import wording
from gradhealth_lint.rules.initialisation.redrawing import better, redraw
from gradhealth_lint.rules.rule import Found
from gradhealth_lint.violation import Example, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gradhealth_lint.initializers import Distribution
    from gradhealth_lint.limits import Limits
    from gradhealth_lint.semantics.facts import FileFacts
    from gradhealth_lint.semantics.network_facts import InitTarget, InitUse


class NormalInitLargeMean:
    """A weight matrix drawn around a mean that is large against its spread."""

    code: ClassVar[str] = "GRD201"
    name: ClassVar[str] = "normal-init-large-mean"
    severity: ClassVar[Severity] = "warning"
    on_by_default: ClassVar[bool] = True
    message: ClassVar[str] = (
        "{init} on {layer}: each layer multiplies what its inputs have in common by about {gain}"
    )
    #: Added where the whole stack can be predicted.
    message_stack: ClassVar[str] = "; {depth} layers multiply the gradient by {total}"
    message_assumed: ClassVar[str] = " (at {fan_in} inputs: their number is not told)"
    remedy: ClassVar[str] = "centre the weights: {call}"
    why: ClassVar[str] = (
        "Every scheme of initialisation draws weights around 0, so that a layer mixes its inputs. "
        "With a mean m that is larger than the spread all units compute nearly the same sum, and "
        "that sum is multiplied by fan_in * m in every layer: forward it grows or dies "
        "exponentially, and so does the gradient on the way back. Norm scales, biases and "
        "embeddings may have any mean and are not reported."
    )
    references: ClassVar[tuple[str, ...]] = (
        "He et al. (2015), Delving deep into rectifiers, arXiv 1502.01852, section 2.2",
        "Glorot and Bengio (2010), section 4.2",
    )
    needs: ClassVar[tuple[re.Pattern[bytes], ...]] = (
        re.compile(rb"torch"),
        re.compile(rb"(?<!kaiming_)(?<!xavier_)(?:normal|uniform)"),
        re.compile(rb"\bnn\b|Module|[Pp]arameter|requires_grad|import \*|weight|bias|\.apply\s*\("),
    )
    reads_stacks: ClassVar[bool] = False

    def check(self, facts: FileFacts, limits: Limits) -> Iterator[Found]:
        """Judge every init call with a mean by the worst matrix it sets."""
        # Late: the theory costs 10 ms to load, and most files never get here.
        from gradhealth_lint.prediction import predict
        from gradhealth_lint.stack_inits import describe

        for use in facts.inits:
            drawn = _distribution(use)
            if drawn is None or abs(drawn.mean) <= limits.init_mean_over_std * math.sqrt(
                drawn.variance
            ):
                continue
            matrices = [target for target in use.targets if target.multiplies]
            if not matrices:
                continue
            assumed = limits.assumed_fan_in
            worst = max(matrices, key=lambda target: target.fan_in or assumed)
            coherent = abs(drawn.mean) * (worst.fan_in or assumed)
            if coherent < limits.init_coherent_gain:
                continue
            message = self.message.format(
                init=describe(use.init), layer=_layer(worst), gain=wording.gain(coherent)
            )
            if worst.fan_in is None:
                message += self.message_assumed.format(fan_in=assumed)
            if worst.stack is not None:
                prediction = predict(facts.stacks[worst.stack], limits)
                if prediction.total_gain is not None:
                    message += self.message_stack.format(
                        depth=prediction.depth, total=wording.gain(prediction.total_gain)
                    )
                    message += wording.assumptions(prediction.assumed)
            remedy = self.remedy.format(call=_better_call(use, worst))
            yield Found(use.anchor, message, remedy, redraw(use, worst))

    good: ClassVar[tuple[Example, ...]] = (
        Example(
            "norm-scale",
            """
            from torch import nn

            def weights_init(m):
                classname = m.__class__.__name__
                if classname.find("Conv") != -1:
                    nn.init.normal_(m.weight.data, 0.0, 0.02)
                elif classname.find("BatchNorm") != -1:
                    nn.init.normal_(m.weight.data, 1.0, 0.02)
                    nn.init.constant_(m.bias.data, 0)

            net = nn.Sequential(nn.Conv2d(3, 64, 4), nn.BatchNorm2d(64), nn.ReLU())
            net.apply(weights_init)
            """,
        ),
        Example(
            "bias-and-embedding",
            """
            import torch.nn as nn

            gate = nn.Linear(64, 64)
            nn.init.normal_(gate.bias, mean=1.0, std=0.1)
            table = nn.Embedding(100, 64)
            nn.init.normal_(table.weight, mean=1.0, std=0.1)
            """,
        ),
        Example(
            "small-against-its-spread",
            """
            import torch.nn as nn

            layer = nn.Linear(8, 8)
            nn.init.normal_(layer.weight, mean=0.01, std=0.3)
            """,
        ),
    )
    bad: ClassVar[tuple[Example, ...]] = (
        Example(
            "the-seed",
            """
            import torch.nn as nn

            class DeepReLUNetwork(nn.Module):
                def __init__(self, num_layers):
                    super().__init__()
                    self.layers = nn.ModuleList([nn.Linear(1, 1) for _ in range(num_layers)])
                    self.relu = nn.ReLU()
                    for layer in self.layers:
                        nn.init.normal_(layer.weight, mean=1.5, std=0.1)  # <- here
                        nn.init.zeros_(layer.bias)

                def forward(self, x):
                    for layer in self.layers:
                        x = self.relu(layer(x))
                    return x
            """,
            """
            import torch.nn as nn

            class DeepReLUNetwork(nn.Module):
                def __init__(self, num_layers):
                    super().__init__()
                    self.layers = nn.ModuleList([nn.Linear(1, 1) for _ in range(num_layers)])
                    self.relu = nn.ReLU()
                    for layer in self.layers:
                        nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")  # <- here
                        nn.init.zeros_(layer.bias)

                def forward(self, x):
                    for layer in self.layers:
                        x = self.relu(layer(x))
                    return x
            """,
        ),
        Example(
            "through-data",
            """
            import torch

            layer = torch.nn.Linear(16, 16)
            layer.weight.data.normal_(1.0, 0.02)  # <- here
            """,
            """
            import torch

            layer = torch.nn.Linear(16, 16)
            torch.nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")  # <- here
            """,
        ),
    )


def _distribution(use: InitUse) -> Distribution | None:
    """What the call draws from, None if it has no mean of its own or it is not known."""
    from gradhealth_lint import initializers

    numbers = {key: v for key, v in use.init.arguments if isinstance(v, float)}
    if len(numbers) < len(use.init.arguments):
        return None
    try:
        if use.init.name == "normal_":
            return initializers.normal(**numbers)
        if use.init.name == "trunc_normal_":
            return initializers.trunc_normal(**numbers)
        if use.init.name == "uniform_" and numbers != {"a": 0.0, "b": 1.0}:
            return initializers.uniform(**numbers)  # its default is GRD204's
    except (TypeError, ValueError):  # torch would refuse these arguments as well
        return None
    return None


def _layer(target: InitTarget) -> str:
    sizes = ", ".join("?" if f is None else str(f) for f in (target.fan_in, target.fan_out))
    known = target.fan_in is not None or target.fan_out is not None
    return f"{target.kind}({sizes})" if known and target.kind == "Linear" else f"nn.{target.kind}"


def _better_call(use: InitUse, target: InitTarget) -> str:
    """The init to write instead, in the user's own names."""
    weight = use.target_text or "layer.weight"
    module, _, name = use.callee_text.rpartition(".")
    init = module if name in {"normal_", "trunc_normal_", "uniform_"} and "init" in module else ""
    init = init or "torch.nn.init"
    kind, activation = better(target)
    options = ""
    if kind == "kaiming":
        options = f", nonlinearity={activation!r}"
    elif activation:
        options = f", gain={init}.calculate_gain({activation!r})"
    return f"{init}.{kind}_normal_({weight}{options})"
