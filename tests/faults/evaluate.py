"""Measure every tool on the collection and print the tables in Markdown.

``python -m tests.faults.evaluate [--half calibration|held-out|all] [--drawing N] [--no-peers]
[--standard] [--names]``

The held-out half is for one look at the end: of it only counts are ever printed, so that nobody
can tune to its cases. Of a drawing after the first nothing is named unless it is asked for.
"""

from __future__ import annotations

import argparse
import gc
import sys
import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import torch

from pytest_gradhealth import diagnose
from tests.faults import labels, tables
from tests.faults.case import Case
from tests.faults.collection import ALL_CASES
from tests.faults.peers import PEERS, Peer, Progress, guarded
from tests.faults.scoring import (
    Named,
    Truth,
    Verdict,
    half_of,
    is_same_place,
    truth_of,
)
from tests.faults.standard import STANDARD, Standard
from tests.faults.subject import Subject, standard_subject, subject_of

OURS = "pytest-gradhealth"

#: The run that stands for "the user's own training" where a tool asks for its accuracy.
_USERS_RUN = "adam 1e-03 seed 0"


def _show(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def _tell(text: str) -> None:
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def ours(subject: Subject) -> Verdict:
    """What ``diagnose`` finds, with its default limits."""
    model, batch = subject.fresh()
    diagnosis = diagnose(model, batch, subject.loss_fn, step=subject.step)
    return Verdict(tuple(Named(finding.symptom, finding.where) for finding in diagnosis.findings))


@dataclass(slots=True)
class Judged:
    """One tool's verdicts so far.

    Attributes:
        pairs: A verdict and the truth, a case each.
        seconds: Spent judging.
    """

    pairs: list[tuple[Verdict, Truth]] = field(default_factory=list)
    seconds: float = 0.0


def tools(*, peers: bool, training: bool) -> Iterator[Peer]:
    """Ours first, then those peers that are installed."""
    yield Peer(OURS, guarded(ours))
    for peer in PEERS if peers else ():
        if hint := peer.missing():
            _tell(f"{peer.name} is left out: {hint}")
        elif training or (not peer.trains and peer.gate is None):
            yield peer


def judge_all(
    chosen: Sequence[Peer], subjects: Sequence[tuple[Subject, Truth, Progress]]
) -> dict[str, Judged]:
    """Every tool's verdict on every subject, one subject after the other."""
    results = {tool.name: Judged() for tool in chosen}
    for number, (subject, truth, progress) in enumerate(subjects, 1):
        for tool in chosen:
            start = time.perf_counter()
            verdict = _quietly(tool.judge, subject)
            results[tool.name].seconds += time.perf_counter() - start
            if tool.gate is not None:
                verdict = tool.gate(verdict, progress)
            results[tool.name].pairs.append((verdict, truth))
        gc.collect()
        if number % 25 == 0:
            _tell(f"{number} of {len(subjects)}")
    return results


def _quietly(judge: Callable[[Subject], Verdict], subject: Subject) -> Verdict:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return judge(subject)


def labelled(half: str, drawing: int | None = None) -> list[tuple[Case, Truth, Progress]]:
    """The cases of a half (and of one drawing) that training has labelled, with what it showed."""
    known = labels.read()
    chosen = [
        case
        for case in ALL_CASES
        if half in {"all", half_of(case.group)} and drawing in {None, case.drawing}
    ]
    if unknown := sum(case.name not in known for case in chosen):
        _tell(f"{unknown} cases are left out: not labelled yet")
    return [
        (
            case,
            truth_of(case.name, known[case.name]["label"], case.fault, case.also, case.where),
            progress_of(case, known[case.name]),
        )
        for case in chosen
        if case.name in known
    ]


def progress_of(case: Case, entry: Mapping[str, Any]) -> Progress:
    """How far the user's own run got, from chance (0.0) to learned (1.0)."""
    score, _ = entry.get("runs", {}).get(_USERS_RUN, (None, 0))
    if score is None:
        return None
    return float((score - case.task.chance) / (case.task.learned - case.task.chance))


def without_idle(judged: Judged, standards: Sequence[Standard]) -> Judged:
    """The verdicts without what is true: that an idle part is disconnected."""
    pairs = [
        (replace(verdict, findings=tuple(f for f in verdict.findings if not _idle(f, one))), truth)
        for (verdict, truth), one in zip(judged.pairs, standards, strict=True)
    ]
    return Judged(pairs, judged.seconds)


def _idle(found: Named, standard: Standard) -> bool:
    return found.symptom == "disconnected" and any(
        is_same_place(found.where, part) for part in standard.idle
    )


def evaluate_cases(half: str, *, peers: bool, names: bool, drawing: int | None = None) -> None:
    """The tables on the labelled cases, of every drawing or of one."""
    cases = labelled(half, drawing)
    subjects = [(subject_of(case), truth, progress) for case, truth, progress in cases]
    results = judge_all(list(tools(peers=peers, training=True)), subjects)
    groups = len({case.group for case, _, _ in cases})
    title = "the whole collection" if half == "all" else f"the {half} half"
    title += "" if drawing is None else f", drawing {drawing}"
    _show(f"## {title.capitalize()}: {len(cases)} cases in {groups} groups\n")
    _show(tables.main({name: judged.pairs for name, judged in results.items()}))
    _show(tables.symptoms({name: judged.pairs for name, judged in results.items()}))
    _show(f"### First finding of {OURS}\n")
    _show(tables.confusion(results[OURS].pairs))
    _show(tables.seconds({name: judged.seconds for name, judged in results.items()}, len(cases)))
    if names:
        shown = [
            (verdict, truth)
            for (verdict, truth), (case, _, _) in zip(results[OURS].pairs, cases, strict=True)
            if half_of(case.group) == "calibration" and case.drawing == (drawing or 1)
        ]
        _show(f"### Where {OURS} is wrong (calibration half only)\n")
        _show(tables.mistakes(shown))


def evaluate_standard(*, peers: bool) -> None:
    """False alarms on standard architectures, with their names: none of them is held out."""
    subjects: list[tuple[Subject, Truth, Progress]] = [
        (standard_subject(one), Truth(f"{one.source}/{one.name}", "healthy"), None)
        for one in STANDARD
    ]
    results = judge_all(list(tools(peers=peers, training=False)), subjects)
    results = {name: without_idle(judged, STANDARD) for name, judged in results.items()}
    _show(f"## {len(STANDARD)} standard architectures\n")
    _show(tables.false_alarms({name: judged.pairs for name, judged in results.items()}))
    _show(tables.seconds({name: j.seconds for name, j in results.items()}, len(STANDARD)))
    _show(f"### Accused by {OURS}\n")
    _show(tables.mistakes(results[OURS].pairs))


def main(arguments: Sequence[str]) -> None:
    """Parse the command line and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.evaluate", description=__doc__)
    parser.add_argument("--half", choices=("calibration", "held-out", "all"), default="all")
    parser.add_argument("--drawing", type=int, help="the cases of one drawing only, such as 2")
    parser.add_argument("--no-peers", action="store_true", help="judge with our own tool only")
    parser.add_argument(
        "--standard", action="store_true", help="the standard architectures instead of the cases"
    )
    parser.add_argument(
        "--names", action="store_true", help="name what we get wrong, of the calibration half only"
    )
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)
    if options.standard:
        evaluate_standard(peers=not options.no_peers)
    else:
        evaluate_cases(
            options.half,
            peers=not options.no_peers,
            names=options.names,
            drawing=options.drawing,
        )


if __name__ == "__main__":
    main(sys.argv[1:])
