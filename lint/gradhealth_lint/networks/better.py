"""The scale of weights at which a network would neither shrink nor grow the gradient."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from gradhealth_lint.limits import Limits

#: Halvings of the interval: the gain is found to 1 in 1000.
_HALVINGS: Final = 11


def weight_gain(log_total: Callable[[float], float], limits: Limits) -> float | None:
    """Return g of weights N(0, g^2 / fan_in) with zero biases, None if no ordinary one will do.

    ``log_total`` gives ln of the total gain at a g. At that g chi is 1 on average over the layers:
    sqrt 2 for ReLU (He et al. 2015), 1 for tanh (the edge of chaos: Schoenholz et al. 2017, arXiv
    1611.01232), a little over 1 for tanh networks of finite depth.
    """
    low, high = 1.0 / limits.largest_weight_gain, limits.largest_weight_gain
    if log_total(low) > 0.0 or log_total(high) < -math.log(limits.kept_gain):
        return None
    for _ in range(_HALVINGS):
        middle = math.sqrt(low * high)
        if log_total(middle) > 0.0:
            high = middle
        else:
            low = middle
    return low if abs(log_total(low)) <= math.log(limits.kept_gain) else None
