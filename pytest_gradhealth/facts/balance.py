"""How several terms of a loss share the gradient: the record of ``assert_balanced_losses``."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Term:
    """One term of the loss.

    Attributes:
        name: Its key.
        loss: Its value.
        norm: L2 norm of its gradient over the shared parameters.
        share: That over the sum of all terms' such norms.
        best: Its largest part of a single shared parameter's gradient: its norm there over the
            largest of any term's.
        reaches: How many parameters get a gradient of it, shared or not.
        reaches_shared: How many of those are shared.
    """

    name: str
    loss: float
    norm: float
    share: float
    best: float
    reaches: int
    reaches_shared: int


@dataclass(frozen=True, slots=True)
class Balance:
    """The terms of a loss against each other.

    Attributes:
        terms: In the order they were given.
        shared: Names of the parameters that two terms or more give a gradient.
        cosines: For each pair of terms the cosine of the angle between their gradients, over the
            parameters that both reach; pairs without one are left out.
    """

    terms: tuple[Term, ...]
    shared: tuple[str, ...]
    cosines: tuple[tuple[str, str, float], ...] = ()

    @property
    def most_opposed(self) -> tuple[str, str, float] | None:
        """The pair with the smallest cosine."""
        return min(self.cosines, key=lambda pair: pair[2], default=None)
