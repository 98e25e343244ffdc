"""Train every case of the collection and store what came of it in labels.json.

``python -m tests.faults.train`` trains all; with names (or beginnings of names, such as ``mlp/``)
only those. Each case is trained with SGD (momentum 0.9) at three rates and Adam at two, on fresh
batches; the best rate of either is run again with a second seed (the second best too, where the
best fails). A run ends early once the model has learned its task, or when a number is no longer
finite.
"""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from tests.faults import labels
from tests.faults.case import Case, Task
from tests.faults.collection import ALL_CASES
from tests.faults.labels import Evidence, Run

CHECK_EVERY = 25  # batches between two looks at the held-out score
HELD_OUT = 6  # batches the score is averaged over
FIRST_HELD_OUT = 1_000_000
SAME = 1e-4  # rows that differ by less than this share of their size are still the same

RUNS: tuple[tuple[str, float], ...] = (
    ("sgd", 1e-1),
    ("sgd", 1e-2),
    ("sgd", 1e-3),
    ("adam", 1e-2),
    ("adam", 1e-3),
)


def optimizer_of(kind: str, rate: float, model: nn.Module) -> torch.optim.Optimizer | None:
    """The optimizer over what is trainable; ``None`` where nothing is."""
    trainable = [parameter for parameter in model.parameters() if parameter.requires_grad]
    if not trainable:
        return None
    if kind == "sgd":
        return torch.optim.SGD(trainable, rate, momentum=0.9)
    return torch.optim.Adam(trainable, rate)


def loss_of(task: Task, model: nn.Module, batch: Any) -> Tensor:
    """The scalar loss, by the conventions of ``diagnose``."""
    torch.clear_autocast_cache()  # it would keep the casts of weights that have since changed
    if task.step is not None:
        return task.step(model, batch)
    if isinstance(batch, Mapping):
        output = model(**batch)
        target: Any = batch
    else:
        output = model(*batch) if task.loss_fn is None else model(*batch[:-1])
        target = batch[-1]
    if task.loss_fn is not None:
        return task.loss_fn(output, target)
    loss = output["loss"] if isinstance(output, Mapping) else getattr(output, "loss", output)
    assert isinstance(loss, Tensor)
    return loss


def held_out_score(task: Task, model: nn.Module) -> float:
    """The mean score over batches no run trains on."""
    torch.clear_autocast_cache()
    scores = [task.score(model, task.batch(FIRST_HELD_OUT + i)) for i in range(HELD_OUT)]
    return sum(scores) / HELD_OUT


class Used(TorchFunctionMode):
    """Notes which tensors any operation was given; reading a shape or a dtype is no operation."""

    def __init__(self) -> None:
        super().__init__()
        self.ids: set[int] = set()
        self.looked_up: set[int] = set()

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        result = func(*args, **(kwargs or {}))
        given = {id(tensor) for tensor in _tensors((args, kwargs or {}))}
        if getattr(func, "__name__", "") != "__get__" or isinstance(result, Tensor):
            self.ids |= given
        if func is nn.functional.embedding:
            self.looked_up |= given
        return result


def _tensors(value: Any) -> Iterator[Tensor]:
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, tuple | list):
        for item in value:
            yield from _tensors(item)
    elif isinstance(value, Mapping):
        yield from _tensors(tuple(value.values()))


@dataclass(slots=True)
class Rows:
    """What became of one parameter's rows over all runs so far."""

    unchanged: Tensor
    tied: bool


class Watch:
    """Compares every parameter after a run with what it was before."""

    def __init__(self) -> None:
        self.rows: dict[str, Rows] = {}
        self.used: set[str] = set()
        self.looked_up: set[str] = set()

    def watch_forward(self, case: Case, model: nn.Module) -> None:
        """One forward pass, to learn which trainable parameters any operation uses."""
        with Used() as used:
            loss_of(case.task, model, case.task.batch(0))
        for name, parameter in model.named_parameters():
            if parameter.requires_grad and id(parameter) in used.ids:
                self.used.add(name)
            if id(parameter) in used.looked_up:
                self.looked_up.add(name)

    def compare(self, before: Mapping[str, Tensor], model: nn.Module) -> None:
        """Take in the end of a run."""
        for name, parameter in model.named_parameters():
            if name not in self.used or name not in before:
                continue
            start, end = (
                (value.detach().flatten(1) if value.dim() > 1 else value.detach().reshape(-1, 1))
                for value in (before[name], parameter)
            )
            unchanged = ((start == end) | (start.isnan() & end.isnan())).all(1)
            tied = parameter.dim() > 1 and len(end) > 1 and _tied(end)
            seen = self.rows.setdefault(name, Rows(unchanged, tied))
            seen.unchanged = seen.unchanged & unchanged
            seen.tied = seen.tied and tied

    def evidence(self, runs: dict[str, Run]) -> Evidence:
        """What all the runs have in common."""
        share = {name: float(rows.unchanged.float().mean()) for name, rows in self.rows.items()}
        stuck = {name for name in share if share[name] == 1.0}
        partly = {
            name: round(value, 2)
            for name, value in share.items()
            if 0.5 < value < 1.0
            and len(self.rows[name].unchanged) > 1
            and name.rpartition(".")[2] != "bias"
            and name not in self.looked_up
        }
        tied = {name for name, rows in self.rows.items() if rows.tied} - stuck
        return Evidence(runs, tuple(sorted(stuck)), partly, tuple(sorted(tied)))


