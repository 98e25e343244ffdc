"""The autograd graph from the loss back: what it reaches, how deep, and what every path crosses.

The dominator tree of the graph, rooted at the loss, tells a residual stream from its branches
without knowing either by name: a point that every path to the loss must cross is on the trunk, the
inside of a branch is not. Built as Cooper, Harvey and Kennedy (2001), "A simple, fast dominance
algorithm", simplified by the graph having no cycle: one sweep in topological order is exact.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from torch import Tensor

Node = Any  # torch.autograd.graph.Node; its Python wrappers compare by identity


@dataclass(slots=True)
class BackwardGraph:
    """Every node a backward pass from one tensor visits.

    Attributes:
        order: The nodes, each after every node that feeds gradients to it; the loss comes first.
        rank: Position of each node in ``order``.
        names: Their names.
        children: Positions of the nodes that each one feeds gradients to.
        dominator: Position of each node's immediate dominator; the root's own is 0.
    """

    order: list[Node] = field(default_factory=list)
    rank: dict[Node, int] = field(default_factory=dict)
    names: list[str] = field(default_factory=list)
    children: list[list[int]] = field(default_factory=list)
    dominator: list[int] = field(default_factory=list)

    def depths(self, weighted: set[int]) -> list[int]:
        """For each node of ``order``: the ``weighted`` nodes on its longest way to the loss."""
        depth = [0] * len(self.order)
        for position, children in enumerate(self.children):
            own = depth[position]
            if position in weighted:
                own = depth[position] = own + 1
            for below in children:
                if depth[below] < own:  # noqa: PLR1730  # max() costs three times as much
                    depth[below] = own
        return depth

    def fed(self, weighted: set[int]) -> list[bool]:
        """For each node of ``order``: whether a ``weighted`` node lies beyond it, off the loss."""
        beyond = [False] * len(self.order)
        for position in range(len(self.order) - 1, -1, -1):
            for below in self.children[position]:
                if beyond[below] or below in weighted:
                    beyond[position] = True
                    break
        return beyond


def walk(loss: Tensor) -> BackwardGraph:
    """The graph behind ``loss``; empty where the loss has none. Linear in the graph's size."""
    graph = BackwardGraph()
    if loss.grad_fn is None:
        return graph
    edges = _edges(loss.grad_fn)
    graph.order = list(reversed(edges))  # finished last, so nothing feeds it but what is before
    graph.rank = {node: position for position, node in enumerate(graph.order)}
    graph.names = [str(node.name()) for node in graph.order]
    graph.children = [[graph.rank[child] for child in edges[node]] for node in graph.order]
    dominator = [-1] * len(graph.order)
    dominator[0] = 0
    for position, children in enumerate(graph.children):
        for below in children:
            known = dominator[below]
            dominator[below] = position if known < 0 else _meet(dominator, known, position)
    graph.dominator = dominator
    return graph


#: Operations that are flat almost everywhere: autograd sends back zeros.
_FLAT = ("Sign", "Sgn", "Round", "Floor", "Ceil", "Trunc")

_SEQUENCE = 3  # axes of (samples, positions, scores)


def blocked_variables(graph: BackwardGraph, *, saved: bool = True) -> list[tuple[Tensor, Node]]:
    """Leaf tensors that the loss reaches through flat operations only, and the nearest of these.

    Args:
        graph: The graph, before its backward pass frees what the nodes keep.
        saved: Look at what the nodes keep; where checkpointing keeps it elsewhere, do not.
    """
    flat = {p for p, name in enumerate(graph.names) if _is_flat(graph, p, name, saved=saved)}
    if not flat:
        return []
    open_to: set[int] = set() if 0 in flat else {0}
    blocker: dict[int, int] = {}
    for position, children in enumerate(graph.children):
        for below in children:
            if position in open_to and below not in flat:
                open_to.add(below)
            nearest = position if position in flat else blocker.get(position, below)
            blocker.setdefault(below, nearest)
    return [
        (node.variable, graph.order[blocker[position]])
        for position, node in enumerate(graph.order)
        if position not in open_to and position in blocker and hasattr(node, "variable")
    ]


def _is_flat(graph: BackwardGraph, position: int, name: str, *, saved: bool) -> bool:
    name = name.removesuffix("Backward0")
    if name in _FLAT:
        return True
    return saved and name == "Softmax" and _is_over_one_score(graph.order[position])


def _is_over_one_score(node: Node) -> bool:
    """Softmax over the last axis where a layer puts one score into it, and positions are beside it.

    Attention over a single key has one entry too, and is meant: it does not come from a layer. Of a
    convolution's output, over any axis of one entry beside several channels.
    """
    following = [child for child, _ in node.next_functions if child is not None]
    made_by = str(following[0].name()) if following else ""
    convolved = made_by.startswith("Convolution")
    layers = ("View", "UnsafeView", "Addmm", "Add", "MkldnnLinear", "Squeeze")
    if not convolved and not made_by.startswith(layers):
        return False
    try:
        shape, axis = node._saved_result.shape, node._saved_dim
    except RuntimeError:  # changed in place, or kept elsewhere
        return False
    axis = axis - 2**64 if axis >= 2**63 else axis  # saved as unsigned
    if convolved:
        return shape[axis] == 1 and len(shape) > _SEQUENCE and shape[1] > 1
    last = axis % len(shape) == len(shape) - 1
    return last and shape[-1] == 1 and len(shape) >= _SEQUENCE and shape[-2] > 1


def _edges(root: Node) -> dict[Node, list[Node]]:
    """The nodes each node feeds, in the postorder of a depth-first search, without recursion."""
    finished: dict[Node, list[Node]] = {}
    seen = {root}
    children = _children(root)
    stack = [(root, children, iter(children))]
    while stack:
        node, children, rest = stack[-1]
        for child in rest:
            if child not in seen:
                seen.add(child)
                below = _children(child)
                stack.append((child, below, iter(below)))
                break
        else:
            stack.pop()
            finished[node] = children
    return finished


def _children(node: Node) -> list[Node]:
    return [child for child, _ in node.next_functions if child is not None]


def _meet(dominator: list[int], left: int, right: int) -> int:
    """The nearest common ancestor in the dominator tree built so far."""
    while left != right:
        if left > right:
            left = dominator[left]
        else:
            right = dominator[right]
    return left
