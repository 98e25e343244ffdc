"""From hooks, graph and gradients to a report of plain numbers."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

from torch import Tensor, nn

from pytest_gradhealth.facts import LayerRecord, OperationRecord, ParameterRecord, Report
from pytest_gradhealth.recorder.blame import Blame
from pytest_gradhealth.recorder.inside import (
    activation_record,
    fused_recurrences,
    gate_records,
    reach_record,
    unrolled_recurrences,
)
from pytest_gradhealth.recorder.modules import HOLDERS, once, silent_paths, source_of
from pytest_gradhealth.recorder.over import Pass
from pytest_gradhealth.recorder.recurrence import queue
from pytest_gradhealth.recorder.ties import Ties
from pytest_gradhealth.recorder.trace import Trace, dtype_name

# Equal gradients of two modules differ in the last bits: sums run in another order.
_TWIN_SLACK = 1e-5


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
    spread = [done.spreads.ticket(call.spread) for call in trace.calls]
    values, grads, ties = _parameter_numbers(done, trainable)
    acts = [seen.tickets(pending) for seen in done.activations]
    recurrent = [queue(recurrence, pending) for recurrence in trace.recurrences]
    steps = None if trace.reach is None else trace.reach.profile
    reach = None if steps is None else pending.add(steps)

    norms = [[pending.number(ticket) for ticket in tickets] for tickets in gradients]
    layers = tuple(
        _layer(
            done,
            position,
            activation=pending.number(outputs[position]),
            arrived=norms[position],
            spread=pending.measured(spread[position]),
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
            tied=pending.measured(tie) or 0.0,
        )
        for p, value, grad, tie in zip(trainable, values, grads, ties, strict=True)
    )
    sizes = [layer.activation_rms for layer in layers]
    return Report(
        model=type(model).__name__,
        loss=pending.number(loss),
        loss_kind=done.kind,
        seed=done.seed,
        layers=layers,
        parameters=_with_twins(parameters),
        frozen=tuple(names[p][0] for p in names if not p.requires_grad),
        silent=silent_paths(once(done.modules), trace),
        nonfinite_backward=_first_nonfinite(trace, norms, done.blame),
        nonfinite_operation=_blamed(done),
        cuts=_cuts(done, parameters),
        activations=(
            # The graph runs from the loss back; reports run forward.
            *(
                activation_record(done, seen, t, sizes)
                for seen, t in reversed(list(zip(done.activations, acts, strict=True)))
            ),
            *gate_records(done, recurrent),
        ),
        recurrences=(*fused_recurrences(done, recurrent), *unrolled_recurrences(layers)),
        reach=reach_record(done, reach),
        input_spread=max(map(pending.number, done.inputs), default=None),
        blocked_by=_blocked(done, names),
        absorbed_by=_absorbed(done),
    )


def _parameter_numbers(
    done: Pass, parameters: Sequence[Tensor]
) -> tuple[list[int], list[int | None], list[int | None]]:
    """Tickets for each parameter's norm, its gradient's, and its share of equal units."""
    values, grads, ties = [], [], Ties(closely=done.closely)
    for parameter in parameters:
        values.append(done.pending.add(done.reduce(parameter)))
        ties.add(parameter)
        grad = parameter.grad
        grads.append(None if grad is None else done.pending.add(done.reduce(grad)))
    return values, grads, ties.tickets(done.pending)


def _layer(
    done: Pass, position: int, *, activation: float, arrived: list[float], spread: float | None
) -> LayerRecord:
    call, where = done.trace.calls[position], done.positions
    rank = where.rank(call)
    return LayerRecord(
        path=call.path,
        call=call.index,
        kind=call.product.strip("_") or type(call.module).__name__,
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


def _owner(modules: Mapping[str, nn.Module], name: str) -> str:
    """Path of the module that uses the parameter: lists and dicts of parameters never run."""
    path = name.rpartition(".")[0]
    while path and isinstance(modules.get(path), HOLDERS):
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
    owners = [_owner(done.modules, name) for name in names]
    root = max(parameter.numel(), 1) ** 0.5
    return ParameterRecord(
        names=names,
        owner=owners[0],
        owner_ran=any(owner in done.trace.ran for owner in owners),
        used=None if done.operations is None else done.operations.used(parameter),
        shape=tuple(parameter.shape),
        dtype=dtype_name(parameter.dtype),
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
