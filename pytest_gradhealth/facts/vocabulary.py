"""The fixed words: symptoms, verdicts, grades."""

from __future__ import annotations

from typing import Final, Literal

SCHEMA_VERSION: Final = 1

Verdict = Literal["pass", "fail", "expected", "not_observed"]

#: What a remedy did: the check passes, the number improved, or it did not.
Grade = Literal["healthy", "better", "no better"]

#: The fixed vocabulary: every symptom a diagnosis can name.
SYMPTOMS: Final = (
    "vanishing",
    "exploding",
    "nonfinite",
    "disconnected",
    "dead_units",
    "saturation",
    "collapse",
    "symmetry",
    "underflow",
)
