"""Activation functions on the way back, read off the autograd graph before the backward pass.

Nodes of the graph keep what their derivative needs, the activation's own input or output. So a call
of ``torch.tanh`` or ``F.relu`` is seen like a module, and so are the gates of a hand-written cell.
Nothing is kept: a slice of each value is reduced to a few numbers.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from torch import Tensor

from pytest_gradhealth.recorder.feeding import added_layers, feeding_layer
from pytest_gradhealth.recorder.graph import BackwardGraph, Node
from pytest_gradhealth.recorder.pending import Pending
from pytest_gradhealth.recorder.readers import READERS, Values

_ENTRIES = 2**16  # looked at per call, whole samples, at least one
_CALLS = 8  # looked at behind one layer: a cell over a long sequence has one call a step
_SEARCH = 64  # nodes visited to find where an activation's units lie
_CONVOLUTIONAL = ("ConvolutionBackward", "BatchNorm", "GroupNorm", "MaxPool", "AvgPool")
_FEATURES_LAST = ("Addmm", "MmBackward", "Bmm", "LayerNorm", "UnsafeView", "MkldnnLinear")
_IMAGE_AXES = 4


@dataclass(slots=True)
class Seen:
    """What one or more calls of an activation behind the same layer showed, still on the device.

    Attributes:
        kind: Its name.
        node: The first call's node.
        position: Position of its own module call; ``None`` for a function call.
        feeds_from: Position of the call of the nearest module with parameters before it.
        added: Positions of the calls whose outputs are summed up to its input.
        observations: Values looked at per unit.
        most: For each unit the largest value seen; a unit is dead where it is not above ``shut``.
        shut: See ``most``.
        flats: Share of flat values, one a call.
        stuck: For each unit 1 or -1 where every value seen was at that end, with a slope of exactly
            zero; else 0. A unit that jumps between the ends has samples in between.
    """

    kind: str
    node: Node
    position: int | None
    feeds_from: int | None
    added: tuple[int, ...] = ()
    observations: int = 0
    most: Tensor | None = None
    shut: float = 0.0
    flats: list[Tensor] = field(default_factory=list)
    stuck: Tensor | None = None
    calls: int = 0

    def tickets(self, pending: Pending) -> tuple[int | None, int | None, int]:
        """Tickets for dead units and flat share, and how many units there are."""
        off = self.most <= self.shut if self.most is not None else self.stuck
        dead = None if off is None else pending.add(off.count_nonzero())
        flat = pending.add(torch.stack(self.flats).mean()) if self.flats else None
        return dead, flat, 1 if off is None else off.numel()


def activations_in(
    graph: BackwardGraph,
    module_of: dict[Node, int],
    layer_of: dict[Node, int],
    paths: list[str],
    *,
    closely: bool,
) -> list[Seen]:
    """Every activation function of the graph, the one next to the loss first.

    Args:
        graph: The graph, before its backward pass.
        module_of: Nodes of module outputs, with the positions of their calls.
        layer_of: Nodes of the outputs of modules with parameters (of a recurrent module also the
            node of its input, which its inner steps come back to), with their calls' positions.
        paths: Module path of every call.
        closely: Look at every value and every call.
    """
    seen: dict[tuple[str, int, str | None, str | None], Seen] = {}
    for node, name in zip(graph.order, graph.names, strict=True):
        reader = READERS.get(name.removesuffix("Backward0"))
        if reader is None:
            continue
        position, feeds_from = module_of.get(node), feeding_layer(node, layer_of)
        # Gates are cut from one product: which part it is tells them apart.
        part = _part(node)
        key = (name, part, _at(paths, feeds_from), _at(paths, position))
        known = seen.get(key)
        if known is not None and known.calls >= _CALLS and not closely:
            continue
        try:
            read = reader(node)
        except RuntimeError:  # changed in place since, or freed
            continue
        if read is None or not read.values.numel():
            continue
        if known is None:
            added = added_layers(node, layer_of)
            known = seen[key] = Seen(read.kind, node, position, feeds_from, added)
        _look(known, read, closely=closely)
    return list(seen.values())


def _part(node: Node) -> int:
    """Which output of a split product a gate takes, directly or as the first of a sum."""
    part = 0
    for _ in range(2):
        if not node.next_functions or node.next_functions[0][0] is None:
            break
        node, output = node.next_functions[0]
        part += output
    return part


def _at(paths: list[str], position: int | None) -> str | None:
    return None if position is None else paths[position]


def _look(seen: Seen, read: Values, *, closely: bool) -> None:
    values = read.values.detach()
    if not closely and values.dim() > 1 and values.numel() > _ENTRIES:
        values = values[: max(1, _ENTRIES * values.shape[0] // values.numel())]
    seen.calls += 1
    if read.flat is not None:
        seen.flats.append(read.flat(values).float().mean())
    if read.shut is None and read.stuck is None:
        return
    axis = _unit_axis(seen.node, values.dim())
    others = [a for a in range(values.dim()) if a != axis]
    if read.stuck is not None:
        ends = read.stuck(values)
        low, high = (ends.amin(dim=others), ends.amax(dim=others)) if others else (ends, ends)
        stuck = low * (low == high)
        if seen.stuck is not None and seen.stuck.shape == stuck.shape:
            stuck *= stuck == seen.stuck
        seen.stuck = stuck
        seen.observations += values.numel() // max(stuck.numel(), 1)
    if read.shut is None:
        return
    most = values.amax(dim=others) if others else values
    if seen.most is not None and seen.most.shape == most.shape:
        most = torch.maximum(seen.most, most)
    seen.most, seen.shut = most, read.shut
    seen.observations += values.numel() // max(most.numel(), 1)


def _unit_axis(node: Node, axes: int) -> int:
    """Channels come second behind convolutions and their kin, features last elsewhere."""
    current = node
    for _ in range(_SEARCH):
        following = [child for child, _ in current.next_functions if child is not None]
        if not following:
            break
        current = following[0]
        name = str(current.name())
        if any(word in name for word in _CONVOLUTIONAL):
            return min(1, axes - 1)
        if any(word in name for word in _FEATURES_LAST):
            return axes - 1
    return 1 if axes == _IMAGE_AXES else axes - 1
