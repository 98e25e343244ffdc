"""GRD507 unregistered-parameter."""

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
    from gradhealth_lint.semantics.module_facts import Loose


class UnregisteredParameter:
    """A trained tensor, or what was made of an nn.Parameter, as an attribute of a module."""

    code: ClassVar[str] = "GRD507"
    name: ClassVar[str] = "unregistered-parameter"
    severity: ClassVar[Severity] = "error"
    on_by_default: ClassVar[bool] = True
    message: ClassVar[str] = (
        "{what}: {owner} does not register it, so {owner}.parameters() leaves it out and no "
        "optimizer trains it, whatever its gradient is"
    )
    remedy: ClassVar[str] = "make it an nn.Parameter: self.{name} = nn.Parameter(...)"
    why: ClassVar[str] = (
        "A module registers an nn.Parameter that is assigned to one of its attributes, and no "
        "other tensor: not one with requires_grad=True, not what cuda(), unsqueeze() or a product "
        "makes of a parameter, not those in Python's lists and dicts, not one that belongs to the "
        "class. Such a tensor is not in parameters(), is not moved by to() and not saved by "
        "state_dict(). Its gradient is computed and nobody steps along it, so that it keeps its "
        "first values for ever. to(device) gives back the parameter itself where that is there "
        "already: a module then learns on the CPU and not on a GPU. Silent where a statement "
        "gives the tensor to an optimizer, reads its gradient or differentiates by it."
    )
    references: ClassVar[tuple[str, ...]] = (
        "PyTorch documentation, torch.nn.parameter.Parameter",
        "PyTorch issue 9303: a Parameter after to() or cuda() is no Parameter",
    )
    needs: ClassVar[tuple[re.Pattern[bytes], ...]] = (
        re.compile(rb"torch"),
        re.compile(rb"requires_grad|Parameter"),
    )
    reads_stacks: ClassVar[bool] = False

    def check(self, facts: FileFacts, limits: Limits) -> Iterator[Found]:
        """Every such attribute that its class uses."""
        seen: set[int] = set()
        for one in facts.loose:
            if one.anchor not in seen:
                seen.add(one.anchor)
                what = _what(one)
                yield Found(
                    one.anchor,
                    self.message.format(what=what, owner=one.owner),
                    _remedy(one) or self.remedy.format(name=one.name),
                    _fix(one),
                )

    good: ClassVar[tuple[Example, ...]] = (
        Example(
            "moved-before",
            """
            import torch
            from torch import nn

            class Net(nn.Module):
                def __init__(self, device):
                    super().__init__()
                    self.weight = nn.Parameter((0.01 * torch.randn(8, 8)).to(device))

                def forward(self, x):
                    return x @ self.weight
            """,
        ),
        Example(
            "given-to-an-optimizer",
            """
            import torch
            from torch import nn

            class Attack(nn.Module):
                def __init__(self, model, shape):
                    super().__init__()
                    self.model = model
                    self.delta = torch.zeros(shape, requires_grad=True)

                def forward(self, x):
                    return self.model(x + self.delta)

            attack = Attack(model, (3, 32, 32))
            optimizer = torch.optim.Adam([attack.delta], lr=0.01)
            """,
        ),
        Example(
            "parameter-list",
            """
            import torch
            from torch import nn

            class Scales(nn.Module):
                def __init__(self, levels):
                    super().__init__()
                    self.scales = nn.ParameterList(
                        [nn.Parameter(torch.ones(1)) for _ in range(levels)]
                    )

                def forward(self, xs):
                    return [s * x for s, x in zip(self.scales, xs)]
            """,
        ),
        Example(
            "made-of-a-registered-one",
            """
            import torch
            from torch import nn

            class Tied(nn.Module):
                def __init__(self, width):
                    super().__init__()
                    self.weight = nn.Parameter(torch.zeros(width))
                    self.row = self.weight.unsqueeze(0)

                def forward(self, x):
                    return x * self.weight + self.row
            """,
        ),
    )
    bad: ClassVar[tuple[Example, ...]] = (
        Example(
            "tensor-with-requires-grad",
            """
            import torch
            import torch.nn as nn

            class LearnedScale(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.fc = nn.Linear(8, 8)
                    self.alpha = torch.ones(1, requires_grad=True)  # <- here

                def forward(self, x):
                    return self.alpha * self.fc(x)
            """,
            """
            import torch
            import torch.nn as nn

            class LearnedScale(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.fc = nn.Linear(8, 8)
                    self.alpha = nn.Parameter(torch.ones(1, requires_grad=True))  # <- here

                def forward(self, x):
                    return self.alpha * self.fc(x)
            """,
        ),
        Example(
            "parameter-on-the-gpu",
            """
            import torch
            from torch import nn

            class Attention(nn.Module):
                def __init__(self, hidden):
                    super().__init__()
                    self.attn = nn.Linear(hidden, hidden)
                    self.v = nn.Parameter(torch.zeros(hidden)).cuda()  # <- here

                def forward(self, x):
                    return torch.tanh(self.attn(x)) @ self.v
            """,
            """
            import torch
            from torch import nn

            class Attention(nn.Module):
                def __init__(self, hidden):
                    super().__init__()
                    self.attn = nn.Linear(hidden, hidden)
                    self.v = nn.Parameter(torch.zeros(hidden).cuda())  # <- here

                def forward(self, x):
                    return torch.tanh(self.attn(x)) @ self.v
            """,
        ),
        Example(
            "scaled-parameter",
            """
            import torch
            import torch.nn as nn

            class Tokens(nn.Module):
                def __init__(self, dim=64):
                    super().__init__()
                    self.token = 0.02 * nn.Parameter(torch.randn(1, 1, dim))  # <- here

                def forward(self, x):
                    return torch.cat([self.token.expand(len(x), -1, -1), x], dim=1)
            """,
            """
            import torch
            import torch.nn as nn

            class Tokens(nn.Module):
                def __init__(self, dim=64):
                    super().__init__()
                    self.token = nn.Parameter(0.02 * torch.randn(1, 1, dim))  # <- here

                def forward(self, x):
                    return torch.cat([self.token.expand(len(x), -1, -1), x], dim=1)
            """,
        ),
        Example(
            "list-of-parameters",
            """
            import torch
            from torch import nn

            class Gates(nn.Module):
                def __init__(self, levels):
                    super().__init__()
                    self.gates = []  # <- here
                    for _ in range(levels):
                        self.gates.append(nn.Parameter(torch.zeros(1)))

                def forward(self, xs):
                    return sum(torch.sigmoid(g) * x for g, x in zip(self.gates, xs))
            """,
        ),
    )


