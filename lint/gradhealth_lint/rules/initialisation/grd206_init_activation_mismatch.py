"""GRD206 init-activation-mismatch."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar, Final

from gradhealth_lint.rules import wording
from gradhealth_lint.rules.rule import Found
from gradhealth_lint.stack_inits import describe
from gradhealth_lint.violation import Example, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gradhealth_lint.limits import Limits
    from gradhealth_lint.semantics.facts import FileFacts
    from gradhealth_lint.semantics.network_facts import Init, Stack

#: Inits that are scaled by the fan, with a gain that is meant for some activation.
_GAINED: Final = re.compile(r"xavier_|kaiming_|orthogonal_")


class InitActivationMismatch:
    """An init whose gain is meant for another activation, in a stack so deep that it tells."""

    code: ClassVar[str] = "GRD206"
    name: ClassVar[str] = "init-activation-mismatch"
    severity: ClassVar[Severity] = "warning"
    on_by_default: ClassVar[bool] = False
    message: ClassVar[str] = (
        "{init} before {activation}: {depth} layers multiply the gradient by {total};"
        " {better} would leave it at {right}"
    )
    remedy: ClassVar[str] = "write {call} for the weights before {activation}"
    why: ClassVar[str] = (
        "An init's gain makes up for what the activation takes away. ReLU passes half of the "
        "signal's energy, so that Xavier's init, made for tanh, loses a factor of 0.7 in every "
        "layer before it; He's init gives that factor back. Over three layers nothing is seen of "
        "it, over twenty the gradient is a thousandth. Judged by the gain that mean-field theory "
        "predicts for the stack as it stands and with the right init; a small mismatch, such as "
        "He's init before tanh in a few layers, is not reported."
    )
    references: ClassVar[tuple[str, ...]] = (
        "He et al. (2015), Delving deep into rectifiers, arXiv 1502.01852, section 2.2",
        "Schoenholz et al. (2017), Deep information propagation, arXiv 1611.01232",
    )
    needs: ClassVar[tuple[re.Pattern[bytes], ...]] = (
        re.compile(rb"torch"),
        re.compile(rb"xavier|kaiming|orthogonal"),
    )
    reads_stacks: ClassVar[bool] = True

    def check(self, facts: FileFacts, limits: Limits) -> Iterator[Found]:
        """Every init with a gain in a stack that another gain would serve much better."""
        # Late: the theory costs 10 ms to load, and most files never get here.
        from gradhealth_lint.prediction import predict

        reported: set[int] = set()
        for use in facts.inits:
            numbers = {t.stack for t in use.targets if t.multiplies and t.stack is not None}
            for number in sorted(numbers - reported):
                stack = facts.stacks[number]
                activation = stack.layers[0].activation
                better = _better(activation)
                now = predict(stack, limits).total_gain
                if better is None or now is None or not _GAINED.match(use.init.name):
                    continue
                if now < limits.fading_total_gain or now > limits.exploding_total_gain:
                    continue  # GRD101's, GRD102's, GRD103's
                then = predict(_with(stack, better), limits).total_gain
                if then is None or _kept(now, limits) or not _kept(then, limits):
                    continue
                reported.add(number)
                spelled = wording.class_name(activation)
                message = self.message.format(
                    init=describe(use.init),
                    activation=spelled,
                    depth=stack.depth,
                    total=wording.gain(now),
                    better=describe(better),
                    right=wording.gain(then),
                )
                call = f"nn.init.{describe(better)}".replace(
                    "(", f"({use.target_text or 'weight'}, ", 1
                )
                yield Found(use.anchor, message, self.remedy.format(call=call, activation=spelled))

    good: ClassVar[tuple[Example, ...]] = (
        Example(
            "he-for-relu",
            """
            from torch import nn

            net = nn.Sequential(*[m for _ in range(20) for m in (nn.Linear(64, 64), nn.ReLU())])
            for m in net.modules():
                if isinstance(m, nn.Linear):
                    nn.init.kaiming_normal_(m.weight, nonlinearity="relu")
                    nn.init.zeros_(m.bias)
            """,
        ),
        Example(
            "xavier-in-a-shallow-net",
            """
            import torch.nn as nn

            net = nn.Sequential(
                nn.Linear(784, 256), nn.ReLU(), nn.Linear(256, 64), nn.ReLU(), nn.Linear(64, 10)
            )
            for m in net:
                if isinstance(m, nn.Linear):
                    nn.init.xavier_uniform_(m.weight)
                    nn.init.zeros_(m.bias)
            """,
        ),
        Example(
            "he-for-a-little-tanh",
            """
            import torch.nn as nn

            net = nn.Sequential(
                nn.Linear(64, 64), nn.Tanh(), nn.Linear(64, 64), nn.Tanh(), nn.Linear(64, 1)
            )
            for m in net:
                if isinstance(m, nn.Linear):
                    nn.init.kaiming_normal_(m.weight)
            """,
        ),
    )
    bad: ClassVar[tuple[Example, ...]] = (
        Example(
            "xavier-for-deep-relu",
            """
            from torch import nn

            net = nn.Sequential(*[m for _ in range(20) for m in (nn.Linear(64, 64), nn.ReLU())])
            for m in net.modules():
                if isinstance(m, nn.Linear):
                    nn.init.xavier_uniform_(m.weight)  # <- here
                    nn.init.zeros_(m.bias)
            """,
        ),
        Example(
            "wrong-nonlinearity",
            """
            import torch.nn as nn

            def init(m):
                if isinstance(m, nn.Linear):
                    nn.init.kaiming_normal_(m.weight, nonlinearity="linear")  # <- here
                    nn.init.zeros_(m.bias)

            net = nn.Sequential(*[m for _ in range(16) for m in (nn.Linear(128, 128), nn.ReLU())])
            net.apply(init)
            """,
        ),
    )


def _better(activation: str) -> Init | None:
    """The init that keeps the gradient before an activation, None if there is no such one here."""
    from gradhealth_lint.semantics.network_facts import Init

    if activation == "relu":
        given = (("a", 0.0), ("mode", "fan_in"), ("nonlinearity", "relu"))
        return Init("kaiming_normal_", given)
    if activation == "leaky_relu":
        given = (("a", 0.01), ("mode", "fan_in"), ("nonlinearity", "leaky_relu"))
        return Init("kaiming_normal_", given)
    return Init("xavier_normal_", (("gain", 1.0),)) if activation in {"tanh", "softsign"} else None


def _with(stack: Stack, init: Init) -> Stack:
    return replace(stack, layers=tuple(replace(layer, weight=init) for layer in stack.layers))


def _kept(gain: float, limits: Limits) -> bool:
    return 1 / limits.kept_gain <= gain <= limits.kept_gain
