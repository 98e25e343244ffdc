"""From hooks, graph and gradients to a report of plain numbers."""

from __future__ import annotations

import math
from collections.abc import Callable

from torch import Tensor, nn
from torch.nn.utils import parametrize

from pytest_gradhealth.facts import LayerRecord, ParameterRecord, Report
from pytest_gradhealth.recorder.blame import Blame
from pytest_gradhealth.recorder.graph import BackwardGraph, Node
from pytest_gradhealth.recorder.hooks import HOLDERS, Call, Trace, silent_paths, source_of
from pytest_gradhealth.recorder.statistics import to_floats
from pytest_gradhealth.recorder.usage import UsedTensors


def assemble(
    model: nn.Module,
    trace: Trace,
    graph: BackwardGraph,
    reduce: Callable[[Tensor], Tensor],
    loss: Tensor,
    kind: str,
    seed: int,
    watcher: UsedTensors | None,
    blame: Blame | None,
) -> Report:
    """Everything the pass left behind, as floats, strings and tuples.

    Args:
        model: Its parameters' ``.grad`` still hold the gradients.
        trace: What the hooks saw.
        graph: The autograd graph behind the loss.
        reduce: The norm the hooks used, for the parameters too.
        loss: The loss.
        kind: How it came about.
        seed: Of the pass.
        watcher: Which parameters operations used, where the pass looked.
        blame: The first backward node with a NaN or Inf, where the pass looked.
    """
    names: dict[Tensor, list[str]] = {}
    for name, parameter in model.named_parameters(remove_duplicate=False):
        names.setdefault(parameter, []).append(name)
    trainable = [p for p in names if p.requires_grad]

    pending = [loss.detach()]
    pending += [call.activation for call in trace.calls if call.activation is not None]
    pending += [gradient for call in trace.calls for gradient in call.gradients]
    pending += [reduce(p) for p in trainable]
    pending += [reduce(p.grad) for p in trainable if p.grad is not None]
    numbers = iter(to_floats(pending))

    loss_value = next(numbers)
    activations = [next(numbers) for _ in trace.calls]
    gradients = [[next(numbers) for _ in call.gradients] for call in trace.calls]
    values = [next(numbers) for _ in trainable]
    grads = [None if p.grad is None else next(numbers) for p in trainable]
    return Report(
        model=type(model).__name__,
        loss=loss_value,
        loss_kind=kind,
        seed=seed,
        layers=_layers(model, trace, graph, activations, gradients),
        parameters=tuple(
            _parameter(model, p, tuple(names[p]), trace, watcher, value, grad)
            for p, value, grad in zip(trainable, values, grads, strict=True)
        ),
        frozen=tuple(names[p][0] for p in names if not p.requires_grad),
        silent=silent_paths(model, trace),
        nonfinite_backward=_first_nonfinite(trace, gradients, blame),
    )


def _layers(
    model: nn.Module,
    trace: Trace,
    graph: BackwardGraph,
    activations: list[float],
    gradients: list[list[float]],
) -> tuple[LayerRecord, ...]:
    weighted = [_is_weighted(call) for call in trace.calls]
    position_of: dict[Node, int] = {}
    for position, call in enumerate(trace.calls):
        for node in call.nodes:
            if node in graph.rank:
                position_of.setdefault(node, position)
    weights = {node for node, position in position_of.items() if weighted[position]}
    depths, fed = graph.depths(weights), graph.fed(weights)
    records = []
    for position, call in enumerate(trace.calls):
        ranks = [graph.rank[node] for node in call.nodes if node in graph.rank]
        rank = min(ranks, default=None)
        arrived = gradients[position]
        records.append(
            LayerRecord(
                path=call.path,
                call=call.index,
                kind=type(call.module).__name__,
                source=source_of(model, call.path),
                shape=call.shape,
                dtype=call.dtype,
                weighted=weighted[position],
                depth=None if rank is None else depths[rank],
                earliest=rank is not None and not fed[rank],
                trunk=None if rank is None else _next_on_trunk(graph, position_of, rank, position),
                reached=rank is not None or bool(arrived),
                differentiable=bool(call.nodes),
                activation_rms=activations[position] / max(call.size, 1) ** 0.5,
                gradient_norm=math.hypot(*arrived) if arrived else None,
            )
        )
    return tuple(records)


def _next_on_trunk(
    graph: BackwardGraph, position_of: dict[Node, int], rank: int, own: int
) -> int | None:
    while rank != 0:
        rank = graph.dominator[rank]
        position = position_of.get(graph.order[rank])
        if position is not None and position != own:
            return position
    return None


def _is_weighted(call: Call) -> bool:
    """Whether the module has a matrix or kernel of its own, parametrized ones included.

    A module that computes a parametrized weight is part of the layer, not a layer.
    """
    held = list(call.module.parameters(recurse=False))
    if "parametrizations" in call.path.split("."):
        return False
    if parametrize.is_parametrized(call.module):
        held += call.module.parametrizations.parameters()  # type: ignore[union-attr]
    return any(parameter.dim() > 1 for parameter in held)


def _owner(model: nn.Module, name: str) -> str:
    """Path of the module that uses the parameter: lists and dicts of parameters never run."""
    path = name.rpartition(".")[0]
    while path and isinstance(model.get_submodule(path), HOLDERS):
        path = path.rpartition(".")[0]
    return path


def _parameter(
    model: nn.Module,
    parameter: Tensor,
    names: tuple[str, ...],
    trace: Trace,
    watcher: UsedTensors | None,
    value: float,
    gradient: float | None,
) -> ParameterRecord:
    owners = [_owner(model, name) for name in names]
    root = max(parameter.numel(), 1) ** 0.5
    return ParameterRecord(
        names=names,
        owner=owners[0],
        owner_ran=any(owner in trace.ran for owner in owners),
        used=None if watcher is None else watcher.used(parameter),
        shape=tuple(parameter.shape),
        dtype=str(parameter.dtype).removeprefix("torch."),
        value_rms=value / root,
        gradient_rms=None if gradient is None else gradient / root,
    )


def _first_nonfinite(trace: Trace, gradients: list[list[float]], blame: Blame | None) -> str:
    for position, index in trace.arrivals:
        if not math.isfinite(gradients[position][index]):
            name = trace.calls[position].path or "(the model itself)"
            return f"{name} after {blame.node}" if blame is not None and blame.node else name
    return blame.node if blame is not None else ""
