"""GRD319 eval-mode-training."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar

from gradhealth_lint.rules.rule import Found
from gradhealth_lint.violation import Example, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gradhealth_lint.limits import Limits
    from gradhealth_lint.semantics.facts import FileFacts


class EvalModeTraining:
    """A model that is put into evaluation mode and then trained on in it."""

    code: ClassVar[str] = "GRD319"
    name: ClassVar[str] = "eval-mode-training"
    severity: ClassVar[Severity] = "warning"
    on_by_default: ClassVar[bool] = True
    message: ClassVar[str] = (
        "{model}.eval() and no {model}.train() before {when}: from then on {optimizer} follows the "
        "gradient of another network, {what}"
    )
    remedy: ClassVar[str] = "call {model}.train() {where}"
    why: ClassVar[str] = (
        "eval() stays in force until train() is called; leaving the function or the no_grad block "
        "that it stands in does not take it back. In evaluation mode Dropout passes everything on, "
        "so the regularisation is gone; BatchNorm divides by its running statistics, which no "
        "longer follow the weights, and its gradient lacks the part that goes through the mean "
        "and the variance of the batch, so that activations and gradients may drift or blow up; "
        "and cuDNN refuses the backward pass of an LSTM. The first epoch is trained as meant, and "
        "all later ones are not. Silent where train() is called at the top of the loop or of the "
        "function that trains, where the branch with eval() leaves the loop, for parts of a model "
        "that are frozen on purpose, for models that no optimizer steps, for those that hold "
        "no layer that heeds the mode, and where a call out of view may set it."
    )
    references: ClassVar[tuple[str, ...]] = (
        "PyTorch documentation, Autograd mechanics: evaluation mode (nn.Module.eval())",
        "Ioffe and Szegedy (2015), Batch Normalization, arXiv 1502.03167, section 3",
    )
    needs: ClassVar[tuple[re.Pattern[bytes], ...]] = (
        re.compile(rb"torch"),
        re.compile(rb"\.eval\s*\(|\.train\s*\(\s*\w"),
        re.compile(rb"step\w*\s*\("),
    )
    reads_stacks: ClassVar[bool] = False

    def check(self, facts: FileFacts, limits: Limits) -> Iterator[Found]:
        """Every model that is stepped in evaluation mode."""
        for left in facts.left_in_evaluation:
            names = {
                "model": left.model,
                "optimizer": f"{left.optimizer}.step()",
                "when": "the loop's next training step" if left.again else "the next training step",
                "what": _what(left.heeding),
                "where": "after the evaluation" if left.again else "before it is trained",
            }
            yield Found(left.anchor, self.message.format(**names), self.remedy.format(**names))

    good: ClassVar[tuple[Example, ...]] = (
        Example(
            "train-at-the-top-of-the-loop",
            """
            import torch
            from torch import nn

            model = nn.Sequential(nn.Linear(8, 8), nn.Dropout(0.5), nn.Linear(8, 1))
            optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
            for epoch in range(10):
                model.train()
                for x, y in loader:
                    optimizer.zero_grad()
                    nn.functional.mse_loss(model(x), y).backward()
                    optimizer.step()
                model.eval()
                with torch.no_grad():
                    print(sum(nn.functional.mse_loss(model(x), y).item() for x, y in held_out))
            """,
        ),
        Example(
            "helper-puts-it-back",
            """
            import torch
            import torch.nn.functional as F

            def validate(model, loader):
                was_training = model.training
                model.eval()
                with torch.no_grad():
                    losses = [F.cross_entropy(model(x), y).item() for x, y in loader]
                model.train(was_training)
                return sum(losses)

            def fit(model, train_loader, val_loader, optimizer):
                model.train()
                for i, (x, y) in enumerate(train_loader):
                    optimizer.zero_grad()
                    F.cross_entropy(model(x), y).backward()
                    optimizer.step()
                    if i % 100 == 0:
                        print(validate(model, val_loader))
            """,
        ),
        Example(
            "teacher",
            """
            import torch
            import torch.nn.functional as F

            def distil(model, teacher, loader, optimizer):
                model.train()
                teacher.eval()
                for x in loader:
                    teacher.eval()
                    with torch.no_grad():
                        wanted = teacher(x)
                    optimizer.zero_grad()
                    F.mse_loss(model(x), wanted).backward()
                    optimizer.step()
            """,
        ),
        Example(
            "norms-of-the-body-frozen",
            """
            import torch
            from torch import nn
            from torchvision import models

            class Net(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.body = models.resnet18(weights="DEFAULT")
                    self.head = nn.Sequential(nn.Dropout(0.5), nn.Linear(1000, 10))

                def forward(self, x):
                    return self.head(self.body(x))

            model = Net()
            optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
            for epoch in range(10):
                model.train()
                model.body.eval()
                for x, y in loader:
                    optimizer.zero_grad()
                    nn.functional.cross_entropy(model(x), y).backward()
                    optimizer.step()
            """,
        ),
    )
    bad: ClassVar[tuple[Example, ...]] = (
        Example(
            "train-before-the-loop",
            """
            import torch
            from torch import nn

            model = nn.Sequential(nn.Linear(8, 8), nn.Dropout(0.5), nn.Linear(8, 1))
            optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
            model.train()
            for epoch in range(10):
                for x, y in loader:
                    optimizer.zero_grad()
                    nn.functional.mse_loss(model(x), y).backward()
                    optimizer.step()
                model.eval()  # <- here
                with torch.no_grad():
                    print(sum(nn.functional.mse_loss(model(x), y).item() for x, y in held_out))
            """,
        ),
        Example(
            "helper-leaves-it",
            """
            import torch
            import torch.nn.functional as F

            def validate(model, loader):
                model.eval()  # <- here
                with torch.no_grad():
                    return sum(F.cross_entropy(model(x), y).item() for x, y in loader)

            def fit(model, train_loader, val_loader, optimizer):
                model.train()
                for i, (x, y) in enumerate(train_loader):
                    optimizer.zero_grad()
                    F.cross_entropy(model(x), y).backward()
                    optimizer.step()
                    if i % 100 == 0:
                        print(validate(model, val_loader))
            """,
        ),
        Example(
            "train-with-false",
            """
            import torch
            from torch import nn
            from torchvision.models import resnet18

            class Trainer:
                def __init__(self):
                    self.net = resnet18()
                    self.optim = torch.optim.Adam(self.net.parameters())

                def fit(self, loader, held_out):
                    for epoch in range(10):
                        for x, y in loader:
                            self.optim.zero_grad()
                            nn.functional.cross_entropy(self.net(x), y).backward()
                            self.optim.step()
                        self.accuracy(held_out)

                @torch.no_grad()
                def accuracy(self, held_out):
                    self.net.train(False)  # <- here
                    return [(self.net(x).argmax(1) == y).float().mean() for x, y in held_out]
            """,
        ),
    )


def _what(heeding: tuple[str, ...]) -> str:
    """What evaluation mode does, by the layers that a model is known to have."""
    if not heeding:
        return "with dropout off and batch norm at its running statistics"
    return f"with {' and '.join(heeding[:2])} in evaluation mode"
