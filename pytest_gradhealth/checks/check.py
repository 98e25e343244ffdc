"""What a check is: a symptom and a pure judgement on evidence."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from pytest_gradhealth.facts import Evidence, Finding, Judgement
    from pytest_gradhealth.limits import Limits


class Need(Enum):
    """A measurement a check asks for before it accuses; values name fields of ``Evidence``."""

    RESEEDED = "reseeded"
    WARMED = "warmed"
    TRIALS = "trials"
    SCALED = "scaled"
    LEARNING = "learning"
    SIGNAL = "signal"
    TRACE = "trace"


#: What each measurement is, for whoever waits.
STAGES: Final = {
    Need.RESEEDED: "with other seeds",
    Need.WARMED: "after a few optimizer steps",
    Need.LEARNING: "whether it learns",
    Need.SIGNAL: "whether the batch can be learned",
    Need.TRACE: "whether learning leaves a trace",
    Need.SCALED: "with a loss scale",
    Need.TRIALS: "at ordinary learning rates",
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """A judgement, with the finding where it is a failure."""

    judgement: Judgement
    finding: Finding | None = None


class Check(Protocol):
    """One symptom's judgement; stateless, so one instance serves every diagnosis."""

    @property
    def symptom(self) -> str:
        """The word of the vocabulary it decides."""
        ...

    def judge(self, evidence: Evidence, limits: Limits) -> Outcome | Need:
        """The outcome, or the measurement without which there is none yet."""
        ...
