"""What the time steps of a recurrent cell do to the gradient.

The state's mean square settles over time while every step brings a new N(0, 1) input; there, one
step back multiplies the gradient by a matrix that follows from the gates' Gaussian moments, as in
a plain stack (Chen, Pennington and Schoenholz 2018, arXiv 1806.05394, section 3, for RNN and a
gated cell; Gilboa et al. 2019, arXiv 1901.08987, section 3, for LSTM and GRU).

Unlike the layers of a stack, all steps share their weights. A step of a gated cell is d + A: what
the gate of the state keeps, and what goes through the weights. Of A's square the part r^2, from
the means of gates and slopes, is the same matrix in every step, and the part q is drawn anew. The
k-th power of the former does not have (d^2 + r^2)^k as its mean square, as independent steps would
have, but M_k = sum_j C(k, j)^2 d^(2(k - j)) r^(2j), for the orders in which d and A alternate add
up. With what is drawn anew, N_k = M_k + q sum_j M_(k-1-j) N_j, whose rate is
d^2 + r^2 + sqrt(q^2 + 4 d^2 r^2). Units whose gate has a larger bias keep more: with a spread s of
the gates, r^2 + 3 s^2 takes the place of r^2 (to second order in s / r; the edge of a uniform
spread where r is small). An RNN has no d; there a Gaussian matrix's powers outgrow their mean field
by the excess of its spectral radius, of order 1 / sqrt(width) (Rider and Sinclair 2014, arXiv
1209.6085, theorem 1.1).

All gains are ratios of L2 norms of dL/dh at two times.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from gradhealth_lint.activations import Activation, Moments, moments
from gradhealth_lint.theory import rounded

_SIGMOID: Final = Activation("sigmoid")
_TANH: Final = Activation("tanh")
#: Steps after which every ordinary state has settled.
_SETTLED: Final = 200
#: A state whose mean square passes this has no fixed point worth the name.
_RUNAWAY: Final = 1e12
#: Growth a step of a Gaussian matrix's powers, times sqrt(width): measured at widths 16 to 256
#: over 50 to 100 steps, 0.24 to 0.34.
_EXCESS: Final = 0.3
#: Steps in a row on the same matrix that this growth takes.
_RUN: Final = 8
#: Longer runs are continued at the rate they have settled at.
_LONGEST: Final = 200


@dataclass(frozen=True, slots=True)
class Cell:
    """A recurrent layer: variances of the preactivations' parts, and the mean of each gate's bias.

    ``recurrent`` is hidden size times Var(w_hh), ``driven`` input size times Var(w_ih), ``bias``
    the variance of both biases together. ``biases`` are means by gate in torch's order: one for an
    RNN, four for an LSTM (input, forget, cell, output), three for a GRU (reset, update, new).
    """

    kind: str
    activation: str
    width: int
    recurrent: float
    driven: float
    bias: float
    biases: tuple[float, ...]
    #: Of the hidden state's share of a GRU's new state, which it keeps apart.
    bias_hidden: float = 0.0
    #: Of the gate that keeps the state; None: that of the others.
    bias_kept: float | None = None
    orthogonal: bool = False


@dataclass(frozen=True, slots=True)
class _Step:
    """A step back, as factors of squared norms; see the module. ``ends`` is paid once."""

    kept: float
    same: float
    new: float
    ends: float = 1.0


def log_gain(cell: Cell, steps: int) -> float:
    """Return ln of the L2 norm of the gradient at h, in multiples of that ``steps`` steps later."""
    if cell.kind == "RNN":
        return steps * _log_of_rnn(cell)
    one = _lstm(cell) if cell.kind == "LSTM" else _gru(cell)
    return (_log_power(one, steps) + math.log(one.ends)) / 2.0


def _log_of_rnn(cell: Cell) -> float:
    """Return ln of the gain of one step."""
    activation = Activation(cell.activation)
    second = 0.0
    local = moments(activation, cell.biases[0], rounded(_before(cell, second)))
    for _ in range(_SETTLED):
        if local.second > _RUNAWAY:
            break
        second = local.second
        local = moments(activation, cell.biases[0], rounded(_before(cell, second)))
    squared = cell.recurrent * local.slope_second
    if squared <= 0.0:
        return -math.inf
    share = local.slope_mean**2 / local.slope_second
    excess = 0.0 if cell.orthogonal else _EXCESS / math.sqrt(cell.width) * share**_RUN
    return math.log(squared) / 2.0 + excess


def _log_power(one: _Step, steps: int) -> float:
    """Return ln of N_steps, the mean square of so many steps."""
    unit = one.kept + one.same + one.new
    d, r, q = one.kept / unit, one.same / unit, one.new / unit
    powers: list[float] = []
    whole: list[float] = []
    for k in range(min(steps, _LONGEST) + 1):
        powers.append(math.fsum(math.comb(k, j) ** 2 * d ** (k - j) * r**j for j in range(k + 1)))
        before = math.fsum(powers[k - 1 - j] * whole[j] for j in range(k))
        whole.append(powers[k] + q * before)
    rate = d + r + math.sqrt(q * q + 4.0 * d * r)
    return math.log(whole[-1]) + (steps - len(whole) + 1) * math.log(rate) + steps * math.log(unit)


def _before(cell: Cell, second: float) -> float:
    """The variance of a gate's preactivation."""
    return cell.recurrent * second + cell.driven + cell.bias


