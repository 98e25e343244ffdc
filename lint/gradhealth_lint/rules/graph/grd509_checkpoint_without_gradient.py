"""GRD509 checkpoint-without-gradient."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar

from gradhealth_lint.rules.rule import Found
from gradhealth_lint.violation import Example, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gradhealth_lint.limits import Limits
    from gradhealth_lint.semantics.facts import FileFacts


class CheckpointWithoutGradient:
    """A reentrant checkpoint of layers whose input asks for no gradient."""

    code: ClassVar[str] = "GRD509"
    name: ClassVar[str] = "checkpoint-without-gradient"
    severity: ClassVar[Severity] = "error"
    on_by_default: ClassVar[bool] = True
    message: ClassVar[str] = (
        "{tensor} is data and asks for no gradient, so this checkpoint, reentrant {why}, records "
        "no graph: the parameters in {function} never get a gradient"
    )
    remedy: ClassVar[str] = "pass use_reentrant=False"
    why: ClassVar[str] = (
        "A reentrant checkpoint runs its function under no_grad and stands in the graph as one "
        "operation on the tensors it is given. Parameters inside it are not among them: where no "
        "tensor given requires a gradient, the operation is left out of the graph, and PyTorch "
        "warns that 'None of the inputs have requires_grad=True. Gradients will be None'. The "
        "layers after it train and those in it keep their initial weights. A call without "
        "use_reentrant is reentrant. use_reentrant=False saves what the graph needs and has no "
        "such condition. Silent where the input may come from other layers, as in a block that "
        "others are built of, where the file has to do with requires_grad of inputs, and "
        "under no_grad."
    )
    references: ClassVar[tuple[str, ...]] = (
        "PyTorch documentation, torch.utils.checkpoint: use_reentrant",
        "https://github.com/pytorch/pytorch/issues/33962",
    )
    needs: ClassVar[tuple[re.Pattern[bytes], ...]] = (
        re.compile(rb"torch"),
        re.compile(rb"checkpoint"),
    )
    reads_stacks: ClassVar[bool] = True

    def check(self, facts: FileFacts, limits: Limits) -> Iterator[Found]:
        """Every checkpoint that keeps its parameters from training."""
        from gradhealth_lint.edits.plan import Plan, SetKeyword

        for lost in facts.lost_checkpoints:
            names = {
                "tensor": lost.tensor or "the input",
                "function": lost.function,
                "why": "as it is told to be" if lost.told else "by default",
            }
            fix = Plan("unsafe", (SetKeyword(lost.anchor, "use_reentrant", ("False",)),))
            yield Found(lost.anchor, self.message.format(**names), self.remedy, fix)

    good: ClassVar[tuple[Example, ...]] = (
        Example(
            "not-reentrant",
            """
            from torch import nn
            from torch.utils.checkpoint import checkpoint

            class Net(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.stem = nn.Sequential(nn.Conv2d(3, 16, 3), nn.BatchNorm2d(16), nn.ReLU())
                    self.head = nn.Linear(16, 10)

                def forward(self, x):
                    x = checkpoint(self.stem, x, use_reentrant=False)
                    return self.head(x.mean((2, 3)))
            """,
        ),
        Example(
            "after-the-stem",
            """
            from torch import nn
            from torch.utils.checkpoint import checkpoint

            class Net(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.stem = nn.Conv2d(3, 16, 3)
                    self.body = nn.Sequential(nn.BatchNorm2d(16), nn.ReLU(), nn.Conv2d(16, 16, 3))

                def forward(self, x):
                    return checkpoint(self.body, self.stem(x), use_reentrant=True)
            """,
        ),
        Example(
            "block",
            """
            from torch import nn
            from torch.utils.checkpoint import checkpoint

            class Block(nn.Module):
                def __init__(self, width):
                    super().__init__()
                    self.inner = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, width))

                def forward(self, x):
                    return x + checkpoint(self.inner, x)
            """,
        ),
    )
    bad: ClassVar[tuple[Example, ...]] = (
        Example(
            "stem",
            """
            from torch import nn
            from torch.utils.checkpoint import checkpoint

            class Net(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.stem = nn.Sequential(nn.Conv2d(3, 16, 3), nn.BatchNorm2d(16), nn.ReLU())
                    self.head = nn.Linear(16, 10)

                def forward(self, x):
                    x = checkpoint(self.stem, x, use_reentrant=True)  # <- here
                    return self.head(x.mean((2, 3)))
            """,
            """
            from torch import nn
            from torch.utils.checkpoint import checkpoint

            class Net(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.stem = nn.Sequential(nn.Conv2d(3, 16, 3), nn.BatchNorm2d(16), nn.ReLU())
                    self.head = nn.Linear(16, 10)

                def forward(self, x):
                    x = checkpoint(self.stem, x, use_reentrant=False)  # <- here
                    return self.head(x.mean((2, 3)))
            """,
        ),
        Example(
            "every-layer",
            """
            import torch
            from torch import nn
            import torch.utils.checkpoint as cp

            class Mlp(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.layers = nn.ModuleList([nn.Linear(64, 64) for _ in range(4)])
                    self.head = nn.Linear(64, 10)

                def forward(self, x):
                    for layer in self.layers:
                        x = cp.checkpoint(layer, x)  # <- here
                    return self.head(x)

            model = Mlp()
            optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
            for x, y in loader:
                optimizer.zero_grad()
                nn.functional.cross_entropy(model(x), y).backward()
                optimizer.step()
            """,
            """
            import torch
            from torch import nn
            import torch.utils.checkpoint as cp

            class Mlp(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.layers = nn.ModuleList([nn.Linear(64, 64) for _ in range(4)])
                    self.head = nn.Linear(64, 10)

                def forward(self, x):
                    for layer in self.layers:
                        x = cp.checkpoint(layer, x, use_reentrant=False)  # <- here
                    return self.head(x)

            model = Mlp()
            optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
            for x, y in loader:
                optimizer.zero_grad()
                nn.functional.cross_entropy(model(x), y).backward()
                optimizer.step()
            """,
        ),
        Example(
            "sequential-in-a-loop",
            """
            import torch
            from torch.utils.checkpoint import checkpoint_sequential
            from models import body, head

            optimizer = torch.optim.Adam([*body.parameters(), *head.parameters()])
            for x, y in loader:
                optimizer.zero_grad()
                hidden = checkpoint_sequential(body, 4, x)  # <- here
                torch.nn.functional.cross_entropy(head(hidden), y).backward()
                optimizer.step()
            """,
            """
            import torch
            from torch.utils.checkpoint import checkpoint_sequential
            from models import body, head

            optimizer = torch.optim.Adam([*body.parameters(), *head.parameters()])
            for x, y in loader:
                optimizer.zero_grad()
                hidden = checkpoint_sequential(body, 4, x, use_reentrant=False)  # <- here
                torch.nn.functional.cross_entropy(head(hidden), y).backward()
                optimizer.step()
            """,
        ),
    )
