"""What ``gradhealth-lint predict`` says of a recurrent layer: a stack of time steps."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from gradhealth_lint.initializers import Distribution
from gradhealth_lint.networks.recurrence import Cell, log_gain
from gradhealth_lint.prediction import StackPrediction, exp
from gradhealth_lint.stack_inits import describe, distribution

if TYPE_CHECKING:
    from gradhealth_lint.limits import Limits
    from gradhealth_lint.semantics.network_facts import Init, Recurrence

_GATES: Final = {"RNN": 1, "LSTM": 4, "GRU": 3}
_BIASES: Final = ("bias_ih", "bias_hh")
_SHOWN: Final = {"LSTM": "sigmoid, tanh", "GRU": "sigmoid, tanh"}


def predict_recurrence(recurrence: Recurrence, limits: Limits) -> StackPrediction:
    """Predict the gain of a recurrent layer over time, from its last hidden state to its first."""
    kind = recurrence.kind.removesuffix("Cell")
    steps = limits.assumed_steps
    assumed = [f"{steps} time steps assumed, each with a new N(0, 1) input"]
    hidden = recurrence.hidden
    if hidden is None:
        hidden = limits.assumed_width
        assumed.append(f"a width is not known: {hidden} assumed")
    inputs = hidden if recurrence.inputs is None else recurrence.inputs
    inits = dict(recurrence.inits)
    cell = _cell(kind, recurrence, inits, inputs, hidden)
    log = None if isinstance(cell, str) else log_gain(cell, steps)
    if isinstance(cell, str):
        assumed.append(f"not predicted: {cell}")
    found = StackPrediction(
        steps,
        recurrence.hidden,
        _SHOWN.get(kind, recurrence.nonlinearity or "unknown"),
        describe(inits["weight_hh"]),
        None if log is None else exp(log / steps),
        None if log is None else exp(log),
        tuple(assumed),
        cell if isinstance(cell, str) else None,
        recurrence.kind,
    )
    kept = -math.log(limits.kept_gain)
    return found if log is None or log >= kept else replace(found, better=_better(kind))


def _better(kind: str) -> str:
    """What usually keeps a gradient that fades over time."""
    if kind == "LSTM":
        return "a forget gate's bias of 1 or more keeps more (Gers et al. 2000)"
    if kind == "GRU":
        return "an update gate's bias of 1 or more keeps more"
    return "an orthogonal weight_hh keeps more, an LSTM or GRU with open gates most"


def _cell(
    kind: str, recurrence: Recurrence, inits: dict[str, Init | None], inputs: int, hidden: int
) -> Cell | str:
    """The numbers the theory needs, or why there are none."""
    if kind == "RNN" and recurrence.nonlinearity not in {"tanh", "relu"}:
        return "its nonlinearity is not known"
    rows = _GATES[kind] * hidden
    drawn = {
        part: _drawn(init, inputs if part == "weight_ih" else hidden, rows, hidden)
        for part, init in inits.items()
    }
    into, loop = drawn["weight_ih"], drawn["weight_hh"]
    one, other = drawn["bias_ih"], drawn["bias_hh"]
    if into is None or loop is None or one is None or other is None:
        return "an initialiser is not known"
    if into.mean != 0.0 or loop.mean != 0.0:
        return "weights with a mean are covered in plain stacks only"
    means = [one.mean + other.mean] * _GATES[kind]
    kept = None
    if kind == "LSTM":
        # The forget gate's part of the biases may have been set apart.
        parts = [drawn.get(f"{name} of the forget gate", drawn[name]) for name in _BIASES]
        if None in parts:
            return "an initialiser is not known"
        means[1] = sum(part.mean for part in parts if part is not None)
        kept = sum(part.variance for part in parts if part is not None)
    return Cell(
        kind,
        recurrence.nonlinearity or "tanh",
        hidden,
        hidden * loop.variance,
        inputs * into.variance,
        one.variance + other.variance,
        tuple(means),
        other.variance,
        kept,
        orthogonal=loop.orthogonal,
    )


def _drawn(init: Init | None, fan_in: int, rows: int, hidden: int) -> Distribution | None:
    """One entry's distribution; torch's default is U(-1/sqrt(hidden), 1/sqrt(hidden)) for all."""
    if init is not None and init.name == "default":
        return Distribution(0.0, 1.0 / (3.0 * max(hidden, 1)), label="PyTorch's default")
    drawn = distribution(init, fan_in, rows, bias=False)
    return None if drawn is None or not math.isfinite(drawn.variance) else drawn
