"""From hooks, graph and gradients to a report of plain numbers."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

from torch import Tensor, nn

from pytest_gradhealth.facts import (
    ActivationRecord,
    LayerRecord,
    OperationRecord,
    ParameterRecord,
    RecurrenceRecord,
    Report,
)
from pytest_gradhealth.recorder.activations import Seen
from pytest_gradhealth.recorder.blame import Blame
from pytest_gradhealth.recorder.graph import BackwardGraph, Node
from pytest_gradhealth.recorder.hooks import HOLDERS, Trace, silent_paths, source_of
from pytest_gradhealth.recorder.operations import Operations
from pytest_gradhealth.recorder.pending import Pending
from pytest_gradhealth.recorder.positions import Positions
from pytest_gradhealth.recorder.recurrence import gain, queue
from pytest_gradhealth.recorder.spread import spreads
from pytest_gradhealth.recorder.ties import tied_units

# Equal gradients of two modules differ in the last bits: sums run in another order.
_TWIN_SLACK = 1e-5


@dataclass(frozen=True, slots=True)
class Pass:
    """A pass that is over, before its numbers are moved.

    Attributes:
        model: Its parameters' ``.grad`` still hold the gradients.
        trace: What the hooks saw.
        graph: The autograd graph behind the loss.
        reduce: The norm the hooks used, for the parameters too.
        loss: The loss.
        kind: How it came about.
        seed: Of the pass.
        pending: Numbers queued so far.
        positions: Where on the graph the calls are.
        activations: What the graph's activation functions showed.
        blocked: Leaf tensors behind operations whose derivative is zero everywhere.
        inputs: Tickets of the batch's own spread.
        operations: Every operation of the forward pass, where the pass looked.
        blame: The first backward node with a NaN or Inf, where the pass looked.
        closely: Whether it was to look at everything.
        modules: The model's modules by every path they have.
    """

    model: nn.Module
    trace: Trace
    graph: BackwardGraph
    reduce: Callable[[Tensor], Tensor]
    loss: Tensor
    kind: str
    seed: int
    pending: Pending
    positions: Positions
    activations: list[Seen]
    blocked: list[tuple[Tensor, Node]]
    inputs: list[int]
    operations: Operations | None
    blame: Blame | None
    closely: bool
    modules: dict[str, nn.Module]


def assemble(done: Pass) -> Report:
    """Everything the pass left behind, as floats, strings and tuples."""
    model, trace, pending = done.model, done.trace, done.pending
    names: dict[Tensor, list[str]] = {}
    for name, parameter in model.named_parameters(remove_duplicate=False):
        names.setdefault(parameter, []).append(name)
    trainable = [p for p in names if p.requires_grad]

    loss = pending.add(done.loss)
    outputs = [pending.add(call.activation) for call in trace.calls]
    gradients = [[pending.add(gradient) for gradient in call.gradients] for call in trace.calls]
    spread = spreads([call.excerpt for call in trace.calls], pending)
    values = [pending.add(done.reduce(p)) for p in trainable]
    grads = [None if p.grad is None else pending.add(done.reduce(p.grad)) for p in trainable]
    ties = tied_units(trainable, pending, closely=done.closely)
    acts = [seen.tickets(pending) for seen in done.activations]
    recurrent = [queue(recurrence, pending) for recurrence in trace.recurrences]

    norms = [[pending.number(ticket) for ticket in tickets] for tickets in gradients]
    layers = tuple(
        _layer(
            done,
            position,
            activation=pending.number(outputs[position]),
            arrived=norms[position],
            spread=_number(pending, spread[position]),
        )
        for position in range(len(trace.calls))
    )
    parameters = tuple(
        _parameter(
            done,
            p,
            tuple(names[p]),
            value=pending.number(value),
            gradient=None if grad is None else pending.number(grad),
            tied=_number(pending, tie) or 0.0,
        )
        for p, value, grad, tie in zip(trainable, values, grads, ties, strict=True)
    )
    return Report(
        model=type(model).__name__,
        loss=pending.number(loss),
        loss_kind=done.kind,
        seed=done.seed,
        layers=layers,
        parameters=_with_twins(parameters),
        frozen=tuple(names[p][0] for p in names if not p.requires_grad),
        silent=silent_paths(model, trace),
        nonfinite_backward=_first_nonfinite(trace, norms, done.blame),
        nonfinite_operation=_blamed(done),
        cuts=_cuts(done, parameters),
        activations=(
            # The graph runs from the loss back; reports run forward.
            *(
                _activation(done, seen, t)
                for seen, t in reversed(list(zip(done.activations, acts, strict=True)))
            ),
            *_gates(done, recurrent),
        ),
        recurrences=(*_fused_recurrences(done, recurrent), *_unrolled_recurrences(layers)),
        input_spread=max(map(pending.number, done.inputs), default=None),
        blocked_by=_blocked(done, names),
        absorbed_by=_absorbed(done),
    )


def _number(pending: Pending, ticket: int | None) -> float | None:
    """The number behind a ticket; ``None`` where there is none or it is NaN: nothing to measure."""
    value = None if ticket is None else pending.number(ticket)
    return None if value is None or math.isnan(value) else value


def _layer(
    done: Pass, position: int, *, activation: float, arrived: list[float], spread: float | None
) -> LayerRecord:
    call, where = done.trace.calls[position], done.positions
    rank = where.rank(call)
    return LayerRecord(
        path=call.path,
        call=call.index,
        kind=type(call.module).__name__,
        source=source_of(done.modules, call.path),
        shape=call.shape,
        dtype=call.dtype,
        weighted=where.weighted[position],
        depth=None if rank is None else where.depths[rank],
        earliest=rank is not None and not where.fed[rank],
        trunk=None if rank is None else where.next_on_trunk(rank, position),
        reached=rank is not None or bool(arrived),
        differentiable=bool(call.nodes),
        activation_rms=activation / max(call.size, 1) ** 0.5,
        gradient_norm=math.hypot(*arrived) if arrived else None,
        spread=spread,
    )


def _activation(
    done: Pass, seen: Seen, tickets: tuple[int | None, int | None, int]
) -> ActivationRecord:
    calls, where = done.trace.calls, done.positions
    dead, flat, units = tickets
    feeds_from = "" if seen.feeds_from is None else calls[seen.feeds_from].path
    own = None if seen.position is None else calls[seen.position]
    is_leaf = own is not None and not any(True for _ in own.module.children())
    rank = done.graph.rank[seen.node]
    if not feeds_from:  # no layer before it: inside the first one, such as a cell's first step
        around = where.next_on_trunk(rank, -1)
        feeds_from = "" if around is None else calls[around].path
    path = own.path if own is not None and is_leaf and not own.module._parameters else feeds_from
    return ActivationRecord(
        kind=seen.kind,
        path=path,
        feeds_from=feeds_from,
        source=source_of(done.modules, path),
        units=units,
        observations=seen.observations,
        dead=None if dead is None else round(done.pending.number(dead)),
        flat=_number(done.pending, flat),
        sole_way=seen.feeds_from is not None and where.crosses(calls[seen.feeds_from], rank),
        on_trunk=rank in where.trunk,
        last=where.depths[rank] == 0,
    )


def _gates(
    done: Pass, recurrent: list[tuple[int | None, int | None]]
) -> Iterator[ActivationRecord]:
    for recurrence, (_, flat) in zip(done.trace.recurrences, recurrent, strict=True):
        if flat is None:
            continue
        yield ActivationRecord(
            kind="gate",
            path=recurrence.path,
            feeds_from=recurrence.path,
            source=source_of(done.modules, recurrence.path),
            units=recurrence.units,
            observations=0,
            dead=None,
            flat=_number(done.pending, flat),
            sole_way=True,
            on_trunk=False,
            last=False,
        )


def _fused_recurrences(
    done: Pass, recurrent: list[tuple[int | None, int | None]]
) -> Iterator[RecurrenceRecord]:
    for recurrence, (ticket, _) in zip(done.trace.recurrences, recurrent, strict=True):
        profile = [] if ticket is None else done.pending.numbers(ticket)
        kind = type(recurrence.module).__name__
        yield from _recurrence(recurrence.path, kind, profile)


def _unrolled_recurrences(layers: tuple[LayerRecord, ...]) -> Iterator[RecurrenceRecord]:
    """Weighted modules called step after step: a cell in a loop, a shared layer."""
    calls: dict[str, list[LayerRecord]] = {}
    for layer in layers:
        if layer.weighted and layer.gradient_norm is not None:
            calls.setdefault(layer.path, []).append(layer)
    for path, made in calls.items():
        in_a_row = all(a.depth != b.depth for a, b in pairwise(made))
        if in_a_row:
            yield from _recurrence(path, made[0].kind, [c.gradient_norm or 0.0 for c in made])


def _recurrence(path: str, kind: str, profile: list[float]) -> Iterator[RecurrenceRecord]:
    gained = gain(profile)
    if gained is not None and all(map(math.isfinite, profile)):
        yield RecurrenceRecord(path, kind, len(profile), *gained)


def _blocked(done: Pass, names: dict[Tensor, list[str]]) -> tuple[tuple[str, str, str], ...]:
    blocked = []
    for variable, node in done.blocked:
        if variable in names:
            feeding = done.positions.feeding(node)
            before = "" if feeding is None else done.trace.calls[feeding].path
            operation = str(node.name()).removesuffix("Backward0").removesuffix("Backward1")
            blocked.append((names[variable][0], operation.lower(), before))
    return tuple(blocked)


def _absorbed(done: Pass) -> tuple[tuple[str, str], ...]:
    found: dict[str, str] = {}
    for call in done.trace.calls:
        rank = done.positions.rank(call)
        if rank is None or call.path in found or call.module._parameters.get("bias") is None:
            continue
        by = done.positions.absorber(rank)
        if by:
            found[call.path] = by
    return tuple(found.items())


def _with_twins(parameters: tuple[ParameterRecord, ...]) -> tuple[ParameterRecord, ...]:
    """Mark matrices that equal another one in value and in gradient: copies that stay copies."""
    first: dict[tuple[tuple[int, ...], float], list[ParameterRecord]] = {}
    marked = []
    for parameter in parameters:
        twin = None
        if parameter.is_weight and parameter.value_rms and parameter.gradient_rms:
            alike = first.setdefault((parameter.shape, parameter.value_rms), [])
            twin = next((p for p in alike if _same_gradient(p, parameter)), None)
            alike.append(parameter)
        marked.append(parameter if twin is None else replace(parameter, tied_to=twin.name))
    return tuple(marked)


def _same_gradient(left: ParameterRecord, right: ParameterRecord) -> bool:
    return math.isclose(left.gradient_rms or 0.0, right.gradient_rms or 0.0, rel_tol=_TWIN_SLACK)


def _owner(model: nn.Module, name: str) -> str:
    """Path of the module that uses the parameter: lists and dicts of parameters never run."""
    path = name.rpartition(".")[0]
    while path and isinstance(model.get_submodule(path), HOLDERS):
        path = path.rpartition(".")[0]
    return path


def _parameter(
    done: Pass,
    parameter: Tensor,
    names: tuple[str, ...],
    *,
    value: float,
    gradient: float | None,
    tied: float,
) -> ParameterRecord:
    owners = [_owner(done.model, name) for name in names]
    root = max(parameter.numel(), 1) ** 0.5
    return ParameterRecord(
        names=names,
        owner=owners[0],
        owner_ran=any(owner in done.trace.ran for owner in owners),
        used=None if done.operations is None else done.operations.used(parameter),
        shape=tuple(parameter.shape),
        dtype=str(parameter.dtype).removeprefix("torch."),
        value_rms=value / root,
        gradient_rms=None if gradient is None else gradient / root,
        tied_units=tied,
        tied_gradients=tied if done.closely else None,
    )


def _blamed(done: Pass) -> OperationRecord | None:
    if done.blame is None or done.operations is None:
        return None
    # A mask of minus infinities is meant; what makes NaN of it is not.
    found = done.operations.first_nonfinite or done.operations.first_nan
    if found is not None:
        return found
    culprit = done.blame.culprit
    return None if culprit is None else done.operations.behind(culprit)


def _cuts(done: Pass, parameters: tuple[ParameterRecord, ...]) -> tuple[OperationRecord, ...]:
    if done.operations is None or all(p.gradient_rms is not None for p in parameters):
        return ()
    return tuple(dict.fromkeys(done.operations.cuts))


def _first_nonfinite(trace: Trace, gradients: list[list[float]], blame: Blame | None) -> str:
    for position, index in trace.arrivals:
        if not math.isfinite(gradients[position][index]):
            name = trace.calls[position].path or "(the model itself)"
            return f"{name} after {blame.node}" if blame is not None and blame.node else name
    return blame.node if blame is not None else ""
