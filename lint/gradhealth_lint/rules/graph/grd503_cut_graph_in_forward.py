"""GRD503 cut-graph-in-forward."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar

from gradhealth_lint.rules import wording
from gradhealth_lint.rules.rule import Found
from gradhealth_lint.violation import Example, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gradhealth_lint.limits import Limits
    from gradhealth_lint.semantics.facts import FileFacts


class CutGraphInForward:
    """A forward pass, or a loss, that cuts off the layers behind it."""

    code: ClassVar[str] = "GRD503"
    name: ClassVar[str] = "cut-graph-in-forward"
    severity: ClassVar[Severity] = "warning"
    on_by_default: ClassVar[bool] = True
    message: ClassVar[str] = (
        "{cut} ends the graph here: no gradient comes back to {lost}, by this way or any other"
    )
    remedy: ClassVar[str] = (
        "leave it out where the result is trained on; to freeze layers on purpose, say so "
        "with requires_grad_(False)"
    )
    why: ClassVar[str] = (
        "detach(), .data and torch.no_grad() hand values on without their history, and numpy "
        "arrays and lists have none. Layers that reach the output only through such a place "
        "keep their random weights for ever, while the loss still falls a little, since the "
        "layers behind it learn. Silent where the same layers have another way to the output,"
        " where a class freezes, copies or quantizes on purpose, where names say that "
        "somebody else trains the part (backbone, encoder, teacher), and where another method"
        " uses it."
    )
    references: ClassVar[tuple[str, ...]] = (
        "PyTorch documentation, torch.Tensor.detach",
        "PyTorch documentation, Autograd mechanics: locally disabling gradient computation",
    )
    needs: ClassVar[tuple[re.Pattern[bytes], ...]] = (
        re.compile(rb"torch"),
        re.compile(rb"detach|\.data\b|numpy|tolist|no_grad|inference_mode"),
        re.compile(rb"Module|(?i:loss|criterion)"),
    )
    reads_stacks: ClassVar[bool] = True

    def check(self, facts: FileFacts, limits: Limits) -> Iterator[Found]:
        """Every such place that keeps layers from any gradient."""
        seen: set[int] = set()
        for cut in facts.cut_off:
            if (
                cut.how not in {"detached", "left", "unrecorded"}
                or (cut.reserved and cut.how != "left")
                or cut.anchor in seen
            ):
                continue
            seen.add(cut.anchor)
            yield Found(
                cut.anchor,
                self.message.format(
                    cut=_TEXT.get(cut.how) or cut.text or "this", lost=wording.lost(cut)
                ),
                self.remedy,
            )

    good: ClassVar[tuple[Example, ...]] = (
        Example(
            "stop-gradient-on-one-of-two-ways",
            """
            import torch
            import torch.nn as nn
            import torch.nn.functional as F

            class Net(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.conv = nn.Conv2d(3, 16, 3)
                    self.fc = nn.Linear(16, 10)
                    self.aux = nn.Linear(16, 2)

                def forward(self, x):
                    h = self.conv(x).mean((2, 3))
                    aux = self.aux(h.detach())
                    return self.fc(h), aux
            """,
        ),
        Example(
            "straight-through",
            """
            import torch
            import torch.nn as nn
            import torch.nn.functional as F

            class Net(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.conv = nn.Conv2d(3, 16, 3)
                    self.fc = nn.Linear(16, 10)

                def forward(self, x):
                    z = self.conv(x)
                    q = z + (torch.round(z) - z).detach()
                    return self.fc(q.mean((2, 3)))
            """,
        ),
        Example(
            "frozen-backbone",
            """
            from torch import nn

            class Probe(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.backbone = nn.Conv2d(3, 16, 3)
                    self.head = nn.Linear(16, 10)
                    for p in self.backbone.parameters():
                        p.requires_grad = False

                def forward(self, x):
                    return self.head(self.backbone(x).detach().mean((2, 3)))
            """,
        ),
        Example(
            "trained-by-another-method",
            """
            from torch import nn

            class Agent(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.trunk = nn.Linear(8, 64)
                    self.actor = nn.Linear(64, 2)
                    self.critic = nn.Linear(64, 1)

                def forward(self, state):
                    return self.actor(self.trunk(state).detach())

                def value(self, state):
                    return self.critic(self.trunk(state))
            """,
        ),
        Example(
            "numbers-of-a-mask",
            """
            import torch
            import torch.nn as nn
            import torch.nn.functional as F

            class Net(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.conv = nn.Conv2d(3, 16, 3)
                    self.fc = nn.Linear(16, 10)

                def forward(self, x):
                    h = self.conv(x)
                    scale = h.abs().max().detach()
                    return self.fc((h / scale).mean((2, 3)))
            """,
        ),
    )
    bad: ClassVar[tuple[Example, ...]] = (
        Example(
            "data-between-layers",
            """
            import torch
            import torch.nn as nn
            import torch.nn.functional as F

            class Net(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.conv = nn.Conv2d(3, 16, 3)
                    self.fc = nn.Linear(16, 10)

                def forward(self, x):
                    h = F.relu(self.conv(x))
                    h = h.data.mean((2, 3))  # <- here
                    return self.fc(h)
            """,
        ),
        Example(
            "through-numpy",
            """
            import numpy as np
            import torch
            from torch import nn

            class Net(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.lin1 = nn.Linear(8, 32)
                    self.lin2 = nn.Linear(32, 1)

                def forward(self, x):
                    h = self.lin1(x)
                    h = np.tanh(h.cpu().detach().numpy())  # <- here
                    return self.lin2(torch.from_numpy(h))
            """,
        ),
        Example(
            "no-grad-in-forward",
            """
            import torch
            import torch.nn as nn
            import torch.nn.functional as F

            class Net(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.conv = nn.Conv2d(3, 16, 3)
                    self.fc = nn.Linear(16, 10)

                def forward(self, x):
                    with torch.no_grad():  # <- here
                        h = F.relu(self.conv(x)).mean((2, 3))
                    return self.fc(h)
            """,
        ),
        Example(
            "detached-prediction-in-a-loss",
            """
            import torch
            import torch.nn.functional as F

            def recon_loss(pred, target, weight=1.0):
                pred = pred.detach()  # <- here
                return weight * F.mse_loss(pred, target)
            """,
        ),
    )


#: Names for what has none in the source.
_TEXT = {"unrecorded": "torch.no_grad()"}
