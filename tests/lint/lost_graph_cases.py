"""More cases of GRD310: losses put together of numbers, and tensors that begin a graph anew."""

from __future__ import annotations

from textwrap import dedent, indent

from gradhealth_lint.violation import Example

_HEAD = """
import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 1))
criterion = nn.MSELoss()
optimizer = torch.optim.Adam(model.parameters())

for x, y in loader:
    optimizer.zero_grad()
"""


def _turn(name: str, body: str) -> Example:
    """One turn of a loop that steps after ``body``."""
    return Example(
        name, _HEAD + indent(dedent(body).strip("\n"), "    ") + "\n    optimizer.step()\n"
    )


GOOD: dict[str, tuple[Example, ...]] = {
    "GRD310": (
        _turn(
            "split-backward",
            """
            hidden = model[0](x)
            leaf = model(x).detach().requires_grad_()
            criterion(leaf, y).backward()
            model(x).backward(leaf.grad)
            """,
        ),
        _turn(
            "numbers-for-the-log",
            """
            losses = [criterion(model(a), b) for a, b in zip(x, y)]
            print(np.mean([loss.item() for loss in losses]))
            sum(losses).backward()
            """,
        ),
        _turn(
            "weights-from-numbers",
            """
            losses = torch.stack([criterion(model(a), b) for a, b in zip(x, y)])
            weights = torch.softmax(torch.as_tensor(np.array(losses.tolist())), dim=0)
            (weights * losses).sum().backward()
            """,
        ),
        _turn(
            "one-of-several-is-cut",
            """
            parts = {"fit": criterion(model(x), y), "seen": criterion(model(x), y).item()}
            sum(parts.values()).backward()
            """,
        ),
    )
}
BAD: dict[str, tuple[Example, ...]] = {
    "GRD310": (
        _turn(
            "mean-of-numbers",
            """
            values = [criterion(model(a), b).item() for a, b in zip(x, y)]  # <- here
            loss = sum(values) / len(values)
            loss.backward()
            """,
        ),
        _turn(
            "array-of-numbers",
            """
            value = criterion(model(x), y).item()  # <- here
            torch.as_tensor(np.array([value])).backward()
            """,
        ),
        _turn(
            "numbers-by-name",
            """
            parts = {"fit": criterion(model(x), y).item(), "size": 0.1}  # <- here
            loss = sum(parts.values())
            loss.backward()
            """,
        ),
        _turn(
            "a-new-leaf",
            """
            output = model(x).clone().detach().requires_grad_(True)  # <- here
            criterion(output, y).backward()
            """,
        ),
        _turn(
            "difference-in-numpy",
            """
            off = (model(x) - y).detach().numpy()  # <- here
            loss = torch.sum(torch.tensor(off) ** 2)
            loss.backward()
            """,
        ),
        _turn(
            "torch-mean-of-data",
            """
            squares = torch.square(model(x).data - y)  # <- here
            torch.mean(squares).backward()
            """,
        ),
    )
}