def _what(one: Loose) -> str:
    several = "nn.Parameter" if one.parameters else "tensors that ask for gradients"
    return {
        "tensor": f"self.{one.name} asks for a gradient and is no nn.Parameter",
        "result": f"self.{one.name} is what {one.made_by} makes of an nn.Parameter, not one",
        "list": f"self.{one.name} is a plain list of {several}",
        "dict": f"self.{one.name} is a plain dict of {several}",
        "class": f"{one.name} is an nn.Parameter of the class and not of a module",
    }[one.form]


def _remedy(one: Loose) -> str:
    """What to do instead, "" if it is to make an nn.Parameter of it."""
    if one.form in {"list", "dict"}:
        return f"hold them in nn.Parameter{one.form.capitalize()}"
    if one.form == "class":
        return f"assign it in __init__: self.{one.name} = nn.Parameter(...)"
    if one.form == "result":
        return f"put {one.made_by} inside nn.Parameter(...), or do it where self.{one.name} is used"
    return ""


def _fix(one: Loose) -> Plan | None:
    """An nn.Parameter of all that is assigned: it learns, and checkpoints hold more."""
    if one.value is None or one.form not in {"tensor", "result"}:
        return None
    from gradhealth_lint.edits.plan import Code, Name, Plan, Replace, Wrap

    parameter = Name("torch.nn.Parameter")
    if one.form == "tensor":
        return Plan("unsafe", (Wrap(one.value, (parameter, "(")),))
    if one.remade is None:
        return None
    given = Code(one.remade.given, atom=True)
    code = (parameter, f"({one.remade.before}", given, f"{one.remade.after})")
    return Plan("unsafe", (Replace(one.value, code),))
