"""``assert_batch_independent``: a sample's output depends on that sample alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_gradhealth.facts import Finding, Mixing, Row
from pytest_gradhealth.limits import Limits
from pytest_gradhealth.training.failing import failed, where

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor, nn


def assert_batch_independent(
    model: nn.Module,
    batch: Any,
    loss_fn: Callable[..., Tensor] | None = None,
    *,
    dim: int | None = None,
    step: Callable[[Any, Any], Tensor] | None = None,
    limits: Limits | None = None,
    seed: int = 0,
    verbose: bool = False,
) -> Mixing:
    """The output of one sample has no gradient with respect to the input of another.

    A wrong transpose, a ``view`` over batch and time, a mean over axis 0 or an attention over the
    samples mixes them; the model still runs, and often still learns. Batch norms mix by design:
    they use this batch's statistics as constants here. Judged is what the model returns, never the
    loss: a contrastive loss may compare samples.

    Args:
        model: The model, in the mode it is to be judged in.
        batch: See ``diagnose``; two samples or more.
        loss_fn: Only tells that the last item of a tuple is a target.
        dim: The axis that the samples lie along in the inputs. By default 0, and 1 for torch's
            recurrent and attention modules without ``batch_first``.
        step: The training step, ``step(model, batch) -> scalar loss``; it calls the model.
        limits: Thresholds.
        seed: Of the first pass; a failure is confirmed with two more.
        verbose: Show every row of the failure's table.

    Returns:
        What was measured.

    Raises:
        GradientHealthError: Samples mix; names the module where that begins.
        ProbeError: There is one sample only, nothing that a gradient goes through, or two axes that
            the samples may lie along.
    """
    __tracebackhide__ = True
    from pytest_gradhealth.recorder.mixing import mixing_of

    limits = limits or Limits()
    made = mixing_of(
        model,
        batch,
        loss_fn,
        step,
        dim=dim,
        most=limits.mixing_samples,
        limit=limits.mixing_share,
        seed=seed,
    )
    if made.share > limits.mixing_share:
        raise failed(_finding(made, limits), verbose=verbose)
    return made


def _finding(made: Mixing, limits: Limits) -> Finding:
    output, given = made.pair
    message = (
        f"the output of sample {output} has a gradient to the input of sample {given}: "
        f"{made.share:.2g} of its largest (limit {limits.mixing_share:g})"
    )
    observed = [("Where", where(made.origin, "the samples first mix in"))]
    told = f"{len(made.shares)} of {made.samples} samples along dim={made.dim}"
    if made.in_eval is not None:
        told += "; in eval mode as well" if made.in_eval else "; not in eval mode"
    observed.append(("Observed", f"outputs of {told}, confirmed with 2 more seeds"))
    if made.held:
        first, count = made.held[0], len(made.held)
        more = f" and {count - 1} more" if count > 1 else ""
        observed.append(("Expected", f"batch norms held at this batch's statistics: {first}{more}"))
    observed += [
        ("Try", "look there for a transpose, view, mean or softmax over the batch axis"),
        (
            "Accept",
            "leave the assertion out where samples are compared on purpose; dim= for others",
        ),
    ]
    return Finding(
        symptom="mixed_samples",
        where="" if made.origin is None else made.origin.path,
        source="" if made.origin is None else made.origin.source,
        measured=made.share,
        limit=limits.mixing_share,
        unit="gradient to another sample's input, over the largest to any",
        limit_name="",
        message=message,
        observations=tuple(observed),
        rows=tuple(
            Row(f"sample {index}", (), 0.0, share, failing=share > limits.mixing_share)
            for index, share in zip(made.looked, made.shares, strict=True)
        ),
    )
