"""Evidence made up by hand for each symptom: numbers that no machine or torch build changes."""

from __future__ import annotations

import dataclasses
import math
from typing import Any, Final

from pytest_gradhealth.checks import ALL_CHECKS, Outcome
from pytest_gradhealth.facts import (
    ActivationRecord,
    Evidence,
    Finding,
    LayerRecord,
    OperationRecord,
    ParameterRecord,
    RecurrenceRecord,
    Report,
    Trial,
)
from pytest_gradhealth.limits import Limits

DEPTH: Final = 6
_TRIALS = tuple(Trial(rate, None, (2.3, 1e9), 0.5) for rate in (1e-3, 1e-2, 1e-1))


def layers(**columns: list[Any]) -> tuple[LayerRecord, ...]:
    """A chain of weighted layers ``body.0`` .. ``body.5``, with some fields given a value each."""
    plain = tuple(
        LayerRecord(
            path=f"body.{i}",
            call=0,
            kind="Linear",
            source="/repo/models/net.py:12",
            shape=(16, 64),
            dtype="float32",
            weighted=True,
            depth=DEPTH - i,
            earliest=i == 0,
            trunk=i + 1 if i + 1 < DEPTH else None,
            reached=True,
            differentiable=True,
            activation_rms=1.0,
            gradient_norm=0.25,
            spread=0.9,
        )
        for i in range(DEPTH)
    )
    return tuple(
        dataclasses.replace(layer, **{name: column[i] for name, column in columns.items()})
        for i, layer in enumerate(plain)
    )


def parameters(**columns: list[Any]) -> tuple[ParameterRecord, ...]:
    """The weight of each of those layers, with some fields given a value each."""
    plain = tuple(
        ParameterRecord(
            (f"body.{i}.weight",), f"body.{i}", True, True, (64, 64), "float32", 0.2, 1e-3
        )
        for i in range(DEPTH)
    )
    return tuple(
        dataclasses.replace(parameter, **{name: column[i] for name, column in columns.items()})
        for i, parameter in enumerate(plain)
    )


def report(**fields: Any) -> Report:
    """A healthy pass over that chain, except for what is given."""
    plain = Report("Net", 2.3, "loss_fn", 0, layers(), parameters(), (), (), input_spread=0.97)
    return dataclasses.replace(plain, **fields)


def activation(**fields: Any) -> ActivationRecord:
    """A ReLU behind ``body.2``, except for what is given."""
    plain = ActivationRecord(
        kind="ReLU",
        path="act.2",
        feeds_from="body.2",
        source="/repo/models/net.py:12",
        units=64,
        observations=16,
        dead=0,
        flat=None,
        sole_way=False,
        on_trunk=False,
        last=False,
    )
    return dataclasses.replace(plain, **fields)


def finding(sick: Report, symptom: str, **evidence: Any) -> Finding:
    """What the check of that symptom finds in a pass that every confirmation repeats."""
    fetched: dict[str, Any] = {
        "reseeded": (sick, sick),
        "warmed": sick,
        "trials": _TRIALS,
        "learning": (),
        **evidence,
    }
    (check,) = (check for check in ALL_CHECKS if check.symptom == symptom)
    outcome = check.judge(Evidence(sick, **fetched), Limits())
    assert isinstance(outcome, Outcome), outcome
    assert outcome.finding is not None, outcome.judgement
    return outcome.finding


def _lost_in_half() -> Finding:
    names = [0.0, 1e-8, 2e-8, 1e-7, 1e-6, 1e-5]
    half = report(
        layers=layers(dtype=["float16"] * DEPTH, gradient_norm=[1e-7] * DEPTH),
        parameters=parameters(dtype=["float16"] * DEPTH, gradient_rms=names),
    )
    true = report(parameters=parameters(gradient_rms=[1e-8, 5e-8, 1e-7, 1.5e-7, 1e-6, 1e-5]))
    return finding(half, "underflow", scaled=(true,))


def findings() -> dict[str, Finding]:
    """A finding by the name of its snapshot."""
    fading = report(layers=layers(gradient_norm=[1e-9, 1e-8, 1e-6, 1e-4, 1e-2, 1.0]))
    growing = report(layers=layers(gradient_norm=[1e6, 1e5, 1e4, 1e3, 1e1, 1.0]))
    steep = report(
        parameters=parameters(gradient_rms=[4e3] * DEPTH),
        layers=layers(activation_rms=[900.0, 800.0, 700.0, 600.0, 500.0, 400.0]),
    )
    overflowing = report(
        loss=math.inf,
        layers=layers(activation_rms=[1.0, 1e9, 1e20, 1e35, math.inf, math.nan]),
    )
    over_time = report(recurrences=(RecurrenceRecord("body.0", "RNN", 60, 1.6, 1e9),))
    copied = parameters(tied_units=[0.0, 1.0, 0.5, 0.0, 0.0, 0.0])
    copied = (*copied[:4], dataclasses.replace(copied[4], tied_to="body.3.weight"), copied[5])
    cut = report(
        parameters=parameters(gradient_rms=[None, None, None, 1e-3, 1e-3, 1e-3]),
        layers=layers(
            depth=[None, None, None, 3, 2, 1], reached=[False] * 3 + [True] * 3, trunk=[None] * 6
        ),
        cuts=(OperationRecord("detach", "/repo/models/net.py:31", 3, ""),),
    )
    infinite = report(
        loss=math.nan,
        layers=layers(activation_rms=[1.0, 1.0, math.inf, math.nan, math.nan, math.nan]),
        parameters=parameters(gradient_rms=[math.nan] * DEPTH),
        nonfinite_operation=OperationRecord("log", "/repo/models/net.py:27", 2, "body.2"),
    )
    dead = report(activations=(activation(dead=61), activation(path="act.4", dead=64)))
    cutting = report(activations=(activation(dead=64, sole_way=True, on_trunk=True),))
    flat = activation(kind="Tanh", dead=None, flat=0.97)
    alike = layers(spread=[0.9, 0.8, 1e-6, 1e-7, 1e-7, 1e-7])
    blocked = tuple((f"body.{i}.weight", "sign", "body.2") for i in range(3))
    return {
        "real_vanishing": finding(fading, "vanishing"),
        "real_vanishing_blocked": finding(report(blocked_by=blocked), "vanishing"),
        "real_exploding": finding(growing, "exploding"),
        "real_exploding_steep": finding(steep, "exploding"),
        "real_exploding_overflow": finding(overflowing, "exploding"),
        "real_exploding_over_time": finding(over_time, "exploding"),
        "real_nonfinite": finding(infinite, "nonfinite"),
        "real_disconnected": finding(cut, "disconnected"),
        "real_dead_units": finding(dead, "dead_units"),
        "real_dead_units_cutting": finding(cutting, "dead_units"),
        "real_saturation": finding(report(activations=(flat,)), "saturation"),
        "real_collapse": finding(report(layers=alike), "collapse"),
        "real_symmetry": finding(report(parameters=copied), "symmetry"),
        "real_underflow": _lost_in_half(),
    }
