"""GRD602 batchnorm-with-batch-one."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar

from gradhealth_lint.rules.rule import Found
from gradhealth_lint.violation import Example, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gradhealth_lint.limits import Limits
    from gradhealth_lint.semantics.facts import FileFacts


class BatchnormWithBatchOne:
    """A model with batch norms that is trained on one sample at a time."""

    code: ClassVar[str] = "GRD602"
    name: ClassVar[str] = "batchnorm-with-batch-one"
    severity: ClassVar[Severity] = "warning"
    on_by_default: ClassVar[bool] = False
    message: ClassVar[str] = (
        "{loader} gives one sample at a time{default}, and {model} has {norm}: {what}"
    )
    remedy: ClassVar[str] = (
        "use a larger batch_size (with drop_last=True), or GroupNorm or LayerNorm in its place"
    )
    why: ClassVar[str] = (
        "In training mode a batch norm subtracts the mean of the batch and divides by its standard "
        "deviation. After a Linear or a global pool one sample has one value per channel: PyTorch "
        "raises 'Expected more than 1 value per channel when training'. On feature maps it "
        "normalises every picture by itself, which takes out what tells pictures apart, and "
        "evaluation, with running statistics, computes another function than was trained. The "
        "gradient of each sample has no part along its own mean and scale. Silent where the batch "
        "size is not known, where items are batches themselves, and of other libraries' loaders."
    )
    references: ClassVar[tuple[str, ...]] = (
        "Ioffe and Szegedy (2015), Batch Normalization, arXiv 1502.03167, section 3",
        "Wu and He (2018), Group Normalization, arXiv 1803.08494, section 1",
    )
    needs: ClassVar[tuple[re.Pattern[bytes], ...]] = (
        re.compile(rb"torch"),
        re.compile(rb"DataLoader"),
        re.compile(rb"step\w*\s*\("),
    )
    reads_stacks: ClassVar[bool] = False

    def check(self, facts: FileFacts, limits: Limits) -> Iterator[Found]:
        """Every loader of single samples whose loop trains such a model."""
        for single in facts.single_batches:
            names = {
                "loader": single.loader if len(single.loader) <= _LONGEST else "DataLoader(...)",
                "default": "" if single.told else " (batch_size is 1 by default)",
                "model": single.model,
                "norm": single.norm,
                "what": _FLAT if single.flat else _ALONE,
            }
            yield Found(single.anchor, self.message.format(**names), self.remedy)

    good: ClassVar[tuple[Example, ...]] = (
        Example(
            "group-norm",
            """
            import torch
            from torch import nn
            from torch.utils.data import DataLoader

            model = nn.Sequential(nn.Conv2d(3, 8, 3), nn.GroupNorm(2, 8), nn.Conv2d(8, 1, 3))
            optimizer = torch.optim.Adam(model.parameters())
            for x, y in DataLoader(dataset, batch_size=1, shuffle=True):
                optimizer.zero_grad()
                nn.functional.mse_loss(model(x), y).backward()
                optimizer.step()
            """,
        ),
        Example(
            "one-at-a-time-for-the-test",
            """
            import torch
            from torch import nn
            from torch.utils.data import DataLoader

            model = nn.Sequential(nn.Linear(8, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 1))
            optimizer = torch.optim.Adam(model.parameters())
            train_loader = DataLoader(train_set, batch_size=32, shuffle=True)
            test_loader = DataLoader(test_set, batch_size=1)
            for epoch in range(10):
                model.train()
                for x, y in train_loader:
                    optimizer.zero_grad()
                    nn.functional.mse_loss(model(x), y).backward()
                    optimizer.step()
                model.eval()
                with torch.no_grad():
                    print(sum(nn.functional.mse_loss(model(x), y) for x, y in test_loader))
            """,
        ),
        Example(
            "size-not-known",
            """
            import torch
            from torch import nn
            from torch.utils.data import DataLoader

            def train(dataset, batch_size=1):
                model = nn.Sequential(nn.Linear(8, 8), nn.BatchNorm1d(8), nn.Linear(8, 1))
                optimizer = torch.optim.Adam(model.parameters())
                for x, y in DataLoader(dataset, batch_size=batch_size):
                    optimizer.zero_grad()
                    nn.functional.mse_loss(model(x), y).backward()
                    optimizer.step()
            """,
        ),
        Example(
            "items-are-batches",
            """
            import torch
            from torch import nn
            from torch.utils.data import DataLoader

            model = nn.Sequential(nn.Linear(8, 8), nn.BatchNorm1d(8), nn.Linear(8, 1))
            optimizer = torch.optim.Adam(model.parameters())
            for x, y in DataLoader(chunks, batch_size=1):
                optimizer.zero_grad()
                nn.functional.mse_loss(model(x.squeeze(0)), y.squeeze(0)).backward()
                optimizer.step()
            """,
        ),
    )
    bad: ClassVar[tuple[Example, ...]] = (
        Example(
            "written-out",
            """
            import torch
            from torch import nn
            from torch.utils.data import DataLoader

            model = nn.Sequential(nn.Linear(8, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 1))
            optimizer = torch.optim.Adam(model.parameters())
            loader = DataLoader(dataset, batch_size=1, shuffle=True)  # <- here
            for x, y in loader:
                optimizer.zero_grad()
                nn.functional.mse_loss(model(x), y).backward()
                optimizer.step()
            """,
        ),
        Example(
            "the-default",
            """
            import torch
            import torch.nn as nn
            import torch.utils.data

            class Net(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.conv = nn.Conv2d(3, 8, 3)
                    self.bn = nn.BatchNorm2d(8)

                def forward(self, x):
                    return self.bn(self.conv(x)).relu().mean((1, 2, 3))

            net = Net()
            optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
            loader = torch.utils.data.DataLoader(dataset, shuffle=True)  # <- here
            for i, (x, y) in enumerate(loader):
                optimizer.zero_grad()
                loss = ((net(x) - y) ** 2).mean()
                loss.backward()
                optimizer.step()
            """,
        ),
    )


_FLAT = "with one value per channel it raises an error in training mode"
_ALONE = "every sample is normalised by itself, and evaluation computes another function"
_LONGEST = 60
