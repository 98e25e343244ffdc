"""Where on the autograd graph the module calls are: depth, trunk, what feeds what."""

from __future__ import annotations

import functools

from pytest_gradhealth.recorder.feeding import feeding_layer
from pytest_gradhealth.recorder.graph import BackwardGraph, Node
from pytest_gradhealth.recorder.trace import Call, Trace

# Dominators ahead of a layer that may lie between it and what absorbs its bias.
_AHEAD = 12
_ABSORBERS = (
    ("BatchNorm", "BatchNorm"),
    ("GroupNorm", "GroupNorm"),
    ("InstanceNorm", "InstanceNorm"),
    ("LayerNorm", "LayerNorm"),
    ("ScaledDotProduct", "Softmax"),
    ("SoftmaxBackward", "Softmax"),
)
_LINEAR = (
    *("View", "Reshape", "Transpose", "Permute", "TBackward", "Expand", "Clone", "Unsqueeze"),
    *("Squeeze", "Split", "Unbind", "Select", "Slice", "Mul", "Div", "Bmm", "MmBackward"),
    *("MaskedFill", "AddBackward", "Where", "Stack", "Cat", "ToCopy", "Alias", "Unsafe"),
)


class Positions:
    """The calls of a trace on the graph behind its loss.

    Attributes:
        weighted: For each call, whether its module holds a matrix of its own.
        module_of: Nodes of module outputs, with the positions of their calls.
        layer_of: The same for modules with parameters; and the nodes that a recurrent module's
            inner steps come back to.
        depths: For each node, the weighted layers on its longest way to the loss.
        fed: For each node, whether a weighted layer lies beyond it.
        trunk: Ranks of the nodes that every way from the deepest layer to the loss crosses.
    """

    def __init__(self, trace: Trace, graph: BackwardGraph) -> None:
        self.graph = graph
        self.weighted = [
            bool(call.product) or (call.weighted and call.path not in trace.unfolded)
            for call in trace.calls
        ]
        self.module_of: dict[Node, int] = {}
        self.ranks: list[int | None] = []
        last_call: dict[str, int] = {}
        for position, call in enumerate(trace.calls):
            last_call[call.path] = position
            ranks = [graph.rank[node] for node in call.nodes if node in graph.rank]
            self.ranks.append(min(ranks, default=None))
            for rank in ranks:
                self.module_of.setdefault(graph.order[rank], position)
        layers = {graph.rank[n] for n, p in self.module_of.items() if self.weighted[p]}
        self.layer_of = {
            n: p
            for n, p in self.module_of.items()
            if self.weighted[p] or _is_affine(trace.calls[p])
        }
        self.depths, self.fed = graph.depths(layers), graph.fed(layers)
        for recurrence in trace.recurrences:
            if recurrence.start is not None and recurrence.path in last_call:
                self.layer_of[recurrence.start] = last_call[recurrence.path]
        self.trunk = self._trunk(layers)

    def rank(self, call: Call) -> int | None:
        """Position of a call's output in the graph's order; ``None`` where the loss ignores it."""
        return self.ranks[call.position]

    def next_on_trunk(self, rank: int, own: int) -> int | None:
        """Position of the next call that every way from a node to the loss crosses."""
        while rank != 0:
            rank = self.graph.dominator[rank]
            position = self.module_of.get(self.graph.order[rank])
            if position is not None and position != own:
                return position
        return None

    def crosses(self, call: Call, rank: int) -> bool:
        """Whether every way from a call's output to the loss crosses the node of that rank."""
        at = self.rank(call)
        while at is not None and at > rank:
            at = self.graph.dominator[at]
        return at == rank

    def feeding(self, node: Node) -> int | None:
        """Position of the nearest module with parameters before a node."""
        return feeding_layer(node, self.layer_of)

    def absorber(self, rank: int) -> str:
        """The operation ahead that ignores a constant added to this node's output; "" for none.

        Only through operations that move or scale entries: the next nonlinear one ends the search.
        """
        for _ in range(_AHEAD):
            if rank == 0:
                return ""
            rank = self.graph.dominator[rank]
            told, goes_on = _absorbs(self.graph.names[rank])
            if told or not goes_on:
                return told
        return ""

    def _trunk(self, layers: set[int]) -> set[int]:
        if not layers:
            return set()
        rank = max(sorted(layers), key=self.depths.__getitem__)
        trunk = {rank}
        while rank != 0:
            rank = self.graph.dominator[rank]
            trunk.add(rank)
        return trunk


@functools.cache
def _absorbs(name: str) -> tuple[str, bool]:
    """What an operation that ignores a constant is called, and whether it passes a constant on."""
    for word, told in _ABSORBERS:
        if word in name:
            return told, False
    return "", any(word in name for word in _LINEAR)


def _is_affine(call: Call) -> bool:
    """A module whose own parameters set its output's scale and shift: a norm, a PReLU."""
    return "parametrizations" not in call.path.split(".") and any(
        p is not None for p in call.module._parameters.values()
    )
