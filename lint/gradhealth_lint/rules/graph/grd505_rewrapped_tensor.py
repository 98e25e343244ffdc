"""GRD505 rewrapped-tensor."""

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


class RewrappedTensor:
    """A new tensor made of computed values in a forward pass."""

    code: ClassVar[str] = "GRD505"
    name: ClassVar[str] = "rewrapped-tensor"
    severity: ClassVar[Severity] = "error"
    on_by_default: ClassVar[bool] = True
    message: ClassVar[str] = (
        "{cut} copies values into a new tensor without their graph: no gradient comes back to"
        " {lost}, by this way or any other"
    )
    remedy: ClassVar[str] = (
        "use the tensor as it is; put several together with torch.stack or torch.cat, which "
        "keep their graphs"
    )
    why: ClassVar[str] = (
        "torch.tensor(x), torch.Tensor([...]) and nn.Parameter(x) read numbers and begin a "
        "new graph. In a forward pass they cut off every layer that made those numbers; "
        "nn.Parameter makes a leaf besides that no optimizer knows. Nothing fails, and the "
        "layers keep their random weights. Silent for inputs and plain numbers, and where the"
        " same layers have another way to the output."
    )
    references: ClassVar[tuple[str, ...]] = (
        "PyTorch documentation, torch.tensor",
        "PyTorch documentation, torch.nn.parameter.Parameter",
    )
    needs: ClassVar[tuple[re.Pattern[bytes], ...]] = (
        re.compile(rb"torch"),
        re.compile(rb"tensor|Tensor|Parameter"),
        re.compile(rb"Module|(?i:loss|criterion)"),
    )
    reads_stacks: ClassVar[bool] = True

    def check(self, facts: FileFacts, limits: Limits) -> Iterator[Found]:
        """Every such tensor that keeps layers from any gradient."""
        seen: set[int] = set()
        for cut in facts.cut_off:
            if cut.how != "remade" or cut.anchor in seen:
                continue
            seen.add(cut.anchor)
            yield Found(
                cut.anchor,
                self.message.format(cut=cut.text, lost=wording.lost(cut)),
                self.remedy,
            )

    good: ClassVar[tuple[Example, ...]] = (
        Example(
            "new-numbers",
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
                    noise = torch.tensor([0.1, 0.2])
                    return self.fc(self.conv(x).mean((2, 3))) + noise.sum()
            """,
        ),
        Example(
            "copied-input",
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
                    x = torch.tensor(x)
                    return self.fc(self.conv(x).mean((2, 3)))
            """,
        ),
        Example(
            "stacked",
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
                    h = self.conv(x).mean((2, 3))
                    parts = [h[:, :8], h[:, 8:]]
                    return self.fc(torch.cat(parts, dim=1))
            """,
        ),
        Example(
            "shape-as-a-tensor",
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
                    size = torch.tensor(h.shape[-1])
                    return self.fc(h.sum((2, 3)) / size)
            """,
        ),
    )
    bad: ClassVar[tuple[Example, ...]] = (
        Example(
            "tensor-of-a-tensor",
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
                    h = F.relu(self.conv(x)).mean((2, 3))
                    h = torch.tensor(h)  # <- here
                    return self.fc(h)
            """,
        ),
        Example(
            "parameter-of-a-tensor",
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
                    h = self.conv(x).mean((2, 3))
                    h = nn.Parameter(h)  # <- here
                    return self.fc(h)
            """,
        ),
        Example(
            "list-of-results",
            """
            import torch
            from torch import nn

            class PerItem(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.score = nn.Linear(8, 1)
                    self.mix = nn.Linear(2, 1)

                def forward(self, a, b):
                    scores = torch.FloatTensor([self.score(a), self.score(b)])  # <- here
                    return self.mix(scores)
            """,
        ),
    )
