"""What ``predict`` says of a family of models, against torch.

``python -m tests.lint.predict_measured`` prints the whole table.

Each model is source text. It is linted, and it is run: the ratio of gradient norms at its input
and output, on N(0, 1) inputs with a random cotangent, as a mean over seeds of its logarithm.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from statistics import fmean, median

import torch

from gradhealth_lint.limits import Limits
from gradhealth_lint.networks.prediction import predict_network
from gradhealth_lint.networks.recurrence_prediction import predict_recurrence
from gradhealth_lint.prediction import StackPrediction
from gradhealth_lint.semantics.reader import read
from gradhealth_lint.source import from_bytes
from tests.lint import network_family as plain
from tests.lint import network_family_blocks as blocks
from tests.lint.network_family import Case

SEEDS = 4
BATCH = 64
IMAGES = 16
#: A gradient this small has no size that matters: log10.
DEAD = -30.0
GROUPS = (
    plain.linear, plain.activations, plain.convolutions, plain.windows, plain.pools, blocks.norms,
    blocks.norms_on_images, blocks.residuals, blocks.residual_images, blocks.dropouts,
    blocks.gates, blocks.dense, blocks.recurrences,
)  # fmt: skip


@dataclass(frozen=True)
class Result:
    """Decimal logarithms of both ratios; ``predicted`` is None where there is no prediction.

    ``error`` is their difference; two that are as good as 0 are alike.
    """

    case: Case
    predicted: float | None
    measured: float
    reason: str | None

    @property
    def error(self) -> float | None:
        if self.predicted is None:
            return None
        return max(self.predicted, DEAD) - max(self.measured, DEAD)


def cases() -> Iterator[Case]:
    """The whole family, always the same."""
    for group in GROUPS:
        yield from group()


def predicted(case: Case) -> StackPrediction | None:
    """The prediction of the deepest network, or of the recurrence."""
    limits = Limits()
    facts = read(from_bytes(case.source.encode(), "case.py"), limits).facts
    if case.recurrent:
        found = [predict_recurrence(item, limits) for item in facts.recurrences]
    else:
        found = [predict_network(item, limits) for item in facts.networks]
    return max(found, key=lambda item: item.depth, default=None)


def measured(case: Case, seeds: int = SEEDS) -> float:
    """Mean over seeds of log10 of the ratio of gradient norms, input over output."""
    return fmean(_ratio(case, seed) for seed in range(seeds))


def _ratio(case: Case, seed: int) -> float:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        names: dict[str, torch.nn.Module] = {}
        exec(compile(case.source, case.name, "exec"), names)
        model = names["model"].double()
        torch.manual_seed(1000 + seed)
        if case.recurrent:
            return _over_time(model, case)
        size = IMAGES if len(case.shape) > 1 else BATCH
        x = torch.randn(size, *case.shape, dtype=torch.float64, requires_grad=True)
        out = model(x)
        cotangent = torch.randn_like(out)
        (gradient,) = torch.autograd.grad(out, x, cotangent)
    return _log_ratio(gradient, cotangent)


def _over_time(model: torch.nn.Module, case: Case) -> float:
    steps = Limits().assumed_steps
    if not isinstance(model, torch.nn.RNNBase):
        raise TypeError("not a recurrent layer")
    hidden = model.hidden_size
    x = torch.randn(steps, BATCH, *case.shape, dtype=torch.float64)
    state = torch.zeros(1, BATCH, hidden, dtype=torch.float64, requires_grad=True)
    start = (state, torch.zeros_like(state)) if isinstance(model, torch.nn.LSTM) else state
    out, _ = model(x, start)
    cotangent = torch.randn_like(out[-1])
    (gradient,) = torch.autograd.grad(out[-1], state, cotangent)
    return _log_ratio(gradient, cotangent)


def _log_ratio(gradient: torch.Tensor, cotangent: torch.Tensor) -> float:
    return math.log10(max((gradient.norm() / cotangent.norm()).item(), 1e-300))


def result(case: Case, seeds: int = SEEDS) -> Result:
    """Predict and measure one case."""
    found = predicted(case)
    if found is None:
        return Result(case, None, measured(case, seeds), "no network was read")
    gain = found.gain_per_layer
    log = None if gain is None else math.log10(max(gain, 1e-300)) * found.depth
    return Result(case, log, measured(case, seeds), found.reason)


def table(results: list[Result]) -> str:
    """A row a kind: how many, how far off, how many unknown."""
    lines = [
        "| kind | models | median error | 95 % within | largest | not predicted |",
        "|---|---|---|---|---|---|",
    ]
    kinds = dict.fromkeys(result.case.kind for result in results)
    for kind in (*kinds, "all"):
        rows = [r for r in results if kind in {r.case.kind, "all"}]
        errors = sorted(abs(r.error) for r in rows if r.error is not None)
        cells = (
            [f"{median(errors):.3f}", f"{errors[math.ceil(0.95 * len(errors)) - 1]:.3f}",
             f"{errors[-1]:.3f}"]
            if errors
            else ["-"] * 3
        )  # fmt: skip
        lines.append(f"| {kind} | {len(rows)} | {' | '.join(cells)} | {len(rows) - len(errors)} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Print the table and what is far off."""
    torch.set_num_threads(1)
    results = [result(case) for case in cases()]
    sys.stdout.write(table(results))
    for item in results:
        if item.error is None or abs(item.error) > 0.3:
            sys.stdout.write(
                f"{item.case.kind} {item.case.name}: predicted {item.predicted}, measured "
                f"{item.measured:.2f} {item.reason or ''}\n"
            )


if __name__ == "__main__":
    main()
