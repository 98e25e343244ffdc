"""GRD210 uninitialised-parameter."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar

from gradhealth_lint.rules.rule import Found
from gradhealth_lint.violation import Example, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gradhealth_lint.limits import Limits
    from gradhealth_lint.semantics.facts import FileFacts


class UninitialisedParameter:
    """A parameter of memory as it was found, which nothing ever sets."""

    code: ClassVar[str] = "GRD210"
    name: ClassVar[str] = "uninitialised-parameter"
    severity: ClassVar[Severity] = "error"
    on_by_default: ClassVar[bool] = True
    message: ClassVar[str] = (
        "{text} of {owner} is memory as it was found: nothing in this file sets it, so that"
        " training starts from 0, from 1e38 or from NaN, as it happens"
    )
    message_layer: ClassVar[str] = (
        "the {parameter} of nn.{kind} becomes memory as it was found, and nothing sets it: training"
        " starts from 0, from 1e38 or from NaN, as it happens"
    )
    remedy: ClassVar[str] = (
        "set it where it is made, such as {call}, or make it with torch.zeros or torch.randn"
    )
    why: ClassVar[str] = (
        "torch.empty(a, b), torch.Tensor(a, b) and torch.FloatTensor(a, b) take memory and leave "
        "in it what was there. Fresh pages of the operating system are zeros, so that it often "
        "seems to work; memory that something has used before holds anything, NaN and 1e38 "
        "included, and one such number makes the loss NaN in the first step. Silent where a "
        "reset method, an init function, a base class out of view or a loaded state may set it."
    )
    references: ClassVar[tuple[str, ...]] = (
        "PyTorch documentation, torch.empty: a tensor filled with uninitialized data",
        "https://github.com/gordicaleksa/pytorch-GAT/issues/11",
    )
    needs: ClassVar[tuple[re.Pattern[bytes], ...]] = (
        re.compile(rb"torch"),
        re.compile(rb"empty|Tensor\s*\("),
        re.compile(rb"Parameter|requires_grad|\.data\b|weight|bias"),
    )
    reads_stacks: ClassVar[bool] = False

    def check(self, facts: FileFacts, limits: Limits) -> Iterator[Found]:
        """Every parameter made of unset memory in a class that is wholly in view."""
        del limits
        for made in facts.hand_made:
            unset = made.init is not None and made.init.name == "empty"
            if unset and made.overseen:
                axes = made.dimensions or 1
                call = "xavier_uniform_" if axes > 1 else "zeros_"
                yield Found(
                    made.anchor,
                    self.message.format(text=made.text, owner=made.owner),
                    self.remedy.format(call=f"nn.init.{call}({made.text})"),
                )
        for use in facts.inits:
            if use.init.name == "empty":
                target = use.targets[0]
                yield Found(
                    use.anchor,
                    self.message_layer.format(parameter=target.parameter, kind=target.kind),
                    self.remedy.format(call=f"nn.init.xavier_uniform_(layer.{target.parameter})"),
                )

    good: ClassVar[tuple[Example, ...]] = (
        Example(
            "reset-parameters",
            """
            import math
            import torch
            import torch.nn as nn
            import torch.nn.functional as F

            class Linear(nn.Module):
                def __init__(self, n_in, n_out, bias=True):
                    super().__init__()
                    self.weight = nn.Parameter(torch.empty(n_out, n_in))
                    if bias:
                        self.bias = nn.Parameter(torch.empty(n_out))
                    else:
                        self.register_parameter("bias", None)
                    self.reset_parameters()

                def reset_parameters(self):
                    nn.init.kaiming_uniform_(self.weight, a=math.sqrt(5))
                    if self.bias is not None:
                        bound = 1 / math.sqrt(self.weight.size(1))
                        nn.init.uniform_(self.bias, -bound, bound)

                def forward(self, x):
                    return F.linear(x, self.weight, self.bias)
            """,
        ),
        Example(
            "all-parameters-in-a-loop",
            """
            import torch
            from torch import nn

            class Attention(nn.Module):
                def __init__(self, width):
                    super().__init__()
                    self.query = nn.Parameter(torch.Tensor(width, width))
                    self.bias = nn.Parameter(torch.Tensor(width, 1))
                    for p in self.parameters():
                        if p.dim() > 1:
                            nn.init.xavier_uniform_(p)

                def forward(self, x):
                    return x @ self.query + self.bias.t()
            """,
        ),
        Example(
            "base-class-out-of-view",
            """
            import torch
            from torch import nn
            from layers import Base

            class Gate(Base):
                def __init__(self, width):
                    super().__init__()
                    self.gate = nn.Parameter(torch.empty(width))

                def forward(self, x):
                    return x * self.gate
            """,
        ),
        Example(
            "chained-init",
            """
            import torch
            import torch.nn as nn

            class Scale(nn.Module):
                def __init__(self, width):
                    super().__init__()
                    self.scale = nn.Parameter(torch.empty(width).fill_(1.0))
                    self.shift = nn.Parameter(torch.Tensor(1, width).zero_())

                def forward(self, x):
                    return x * self.scale + self.shift
            """,
        ),
    )
    bad: ClassVar[tuple[Example, ...]] = (
        Example(
            "bias-forgotten",
            """
            import torch
            import torch.nn as nn

            class GraphConvolution(nn.Module):
                def __init__(self, n_in, n_out):
                    super().__init__()
                    self.weight = nn.Parameter(torch.FloatTensor(n_in, n_out))
                    self.bias = nn.Parameter(torch.FloatTensor(1, n_out))  # <- here
                    nn.init.xavier_uniform_(self.weight)

                def forward(self, x, adj):
                    return torch.spmm(adj, torch.mm(x, self.weight)) + self.bias
            """,
        ),
        Example(
            "empty",
            """
            import torch
            from torch import nn

            class Attention(nn.Module):
                def __init__(self, width):
                    super().__init__()
                    self.vector = nn.Parameter(torch.empty(width, 1))  # <- here

                def forward(self, h):
                    return torch.softmax(torch.tanh(h) @ self.vector, dim=1)
            """,
        ),
        Example(
            "in-a-layer",
            """
            import torch

            layer = torch.nn.Linear(16, 4)
            layer.weight = torch.nn.Parameter(torch.Tensor(4, 16))  # <- here
            """,
        ),
    )
