"""What a check is: a symptom and a pure judgement on evidence."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Protocol

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

    @property
    def related_rules(self) -> tuple[str, ...]:
        """Codes of the lint rules that explain it."""
        ...

    def judge(self, evidence: Evidence, limits: Limits) -> Outcome | Need:
        """The outcome, or the measurement without which there is none yet."""
        ...
