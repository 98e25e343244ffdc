"""The checks, registered once: everything else derives from this tuple."""

from __future__ import annotations

from typing import Final

from pytest_gradhealth.checks.check import Check, Need, Outcome
from pytest_gradhealth.checks.disconnected import Disconnected
from pytest_gradhealth.checks.exploding import Exploding
from pytest_gradhealth.checks.nonfinite import Nonfinite
from pytest_gradhealth.checks.vanishing import Vanishing

ALL_CHECKS: Final[tuple[Check, ...]] = (
    Nonfinite(),
    Disconnected(),
    Vanishing(),
    Exploding(),
)

__all__ = ["ALL_CHECKS", "Check", "Need", "Outcome"]
