"""GRD107 unnormalised-deep-stack."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar, Final

from gradhealth_lint.rules import wording
from gradhealth_lint.rules.rule import Found
from gradhealth_lint.violation import Example, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gradhealth_lint.limits import Limits
    from gradhealth_lint.semantics.facts import FileFacts
    from gradhealth_lint.semantics.network_facts import StackLayer

#: What brings signals back to scale, or leads around layers.
_KEEPING: Final = frozenset({"norm", "add", "concatenate", "multiply"})


class UnnormalisedDeepStack:
    """Dozens of layers in a row that nothing but their init keeps in scale: no norm, no residual.

    Whether a whole network lacks normalisation (GRD603 of the plan) is the same question.
    """

    code: ClassVar[str] = "GRD107"
    name: ClassVar[str] = "unnormalised-deep-stack"
    severity: ClassVar[Severity] = "advice"
    on_by_default: ClassVar[bool] = False
    message: ClassVar[str] = (
        "{stack}: {depth} layers one after the other with no norm and no residual connection "
        "between them; only their init keeps the gradient in scale, and only at the start"
    )
    remedy: ClassVar[str] = (
        "put {norm} after each of these layers, or a residual connection, x = x + f(x), around "
        "every two of them"
    )
    why: ClassVar[str] = (
        "A good init makes every layer pass on as much gradient as it gets, on average and before "
        "the first step. From then on the weights move, the factors of a long row multiply, and "
        "nothing brings them back: plain networks of 30 layers start to train with He's init only, "
        "and end up worse than shallower ones. A norm sets the scale anew in every layer, a "
        "residual connection lets the gradient go around it. Silent where the init is itself at "
        "fault, which other rules report, and where the depth is not told."
    )
    references: ClassVar[tuple[str, ...]] = (
        "He et al. (2015), Delving deep into rectifiers, arXiv 1502.01852, section 2.2",
        "He et al. (2016), Deep residual learning for image recognition, arXiv 1512.03385",
    )
    needs: ClassVar[tuple[re.Pattern[bytes], ...]] = (
        re.compile(rb"torch"),
        re.compile(rb"Linear|Conv|import \*"),
    )
    reads_stacks: ClassVar[bool] = True

    def check(self, facts: FileFacts, limits: Limits) -> Iterator[Found]:
        """Every long row of layers whose gain at the start is as it should be, or not known."""
        from gradhealth_lint.rules.depth import outlook

        for one in outlook.outlooks(facts, limits, unknown=True):
            for part in outlook.parts(one.network, _KEEPING):
                row = outlook.in_a_row(part)
                if row.depth < limits.unnormalised_depth or any(x.normalised for x in row.layers):
                    continue
                gain = outlook.predicted(part, limits).total_gain
                if gain is None or 1.0 / limits.kept_gain <= gain <= limits.kept_gain:
                    message = self.message.format(
                        stack=wording.network(one.row, one.activation or "identity"),
                        depth=row.depth,
                    )
                    remedy = self.remedy.format(norm=_norm(row.layers[0]))
                    yield Found(one.network.anchor, message, remedy)

    good: ClassVar[tuple[Example, ...]] = (
        Example(
            "nineteen-layers",
            """
            from torch import nn

            net = nn.Sequential(*[m for _ in range(19) for m in (nn.Linear(64, 64), nn.ReLU())])
            for m in net:
                if isinstance(m, nn.Linear):
                    nn.init.kaiming_normal_(m.weight, nonlinearity="relu")
                    nn.init.zeros_(m.bias)
            """,
        ),
        Example(
            "norms-between",
            """
            from torch import nn

            def block(width):
                return nn.Sequential(nn.Linear(width, width), nn.LayerNorm(width), nn.ReLU())

            net = nn.Sequential(*[block(64) for _ in range(40)])
            """,
        ),
        Example(
            "residuals-around",
            """
            import torch
            from torch import nn

            class Net(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.layers = nn.ModuleList(nn.Linear(64, 64) for _ in range(40))

                def forward(self, x):
                    for layer in self.layers:
                        x = x + torch.tanh(layer(x))
                    return x
            """,
        ),
    )
    bad: ClassVar[tuple[Example, ...]] = (
        Example(
            "forty-layers-with-he-init",
            """
            from torch import nn

            net = nn.Sequential(  # <- here
                *[m for _ in range(40) for m in (nn.Linear(64, 64), nn.ReLU())]
            )
            for m in net:
                if isinstance(m, nn.Linear):
                    nn.init.kaiming_normal_(m.weight, nonlinearity="relu")
                    nn.init.zeros_(m.bias)
            """,
        ),
        Example(
            "convolutions",
            """
            import torch.nn as nn
            import torch.nn.functional as F

            class Net(nn.Module):
                def __init__(self, depth=36):
                    super().__init__()
                    self.first = nn.Conv2d(3, 32, 3, padding=1)
                    self.convs = nn.ModuleList()  # <- here
                    for _ in range(depth):
                        self.convs.append(nn.Conv2d(32, 32, 3, padding=1))
                    for m in self.modules():
                        if isinstance(m, nn.Conv2d):
                            nn.init.kaiming_normal_(m.weight, nonlinearity="relu")
                            nn.init.zeros_(m.bias)

                def forward(self, x):
                    x = F.relu(self.first(x))
                    for conv in self.convs:
                        x = F.relu(conv(x))
                    return x
            """,
        ),
        Example(
            "init-out-of-view",
            """
            from torch import nn
            from project.init import initialize_weights

            class Net(nn.Module):
                def __init__(self):
                    super().__init__()
                    layers = []
                    for _ in range(50):
                        layers += [nn.Linear(128, 128), nn.LeakyReLU(0.1)]
                    self.net = nn.Sequential(*layers)  # <- here
                    initialize_weights(self)

                def forward(self, x):
                    return self.net(x)
            """,
        ),
    )


def _norm(layer: StackLayer) -> str:
    """The norm that is usual after layers of this kind."""
    return "nn.LayerNorm" if layer.window is None else f"nn.BatchNorm{layer.kind[-2:]}"
