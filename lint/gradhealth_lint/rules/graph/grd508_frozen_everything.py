"""GRD508 frozen-everything."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar

from gradhealth_lint.rules.rule import Found
from gradhealth_lint.violation import Example, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gradhealth_lint.limits import Limits
    from gradhealth_lint.semantics.facts import FileFacts


class FrozenEverything:
    """An optimizer for a model of which every parameter is frozen."""

    code: ClassVar[str] = "GRD508"
    name: ClassVar[str] = "frozen-everything"
    severity: ClassVar[Severity] = "warning"
    on_by_default: ClassVar[bool] = True
    message: ClassVar[str] = (
        "{optimizer} gets the parameters of {model}, all of which are frozen: none of them ever "
        "has a gradient, and no step changes anything"
    )
    remedy: ClassVar[str] = (
        "freeze {model} first and put the new layers in afterwards, or set requires_grad = True on "
        "those that are to be trained"
    )
    why: ClassVar[str] = (
        "requires_grad = False takes a parameter out of the graph. Where all of them are out, the "
        "loss depends on nothing that asks for a gradient: backward() stops with 'element 0 of "
        "tensors does not require grad', or, where the input or another model asks for one, runs "
        "through and leaves every .grad of this model at None, which the optimizer steps over. It "
        "happens when the new head is put in before the loop that freezes, not after it. Silent "
        "where anything is put into the model after it was frozen, where the file sets "
        "requires_grad to something else again, where the freezing depends on a test, where the "
        "model is handed to a call that may change it, and where the optimizer has other "
        "parameters as well."
    )
    references: ClassVar[tuple[str, ...]] = (
        "PyTorch documentation, Autograd mechanics: setting requires_grad",
        "PyTorch tutorials, Transfer Learning for Computer Vision: ConvNet as fixed feature "
        "extractor",
    )
    needs: ClassVar[tuple[re.Pattern[bytes], ...]] = (
        re.compile(rb"torch"),
        re.compile(rb"requires_grad"),
        re.compile(rb"Ada|Adam|SGD|RMSprop|Rprop|LBFGS"),
    )
    reads_stacks: ClassVar[bool] = False

    def check(self, facts: FileFacts, limits: Limits) -> Iterator[Found]:
        """Every optimizer that can change nothing."""
        for frozen in facts.frozen:
            names = {"optimizer": frozen.optimizer, "model": frozen.model or "the model"}
            yield Found(frozen.anchor, self.message.format(**names), self.remedy.format(**names))

    good: ClassVar[tuple[Example, ...]] = (
        Example(
            "head-put-in-afterwards",
            """
            import torch
            from torch import nn
            from torchvision import models

            model = models.resnet18(weights="DEFAULT")
            for param in model.parameters():
                param.requires_grad = False
            model.fc = nn.Linear(model.fc.in_features, 2)
            optimizer = torch.optim.SGD(model.parameters(), lr=1e-3)
            """,
        ),
        Example(
            "head-thawed",
            """
            import torch
            from torchvision import models

            model = models.resnet18(weights="DEFAULT")
            model.requires_grad_(False)
            for param in model.layer4.parameters():
                param.requires_grad = True
            optimizer = torch.optim.SGD(model.parameters(), lr=1e-3)
            """,
        ),
        Example(
            "body-only",
            """
            import torch
            from torchvision import models

            model = models.resnet18(weights="DEFAULT")
            for name, param in model.named_parameters():
                if not name.startswith("fc"):
                    param.requires_grad = False
            optimizer = torch.optim.Adam(model.parameters())
            """,
        ),
        Example(
            "teacher",
            """
            import torch

            def distil(student, teacher, loader):
                for p in teacher.parameters():
                    p.requires_grad_(False)
                optimizer = torch.optim.Adam(student.parameters())
                for x in loader:
                    optimizer.zero_grad()
                    torch.nn.functional.mse_loss(student(x), teacher(x)).backward()
                    optimizer.step()
            """,
        ),
    )
    bad: ClassVar[tuple[Example, ...]] = (
        Example(
            "head-put-in-before",
            """
            import torch
            from torch import nn
            from torchvision import models

            model = models.resnet18(weights="DEFAULT")
            model.fc = nn.Linear(model.fc.in_features, 2)
            for param in model.parameters():
                param.requires_grad = False
            optimizer = torch.optim.SGD(model.parameters(), lr=1e-3)  # <- here
            """,
        ),
        Example(
            "at-once",
            """
            from torch.optim import AdamW
            from transformers import AutoModelForSequenceClassification

            def main(loader):
                model = AutoModelForSequenceClassification.from_pretrained("bert-base-uncased")
                model.requires_grad_(False)
                model.to("cuda")
                optimizer = AdamW(model.parameters(), lr=1e-3)  # <- here
                for batch in loader:
                    optimizer.zero_grad()
                    model(**batch).loss.backward()
                    optimizer.step()
            """,
        ),
        Example(
            "own-model",
            """
            import torch
            from torch import nn

            class Net(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.body = nn.Linear(8, 8)
                    self.head = nn.Linear(8, 1)
                    for parameter in self.parameters():
                        parameter.requires_grad = False

                def forward(self, x):
                    return self.head(self.body(x).relu())

            net = Net()
            optimizer = torch.optim.SGD(net.parameters(), lr=0.1)  # <- here
            for x, y in loader:
                optimizer.zero_grad()
                nn.functional.mse_loss(net(x), y).backward()
                optimizer.step()
            """,
        ),
    )
