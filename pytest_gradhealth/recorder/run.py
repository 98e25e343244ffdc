"""One hooked forward and backward pass: the only place where a model is run for measurement."""

from __future__ import annotations

import math
from contextlib import nullcontext
from typing import Any

import torch
from torch import nn

from pytest_gradhealth.errors import ProbeError
from pytest_gradhealth.facts import Report
from pytest_gradhealth.recorder.activations import activations_in
from pytest_gradhealth.recorder.assemble import assemble
from pytest_gradhealth.recorder.batch import LossFunction, Objective, Step, check_batch, tensors_in
from pytest_gradhealth.recorder.blame import Blame
from pytest_gradhealth.recorder.generators import seed_generators
from pytest_gradhealth.recorder.graph import blocked_variables, walk
from pytest_gradhealth.recorder.hooks import traced
from pytest_gradhealth.recorder.modules import once
from pytest_gradhealth.recorder.operations import Operations
from pytest_gradhealth.recorder.over import Pass
from pytest_gradhealth.recorder.pending import Pending
from pytest_gradhealth.recorder.positions import Positions
from pytest_gradhealth.recorder.spread import Spreads, batch_spread
from pytest_gradhealth.recorder.state import collection_paused, preserved
from pytest_gradhealth.recorder.statistics import exact_norm, norm
from pytest_gradhealth.recorder.uses import watched


def record(
    model: nn.Module,
    batch: Any,
    loss_fn: LossFunction | None = None,
    *,
    step: Step | None = None,
    seed: int = 0,
) -> Report:
    """Run one forward and one backward pass and report what every layer and parameter saw.

    The model, its random generators and the batch are left bit for bit as found.

    Args:
        model: The model, in the mode (train or eval) it is to be judged in.
        batch: A mapping, tuple, list or anything ``model(batch)`` takes.
        loss_fn: ``loss_fn(output, target)``; see ``recorder.batch`` for the conventions.
        step: ``step(model, batch) -> scalar loss``, used as it is.
        seed: Fixes dropout, sampling and the random cotangent.

    Raises:
        ProbeError: Nothing can be measured: no trainable parameter, an empty batch, no loss.
    """
    model = unwrapped(model)
    check_model(model)
    check_batch(batch)
    objective = Objective(batch, loss_fn, step)
    with preserved(model, (t for t in tensors_in(batch) if t.requires_grad)):
        return measure(model, objective, seed)


def measure(model: nn.Module, objective: Objective, seed: int, *, closely: bool = False) -> Report:
    """One pass on a model whose state somebody else preserves.

    A second, slower pass follows where the first one saw something that needs a closer look: a
    number that is not finite, or a trainable parameter without a gradient.

    Args:
        model: The model.
        objective: Its loss.
        seed: Of the pass.
        closely: Look at every value of every activation and at whole rows, not at excerpts.
    """
    with collection_paused():
        report = _pass(model, objective, seed, closely=closely)
        exact = not _finite(report)
        usage = any(parameter.gradient_rms is None for parameter in report.parameters)
        if exact or usage:
            return _pass(model, objective, seed, exact=exact, usage=usage, closely=closely)
    return report


def in_training(model: nn.Module, objective: Objective, seed: int, *, closely: bool) -> Report:
    """As ``measure``, in train mode where the whole model is in eval mode, and back.

    A suspicion is about training. In eval mode an untrained BatchNorm does not normalise, and deep
    networks that train well fade.
    """
    with preserved(model):
        enter_training(model)
        return measure(model, objective, seed, closely=closely)


def enter_training(model: nn.Module) -> None:
    """Train mode for a model that is in eval mode; parts set to eval on purpose stay so."""
    if not model.training:
        model.train()


def unwrapped(model: nn.Module) -> nn.Module:
    """The eager module behind ``torch.compile``; hooks do not fire inside compiled code."""
    original = getattr(model, "_orig_mod", None)
    return original if isinstance(original, nn.Module) else model


def check_model(model: Any) -> None:
    """Refuse a model that no gradient can be measured on.

    Raises:
        ProbeError: Not a module, nothing trainable, no storage (meta device) or lazy parameters.
    """
    if not isinstance(model, nn.Module):
        msg = f"expected a torch.nn.Module, got {type(model).__name__}"
        raise ProbeError(msg)
    parameters = list(model.parameters())
    if not parameters:
        msg = f"{type(model).__name__} has no parameters, so no gradient can be measured"
        raise ProbeError(msg)
    if any(isinstance(p, nn.parameter.UninitializedParameter) for p in parameters):
        msg = (
            f"{type(model).__name__} has lazy modules that have not seen a batch; "
            "call it once before the test"
        )
        raise ProbeError(msg)
    if any(p.is_meta for p in parameters):
        msg = (
            f"{type(model).__name__} has parameters on the meta device, which hold no values; "
            "materialise it with to_empty() and initialise it first"
        )
        raise ProbeError(msg)
    if any(p.is_inference() for p in parameters):
        msg = (
            f"{type(model).__name__} was made under torch.inference_mode, so its parameters cannot "
            "take part in a backward pass; make it outside"
        )
        raise ProbeError(msg)
    if not any(p.requires_grad for p in parameters):
        msg = f"every parameter of {type(model).__name__} is frozen (requires_grad=False)"
        raise ProbeError(msg)


def _pass(
    model: nn.Module,
    objective: Objective,
    seed: int,
    *,
    exact: bool = False,
    usage: bool = False,
    closely: bool = False,
) -> Report:
    reduce = exact_norm if exact else norm
    trainable = [p for p in model.parameters() if p.requires_grad]
    model.zero_grad(set_to_none=True)
    seed_generators(seed)
    samples = objective.samples()
    modules = dict(model.named_modules(remove_duplicate=False))
    each_once = once(modules)
    pending = Pending()
    spreads = Spreads(pending)
    inputs = batch_spread(objective.inputs(), samples, pending)
    with (
        traced(
            each_once,
            spreads,
            reduce,
            samples=samples,
            lengths=objective.lengths(),
            closely=closely,
            operations=usage or exact,
        ) as tracer,
        torch.enable_grad(),
    ):
        trace = tracer.trace
        operations = Operations(trainable, trace) if usage or exact else None
        with watched(each_once, tracer), operations or nullcontext():
            loss, kind = objective(model, seed)
        graph = walk(loss)
        positions = Positions(trace, graph)
        activations = (
            []
            if trace.offloaded
            else activations_in(
                graph,
                positions.module_of,
                positions.layer_of,
                [call.path for call in trace.calls],
                closely=closely,
            )
        )
        blocked = blocked_variables(graph, saved=not trace.offloaded)
        blame = Blame(graph) if exact else None
        if graph.order:
            loss.backward()  # type: ignore[no-untyped-call]
    return assemble(
        Pass(
            model,
            trace,
            graph,
            reduce,
            loss,
            kind,
            seed,
            pending,
            spreads,
            Positions(trace, graph) if trace.replayed else positions,
            activations,
            blocked,
            inputs,
            operations,
            blame,
            closely,
            modules,
        )
    )


def _finite(report: Report) -> bool:
    numbers = [report.loss]
    for layer in report.layers:
        numbers += [layer.activation_rms, layer.gradient_norm or 0.0]
    for parameter in report.parameters:
        numbers += [parameter.value_rms, parameter.gradient_rms or 0.0]
    return all(math.isfinite(number) for number in numbers)