def _tied(rows: Tensor) -> bool:
    """Whether at least half of the rows repeat an earlier one."""
    rows = rows.double()
    distance = torch.cdist(rows, rows, compute_mode="donot_use_mm_for_euclid_dist")
    repeats = (distance <= SAME * rows.norm(dim=1).max()).tril(-1).any(1)
    return bool(repeats.sum() * 2 >= len(rows))


def train_once(case: Case, kind: str, rate: float, seed: int, watch: Watch) -> Run | None:
    """One run from new weights; ``None`` where there is nothing to train."""
    task = case.task
    torch.manual_seed(seed)
    model = case.build()
    optimizer = optimizer_of(kind, rate, model)
    if optimizer is None:
        return None
    if not watch.rows:
        state = torch.get_rng_state()
        watch.watch_forward(case, model)
        torch.set_rng_state(state)
    before = {name: value.detach().clone() for name, value in model.named_parameters()}
    score, taken = math.nan, 0
    for taken in range(1, task.steps + 1):
        loss = loss_of(task, model, task.batch(seed * task.steps + taken))
        if not loss.requires_grad:
            break
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        if not math.isfinite(loss.item()):
            break
        if taken % CHECK_EVERY == 0 or taken == task.steps:
            score = held_out_score(task, model)
            if not math.isfinite(score) or score >= task.learned:
                break
    else:
        taken = task.steps
    if not loss.requires_grad:
        score = held_out_score(task, model)
    finite = math.isfinite(loss.item()) and math.isfinite(score)
    if finite or not watch.rows:
        watch.compare(before, model)
    return Run(round(score, 3) if finite else None, taken, not finite)


def train(case: Case) -> Evidence:
    """Every run of a case, in its own context."""
    runs: dict[str, Run] = {}
    watch = Watch()
    with case.context():
        for kind, rate in RUNS:
            run = train_once(case, kind, rate, 0, watch)
            if run is None:
                return Evidence({})
            runs[_name(kind, rate, 0)] = run
        for wanted in ("sgd", "adam"):
            tried = [
                (_rank(runs[_name(kind, rate, 0)]), rate) for kind, rate in RUNS if kind == wanted
            ]
            for _, rate in sorted(tried, reverse=True)[:2]:
                again = train_once(case, wanted, rate, 1, watch)
                assert again is not None
                runs[_name(wanted, rate, 1)] = again
                if again.score is not None and again.score >= case.task.learned:
                    break
    return watch.evidence(runs)


def _name(kind: str, rate: float, seed: int) -> str:
    return f"{kind} {rate:.0e} seed {seed}"


def _rank(run: Run) -> tuple[float, int]:
    """Higher is better: the score, then how soon."""
    return (-math.inf if run.score is None else run.score, -run.steps)


def main(names: list[str]) -> None:
    """Train, store and print, a line a case."""
    torch.set_num_threads(1)
    chosen = [case for case in ALL_CASES if not names or case.name.startswith(tuple(names))]
    for case in chosen:
        start = time.perf_counter()
        evidence = train(case)
        label = labels.label_of(evidence, case.task.chance, case.task.learned)
        labels.write(case.name, label, evidence)
        scores = " ".join(
            "  --" if run.score is None else f"{run.score:4.2f}" for run in evidence.runs.values()
        )
        stuck = ", ".join((*evidence.stuck[:3], *evidence.stuck_rows, *evidence.tied_rows))[:60]
        took = time.perf_counter() - start
        print(  # noqa: T201
            f"{case.name:45} {case.fault or '-':12} {label:12} {scores} {took:5.1f}s {stuck}",
            flush=True,
        )
    if not names:
        labels.keep(case.name for case in ALL_CASES)


if __name__ == "__main__":
    main(sys.argv[1:])
