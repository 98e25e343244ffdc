"""Gradient-health tests for PyTorch models: fixtures, assertions and a diagnosis.

Names are loaded on first use (PEP 562): pytest imports this package in every run, and most runs
need no torch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_gradhealth.registry import HOME, load

if TYPE_CHECKING:
    from pytest_gradhealth.assertions import (
        assert_connected,
        assert_finite,
        assert_healthy,
        assert_no_collapse,
        assert_no_dead_units,
        assert_no_exploding,
        assert_no_saturation,
        assert_no_underflow,
        assert_no_vanishing,
        assert_symmetry_broken,
    )
    from pytest_gradhealth.diagnosis import diagnose
    from pytest_gradhealth.errors import GradientHealthError, ProbeError
    from pytest_gradhealth.facts import Diagnosis, Finding, Report
    from pytest_gradhealth.fixture import GradientHealth
    from pytest_gradhealth.limits import Limits
    from pytest_gradhealth.matching import assert_matches_baseline
    from pytest_gradhealth.recorder import record
    from pytest_gradhealth.training.balanced_losses import assert_balanced_losses
    from pytest_gradhealth.training.batch_independent import assert_batch_independent
    from pytest_gradhealth.training.clipped import assert_clipped
    from pytest_gradhealth.training.learns import assert_learns
    from pytest_gradhealth.training.reaches import assert_reaches
    from pytest_gradhealth.training.update_ratio import assert_update_ratio

__all__ = [
    "Diagnosis",
    "Finding",
    "GradientHealth",
    "GradientHealthError",
    "Limits",
    "ProbeError",
    "Report",
    "assert_balanced_losses",
    "assert_batch_independent",
    "assert_clipped",
    "assert_connected",
    "assert_finite",
    "assert_healthy",
    "assert_learns",
    "assert_matches_baseline",
    "assert_no_collapse",
    "assert_no_dead_units",
    "assert_no_exploding",
    "assert_no_saturation",
    "assert_no_underflow",
    "assert_no_vanishing",
    "assert_reaches",
    "assert_symmetry_broken",
    "assert_update_ratio",
    "diagnose",
    "record",
]


def __getattr__(name: str) -> Any:
    """Load a public name from its module on first use."""
    if name not in HOME:
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    value = globals()[name] = load(name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
