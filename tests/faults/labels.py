"""What training showed about a case, stored as JSON, and the label that follows from it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

LABELS = Path(__file__).with_name("labels.json")

#: A run that gets no further than this share of the way from chance to learned learned nothing.
NOTHING_LEARNED = 0.25


@dataclass(frozen=True, slots=True)
class Run:
    """One training run.

    Attributes:
        score: On held-out data when the run ended; ``None`` where it is not finite.
        steps: Batches seen; fewer than the task allows where the run learned or diverged early.
        diverged: The loss or the score was NaN or infinite.
    """

    score: float | None
    steps: int
    diverged: bool


@dataclass(frozen=True, slots=True)
class Evidence:
    """All runs of a case.

    Attributes:
        runs: Optimizer, learning rate and seed, such as ``sgd 1e-01 seed 0``, to the run.
        stuck: Trainable parameters that the forward pass used and no run changed.
        stuck_rows: Parameters of two or more axes to the share of their rows (units) that no run
            changed, where that is more than half of them; those in ``stuck`` are left out.
        tied_rows: Weights that changed, yet half of whose rows (units) or more repeated another
            row after every run.
    """

    runs: Mapping[str, Run]
    stuck: tuple[str, ...] = ()
    stuck_rows: Mapping[str, float] = field(default_factory=dict)
    tied_rows: tuple[str, ...] = ()


def label_of(evidence: Evidence, chance: float, learned: float) -> str:
    """``healthy``, ``untrainable``, ``broken part`` or ``borderline``: the rule of the collection.

    untrainable: no run got further than a quarter of the way from chance to learned;
    broken part: some run did, but a part that the forward pass used is stuck or tied for good;
    healthy: some SGD rate and some Adam rate reach ``learned``, with either of two seeds;
    borderline: everything else.
    """
    bar = chance + NOTHING_LEARNED * (learned - chance)
    scores = {name: run.score for name, run in evidence.runs.items()}
    if all(score is None or score <= bar for score in scores.values()):
        return "untrainable"
    if evidence.stuck or evidence.stuck_rows or evidence.tied_rows:
        return "broken part"
    good = {name for name, score in scores.items() if score is not None and score >= learned}
    trained = {(name.split()[0], name.split()[-1]) for name in good}
    return "healthy" if len(trained) == len({"sgd", "adam"}) * len({"0", "1"}) else "borderline"


def read() -> dict[str, Any]:
    """Case name to its entry, as ``entry_of`` wrote it; empty where nothing was stored yet."""
    return json.loads(LABELS.read_text("utf-8")) if LABELS.exists() else {}


def entry_of(label: str, evidence: Evidence) -> dict[str, Any]:
    """What is stored: the label, ``[score, steps]`` of each run (a diverged one has no score).

    What there is nothing of is left out.
    """
    entry: dict[str, Any] = {
        "label": label,
        "runs": {
            name: [None if run.diverged else run.score, run.steps]
            for name, run in evidence.runs.items()
        },
        "stuck": list(evidence.stuck),
        "stuck_rows": dict(evidence.stuck_rows),
        "tied_rows": list(evidence.tied_rows),
    }
    return {key: value for key, value in entry.items() if value}


def write(name: str, label: str, evidence: Evidence) -> None:
    """Store one case, keeping the others."""
    _replace({**read(), name: entry_of(label, evidence)})


def keep(names: Iterable[str]) -> None:
    """Forget every case but these."""
    wanted = set(names)
    _replace({name: entry for name, entry in read().items() if name in wanted})


def _replace(entries: Mapping[str, Any]) -> None:
    lines = [
        f"{json.dumps(k)}: {json.dumps(v, sort_keys=True)}" for k, v in sorted(entries.items())
    ]
    fresh = LABELS.with_suffix(f".{os.getpid()}")
    fresh.write_text("{\n" + ",\n".join(lines) + "\n}\n", "utf-8")
    fresh.replace(LABELS)
