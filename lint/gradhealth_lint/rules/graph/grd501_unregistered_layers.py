"""GRD501 unregistered-layers."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar

from gradhealth_lint.rules.rule import Found
from gradhealth_lint.violation import Example, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gradhealth_lint.edits.plan import Plan
    from gradhealth_lint.limits import Limits
    from gradhealth_lint.semantics.facts import FileFacts
    from gradhealth_lint.semantics.module_facts import Unregistered


class UnregisteredLayers:
    """Layers in a plain list, dict or object, which their module does not know of."""

    code: ClassVar[str] = "GRD501"
    name: ClassVar[str] = "unregistered-layers"
    severity: ClassVar[Severity] = "error"
    on_by_default: ClassVar[bool] = True
    message: ClassVar[str] = (
        "self.{name} is {what}: {owner} does not register them, so {owner}.parameters() leaves "
        "them out and no optimizer trains them"
    )
    remedy: ClassVar[str] = "hold them in nn.{better}"
    why: ClassVar[str] = (
        "A module registers the modules that are assigned to its attributes, and those "
        "in nn.ModuleList and nn.ModuleDict; it does not look into Python's lists and "
        "dicts, nor into objects that are no modules, and attributes of its class are none "
        "of its own. What it does not know of is not in parameters(), is not moved by to(), "
        "not saved by state_dict() and not switched by train() and eval(): the layers "
        "keep their random weights for ever, and only the rest of the network learns. "
        "Silent where the same layers are registered some other way, and where a statement "
        "takes their parameters or freezes them, so that it may know what it does."
    )
    references: ClassVar[tuple[str, ...]] = ("PyTorch documentation, torch.nn.ModuleList",)
    needs: ClassVar[tuple[re.Pattern[bytes], ...]] = (
        re.compile(rb"torch"),
        re.compile(rb"Module"),
    )
    reads_stacks: ClassVar[bool] = False

    def check(self, facts: FileFacts, limits: Limits) -> Iterator[Found]:
        """Every attribute that holds such layers and is used outside the constructor."""
        seen: set[int] = set()
        for one in facts.unregistered:
            if one.anchor not in seen:
                seen.add(one.anchor)
                what, remedy = self._words(one)
                yield Found(
                    one.anchor,
                    self.message.format(name=one.name, what=what, owner=one.owner),
                    remedy,
                    _fix(one),
                )

    def _words(self, one: Unregistered) -> tuple[str, str]:
        """What the attribute is, and what to do instead."""
        if one.form == "object":
            return (
                f"of {one.holder}, which is no nn.Module and holds nn.{one.kind} and the like",
                f"derive {one.holder} from nn.Module",
            )
        if one.form == "class":
            return (
                f"an nn.{one.kind} or the like that belongs to the class, not to a module",
                f"assign it in __init__: self.{one.name} = ...",
            )
        better = "ModuleDict" if one.form == "dict" else "ModuleList"
        return (
            f"a plain {one.form} of nn.{one.kind} and the like",
            self.remedy.format(better=better),
        )

    good: ClassVar[tuple[Example, ...]] = (
        Example(
            "module-list",
            """
            from torch import nn

            class Net(nn.Module):
                def __init__(self, depth):
                    super().__init__()
                    self.layers = nn.ModuleList([nn.Linear(8, 8) for _ in range(depth)])

                def forward(self, x):
                    for layer in self.layers:
                        x = layer(x)
                    return x
            """,
        ),
        Example(
            "registered-as-well",
            """
            from torch import nn

            class Net(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.blocks = [nn.Linear(8, 8), nn.Linear(8, 8)]
                    self.net = nn.Sequential(*self.blocks)

                def forward(self, x):
                    for block in self.blocks:
                        x = block(x)
                    return x
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
                    self.activations = [nn.ReLU(), nn.Tanh(), nn.Dropout(0.1)]

                def forward(self, x):
                    return sum(f(self.fc(x)) for f in self.activations)
            """,
        ),
        Example(
            "hidden-on-purpose",
            """
            from torch import nn

            class Loss(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.slices = [nn.Conv2d(3, 8, 3), nn.Conv2d(8, 8, 3)]
                    for part in self.slices:
                        part.requires_grad_(False)

                def forward(self, x):
                    for part in self.slices:
                        x = part(x)
                    return x
            """,
        ),
    )
    bad: ClassVar[tuple[Example, ...]] = (
        Example(
            "comprehension",
            """
            import torch.nn as nn

            class Net(nn.Module):
                def __init__(self, depth=4):
                    super().__init__()
                    self.layers = [nn.Linear(8, 8) for _ in range(depth)]  # <- here
                    self.head = nn.Linear(8, 10)

                def forward(self, x):
                    for layer in self.layers:
                        x = layer(x).relu()
                    return self.head(x)
            """,
            """
            import torch.nn as nn

            class Net(nn.Module):
                def __init__(self, depth=4):
                    super().__init__()
                    self.layers = nn.ModuleList([nn.Linear(8, 8) for _ in range(depth)])  # <- here
                    self.head = nn.Linear(8, 10)

                def forward(self, x):
                    for layer in self.layers:
                        x = layer(x).relu()
                    return self.head(x)
            """,
        ),
        Example(
            "appended",
            """
            import torch
            from torch.nn import Conv2d, Module

            class Pyramid(Module):
                def __init__(self, channels):
                    super(Pyramid, self).__init__()
                    self.convs = []  # <- here
                    for i in range(len(channels) - 1):
                        self.convs.append(Conv2d(channels[i], channels[i + 1], 3))

                def forward(self, x):
                    outs = []
                    for conv in self.convs:
                        x = torch.relu(conv(x))
                        outs.append(x)
                    return outs
            """,
            """
            import torch
            from torch.nn import Conv2d, Module

            class Pyramid(Module):
                def __init__(self, channels):
                    super(Pyramid, self).__init__()
                    self.convs = torch.nn.ModuleList([])  # <- here
                    for i in range(len(channels) - 1):
                        self.convs.append(Conv2d(channels[i], channels[i + 1], 3))

                def forward(self, x):
                    outs = []
                    for conv in self.convs:
                        x = torch.relu(conv(x))
                        outs.append(x)
                    return outs
            """,
        ),
        Example(
            "dict-of-heads",
            """
            from torch import nn

            class MultiTask(nn.Module):
                def __init__(self, features):
                    super().__init__()
                    self.body = nn.Linear(features, 9)
                    age, sex = nn.Linear(9, 1), nn.Linear(9, 2)
                    self.heads = {"age": age, "sex": sex}  # <- here

                def forward(self, x):
                    h = self.body(x)
                    return {name: head(h) for name, head in self.heads.items()}
            """,
            """
            from torch import nn

            class MultiTask(nn.Module):
                def __init__(self, features):
                    super().__init__()
                    self.body = nn.Linear(features, 9)
                    age, sex = nn.Linear(9, 1), nn.Linear(9, 2)
                    self.heads = nn.ModuleDict({"age": age, "sex": sex})  # <- here

                def forward(self, x):
                    h = self.body(x)
                    return {name: head(h) for name, head in self.heads.items()}
            """,
        ),
    )


def _fix(one: Unregistered) -> Plan | None:
    """The list in an nn.ModuleList: the layers learn, and checkpoints hold more."""
    if one.value is None:
        return None
    from gradhealth_lint.edits.plan import Name, Plan, Wrap

    better = "ModuleDict" if one.form == "dict" else "ModuleList"
    return Plan("unsafe", (Wrap(one.value, (Name(f"torch.nn.{better}"), "(")),))
