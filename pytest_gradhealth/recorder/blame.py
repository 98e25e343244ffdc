"""Which operation of the backward pass made the first NaN or Inf."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from pytest_gradhealth.recorder.graph import BackwardGraph, Node


class Blame:
    """Finds the first backward node that turns finite gradients into NaN or Inf."""

    def __init__(self, graph: BackwardGraph) -> None:
        self.node = ""
        self.culprit: Node | None = None
        for node in graph.order:
            node.register_hook(self._hook(node))

    def _hook(self, node: Node) -> Callable[[Any, Any], None]:
        def on_node(gradients_in: Any, gradients_out: Any) -> None:
            if not self.node and not _all_finite(gradients_in) and _all_finite(gradients_out):
                self.node, self.culprit = str(node.name()), node

        return on_node


def _all_finite(tensors: Any) -> bool:
    return all(t is None or bool(torch.isfinite(t).all()) for t in tensors)
