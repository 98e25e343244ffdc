"""What a network is made of, for the theory: steps with all their numbers, some with arms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from gradhealth_lint.activations import Activation
from gradhealth_lint.initializers import Distribution


@dataclass(frozen=True, slots=True)
class Affine:
    """A linear map to ``units`` (channels); each output sees ``taps`` of ``inputs`` numbers.

    ``inputs`` is how many independent columns the weights have: channels times kernel.
    """

    taps: float
    inputs: float
    units: int
    weight: Distribution
    bias: Distribution


@dataclass(frozen=True, slots=True)
class Curve:
    """An activation, or a gated linear unit that halves the units ("glu")."""

    activation: Activation


@dataclass(frozen=True, slots=True)
class Norm:
    """Normalisation over ``size`` numbers, then gamma (root mean square) and beta.

    ``over`` is "units" (layer and group norm), "square" (RMS norm) or "samples" (batch and
    instance norm, whose size is that of the batch, or of the image, times the image's).
    """

    over: Literal["units", "square", "samples"]
    size: float
    gamma: float = 1.0
    beta: float = 0.0


@dataclass(frozen=True, slots=True)
class Scale:
    """Multiplication by a number."""

    factor: float


@dataclass(frozen=True, slots=True)
class Dropout:
    """Dropout in training; ``alpha`` is AlphaDropout."""

    rate: float
    alpha: bool = False


@dataclass(frozen=True, slots=True)
class Pool:
    """The mean or the largest of ``count`` positions."""

    how: Literal["mean", "largest"]
    count: float


@dataclass(frozen=True, slots=True)
class Parallel:
    """Arms that get the same input; their results are combined."""

    how: Literal["add", "concatenate", "multiply"]
    arms: tuple[tuple[Step, ...], ...]


Step: TypeAlias = "Affine | Curve | Norm | Scale | Dropout | Pool | Parallel"
