"""What other tools say about a subject, each judging it the way its users would.

Two are installed packages, called through their own functions (``installed.py``). Two are ours:
rules re-implemented from published thresholds and applied to one batch (``published_rules.py``),
since the tools themselves run on other frameworks or only on their vendor's machines. No tool sees
what another left behind: each is given a model of its own.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass, replace

from tests.faults import installed, published_rules
from tests.faults.scoring import Verdict
from tests.faults.subject import Subject

#: What training showed of a subject: 0.0 is chance, 1.0 is learned; ``None`` where not trained.
Progress = float | None


@dataclass(frozen=True, slots=True)
class Peer:
    """One tool, or one way to use it.

    Attributes:
        name: For the tables.
        judge: The verdict on a subject; no exception comes out of it.
        trains: Whether it takes hundreds of steps, which is left out for standard architectures.
        gate: Given the verdict and what training showed, the verdict that is reported.
        missing: How to install what it needs; ``""`` where it is there.
    """

    name: str
    judge: Callable[[Subject], Verdict]
    trains: bool = False
    gate: Callable[[Verdict, Progress], Verdict] | None = None
    missing: Callable[[], str] = lambda: ""


def guarded(judge: Callable[[Subject], Verdict]) -> Callable[[Subject], Verdict]:
    """The same, with an exception as part of the verdict: its user sees a failing test."""

    @functools.wraps(judge)
    def judged(subject: Subject) -> Verdict:
        try:
            with subject.context():
                return judge(subject)
        except Exception as error:  # whatever a tool raises is what its user sees
            return Verdict(error=f"{type(error).__name__}: {error}")

    return judged


def _only_if_it_does_not_learn(verdict: Verdict, progress: Progress) -> Verdict:
    """AUTOTRAINER's gate: gradients count only where the accuracy is bad as well."""
    learned = progress is not None and progress > published_rules.AUTOTRAINER_ACCURACY
    return replace(verdict, findings=()) if learned else verdict


PEERS: tuple[Peer, ...] = (
    Peer(
        "pytest-torch, gradient checks",
        guarded(installed.pytest_torch_gradients),
        missing=installed.pytest_torch_missing,
    ),
    Peer(
        "pytest-torch, all training checks",
        guarded(installed.pytest_torch_training),
        trains=True,
        missing=installed.pytest_torch_missing,
    ),
    Peer(
        "torchtest2, no training",
        guarded(installed.torchtest2_quick),
        missing=installed.torchtest2_missing,
    ),
    Peer(
        "torchtest2, no training, warnings too",
        guarded(installed.torchtest2_quick_strict),
        missing=installed.torchtest2_missing,
    ),
    Peer(
        "torchtest2",
        guarded(installed.torchtest2_full),
        trains=True,
        missing=installed.torchtest2_missing,
    ),
    Peer(
        "torchtest2, warnings too",
        guarded(installed.torchtest2_full_strict),
        trains=True,
        missing=installed.torchtest2_missing,
    ),
    Peer("SageMaker Debugger rules", guarded(published_rules.sagemaker_debugger)),
    Peer("AUTOTRAINER rules, no gate", guarded(published_rules.autotrainer)),
    Peer(
        "AUTOTRAINER rules, gated by training",
        guarded(published_rules.autotrainer),
        gate=_only_if_it_does_not_learn,
    ),
)
