"""What lies in time steps that the gradient does not reach, and is not learned for it.

Every recurrent network forgets: torch's own LSTM halves its gradient at each step, and trains where
the answer lies in the last few. So a gradient that fades over time is no fault by itself. It is one
where the batch shows that the answer lies in the steps it does not reach, and a trial shows that
the model does not learn it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_gradhealth.checks.check import Need
from pytest_gradhealth.checks.table import learns

if TYPE_CHECKING:
    from pytest_gradhealth.facts import Evidence, LayerRecord, RecurrenceRecord, Report, Signal
    from pytest_gradhealth.limits import Limits


@dataclass(frozen=True, slots=True)
class Unlearned:
    """A time step that holds the answer, and what of the gradient reaches it.

    Attributes:
        record: The recurrent module.
        step: The step, 0 for the first.
        signal: How much a reference learner reads off that step alone.
    """

    record: RecurrenceRecord
    step: int
    signal: Signal

    @property
    def share(self) -> float:
        """The step's gradient over the largest of all steps."""
        return self.record.shares[self.step]

    @property
    def told(self) -> str:
        """A sentence about it."""
        where = f"step {self.step + 1} of {self.record.steps}"
        return (
            f"{where} alone tells {self.signal.explained:.0%} of the target's variance in the "
            f"other half of the batch, and the gradient there is {self.share:.1e} of the largest"
        )


def unlearned(evidence: Evidence, limits: Limits, *, cut: bool) -> Unlearned | Need | None:
    """The module whose gradient does not reach the answer, once measured; ``None`` for none.

    Args:
        evidence: With as much as was measured so far.
        limits: For the share that counts as nothing and the gain of a trial.
        cut: Whether to look for steps the loss does not depend on, or for those it fades before.
    """
    report = evidence.report
    every = (*report.recurrences, *((report.reach,) if report.reach else ()))
    suspects = [r for r in every if _is_suspect(r, limits, cut=cut)]
    suspects = [r for r in suspects if not evidence.ignores(r.path)]
    if not suspects:
        return None
    if evidence.signal is None:
        return Need.SIGNAL
    found = next((s for s in evidence.signal if s.found and s.step is not None), None)
    if found is None or found.step is None:
        return None
    step = found.step
    for record in suspects:
        if record.steps != found.steps or not _is_lost(record, step, limits, cut=cut):
            continue
        if evidence.learning is None:
            return Need.LEARNING
        if not evidence.learning or learns(evidence, limits, with_both=False):
            return None
        return Unlearned(record, step, found)
    return None


def layer_of(report: Report, record: RecurrenceRecord) -> LayerRecord:
    """The first call of the module."""
    return next(layer for layer in report.layers if layer.path == record.path)


def _is_suspect(record: RecurrenceRecord, limits: Limits, *, cut: bool) -> bool:
    """The last step alone is no loss: a language model's last token predicts nothing."""
    lost = [_is_lost(record, step, limits, cut=cut) for step in range(len(record.shares))]
    return any(lost[:-1])


def _is_lost(record: RecurrenceRecord, step: int, limits: Limits, *, cut: bool) -> bool:
    if step < record.cut_off or step >= record.steps - record.cut_behind:
        return cut
    return not cut and record.shares[step] < limits.fading_share
