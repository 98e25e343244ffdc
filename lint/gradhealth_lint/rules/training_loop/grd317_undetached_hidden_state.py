"""GRD317 undetached-hidden-state."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar

from gradhealth_lint.rules.rule import Found
from gradhealth_lint.violation import Example, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gradhealth_lint.limits import Limits
    from gradhealth_lint.semantics.facts import FileFacts


class UndetachedHiddenState:
    """A recurrent state that is handed to the next batch with its graph."""

    code: ClassVar[str] = "GRD317"
    name: ClassVar[str] = "undetached-hidden-state"
    severity: ClassVar[Severity] = "warning"
    on_by_default: ClassVar[bool] = True
    message: ClassVar[str] = (
        "{name} goes into the next turn with its graph: the next backward() runs through the "
        "batches before, which fails, or with retain_graph=True takes longer every turn"
    )
    remedy: ClassVar[str] = (
        "detach it before each batch, such as {name} = {name}.detach() (of a tuple, each part), "
        "or start from a new state"
    )
    why: ClassVar[str] = (
        "A state that comes out of one batch depends on all weights and inputs up to there. "
        "Without a cut the backward pass of the second batch enters the graph of the first, "
        "whose buffers are freed: an error, for which retain_graph=True is the wrong cure. With "
        "it memory and time grow with every batch, and the gradient is a product over all "
        "earlier time steps, which vanishes or explodes. Silent where the state is detached, "
        "repackaged or made anew in the loop, or cut by the model itself."
    )
    references: ClassVar[tuple[str, ...]] = (
        "Williams and Peng (1990), An efficient gradient-based algorithm for on-line training "
        "of recurrent network trajectories (truncated backpropagation through time)",
        "PyTorch examples, word_language_model: repackage_hidden",
    )
    needs: ClassVar[tuple[re.Pattern[bytes], ...]] = (
        re.compile(rb"torch"),
        re.compile(rb"backward"),
    )
    reads_stacks: ClassVar[bool] = False

    def check(self, facts: FileFacts, limits: Limits) -> Iterator[Found]:
        """Every state that is carried over a backward pass."""
        for carried in facts.carried:
            yield Found(
                carried.anchor,
                self.message.format(name=carried.name),
                self.remedy.format(name=carried.name),
            )

    good: ClassVar[tuple[Example, ...]] = (
        Example(
            "detached",
            """
            import torch
            from torch import nn

            rnn = nn.LSTM(8, 16)
            optimizer = torch.optim.Adam(rnn.parameters())
            hidden = None
            for x, y in loader:
                optimizer.zero_grad()
                out, hidden = rnn(x, hidden)
                hidden = tuple(h.detach() for h in hidden)
                loss = nn.functional.mse_loss(out, y)
                loss.backward()
                nn.utils.clip_grad_norm_(rnn.parameters(), 1.0)
                optimizer.step()
            """,
        ),
        Example(
            "made-anew",
            """
            import torch
            from torch import nn

            rnn = nn.GRU(8, 16)
            optimizer = torch.optim.Adam(rnn.parameters())
            for x, y in loader:
                hidden = torch.zeros(1, x.size(1), 16)
                optimizer.zero_grad()
                loss = 0
                for t in range(x.size(0)):
                    out, hidden = rnn(x[t : t + 1], hidden)
                    loss = loss + nn.functional.mse_loss(out, y[t])
                loss.backward()
                nn.utils.clip_grad_norm_(rnn.parameters(), 1.0)
                optimizer.step()
            """,
        ),
        Example(
            "repackaged",
            """
            import torch
            from torch import nn

            def train(model, optimizer, criterion, loader):
                hidden = model.init_hidden(20)
                for x, y in loader:
                    optimizer.zero_grad()
                    hidden = repackage_hidden(hidden)
                    out, hidden = model(x, hidden)
                    criterion(out, y).backward()
                    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
                    optimizer.step()
            """,
        ),
    )
    bad: ClassVar[tuple[Example, ...]] = (
        Example(
            "over-batches",
            """
            import torch
            from torch import nn

            rnn = nn.GRU(8, 16)
            optimizer = torch.optim.Adam(rnn.parameters())
            hidden = torch.zeros(1, 4, 16)
            for x, y in loader:
                optimizer.zero_grad()
                out, hidden = rnn(x, hidden)  # <- here
                loss = nn.functional.mse_loss(out, y)
                loss.backward()
                nn.utils.clip_grad_norm_(rnn.parameters(), 1.0)
                optimizer.step()
            """,
        ),
        Example(
            "tuple-of-states",
            """
            import torch
            from torch import nn

            def train(model, optimizer, criterion, loader):
                h, c = model.init_hidden(20)
                for x, y in loader:
                    optimizer.zero_grad()
                    out, (h, c) = model(x, (h, c))  # <- here
                    criterion(out, y).backward(retain_graph=True)  # gradhealth: ignore[GRD312]
                    optimizer.step()
            """,
        ),
        Example(
            "kept-in-the-module",
            """
            import torch
            from torch import nn

            class Net(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.lstm = nn.LSTM(8, 16)
                    self.head = nn.Linear(16, 1)
                    self.hidden = None

                def forward(self, x):
                    out, self.hidden = self.lstm(x, self.hidden)  # <- here
                    return self.head(out)

            model = Net()
            optimizer = torch.optim.Adam(model.parameters())
            for x, y in loader:
                optimizer.zero_grad()
                nn.functional.mse_loss(model(x), y).backward()
                nn.utils.clip_grad_norm_(model.parameters(), 1.0)
                optimizer.step()
            """,
        ),
    )
