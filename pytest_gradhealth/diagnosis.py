"""Record, judge, confirm: from a model and a batch to a diagnosis."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from pytest_gradhealth import progress
from pytest_gradhealth.checks import ALL_CHECKS, Check, Need, Outcome
from pytest_gradhealth.checks.check import STAGES
from pytest_gradhealth.checks.exploding import is_stable
from pytest_gradhealth.errors import ProbeError
from pytest_gradhealth.facts import Diagnosis, Evidence, Finding, Judgement, Report, Trial
from pytest_gradhealth.limits import Limits

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from torch import Tensor, nn

    from pytest_gradhealth.recorder.batch import Objective


def diagnose(
    model: nn.Module,
    batch: Any,
    loss_fn: Callable[..., Tensor] | None = None,
    *,
    step: Callable[[Any, Any], Tensor] | None = None,
    checks: Iterable[str] | None = None,
    limits: Limits | None = None,
    seed: int = 0,
    ignore: Iterable[str] = (),
) -> Diagnosis:
    """Run the model on the batch, forward and backward, and judge every symptom.

    A healthy model costs one pass. A suspicion costs more: other seeds, a few optimizer steps. All
    of it is undone; model, batch and random generators are bit for bit as before.

    Args:
        model: The model, in the mode (train or eval) it is to be judged in.
        batch: A mapping calls ``model(**batch)``; a tuple or list ``model(*batch)``, without its
            last item where ``loss_fn`` is given; anything else ``model(batch)``.
        loss_fn: ``loss_fn(output, target)``; see the README for the conventions.
        step: ``step(model, batch) -> scalar loss``, used as it is.
        checks: Symptoms to judge; all of them where not given.
        limits: Thresholds; the defaults where not given.
        seed: Fixes everything random. The same seed gives the same diagnosis.
        ignore: ``fnmatch`` patterns of parameters and modules that are meant to be as they are,
            such as ``"pooler.*"``; what they explain is ``expected``.

    Raises:
        ProbeError: Nothing can be measured, or a name in ``checks`` is unknown.
    """
    from pytest_gradhealth.recorder.batch import Objective, check_batch, tensors_in
    from pytest_gradhealth.recorder.run import check_model, measure, unwrapped
    from pytest_gradhealth.recorder.state import preserved

    chosen = select_checks(checks)
    limits = limits or Limits()
    model = unwrapped(model)
    check_model(model)
    check_batch(batch)
    objective = Objective(batch, loss_fn, step)
    with preserved(model, (tensor for tensor in tensors_in(batch) if tensor.requires_grad)):
        bench = _Bench(model, objective, limits, seed)
        try:
            progress.at("the first pass")
            bench.evidence = Evidence(measure(model, objective, seed), ignored=patterns(ignore))
            outcomes = [bench.settle(check) for check in chosen]
            findings = tuple(bench.remedied(o.finding) for o in outcomes if o.finding is not None)
        finally:
            progress.at("")
    return Diagnosis(
        findings=findings,
        judgements=tuple(
            (check.symptom, outcome.judgement)
            for check, outcome in zip(chosen, outcomes, strict=True)
        ),
        report=bench.evidence.report,
        passes=bench.passes,
    )


def judge_report(
    report: Report,
    *,
    checks: Iterable[str] | None = None,
    limits: Limits | None = None,
    ignore: Iterable[str] = (),
) -> Diagnosis:
    """Judge a pass already recorded, without the model.

    A suspicion cannot be confirmed this way, so it is neither a failure nor a pass: the verdict is
    ``not_observed``, and its reason asks for the model. Nor can the model be tried for what it
    learns, so what only such a trial would make a failure passes.

    Raises:
        ProbeError: A name in ``checks`` is unknown.
    """
    chosen = select_checks(checks)
    limits = limits or Limits()
    outcomes = []
    for check in chosen:
        verdict = check.judge(
            Evidence(report, learning=(), signal=(), trace=True, ignored=patterns(ignore)), limits
        )
        if isinstance(verdict, Need):
            reason = "a suspicion that only the model can confirm or clear: pass model and batch"
            verdict = Outcome(Judgement("not_observed", (reason,)))
        outcomes.append((check.symptom, verdict))
    return Diagnosis(
        findings=tuple(o.finding for _, o in outcomes if o.finding is not None),
        judgements=tuple((symptom, o.judgement) for symptom, o in outcomes),
        report=report,
        passes=1,
    )


def patterns(ignore: Iterable[str]) -> tuple[str, ...]:
    """The patterns as a tuple; a lone string is one pattern."""
    return (ignore,) if isinstance(ignore, str) else tuple(ignore)


def select_checks(symptoms: Iterable[str] | None) -> tuple[Check, ...]:
    """The checks for these symptoms, in registration order; all of them for ``None``.

    Raises:
        ProbeError: A symptom has no check; the message lists those that have.
    """
    if symptoms is None:
        return ALL_CHECKS
    wanted = set(symptoms)
    unknown = wanted - {check.symptom for check in ALL_CHECKS}
    if unknown or not wanted:
        known = ", ".join(sorted(check.symptom for check in ALL_CHECKS))
        problem = f"unknown check {', '.join(sorted(unknown))}" if unknown else "no check named"
        msg = f"{problem}; the checks are {known}"
        raise ProbeError(msg)
    return tuple(check for check in ALL_CHECKS if check.symptom in wanted)


class _Bench:
    """Fetches the measurements that checks ask for, each at most once."""

    evidence: Evidence

    def __init__(self, model: nn.Module, objective: Objective, limits: Limits, seed: int) -> None:
        self.model = model
        self.objective = objective
        self.limits = limits
        self.seed = seed
        self.passes = 1

    def settle(self, check: Check) -> Outcome:
        """Judge, fetching what the check needs until it has an outcome."""
        while isinstance(verdict := check.judge(self.evidence, self.limits), Need):
            progress.at(f"{check.symptom}, {STAGES[verdict]}")
            self._fetch(verdict)
        return verdict

    def remedied(self, finding: Finding) -> Finding:
        """The finding with the remedies that were tried on a copy."""
        from pytest_gradhealth.remedies import try_remedies

        tried = try_remedies(
            finding.symptom,
            self.model,
            self.objective,
            self.evidence.report,
            self.limits,
            self.seed,
        )
        return dataclasses.replace(finding, remedies=tried)

    def _fetch(self, need: Need) -> None:
        from pytest_gradhealth.profile import loss_scale
        from pytest_gradhealth.recorder.learning import learning_trials, leaves_a_trace
        from pytest_gradhealth.recorder.run import in_training
        from pytest_gradhealth.recorder.scaled import with_loss_scale
        from pytest_gradhealth.recorder.signal import signals_in
        from pytest_gradhealth.recorder.trials import descended, warmed_up

        limits = self.limits
        if need is Need.RESEEDED:
            seeds = range(self.seed + 1, self.seed + 1 + limits.confirmation_seeds)
            reports = tuple(
                in_training(self.model, self.objective, seed, closely=True) for seed in seeds
            )
            self.passes += len(reports)
            self.evidence = dataclasses.replace(self.evidence, reseeded=reports)
        elif need is Need.WARMED:
            steps = limits.warmup_steps
            warmed = warmed_up(
                self.model,
                self.objective,
                self.seed,
                steps=steps,
                learning_rate=limits.warmup_learning_rate,
            )
            self.passes += steps + 1
            self.evidence = dataclasses.replace(self.evidence, warmed=warmed)
        elif need is Need.LEARNING:
            trials = learning_trials(
                self.model,
                self.objective,
                self.seed,
                steps=limits.learning_steps,
                gain=limits.learning_gain,
            )
            self.passes += len(trials) * limits.learning_steps
            self.evidence = dataclasses.replace(self.evidence, learning=trials)
        elif need is Need.SIGNAL:
            signal = signals_in(self.objective, self.seed)
            self.evidence = dataclasses.replace(self.evidence, signal=signal)
        elif need is Need.TRACE:
            trace, steps = leaves_a_trace(
                self.model,
                self.objective,
                self.seed,
                steps=limits.learning_steps,
                fitted=limits.learning_trace,
            )
            self.passes += steps
            self.evidence = dataclasses.replace(self.evidence, trace=trace)
        elif need is Need.SCALED:
            self.evidence = dataclasses.replace(
                self.evidence, scaled=with_loss_scale(self.model, self.objective, self.seed)
            )
            self.passes += 1
        else:
            descents: list[Trial] = []
            scale = loss_scale(self.evidence.report)
            for rate in limits.ordinary_learning_rates:
                descents.append(
                    descended(
                        self.model,
                        self.objective,
                        self.seed,
                        learning_rate=rate,
                        steps=limits.stability_steps,
                        scale=scale,
                    )
                )
                self.passes += limits.stability_steps + 1
                if is_stable(descents[-1], limits):  # one rate that works settles it
                    break
            self.evidence = dataclasses.replace(self.evidence, trials=tuple(descents))
