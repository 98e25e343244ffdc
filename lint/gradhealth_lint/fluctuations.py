"""Width is finite: how far one seed's gradient typically lies from the mean over seeds.

A product of random factors typically lies below its mean, by half the variance of its logarithm
(Hanin and Nica 2018, arXiv 1812.05994, theorem 1). A batch averages over its gradients as long as
they point different ways, so their overlap is followed from layer to layer.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from gradhealth_lint.activations import Moments

# What stands for a batch; the number hardly matters.
BATCH: Final = 64
# Of so many log-normal numbers, the variance of their logarithm and the mean of sum x^2 over
# (sum x)^2: how few carry the sum. By simulation, 200,000 draws, error 0.001;
# tests/lint/test_theory.py repeats it.
TAIL_SHARES: Final = (
    (0.0, 0.016),
    (0.5, 0.025),
    (1.0, 0.039),
    (2.0, 0.076),
    (3.0, 0.119),
    (4.0, 0.161),
    (6.0, 0.237),
    (8.0, 0.299),
    (12.0, 0.393),
    (20.0, 0.507),
    (30.0, 0.588),
    (60.0, 0.702),
    (120.0, 0.788),
    (400.0, 0.884),
)


def rarity(units: float, local: Moments) -> float:
    """Return how far, in ln, the typical mean of phi'^2 over so many units is below E[phi'^2].

    In a saturated net the expectation comes from units so rare that one seed typically has none.
    For log-normal phi'^2 with a logarithm of standard deviation s, n of them fall short from
    s = sqrt(2 ln n) on (the random energy model: Derrida 1981, Physical Review B 24, 2613).
    """
    spread = math.log(max(local.slope_fourth / local.slope_second**2, 1.0))
    short = math.sqrt(spread) - math.sqrt(2.0 * math.log(max(units, 1.0)))
    return max(short, 0.0) ** 2 / 2.0


@dataclass(slots=True)
class Spread:
    """How far the batch's gradients are from many independent ones, on the way back.

    Attributes:
        overlap: mean squared cosine between two samples' gradients, weighted by their squares.
        tail: variance over samples of ln |g|^2: how unequal they are.
    """

    overlap: float
    tail: float

    def through_activation(self, units: int, local: Moments, alike: float) -> float:
        """Take phi' along and return the relative variance it adds to the batch's square.

        Slopes of one unit are the same for all samples as far as those are ``alike``.
        """
        kurtosis = local.slope_fourth / local.slope_second**2 - 1.0
        # Among n units none can hold more than all: a sample's kurtosis stays below n.
        kurtosis /= 1.0 + kurtosis / units
        # Over units a Gaussian gradient's square has variance 2: own 1 + 2, a pair's 1 + 2 o.
        own = 3.0 * kurtosis / units
        shared = alike * (1.0 + 2.0 * self.overlap) * kurtosis / units
        straight = local.slope_mean**2 / local.slope_second
        kept = (straight + (1.0 - straight) * alike) ** 2
        return self._take(own, shared, kept * self.overlap + shared)

    def through_weight(self, fan_in: int, fan_out: int, noise: float, *, orthogonal: bool) -> float:
        """Take W along and return the relative variance it adds; ``noise`` is the random share.

        The coherent part is common to all samples and does not fluctuate; an orthogonal matrix
        keeps all angles and lengths, but for the directions it drops when it has more rows.
        """
        common, random = 1.0 - noise, noise
        if orthogonal:
            random *= max(0.0, 1.0 - fan_in / fan_out)
        # Pairs: (random + common)^2, the random part's square with chi-squared fluctuations.
        loose = (random * random + 2.0 * random * common) / fan_in
        aligned = noise * noise * self.overlap + common * common + loose
        aligned += random * random * self.overlap / fan_in
        return self._take(2.0 * loose, 2.0 * loose * self.overlap, aligned)

    def _take(self, own: float, shared: float, aligned: float) -> float:
        """Take a random factor along.

        Args:
            own: relative variance of one sample's square.
            shared: relative covariance of two samples' squares.
            aligned: the overlap, before the squares are normalised.
        """
        share = self._tail_share()
        variance = share * own + (1.0 - share) * shared
        self.overlap = min(aligned / (1.0 + shared), 1.0)
        self.tail += max(math.log1p(own) - math.log1p(shared), 0.0)
        return variance

    def _tail_share(self) -> float:
        """Return the expected sum of the samples' squared shares in the batch's square."""
        last = TAIL_SHARES[0]
        for point in TAIL_SHARES[1:]:
            if self.tail < point[0]:
                place = (self.tail - last[0]) / (point[0] - last[0])
                return last[1] + place * (point[1] - last[1])
            last = point
        return last[1]


def log_shift(variance: float) -> float:
    """Return ln E[x] - E[ln x] for a positive x of this relative variance.

    Taken as chi-squared, which |W g|^2 exactly is: ln k - psi(k) with k = 1 / variance.
    """
    if variance <= 0.0:
        return 0.0
    shape = 1.0 / variance
    # psi by its recurrence up to 6 and then its asymptotic series: error below 1e-7.
    shift, large = 0.0, shape
    while large < 6.0:  # noqa: PLR2004
        shift += 1.0 / large
        large += 1.0
    inverse = 1.0 / (large * large)
    series = 1.0 / (2.0 * large) + inverse / 12.0 - inverse * inverse / 120.0
    return math.log(shape / large) + shift + series
