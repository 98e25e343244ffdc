"""GRD314 stale-optimizer."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar, Final

from gradhealth_lint.rules.rule import Found
from gradhealth_lint.violation import Example, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gradhealth_lint.limits import Limits
    from gradhealth_lint.semantics.facts import FileFacts
    from gradhealth_lint.semantics.training_facts import StaleForm

_MESSAGES: Final[dict[StaleForm, str]] = {
    "uncalled": "{optimizer} is given the method {name}, not what it returns: there is nothing "
    "to iterate over, and this call fails",
    "empty": "{optimizer} is given an empty list: it owns no parameter, and this call fails",
    "layer": "{name} is put into the model when the optimizer has been made: the new parameters "
    "get gradients, and {optimizer}.step() never updates them",
    "model": "{name} is made anew when the optimizer has been made: {optimizer}.step() updates "
    "the parameters of the old one, and the model that runs is never trained",
}
_REMEDIES: Final[dict[StaleForm, str]] = {
    "uncalled": "call it: {name}()",
    "empty": "give it model.parameters()",
    "layer": "make the optimizer after the last layer is in place, or call "
    "{optimizer}.add_param_group with the new parameters",
    "model": "make the optimizer after {name}",
}


class StaleOptimizer:
    """An optimizer that does not own the parameters that are trained."""

    code: ClassVar[str] = "GRD314"
    name: ClassVar[str] = "stale-optimizer"
    severity: ClassVar[Severity] = "error"
    on_by_default: ClassVar[bool] = True
    message: ClassVar[str] = "{optimizer} does not own {name}"
    remedy: ClassVar[str] = "make the optimizer after the last layer is in place"
    why: ClassVar[str] = (
        "An optimizer keeps the parameter objects it is given when it is made. A layer that is "
        "put into the model later, or a model that is made anew under the same name, has other "
        "ones: backward() fills their .grad, step() walks over the old list, and the new "
        "weights stay at their initialisation without any error. Silent where the optimizer is "
        "made anew before it steps, where add_param_group is called, and for wrappers that keep "
        "the parameters (DataParallel, compile, to, cuda)."
    )
    references: ClassVar[tuple[str, ...]] = (
        "PyTorch documentation, torch.optim: constructing it",
        "PyTorch documentation, Optimizer.add_param_group",
    )
    needs: ClassVar[tuple[re.Pattern[bytes], ...]] = (
        re.compile(rb"torch"),
        re.compile(rb"optim|[Aa]dam|SGD|sgd"),
    )
    reads_stacks: ClassVar[bool] = False

    def check(self, facts: FileFacts, limits: Limits) -> Iterator[Found]:
        """Every optimizer that cannot reach what is trained."""
        for stale in facts.stale_optimizers:
            names = {"name": stale.name, "optimizer": stale.optimizer}
            yield Found(
                stale.anchor,
                _MESSAGES[stale.form].format(**names),
                _REMEDIES[stale.form].format(**names),
            )

    good: ClassVar[tuple[Example, ...]] = (
        Example(
            "head-before-optimizer",
            """
            import torch
            from torch import nn
            from torchvision import models

            model = models.resnet18(weights="DEFAULT")
            model.fc = nn.Linear(512, 10)
            optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

            for x, y in loader:
                optimizer.zero_grad()
                nn.functional.cross_entropy(model(x), y).backward()
                optimizer.step()
            """,
        ),
        Example(
            "group-added",
            """
            import torch
            from torch import nn
            from torchvision import models

            model = models.resnet18(weights="DEFAULT")
            optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
            model.fc = nn.Linear(512, 10)
            optimizer.add_param_group({"params": model.fc.parameters()})

            for x, y in loader:
                optimizer.zero_grad()
                nn.functional.cross_entropy(model(x), y).backward()
                optimizer.step()
            """,
        ),
        Example(
            "wrapped",
            """
            import torch
            from torch import nn

            model = nn.Linear(8, 1)
            optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
            model = nn.DataParallel(model)
            model = model.cuda()

            for x, y in loader:
                optimizer.zero_grad()
                nn.functional.mse_loss(model(x), y).backward()
                optimizer.step()
            """,
        ),
    )
    bad: ClassVar[tuple[Example, ...]] = (
        Example(
            "head-after-optimizer",
            """
            import torch
            from torch import nn
            from torchvision import models

            model = models.resnet18(weights="DEFAULT")
            optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
            model.fc = nn.Linear(512, 10)  # <- here

            for x, y in loader:
                optimizer.zero_grad()
                nn.functional.cross_entropy(model(x), y).backward()
                optimizer.step()
            """,
        ),
        Example(
            "uncalled",
            """
            import torch
            from torch import nn

            model = nn.Linear(8, 1)
            optimizer = torch.optim.SGD(model.parameters, lr=0.1)  # <- here
            """,
        ),
        Example(
            "model-made-anew",
            """
            import torch
            from torch import nn

            model = nn.Linear(8, 1)
            optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
            for fold in folds:
                model = nn.Linear(8, 1)  # <- here
                for x, y in fold:
                    optimizer.zero_grad()
                    nn.functional.mse_loss(model(x), y).backward()
                    optimizer.step()
            """,
        ),
    )
