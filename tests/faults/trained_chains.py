"""Train plain chains with several optimizers and print, beside it, what the probe saw before.

``python -m tests.faults.trained_chains`` prints the table of docs/symptoms/README.md (four
minutes on one core). The task is ten Gaussian clusters in 64 dimensions, 600 batches of 64: easy
for any network whose early layers learn.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pytest_gradhealth.profile import profile_of
from pytest_gradhealth.recorder import record
from pytest_gradhealth.recorder.batch import Objective
from pytest_gradhealth.recorder.trials import warmed_up

WIDTH, CLASSES, BATCH, STEPS, NOISE = 64, 10, 64, 600, 0.7
CENTRES = torch.randn(CLASSES, WIDTH, generator=torch.Generator().manual_seed(1))

Build = Callable[[], nn.Module]
Optimizer = Callable[[Iterable[Tensor]], torch.optim.Optimizer]

OPTIMIZERS: dict[str, Optimizer] = {
    "Adam 1e-3": lambda parameters: torch.optim.Adam(parameters, 1e-3),
    "Adam 1e-2": lambda parameters: torch.optim.Adam(parameters, 1e-2),
    "SGD 0.1": lambda parameters: torch.optim.SGD(parameters, 0.1, momentum=0.9),
    "SGD 0.01": lambda parameters: torch.optim.SGD(parameters, 0.01, momentum=0.9),
}


def chain(
    depth: int,
    activation: type[nn.Module],
    *,
    norm: type[nn.Module] | None = None,
    std: float | None = None,
    he: bool = False,
) -> Build:
    """``depth`` hidden layers of 64 units and a linear head, as a function that builds them."""

    def build() -> nn.Module:
        layers: list[nn.Module] = []
        for _ in range(depth):
            linear = nn.Linear(WIDTH, WIDTH)
            if std is not None or he:
                nn.init.zeros_(linear.bias)
            if std is not None:
                nn.init.normal_(linear.weight, 0.0, std)
            if he:
                nn.init.kaiming_normal_(linear.weight, nonlinearity="relu")
            layers += [linear, *([norm(WIDTH)] if norm else []), activation()]
        return nn.Sequential(*layers, nn.Linear(WIDTH, CLASSES))

    return build


CHAINS: dict[str, Build] = {
    **{f"{n} x Sigmoid": chain(n, nn.Sigmoid) for n in (3, 4, 5, 6, 8)},
    **{f"{n} x Tanh": chain(n, nn.Tanh) for n in (5, 10, 15, 20, 30)},
    **{f"{n} x ReLU": chain(n, nn.ReLU) for n in (6, 8, 10, 12, 15, 20, 30)},
    **{f"{n} x GELU": chain(n, nn.GELU) for n in (10, 20)},
    "20 x ReLU, He": chain(20, nn.ReLU, he=True),
    "20 x ReLU, BatchNorm": chain(20, nn.ReLU, norm=nn.BatchNorm1d),
    "20 x Sigmoid, BatchNorm": chain(20, nn.Sigmoid, norm=nn.BatchNorm1d),
    "8 x Sigmoid, LayerNorm": chain(8, nn.Sigmoid, norm=nn.LayerNorm),
    "4 x ReLU, N(0, 0.01)": chain(4, nn.ReLU, std=0.01),
    "8 x Tanh, N(0, 0.01)": chain(8, nn.Tanh, std=0.01),
    "10 x ReLU, N(0, 0.5)": chain(10, nn.ReLU, std=0.5),
    "10 x Tanh, N(0, 1)": chain(10, nn.Tanh, std=1.0),
}


def sample(count: int, seed: int) -> tuple[Tensor, Tensor]:
    """Points around the centres, and which centre each belongs to."""
    generator = torch.Generator().manual_seed(seed)
    labels = torch.randint(0, CLASSES, (count,), generator=generator)
    noise = torch.randn(count, WIDTH, generator=generator)
    return CENTRES[labels] + NOISE * noise, labels


def accuracy(build: Build, optimizer_of: Optimizer) -> float:
    """Share of 512 new points classified right after training; NaN where the loss diverged."""
    torch.manual_seed(0)
    model = build()
    optimizer = optimizer_of(model.parameters())
    for step in range(STEPS):
        points, labels = sample(BATCH, step)
        loss = F.cross_entropy(model(points), labels)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        if not math.isfinite(loss.item()):
            return math.nan
    points, labels = sample(512, STEPS)
    return float((model(points).argmax(1) == labels).float().mean())


def shares(build: Build) -> tuple[float, float]:
    """The share of the last layer's gradient at the first, at the start and after 10 Adam steps."""
    torch.manual_seed(0)
    model, batch = build(), sample(BATCH, STEPS + 1)
    objective = Objective(batch, F.cross_entropy)
    reports = (
        record(model, batch, F.cross_entropy),
        warmed_up(model, objective, 0, steps=10, learning_rate=1e-3),
    )
    start, warmed = (profile_of(report) for report in reports)
    assert start is not None
    assert warmed is not None
    return start.best.share, warmed.best.share


def main() -> None:
    """Print the table, a row a chain."""
    print(f"| chain, 64 wide | share | warmed up | {' | '.join(OPTIMIZERS)} |")
    print("|---" * (3 + len(OPTIMIZERS)) + "|")
    for name, build in CHAINS.items():
        start, warmed = shares(build)
        trained = (accuracy(build, optimizer) for optimizer in OPTIMIZERS.values())
        cells = " | ".join("diverged" if math.isnan(a) else f"{a:.2f}" for a in trained)
        print(f"| {name} | {start:.1e} | {warmed:.1e} | {cells} |", flush=True)


if __name__ == "__main__":
    main()
