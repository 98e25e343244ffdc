"""The public names and the module each lives in: the one list that the package derives from."""

from __future__ import annotations

import importlib
from typing import Any, Final

#: Public name to module. Every ``assert_...`` is a method of the fixture as well.
HOME: Final = {
    "Diagnosis": "facts",
    "Finding": "facts",
    "GradientHealth": "fixture",
    "GradientHealthError": "errors",
    "Limits": "limits",
    "ProbeError": "errors",
    "Report": "facts",
    "assert_balanced_losses": "training.balanced_losses",
    "assert_batch_independent": "training.batch_independent",
    "assert_clipped": "training.clipped",
    "assert_connected": "assertions",
    "assert_finite": "assertions",
    "assert_healthy": "assertions",
    "assert_learns": "training.learns",
    "assert_matches_baseline": "matching",
    "assert_no_collapse": "assertions",
    "assert_no_dead_units": "assertions",
    "assert_no_exploding": "assertions",
    "assert_no_saturation": "assertions",
    "assert_no_underflow": "assertions",
    "assert_no_vanishing": "assertions",
    "assert_reaches": "training.reaches",
    "assert_symmetry_broken": "assertions",
    "assert_update_ratio": "training.update_ratio",
    "diagnose": "diagnosis",
    "record": "recorder",
}

#: The assertions in the order of the list.
ASSERTIONS: Final = tuple(name for name in HOME if name.startswith("assert_"))


def load(name: str) -> Any:
    """A public object, its module imported on first use."""
    return getattr(importlib.import_module(f"pytest_gradhealth.{HOME[name]}"), name)
