"""GRD102 fading-init."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar, Final

from gradhealth_lint.rules import wording
from gradhealth_lint.rules.rule import Found
from gradhealth_lint.semantics.domain import catalogue
from gradhealth_lint.violation import Example, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gradhealth_lint.limits import Limits
    from gradhealth_lint.rules.depth.outlook import Outlook
    from gradhealth_lint.semantics.facts import FileFacts

#: Activations that calculate_gain knows and needs no more numbers for.
_GAINS: Final = frozenset({"relu", "leaky_relu"})


class FadingInit:
    """An init under which the gradient of a deep ReLU network fades layer by layer."""

    code: ClassVar[str] = "GRD102"
    name: ClassVar[str] = "fading-init"
    severity: ClassVar[Severity] = "warning"
    on_by_default: ClassVar[bool] = True
    message: ClassVar[str] = (
        "{stack} with {init}: the gradient shrinks by about {per_layer} per layer, to {total} of "
        "its size after {depth} layers"
    )
    remedy: ClassVar[str] = (
        "{init}, or put a norm after each of these layers or a residual connection around them"
    )
    why: ClassVar[str] = (
        "ReLU passes half of the signal's energy, and an init has to give it back: He's does, with "
        "Var(w) = 2 / fan_in. PyTorch's default for Linear and Conv draws weights six times as "
        "small in variance, so that each layer with a ReLU keeps 0.41 of the gradient. A network "
        "of five layers does not mind, one of fifteen gives its first layers a millionth of what "
        "its last ones get, and they stand still; N(0, 0.01) does the same sooner. The number in "
        "the message is computed from the code. Silent are networks with norms or residuals that "
        "keep the gradient, weights that may be loaded or set elsewhere, and depths the source "
        "does not tell."
    )
    references: ClassVar[tuple[str, ...]] = (
        "He et al. (2015), Delving deep into rectifiers, arXiv 1502.01852, section 2.2",
        "PyTorch documentation, torch.nn.Linear: weights from U(-1/sqrt(fan_in), 1/sqrt(fan_in))",
    )
    needs: ClassVar[tuple[re.Pattern[bytes], ...]] = (
        re.compile(rb"torch"),
        re.compile(rb"Linear|Conv|import \*"),
        re.compile(rb"LU|lu\b|lu_\b|lu\d|Mish|mish|[Ss]wish|[Ss]oftplus|clamp|import \*"),
    )
    reads_stacks: ClassVar[bool] = True

    def check(self, facts: FileFacts, limits: Limits) -> Iterator[Found]:
        """Every network of rectifiers that passes on too little."""
        from gradhealth_lint.rules.depth import outlook

        for one in outlook.outlooks(facts, limits):
            if one.activation is None or one.activation in catalogue.SATURATING:
                continue
            if outlook.may_be_set(one.row, facts):
                continue
            kept = outlook.kept(one, limits)
            if kept is not None and 0.0 < kept.total < limits.fading_total_gain:
                message = self.message.format(
                    stack=wording.network(one.row, one.activation),
                    init=wording.init(one.prediction.init),
                    per_layer=wording.gain(kept.per_layer),
                    total=wording.gain(kept.total),
                    depth=kept.depth,
                )
                remedy = self.remedy.format(init=_better(one))
                yield Found(
                    one.network.anchor,
                    message + wording.assumptions(one.prediction.assumed),
                    remedy,
                )

    good: ClassVar[tuple[Example, ...]] = (
        Example(
            "six-default-layers",
            """
            from torch import nn

            net = nn.Sequential(
                nn.Linear(784, 256), nn.ReLU(), *[m for _ in range(4)
                                                  for m in (nn.Linear(256, 256), nn.ReLU())],
                nn.Linear(256, 10),
            )
            """,
        ),
        Example(
            "he-init",
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
            "batch-norms",
            """
            import torch.nn as nn

            def conv(i, o):
                return nn.Sequential(nn.Conv2d(i, o, 3, padding=1), nn.BatchNorm2d(o), nn.ReLU())

            net = nn.Sequential(conv(3, 32), *[conv(32, 32) for _ in range(18)])
            """,
        ),
        Example(
            "residuals",
            """
            import torch
            from torch import nn

            class Net(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.layers = nn.ModuleList(nn.Linear(64, 64) for _ in range(30))

                def forward(self, x):
                    for layer in self.layers:
                        x = x + torch.relu(layer(x))
                    return x
            """,
        ),
    )
    bad: ClassVar[tuple[Example, ...]] = (
        Example(
            "default-init",
            """
            import torch.nn as nn

            class DeepNet(nn.Module):
                def __init__(self, num_layers=20):
                    super().__init__()
                    self.layers = nn.ModuleList(  # <- here
                        [nn.Linear(128, 128) for _ in range(num_layers)]
                    )
                    self.relu = nn.ReLU()
                    self.out = nn.Linear(128, 10)

                def forward(self, x):
                    for layer in self.layers:
                        x = self.relu(layer(x))
                    return self.out(x)
            """,
        ),
        Example(
            "vgg-without-norms",
            """
            import torch
            from torch import nn

            CONFIG = [64, 64, "M", 128, 128, "M", 256, 256, 256, "M", 512, 512, 512, "M"]

            class VGG(nn.Module):
                def __init__(self):
                    super().__init__()
                    layers, channels = [], 3
                    for width in CONFIG:
                        if width == "M":
                            layers += [nn.MaxPool2d(kernel_size=2, stride=2)]
                        else:
                            layers += [nn.Conv2d(channels, width, 3, padding=1), nn.ReLU(True)]
                            channels = width
                    self.features = nn.Sequential(*layers)  # <- here
                    self.classifier = nn.Sequential(
                        nn.Linear(512 * 2 * 2, 512), nn.ReLU(), nn.Linear(512, 10)
                    )

                def forward(self, x):
                    x = self.features(x)
                    return self.classifier(torch.flatten(x, 1))
            """,
        ),
        Example(
            "small-normal",
            """
            import torch.nn as nn
            import torch.nn.functional as F

            class Net(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.fc1 = nn.Linear(100, 100)  # <- here
                    self.fc2 = nn.Linear(100, 100)
                    self.fc3 = nn.Linear(100, 100)
                    self.fc4 = nn.Linear(100, 100)
                    self.fc5 = nn.Linear(100, 100)
                    for m in self.modules():
                        if isinstance(m, nn.Linear):
                            nn.init.normal_(m.weight, 0, 0.01)

                def forward(self, x):
                    x = F.relu(self.fc1(x))
                    x = F.relu(self.fc2(x))
                    x = F.relu(self.fc3(x))
                    x = F.relu(self.fc4(x))
                    return self.fc5(x)
            """,
        ),
    )


def _better(one: Outlook) -> str:
    """An init that keeps the gradient, by the activation it stands before."""
    kinds = " and ".join(dict.fromkeys(f"nn.{layer.kind}" for layer in one.row.layers))
    if one.activation in _GAINS:
        return (
            f'use nn.init.kaiming_normal_(m.weight, nonlinearity="{one.activation}") on every '
            f"{kinds}"
        )
    return f"draw the weights of every {kinds} with std sqrt(2 / fan_in), as kaiming_normal_ does"
