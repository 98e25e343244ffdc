"""GRD506 layer-created-in-forward."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar

from gradhealth_lint.rules.rule import Found
from gradhealth_lint.violation import Example, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gradhealth_lint.limits import Limits
    from gradhealth_lint.semantics.facts import FileFacts


class LayerCreatedInForward:
    """A layer with weights that is made anew in every forward pass."""

    code: ClassVar[str] = "GRD506"
    name: ClassVar[str] = "layer-created-in-forward"
    severity: ClassVar[Severity] = "error"
    on_by_default: ClassVar[bool] = True
    message: ClassVar[str] = (
        "nn.{kind} is made here in every forward pass, with new random weights each "
        "time: nothing it computes can be learned, and no optimizer knows of it"
    )
    remedy: ClassVar[str] = "make it in __init__, as an attribute, and apply that here"
    why: ClassVar[str] = (
        "The weights of a layer are drawn when it is made. One that is made in forward "
        "is another one at each call: its output is noise as far as learning is "
        "concerned, its parameters are not in parameters(), and a normalisation made "
        "there never gathers statistics. Silent for layers without parameters, and for "
        "those that forward keeps in an attribute, which is lazy initialisation."
    )
    references: ClassVar[tuple[str, ...]] = ("PyTorch documentation, torch.nn.Module",)
    needs: ClassVar[tuple[re.Pattern[bytes], ...]] = (
        re.compile(rb"torch"),
        re.compile(rb"forward|__call__"),
        re.compile(rb"\bnn\b|import \*"),
    )
    reads_stacks: ClassVar[bool] = True

    def check(self, facts: FileFacts, limits: Limits) -> Iterator[Found]:
        """Every such layer."""
        for made in facts.made_in_forward:
            yield Found(made.anchor, self.message.format(kind=made.kind), self.remedy)

    good: ClassVar[tuple[Example, ...]] = (
        Example(
            "made-in-init",
            """
            from torch import nn

            class Net(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.fc = nn.Linear(8, 8)

                def forward(self, x):
                    return nn.ReLU()(self.fc(x))
            """,
        ),
        Example(
            "lazily",
            """
            from torch import nn

            class Net(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.fc = None

                def forward(self, x):
                    if self.fc is None:
                        self.fc = nn.Linear(x.shape[-1], 8)
                    return self.fc(x)
            """,
        ),
        Example(
            "no-parameters",
            """
            from torch import nn

            class Net(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.fc = nn.Linear(8, 8)

                def forward(self, x):
                    x = nn.Dropout(0.1)(self.fc(x))
                    return nn.Softmax(dim=-1)(nn.LayerNorm(8, elementwise_affine=False)(x))
            """,
        ),
        Example(
            "functional",
            """
            import torch.nn as nn
            import torch.nn.functional as F

            class Net(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.weight = nn.Linear(8, 8).weight

                def forward(self, x):
                    return F.layer_norm(F.linear(x, self.weight), (8,))
            """,
        ),
    )
    bad: ClassVar[tuple[Example, ...]] = (
        Example(
            "linear",
            """
            from torch import nn

            class Net(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.conv = nn.Conv2d(3, 8, 3)

                def forward(self, x):
                    x = self.conv(x).flatten(1)
                    x = nn.Linear(x.shape[1], 10)(x)  # <- here
                    return x
            """,
        ),
        Example(
            "norm-in-a-variable",
            """
            import torch
            import torch.nn as nn
            import torch.nn.functional as F

            class Net(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.fc = nn.Linear(8, 8)

                def forward(self, x):
                    bn = nn.BatchNorm1d(8)  # <- here
                    return F.relu(bn(self.fc(x)))
            """,
        ),
        Example(
            "sequential",
            """
            import torch.nn as nn

            class Head(nn.Module):
                def __init__(self, classes):
                    super().__init__()
                    self.classes = classes

                def forward(self, x):
                    head = nn.Sequential(
                        nn.Linear(64, self.classes),  # <- here
                        nn.Softplus(),
                    )
                    return head(x)
            """,
        ),
    )
