"""The checks, registered once: everything else derives from this tuple.

Causes come before what they lead to: a NaN or a dead layer explains the vanishing behind it, so the
first finding is the one to start with.
"""

from __future__ import annotations

from typing import Final

from pytest_gradhealth.checks.check import Check, Need, Outcome
from pytest_gradhealth.checks.collapse import Collapse
from pytest_gradhealth.checks.dead_units import DeadUnits
from pytest_gradhealth.checks.disconnected import Disconnected
from pytest_gradhealth.checks.exploding import Exploding
from pytest_gradhealth.checks.nonfinite import Nonfinite
from pytest_gradhealth.checks.saturation import Saturation
from pytest_gradhealth.checks.symmetry import Symmetry
from pytest_gradhealth.checks.underflow import Underflow
from pytest_gradhealth.checks.vanishing import Vanishing

ALL_CHECKS: Final[tuple[Check, ...]] = (
    Nonfinite(),
    Disconnected(),
    Underflow(),
    Symmetry(),
    DeadUnits(),
    Saturation(),
    Exploding(),
    Vanishing(),
    Collapse(),
)

__all__ = ["ALL_CHECKS", "Check", "Need", "Outcome"]
