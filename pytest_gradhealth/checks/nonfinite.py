"""NaN or Inf in the loss or in a gradient."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, ClassVar, Final

from pytest_gradhealth.checks.check import Need, Outcome
from pytest_gradhealth.checks.overflow import growth_to_overflow
from pytest_gradhealth.checks.related import rules_on
from pytest_gradhealth.facts import Evidence, Finding, Judgement
from pytest_gradhealth.profile import arrived_finite

if TYPE_CHECKING:
    from pytest_gradhealth.facts import LayerRecord, OperationRecord, Report
    from pytest_gradhealth.limits import Limits


class Nonfinite:
    """The loss or a parameter's gradient is NaN or Inf; names where it first appears.

    An activation or a gradient on the way does not count by itself: masked logits are minus
    infinity on purpose, and a ReLU may stop an infinite slope. It counts when it reaches the loss
    or a parameter.
    """

    symptom: ClassVar[str] = "nonfinite"

    def judge(self, evidence: Evidence, limits: Limits) -> Outcome | Need:
        """Decide on the first pass: a NaN is a fact, not a tendency."""
        report = evidence.report
        if arrived_finite(report):
            if all(p.gradient_rms is None for p in report.parameters):
                reason = "the loss is finite, but no gradient arrived anywhere"
                return Outcome(Judgement("not_observed", (reason,)))
            return Outcome(Judgement("pass", _infinite_on_purpose(report)))
        broken = [p for p in report.parameters if not math.isfinite(p.gradient_rms or 0.0)]
        finding = self._finding(report, len(broken), limits)
        return Outcome(Judgement("fail", (finding.message,)), finding)

    def _finding(self, report: Report, broken: int, limits: Limits) -> Finding:
        grown = growth_to_overflow(report, limits.overflow_growth)
        forward = next((r for r in report.layers if not math.isfinite(r.activation_rms)), None)
        values = [p for p in report.parameters if not math.isfinite(p.value_rms)]
        observations = [("Loss", f"{report.loss} ({report.loss_kind})")]
        if values:
            where, source = values[0].name, ""
            message = f"the parameter {where} itself holds NaN or Inf before the pass"
        elif grown is not None:
            where, source = grown.first.path, grown.first.source
            message = f"{grown.told}, and overflow at {grown.broken}"
        elif forward is not None and _came_before(report, forward):
            where, source = _place(report, None)
            message = f"NaN or Inf first appears between {where} and {forward.name}"
        elif forward is not None:
            where, source = _place(report, forward)
            message = f"NaN or Inf first appears in the output of {where} ({forward.kind})"
            observations.append(("Before", _before(report, forward)))
        elif not math.isfinite(report.loss):
            where, source = _place(report, None)
            message = "every module's output is finite, but the loss is not"
        else:
            where, source = _place(report, None)
            at = report.nonfinite_backward or "the backward pass"
            message = f"the loss is finite, but the gradient turns NaN or Inf at {at}"
        if report.nonfinite_operation is not None:
            observations.append(("Operation", _advised(report.nonfinite_operation)))
        observations.append(
            ("Reaches", f"{broken} of {len(report.parameters)} parameters' gradients")
        )
        return Finding(
            symptom=self.symptom,
            where=where,
            source=source,
            measured=float(broken),
            limit=0.0,
            unit="parameters with a NaN or Inf in their gradient",
            limit_name="",
            message=message,
            observations=tuple(observations),
            related_rules=rules_on(report.nonfinite_operation),
        )


def _came_before(report: Report, forward: LayerRecord) -> bool:
    """Whether the operation ran outside the first module whose output is not finite, before it."""
    operation = report.nonfinite_operation
    if operation is None or not forward.path or operation.after > report.layers.index(forward):
        return False
    return operation.module != forward.path and not operation.module.startswith(f"{forward.path}.")


def _place(report: Report, forward: LayerRecord | None) -> tuple[str, str]:
    """Path and source of the module to look at: it ran the operation, or fed it."""
    if forward is not None and forward.path:
        return forward.path, forward.source
    operation = report.nonfinite_operation
    if operation is None:
        return "", "" if forward is None else forward.source
    ran = next((r for r in report.layers if r.path == operation.module and r.path), None)
    if ran is None:
        before = report.layers[: operation.after]
        ran = next((r for r in reversed(before) if r.path), None)
    return (operation.module, "") if ran is None else (ran.path, ran.source)


#: What to write instead, for operations whose value or slope has no bound.
_ADVICE: Final = {
    **dict.fromkeys(("log", "log2", "log10"), "add a small eps, clamp, or use log_softmax"),
    **dict.fromkeys(("sqrt", "rsqrt"), "its slope is infinite at 0: add a small eps inside"),
    **dict.fromkeys(("norm", "vector_norm"), "its slope is undefined at 0: add a small eps"),
    **dict.fromkeys(("div", "truediv", "__truediv__", "reciprocal"), "keep the divisor from 0"),
    **dict.fromkeys(("exp", "expm1"), "subtract the maximum first, or use logsumexp"),
    "where": "the branch not taken still runs backward: make its input safe before the operation",
    **dict.fromkeys(("pow", "__pow__"), "its slope is infinite at 0 for exponents under 1"),
    **dict.fromkeys(("acos", "asin"), "its slope is infinite at 1: clamp inside the open interval"),
    "softmax": "a row of minus infinities has no maximum: leave one entry unmasked",
    "std": "its slope is undefined where all values are equal: add a small eps",
}


def _advised(operation: OperationRecord) -> str:
    advice = _ADVICE.get(operation.name)
    return f"{operation}; {advice}" if advice else str(operation)


def _before(report: Report, broken: LayerRecord) -> str:
    index = report.layers.index(broken)
    if index == 0:
        return "it is the first module; look at the batch"
    previous = report.layers[index - 1]
    return f"{previous.name} ({previous.kind}) was finite, rms {previous.activation_rms:.1e}"


def _infinite_on_purpose(report: Report) -> tuple[str, ...]:
    return tuple(
        f"{layer.name} puts out NaN or Inf that reaches neither the loss nor a gradient"
        for layer in report.layers
        if not math.isfinite(layer.activation_rms)
    )