def _gate(activation: Activation, mean: float, variance: float) -> Moments:
    return moments(activation, rounded(mean), rounded(variance))


def _spread(cell: Cell, gate: Moments) -> float:
    """The variance over units of what a gate keeps on average, by its bias."""
    bias = cell.bias if cell.bias_kept is None else cell.bias_kept
    return gate.slope_mean**2 * bias


def _lstm(cell: Cell) -> _Step:
    """Follow (h, c): c' = f c + i g, h' = o tanh(c')."""
    hidden = inner = 0.0
    kept = cell.bias if cell.bias_kept is None else cell.bias_kept
    for _ in range(_SETTLED):
        variance = _before(cell, hidden)
        i, o = (_gate(_SIGMOID, cell.biases[k], variance) for k in (0, 3))
        f = _gate(_SIGMOID, cell.biases[1], variance - cell.bias + kept)
        g = _gate(_TANH, cell.biases[2], variance)
        inner = min(f.second * inner + i.second * g.second, _RUNAWAY)
        shown = _gate(_TANH, 0.0, inner)
        hidden = o.second * shown.second
    # Squared gradients: from h to c of one step, from c to h of the step before, from h to it.
    through = o.second * shown.slope_second
    gates = inner * f.slope_second + g.second * i.slope_second + i.second * g.slope_second
    back = cell.recurrent * gates
    past = cell.recurrent * shown.second * o.slope_second
    same = cell.recurrent * (i.mean * g.slope_mean * o.mean * shown.slope_mean) ** 2
    new = max(f.second - f.mean**2 + back * through - same + past, 0.0)
    rate = f.mean**2 + same + new
    return _Step(f.mean**2, same + 3.0 * _spread(cell, f), new, through * back / rate)


def _gru(cell: Cell) -> _Step:
    """Follow h' = (1 - z) n + z h, n = tanh(x + r (U h + b))."""
    hidden = 0.0
    for _ in range(_SETTLED):
        variance = _before(cell, hidden)
        r, z = (_gate(_SIGMOID, cell.biases[k], variance) for k in (0, 1))
        looped = cell.recurrent * hidden + cell.bias_hidden
        own = cell.driven + cell.bias - cell.bias_hidden + r.second * looped
        n = _gate(_TANH, cell.biases[2], own)
        rest = 1.0 - 2.0 * z.mean + z.second
        hidden = rest * n.second + z.second * hidden
    back = (hidden + n.second) * z.slope_second
    back += rest * n.slope_second * (r.second + looped * r.slope_second)
    same = cell.recurrent * ((1.0 - z.mean) * n.slope_mean * r.mean) ** 2
    new = max(z.second - z.mean**2 + cell.recurrent * back - same, 0.0)
    return _Step(z.mean**2, same + 3.0 * _spread(cell, z), new)
