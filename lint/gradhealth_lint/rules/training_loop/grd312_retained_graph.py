"""GRD312 retained-graph."""

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
    from gradhealth_lint.semantics.training_facts import Retained


class RetainedGraph:
    """A loss that is kept for a log with the whole graph behind it."""

    code: ClassVar[str] = "GRD312"
    name: ClassVar[str] = "retained-graph"
    severity: ClassVar[Severity] = "warning"
    on_by_default: ClassVar[bool] = True
    message: ClassVar[str] = (
        "{total} collects {name} with its graph: the history of every turn stays in memory, and "
        "nothing ever goes backward through it"
    )
    message_kept: ClassVar[str] = (
        "retain_graph=True keeps the graph of {name}, and no second backward pass in the loop "
        "goes through it"
    )
    remedy: ClassVar[str] = "collect {name}.item(), or {name}.detach() where a tensor is needed"
    remedy_evaluated: ClassVar[str] = (
        "run the evaluation under torch.no_grad(), or collect {name}.item()"
    )
    remedy_kept: ClassVar[str] = (
        "leave retain_graph out; if backward() then fails, detach what is carried over from the "
        "turn before"
    )
    why: ClassVar[str] = (
        "A sum of losses is a tensor whose graph holds the graphs of all its terms. Where it is "
        "only logged, memory grows with every turn until it runs out, and a later backward() "
        "from the sum would fail or go through all turns at once. retain_graph=True with a "
        "single backward pass keeps buffers that nobody uses; it is often put there to silence "
        "the error that a graph is gone through a second time, whose cause is a tensor carried "
        "over. Silent where the sum is differentiated, reset in the same turn, or made of "
        "numbers."
    )
    references: ClassVar[tuple[str, ...]] = (
        "PyTorch documentation, Frequently Asked Questions: my model reports out of memory",
        "PyTorch documentation, torch.Tensor.backward: retain_graph",
    )
    needs: ClassVar[tuple[re.Pattern[bytes], ...]] = (
        re.compile(rb"torch"),
        re.compile(rb"backward|eval\("),
        re.compile(rb"\+|append|retain_graph"),
    )
    reads_stacks: ClassVar[bool] = False

    def check(self, facts: FileFacts, limits: Limits) -> Iterator[Found]:
        """Every loss that outlives its turn for nothing."""
        carrying = {state.backward for state in facts.carried}
        for kept in facts.retained:
            if kept.anchor in carrying:
                continue  # GRD317 names the state that the graph is retained for
            if kept.form == "retain_graph":
                message = self.message_kept.format(name=kept.name)
                yield Found(kept.anchor, message, self.remedy_kept, _fix(kept))
            else:
                remedy = self.remedy_evaluated if kept.evaluated else self.remedy
                yield Found(
                    kept.anchor,
                    self.message.format(name=kept.name, total=kept.total),
                    remedy.format(name=kept.name),
                    _fix(kept),
                )

    good: ClassVar[tuple[Example, ...]] = (
        Example(
            "summed-numbers",
            """
            import torch
            from torch import nn

            model = nn.Linear(8, 1)
            optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
            total = 0.0
            for x, y in loader:
                optimizer.zero_grad()
                loss = nn.functional.mse_loss(model(x), y)
                loss.backward()
                optimizer.step()
                total += loss.item() * x.size(0)
            """,
        ),
        Example(
            "differentiated-sum",
            """
            import torch
            from torch import nn

            model = nn.Linear(8, 1)
            optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
            for batch in loader:
                optimizer.zero_grad()
                total = 0
                for x, y in batch:
                    loss = nn.functional.mse_loss(model(x), y)
                    total += loss
                total.backward()
                optimizer.step()
            """,
        ),
        Example(
            "two-backwards",
            """
            import torch
            from torch import nn

            model = nn.Linear(8, 1)
            optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
            for x, y in loader:
                optimizer.zero_grad()
                out = model(x)
                nn.functional.mse_loss(out, y).backward(retain_graph=True)
                out.abs().mean().backward()
                optimizer.step()
            """,
        ),
    )
    bad: ClassVar[tuple[Example, ...]] = (
        Example(
            "summed-for-logging",
            """
            import torch
            from torch import nn

            model = nn.Linear(8, 1)
            optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
            for epoch in range(10):
                total = 0.0
                for x, y in loader:
                    optimizer.zero_grad()
                    loss = nn.functional.mse_loss(model(x), y)
                    loss.backward()
                    optimizer.step()
                    total += loss  # <- here
                print(epoch, total / len(loader))
            """,
            """
            import torch
            from torch import nn

            model = nn.Linear(8, 1)
            optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
            for epoch in range(10):
                total = 0.0
                for x, y in loader:
                    optimizer.zero_grad()
                    loss = nn.functional.mse_loss(model(x), y)
                    loss.backward()
                    optimizer.step()
                    total += loss.detach()  # <- here
                print(epoch, total / len(loader))
            """,
        ),
        Example(
            "list-of-losses",
            """
            import torch
            from torch import nn

            model = nn.Linear(8, 1)
            optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
            losses = []
            for x, y in loader:
                optimizer.zero_grad()
                loss = nn.functional.mse_loss(model(x), y)
                loss.backward()
                optimizer.step()
                losses.append(loss)  # <- here
            """,
            """
            import torch
            from torch import nn

            model = nn.Linear(8, 1)
            optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
            losses = []
            for x, y in loader:
                optimizer.zero_grad()
                loss = nn.functional.mse_loss(model(x), y)
                loss.backward()
                optimizer.step()
                losses.append(loss.detach())  # <- here
            """,
        ),
        Example(
            "retain-graph",
            """
            import torch
            from torch import nn

            model = nn.Linear(8, 1)
            optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
            for x, y in loader:
                optimizer.zero_grad()
                loss = nn.functional.mse_loss(model(x), y)
                loss.backward(retain_graph=True)  # <- here
                optimizer.step()
            """,
            """
            import torch
            from torch import nn

            model = nn.Linear(8, 1)
            optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
            for x, y in loader:
                optimizer.zero_grad()
                loss = nn.functional.mse_loss(model(x), y)
                loss.backward()  # <- here
                optimizer.step()
            """,
        ),
    )


def _fix(kept: Retained) -> Plan | None:
    """The loss without its graph, a tensor still, so that all that is done to it goes on."""
    from gradhealth_lint.edits.plan import Code, DropKeyword, Plan, Replace

    if kept.form == "retain_graph":
        return Plan("unsafe", (DropKeyword(kept.anchor, "retain_graph"),))
    if kept.value is None:
        return None
    return Plan("safe", (Replace(kept.value, (Code(kept.value, atom=True), ".detach()")),))
