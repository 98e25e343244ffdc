"""Which layer an operation gets its input from, by a short walk up the autograd graph."""

from __future__ import annotations

from pytest_gradhealth.recorder.graph import Node

_SEARCH = 64  # nodes visited
_SUMS = ("AddBackward", "SubBackward", "Alias", "Clone", "Cat", "Stack")
_LINEAR = (
    *("View", "Unsafe", "Reshape", "Expand", "Unsqueeze", "Squeeze", "Transpose", "Permute", "TB"),
    *("Mm", "Bmm", "Mv", "Mul", "Div", "Neg", "Sum", "Mean", "Index", "Scatter", "Gather"),
    *("Select", "Slice", "MaskedFill", "ToCopy", "SpmmBackward", "SparseAddmm"),
)


def feeding_layer(node: Node, layer_of: dict[Node, int]) -> int | None:
    """Position of the nearest of these layers before a node, by breadth-first search."""
    level, visited = [node], {node}
    while level and len(visited) < _SEARCH:
        above: list[Node] = []
        for current in level:
            for child, _ in current.next_functions:
                if child is None or child in visited:
                    continue
                if child in layer_of:
                    return layer_of[child]
                visited.add(child)
                above.append(child)
        level = above
    return None


def added_layers(node: Node, layer_of: dict[Node, int]) -> tuple[int, ...]:
    """Positions of the layers whose outputs are summed up to a node's input, the nearest first.

    Of ``relu(w(x) + adjacency @ u(h))`` both; nothing is followed through a product of two tensors
    with a gradient, or through a nonlinear operation.
    """
    found, waiting, visited = [], [node], {node}
    while waiting and len(visited) < _SEARCH:
        for child, _ in waiting.pop(0).next_functions:
            if child is None or child in visited:
                continue
            visited.add(child)
            if child in layer_of:
                found.append(layer_of[child])
            elif _sums_up(child):
                waiting.append(child)
    return tuple(found)


def _sums_up(node: Node) -> bool:
    name = str(node.name())
    if name.startswith(_SUMS):
        return True
    tracked = sum(child is not None for child, _ in node.next_functions)
    return tracked == 1 and name.startswith(_LINEAR)
