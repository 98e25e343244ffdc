"""A trainable parameter that took part in the forward pass and got no gradient."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from pytest_gradhealth.checks.check import Need, Outcome
from pytest_gradhealth.checks.over_time import Unlearned, layer_of, unlearned
from pytest_gradhealth.checks.related import rules_on
from pytest_gradhealth.facts import Evidence, Finding, Judgement, Row

if TYPE_CHECKING:
    from pytest_gradhealth.facts import LayerRecord, OperationRecord, ParameterRecord, Report
    from pytest_gradhealth.limits import Limits


_CUTS_NAMED = 3  # a detached target beside the cut cannot be told from it, so both are named

_HINT = (
    "the state is cut between steps (detach, .data, a new tensor), or what is read out does not "
    "depend on them"
)


class Disconnected:
    """Some operation used the parameter, yet no path leads from the loss to it: the graph is cut.

    A parameter that no operation used is not cut but unused (a pooler, an unrouted expert, a mask
    token outside pre-training); it is listed and not observed.
    """

    symptom: ClassVar[str] = "disconnected"

    def judge(self, evidence: Evidence, limits: Limits) -> Outcome | Need:
        """Decide on the first pass; it has already looked at every operation where it had to.

        Only steps of time that the loss does not depend on need more: whether the answer is there.
        """
        report = evidence.report
        lost = [p for p in report.parameters if p.gradient_rms is None]
        ignored = [p for p in lost if evidence.ignores(*p.names, p.owner)]
        cut = tuple(p for p in cut_parameters(report) if p not in ignored)
        if cut:
            finding = self._finding(report, cut)
            return Outcome(Judgement("fail", (finding.message,)), finding)
        over_time = unlearned(evidence, limits, cut=True)
        if isinstance(over_time, Need):
            return over_time
        if over_time is not None:
            finding = self._cut_in_time(report, over_time, limits)
            return Outcome(Judgement("fail", (finding.message,)), finding)
        unused = [p for p in unused_parameters(report) if p not in ignored]
        if unused:
            return Outcome(Judgement("not_observed", tuple(map(unused_reason, unused))))
        if ignored:
            reasons = (f"{p.name} gets no gradient; ignored by the caller" for p in ignored)
            return Outcome(Judgement("expected", tuple(reasons)))
        return Outcome(Judgement("pass"))

    def _finding(self, report: Report, cut: tuple[ParameterRecord, ...]) -> Finding:
        where, source, explanation = locate_cut(report, cut)
        if not any(parameter.owner for parameter in cut):
            where = cut[0].name  # of the model's own; the model itself says nothing
        total = len(report.parameters)
        return Finding(
            symptom=self.symptom,
            where=where,
            source=source,
            measured=float(len(cut)),
            limit=0.0,
            unit="parameters that ran and got no gradient",
            limit_name="",
            message=f"{len(cut)} of {total} trainable parameters ran but get no gradient",
            observations=(
                ("Where", explanation),
                ("First", f"{cut[0].name} {cut[0].shape} {cut[0].dtype}"),
            ),
            rows=tuple(Row(p.name, p.shape, 0.0, 0.0, failing=True) for p in cut),
            related_rules=rules_on(report.cuts[0] if report.cuts else None),
        )

    def _cut_in_time(self, report: Report, found: Unlearned, limits: Limits) -> Finding:
        layer = layer_of(report, found.record)
        lost = found.record.cut_off + found.record.cut_behind
        return Finding(
            symptom=self.symptom,
            where=layer.path,
            source=layer.source,
            measured=float(lost),
            limit=0.0,
            unit="time steps that ran and get no gradient",
            limit_name="",
            message=(
                f"the loss does not depend on {lost} of {found.record.steps} time steps of "
                f"{layer.path} ({layer.kind}), and what is to be learned lies there"
            ),
            observations=(
                ("Where", _HINT),
                ("Measured", found.told),
                ("Tried", f"{limits.learning_steps} steps with Adam and with SGD: it learns none"),
            ),
        )


def cut_parameters(report: Report) -> tuple[ParameterRecord, ...]:
    """Parameters that an operation used and that got no gradient."""
    return tuple(p for p in report.parameters if p.gradient_rms is None and p.used)


def unused_parameters(report: Report) -> tuple[ParameterRecord, ...]:
    """Parameters without a gradient that no operation used."""
    return tuple(p for p in report.parameters if p.gradient_rms is None and not p.used)


def unused_reason(parameter: ParameterRecord) -> str:
    """Why an unused parameter was not observed."""
    if parameter.owner_ran:
        return f"{parameter.name}: its module ran, but no operation used it for this batch"
    return f"{parameter.name}: its module never ran for this batch"


def locate_cut(report: Report, cut: tuple[ParameterRecord, ...]) -> tuple[str, str, str]:
    """Module path, its source, and a sentence: the cut nearest to the loss."""
    owners = {parameter.owner for parameter in cut}
    lost = [
        layer
        for layer in report.layers
        if not layer.reached and any(_within(owner, layer.path) for owner in owners)
    ]
    if not lost:
        owner = cut[0].owner
        return owner or "(the model itself)", "", f"inside {owner or 'the model itself'}"
    ungraphed = _ran_without_graph(report, lost)
    if ungraphed is not None:
        layer, cutter = ungraphed
        how = f"{layer.name} ({layer.kind}) ran without building a graph ({cutter})"
        return layer.path, layer.source, how
    last = _before_first_cut(report, lost) or lost[-1]
    position = report.layers.index(last)
    by = _cutter(report, position)
    after = next((layer for layer in report.layers[position + 1 :] if layer.reached), None)
    if not last.differentiable:
        how = "ran without building a graph"
        why = by or "torch.no_grad, inference mode or detached inside it"
        return last.path, last.source, f"{last.name} ({last.kind}) {how} ({why})"
    if after is None:
        how = "its output carries a gradient, but the loss does not depend on it"
        return last.path, last.source, f"after {last.name} ({last.kind}): {by or how}"
    why = by or "detach, .data, .item, numpy, argmax, or a new tensor"
    return (
        last.path,
        last.source,
        f"between {last.name} ({last.kind}) and {after.name} ({after.kind}): the output of the "
        f"first carries a gradient, the loss sees only the second ({why})",
    )


def _ran_without_graph(
    report: Report, lost: list[LayerRecord]
) -> tuple[LayerRecord, OperationRecord] | None:
    """The outermost module that a cut happened inside of and that has no graph at all.

    Of several in a row, as under one ``torch.no_grad``, the one nearest to the loss.
    """
    for cut in reversed(report.cuts):
        inside = [
            r
            for r in lost
            if r.path
            and _is_in(cut.module, r.path)
            and not any(inner.differentiable and _is_in(inner.path, r.path) for inner in lost)
        ]
        if inside:
            return min(inside, key=lambda r: len(r.path)), cut
    return None


def _is_in(path: str, outer: str) -> bool:
    return path == outer or path.startswith(f"{outer}.")


def _before_first_cut(report: Report, lost: list[LayerRecord]) -> LayerRecord | None:
    """The lost layer that ran last before the first operation that cut the graph."""
    for cut in report.cuts:
        last = report.layers[cut.after - 1] if cut.after else None
        if last is not None and last.differentiable and last in lost:
            return last
    return None


def _cutter(report: Report, lost: int) -> str:
    """The operations that cut behind a record, or inside it, in words; "" where none was seen."""
    reached = next(
        (i for i in range(lost + 1, len(report.layers)) if report.layers[i].reached),
        len(report.layers),
    )
    inside = [cut for cut in report.cuts if lost <= cut.after <= reached]
    return " or ".join(str(cut) for cut in inside[:_CUTS_NAMED])


def _within(owner: str, path: str) -> bool:
    return owner == path or owner.startswith(f"{path}.") or path.startswith(f"{owner}.")
