"""What is known of a tensor without a graph behind it: how it lost one, or began a new one."""

from __future__ import annotations

from typing import Final

from gradhealth_lint.semantics.domain.torch_values import Applied, Squashed
from gradhealth_lint.semantics.domain.values import UNKNOWN, Value

#: What became of a graph: lost on the way, and by ``no_grad``.
CUT: Final = "cut"
UNTRACKED: Final = "untracked"
#: A tensor that starts a graph of its own: made of a computed one, or told to require a gradient.
REWRAPPED: Final = "rewrapped"
REQUIRED: Final = "required"
#: One made of what may be data, whose own gradient may be wanted.
WRAPPED: Final = "wrapped"
#: One of new numbers, or one whose own gradient is wanted.
LEAF: Final = "leaf"
#: The result of a step function.
STEPPED: Final = "stepped"
_LOST: Final = frozenset({CUT, UNTRACKED, REWRAPPED, STEPPED})
#: Leaves that were told to ask for a gradient.
LEAVES: Final = frozenset({REQUIRED, WRAPPED, LEAF})
#: What is computed of a model's output, one way or another.
COMPUTED: Final = Applied(UNKNOWN)


def is_cut(value: Value) -> bool:
    """Whether these are values of a model that have lost their graph."""
    return isinstance(value, Squashed) and value.function in _LOST


def starts(value: Value) -> bool:
    """Whether a backward pass from here reaches nothing that came before."""
    return is_cut(value) or (isinstance(value, Squashed) and value.function in LEAVES)


def is_squashed(value: Value) -> bool:
    """Whether it is the result of a sigmoid and the like, with its graph."""
    return isinstance(value, Squashed) and not starts(value)
