"""The init rules' further examples."""

from __future__ import annotations

from gradhealth_lint.violation import Example

GOOD: dict[str, tuple[Example, ...]] = {
    "GRD204": (
        Example(
            "drawn-again",
            """
            from torch import nn

            layer = nn.Linear(64, 64)
            nn.init.uniform_(layer.weight)
            nn.init.xavier_uniform_(layer.weight)
            """,
        ),
        Example(
            "limits-not-told",
            """
            from torch import nn

            def init(layer, low, high):
                nn.init.uniform_(layer.weight, low, high)

            init(nn.Linear(8, 8), a, b)
            """,
        ),
        Example(
            "data-two-sided",
            """
            from torch import nn

            layer = nn.Conv2d(3, 8, 3)
            layer.weight.data.uniform_(-0.05, 0.05)
            """,
        ),
        Example(
            "other-library",
            """
            import numpy as np
            from initializers import uniform_
            from torch import nn

            layer = nn.Linear(8, 8)
            noise = np.random.uniform(0, 1, (8, 8))
            uniform_(layer.weight)
            """,
        ),
    ),
}
BAD: dict[str, tuple[Example, ...]] = {
    "GRD204": (
        Example(
            "written-limits",
            """
            from torch import nn
            from torch.nn import init

            conv = nn.Conv2d(3, 16, 3)
            init.uniform_(conv.weight, a=0.0, b=1.0)  # <- here
            """,
        ),
        Example(
            "loop-over-layers",
            """
            import torch.nn as nn

            class Net(nn.Module):
                def __init__(self, depth=5):
                    super().__init__()
                    self.layers = nn.ModuleList(nn.Linear(16, 16) for _ in range(depth))
                    for layer in self.layers:
                        nn.init.uniform_(layer.weight)  # <- here

                def forward(self, x):
                    for layer in self.layers:
                        x = layer(x).relu()
                    return x
            """,
        ),
        Example(
            "method-default",
            """
            import torch

            layer = torch.nn.Linear(4, 4)
            layer.weight.data.uniform_()  # <- here
            """,
        ),
    ),
}
