"""More examples of GRD317: states that a loop cuts, and throws the cut one away."""

from __future__ import annotations

from textwrap import dedent, indent

from gradhealth_lint.violation import Example

_LOOP = """\
import torch
from torch import nn

def train(model, loader, criterion, optimizer, hidden):
    for x, y in loader:
{cut}
        out, hidden = model(x, hidden){mark}
        loss = criterion(out, y)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
"""

_BAD = {
    "result-thrown-away": """
        hidden.detach()
        """,
    "each-result-thrown-away": """
        for h in hidden:
            h.detach()
        """,
    "variable-of-a-loop": """
        for h in hidden:
            h = h.detach()
        """,
    "list-thrown-away": """
        [h.detach() for h in hidden]
        """,
}

_GOOD = {
    "in-place-one-by-one": """
        for h in hidden:
            h.detach_()
        """,
    "in-place-in-a-list": """
        [h.detach_() for h in hidden]
        """,
    "by-place": """
        for i, h in enumerate(hidden):
            hidden[i] = h.detach()
        """,
    "into-a-list": """
        kept = []
        for h in hidden:
            kept.append(h.detach())
        hidden = tuple(kept)
        """,
    "as-a-tuple": """
        hidden = tuple(h.detach() for h in hidden)
        """,
}


def _examples(texts: dict[str, str], mark: str) -> tuple[Example, ...]:
    return tuple(
        Example(name, _LOOP.format(cut=indent(dedent(text).strip(), " " * 8), mark=mark))
        for name, text in texts.items()
    )


GOOD: dict[str, tuple[Example, ...]] = {"GRD317": _examples(_GOOD, "")}
BAD: dict[str, tuple[Example, ...]] = {"GRD317": _examples(_BAD, "  # <- here")}
