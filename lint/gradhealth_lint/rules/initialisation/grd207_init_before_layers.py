"""GRD207 init-before-layers."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar

from gradhealth_lint.rules.rule import Found
from gradhealth_lint.violation import Example, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gradhealth_lint.limits import Limits
    from gradhealth_lint.semantics.facts import FileFacts


class InitBeforeLayers:
    """An initialisation that runs before the layers it is for are made."""

    code: ClassVar[str] = "GRD207"
    name: ClassVar[str] = "init-before-layers"
    severity: ClassVar[Severity] = "error"
    on_by_default: ClassVar[bool] = True
    message: ClassVar[str] = (
        "{text} runs before {names} {is_} made: nn.{kind} there keeps PyTorch's default"
        " initialisation"
    )
    message_replaced: ClassVar[str] = (
        "{text} sets a layer that is thrown away: {names} is made anew after it and keeps"
        " PyTorch's default initialisation"
    )
    remedy: ClassVar[str] = "initialise at the end of __init__, after the last layer is made"
    remedy_replaced: ClassVar[str] = "make {names} once, and initialise it after that"
    why: ClassVar[str] = (
        "apply(), modules() and parameters() go through what the module has at that moment. A "
        "layer that __init__ makes later is not among them, and one that is made again is "
        "another layer: both keep nn.Linear's default, which a deep ReLU network needs more "
        "than, and nothing says so. Silent for layers of another kind than those the init "
        "sets, and for layers that get an init of their own."
    )
    references: ClassVar[tuple[str, ...]] = (
        "PyTorch documentation, torch.nn.Module.apply: applied to every submodule as well as self",
    )
    needs: ClassVar[tuple[re.Pattern[bytes], ...]] = (
        re.compile(rb"torch"),
        re.compile(rb"apply|modules|parameters|children|_\s*\("),
        re.compile(rb"__init__"),
        re.compile(rb"\bnn\b|Module|[Pp]arameter|requires_grad|import \*|weight|bias|\.apply\s*\("),
    )
    reads_stacks: ClassVar[bool] = False

    def check(self, facts: FileFacts, limits: Limits) -> Iterator[Found]:
        """Every init of a constructor that layers are made after."""
        del limits
        for lost in facts.lost_inits:
            names = ", ".join(lost.names[:3]) + (" and others" if len(lost.names) > 3 else "")  # noqa: PLR2004
            if lost.form == "before":
                is_ = "is" if len(lost.names) == 1 else "are"
                message = self.message.format(text=lost.text, names=names, is_=is_, kind=lost.kind)
                yield Found(lost.anchor, message, self.remedy)
            elif lost.form == "replaced":
                yield Found(
                    lost.anchor,
                    self.message_replaced.format(text=lost.text, names=names),
                    self.remedy_replaced.format(names=names),
                )

    good: ClassVar[tuple[Example, ...]] = (
        Example(
            "at-the-end",
            """
            import torch.nn as nn

            class Net(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.fc1 = nn.Linear(10, 20)
                    self.fc2 = nn.Linear(20, 5)
                    self.apply(self._init_weights)

                def _init_weights(self, m):
                    if isinstance(m, nn.Linear):
                        nn.init.xavier_uniform_(m.weight)
            """,
        ),
        Example(
            "later-layer-of-another-kind",
            """
            import torch.nn as nn

            class Net(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.conv = nn.Conv2d(3, 64, 3)
                    for m in self.modules():
                        if isinstance(m, nn.Conv2d):
                            nn.init.kaiming_normal_(m.weight, mode="fan_out", nonlinearity="relu")
                    self.norm = nn.BatchNorm2d(64)
                    self.fc = nn.Linear(64, 10)
            """,
        ),
        Example(
            "head-with-an-init-of-its-own",
            """
            import torch.nn as nn

            class Net(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.body = nn.Sequential(nn.Linear(8, 64), nn.ReLU(), nn.Linear(64, 64))
                    self.apply(init)
                    self.head = nn.Linear(64, 1)
                    nn.init.zeros_(self.head.weight)
                    nn.init.zeros_(self.head.bias)

            def init(m):
                if isinstance(m, nn.Linear):
                    nn.init.orthogonal_(m.weight, gain=2 ** 0.5)
                    nn.init.zeros_(m.bias)
            """,
        ),
    )
    bad: ClassVar[tuple[Example, ...]] = (
        Example(
            "apply-too-early",
            """
            import torch.nn as nn

            class Net(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.fc1 = nn.Linear(10, 20)
                    self.apply(self._init_weights)  # <- here
                    self.fc2 = nn.Linear(20, 5)

                def _init_weights(self, m):
                    if isinstance(m, nn.Linear):
                        nn.init.xavier_uniform_(m.weight)
            """,
        ),
        Example(
            "loop-too-early",
            """
            from torch import nn

            class Net(nn.Module):
                def __init__(self):
                    super(Net, self).__init__()
                    self.conv1 = nn.Conv2d(3, 16, 3)
                    for m in self.modules():  # <- here
                        if isinstance(m, nn.Conv2d):
                            nn.init.kaiming_normal_(m.weight)
                    self.conv2 = nn.Conv2d(16, 32, 3)
            """,
        ),
        Example(
            "made-anew",
            """
            import torch.nn as nn

            class Net(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.fc = nn.Linear(10, 10)
                    nn.init.xavier_uniform_(self.fc.weight)  # <- here
                    self.fc = nn.Linear(10, 2)
            """,
        ),
    )
