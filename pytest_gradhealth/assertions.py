"""Assertions about a model's gradients: thin wrappers over one diagnosis.

All take ``(model, batch, ...)`` with the keywords of ``diagnose``, or a diagnosis or report already
made in place of the model, so that one backward pass serves many assertions.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, Protocol

from pytest_gradhealth import message
from pytest_gradhealth.checks.disconnected import unused_parameters, unused_reason
from pytest_gradhealth.diagnosis import diagnose, judge_report, patterns
from pytest_gradhealth.errors import GradientHealthError, ProbeError
from pytest_gradhealth.facts import Diagnosis, Finding, Report, Row

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from torch import Tensor, nn

    from pytest_gradhealth.limits import Limits


class SymptomAssertion(Protocol):
    """An assertion about one symptom, on a model and batch or on a diagnosis already made."""

    __name__: str

    def __call__(
        self,
        model: nn.Module | Diagnosis | Report,
        batch: Any = None,
        loss_fn: Callable[..., Tensor] | None = None,
        *,
        step: Callable[[Any, Any], Tensor] | None = None,
        limits: Limits | None = None,
        seed: int = 0,
        ignore: Iterable[str] = (),
        verbose: bool = False,
    ) -> Diagnosis:
        """Raise where the model has the symptom."""
        ...


def _assertion(name: str, symptom: str, promise: str) -> SymptomAssertion:
    """The assertion that a diagnosis does not show ``symptom``, under its public name."""

    def assertion(
        model: nn.Module | Diagnosis | Report,
        batch: Any = None,
        loss_fn: Callable[..., Tensor] | None = None,
        *,
        step: Callable[[Any, Any], Tensor] | None = None,
        limits: Limits | None = None,
        seed: int = 0,
        ignore: Iterable[str] = (),
        verbose: bool = False,
    ) -> Diagnosis:
        __tracebackhide__ = True
        made = _diagnosis(model, batch, loss_fn, step, (symptom,), limits, seed, ignore)
        return _require(made, symptom, verbose=verbose)

    assertion.__name__ = assertion.__qualname__ = name
    assertion.__doc__ = f"""{promise}

    Args:
        model: A model, or a diagnosis or report already made.
        batch: See ``diagnose``; so are the arguments after it.
        loss_fn: The loss function.
        step: The training step.
        limits: Thresholds.
        seed: Of every pass.
        ignore: ``fnmatch`` patterns of modules and parameters that are meant to be as they are.
        verbose: Show every row of the failure's table.

    Raises:
        GradientHealthError: The model shows ``{symptom}``.
        ProbeError: It could not be observed.
    """
    return assertion


assert_no_vanishing = _assertion(
    "assert_no_vanishing",
    "vanishing",
    "The gradient reaches the earliest layers, at the start or within a few optimizer steps.",
)
assert_no_exploding = _assertion(
    "assert_no_exploding",
    "exploding",
    "The network is not steeper than any ordinary learning rate can take.",
)
assert_finite = _assertion(
    "assert_finite", "nonfinite", "Neither the loss nor any gradient is NaN or Inf."
)
assert_no_dead_units = _assertion(
    "assert_no_dead_units",
    "dead_units",
    "No layer's units are off for every sample, at the start and after a few optimizer steps.",
)
assert_no_saturation = _assertion(
    "assert_no_saturation",
    "saturation",
    "Hidden activations, attention weights and gates work where they have a slope.",
)
assert_no_collapse = _assertion(
    "assert_no_collapse",
    "collapse",
    "The samples of the batch can be told apart at the network's end.",
)
assert_symmetry_broken = _assertion(
    "assert_symmetry_broken",
    "symmetry",
    "No units hold equal weights and get equal gradients, and so stay equal.",
)
assert_no_underflow = _assertion(
    "assert_no_underflow",
    "underflow",
    "No weight's gradient is lost in the dtype the model trains in.",
)


def assert_connected(
    model: nn.Module | Diagnosis | Report,
    batch: Any = None,
    loss_fn: Callable[..., Tensor] | None = None,
    *,
    step: Callable[[Any, Any], Tensor] | None = None,
    limits: Limits | None = None,
    seed: int = 0,
    verbose: bool = False,
    ignore: Iterable[str] = (),
) -> Diagnosis:
    """Every trainable parameter gets a gradient, except those that ``ignore`` names.

    Args:
        model: A model, or a diagnosis already made.
        batch: See ``diagnose``; so are the arguments after it.
        loss_fn: The loss function.
        step: The training step.
        limits: Thresholds.
        seed: Of the pass.
        verbose: Show every row of the failure's table.
        ignore: ``fnmatch`` patterns of parameters and modules, such as ``"pooler.*"``.

    Raises:
        GradientHealthError: A parameter is cut off, or was not used and is not ignored.
    """
    __tracebackhide__ = True
    diagnosis = _diagnosis(model, batch, loss_fn, step, ("disconnected",), limits, seed, ())
    accepted = patterns(ignore)

    def ignored(names: Iterable[str]) -> bool:
        return any(fnmatchcase(name, pattern) for name in names for pattern in accepted)

    missing = [
        parameter
        for parameter in diagnosis.report.parameters
        if parameter.gradient_rms is None and not ignored((*parameter.names, parameter.owner))
    ]
    if not missing:
        return diagnosis
    findings = [finding for finding in diagnosis.findings if finding.symptom == "disconnected"]
    unused = [p for p in unused_parameters(diagnosis.report) if p in missing]
    if len(unused) == len(missing):
        findings = [_unused_finding(unused)]
    raise _failed(diagnosis, findings, verbose=verbose)


def assert_healthy(
    model: nn.Module | Diagnosis | Report,
    batch: Any = None,
    loss_fn: Callable[..., Tensor] | None = None,
    *,
    step: Callable[[Any, Any], Tensor] | None = None,
    checks: Iterable[str] | None = None,
    limits: Limits | None = None,
    seed: int = 0,
    ignore: Iterable[str] = (),
    verbose: bool = False,
) -> Diagnosis:
    """No symptom at all; what could not be observed is in the returned diagnosis.

    Raises:
        GradientHealthError: The model has at least one symptom.
        ProbeError: No symptom could be observed.
    """
    __tracebackhide__ = True
    diagnosis = _diagnosis(model, batch, loss_fn, step, checks, limits, seed, ignore)
    if diagnosis.findings:
        raise _failed(diagnosis, diagnosis.findings, verbose=verbose)
    if set(diagnosis.verdicts.values()) == {"not_observed"}:
        msg = f"nothing could be observed:\n{message.summary(diagnosis)}"
        raise ProbeError(msg)
    return diagnosis


def _diagnosis(
    model: nn.Module | Diagnosis | Report,
    batch: Any,
    loss_fn: Callable[..., Tensor] | None,
    step: Callable[[Any, Any], Tensor] | None,
    checks: Iterable[str] | None,
    limits: Limits | None,
    seed: int,
    ignore: Iterable[str],
) -> Diagnosis:
    if not isinstance(model, Diagnosis | Report):
        return diagnose(
            model,
            batch,
            loss_fn,
            step=step,
            checks=checks,
            limits=limits,
            seed=seed,
            ignore=ignore,
        )
    if batch is not None or loss_fn is not None or step is not None:
        msg = "the pass is already made: hand it over alone, or the model with its batch"
        raise ProbeError(msg)
    if isinstance(model, Report):
        return judge_report(model, checks=checks, limits=limits, ignore=ignore)
    if patterns(ignore):
        msg = "the diagnosis is already made without ignore=; pass it to diagnose"
        raise ProbeError(msg)
    if limits is not None:
        msg = "the diagnosis is already made with its own limits; pass limits= to diagnose"
        raise ProbeError(msg)
    return model


def _require(diagnosis: Diagnosis, symptom: str, *, verbose: bool) -> Diagnosis:
    __tracebackhide__ = True
    findings = [finding for finding in diagnosis.findings if finding.symptom == symptom]
    if findings:
        raise _failed(diagnosis, findings, verbose=verbose)
    verdict = diagnosis.verdicts.get(symptom)
    if verdict is None:
        checked = ", ".join(diagnosis.verdicts)
        msg = f"this diagnosis did not check {symptom}; it checked {checked}"
        raise ProbeError(msg)
    if verdict == "not_observed":
        msg = f"{symptom} could not be observed: {'; '.join(diagnosis.reasons[symptom])}"
        raise ProbeError(msg)
    return diagnosis


def _failed(
    diagnosis: Diagnosis, findings: Sequence[Finding], *, verbose: bool
) -> GradientHealthError:
    return GradientHealthError(message.failure(diagnosis, findings, verbose=verbose), diagnosis)


def _unused_finding(unused: list[Any]) -> Finding:
    return Finding(
        symptom="disconnected",
        where=unused[0].name,
        source="",
        measured=float(len(unused)),
        limit=0.0,
        unit="parameters without a gradient",
        limit_name="",
        message=f"{len(unused)} trainable parameters get no gradient: nothing used them",
        observations=(("First", unused_reason(unused[0])),),
        rows=tuple(Row(p.name, p.shape, 0.0, 0.0, failing=True) for p in unused),
    )
