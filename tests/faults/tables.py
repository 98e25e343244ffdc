"""The scores as Markdown tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from pytest_gradhealth.facts import SYMPTOMS
from tests.faults import scoring
from tests.faults.scoring import Pairs, Truth, Verdict


def _table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines) + "\n"


def main(results: Mapping[str, Pairs]) -> str:
    """A row a tool: what it flags of the healthy, the faulty and the borderline ones."""
    head = (
        "tool",
        "false alarms on healthy",
        "untrainable caught",
        "broken part caught",
        "names a true symptom",
        "names it first",
        "right first module",
        "borderline flagged",
        "crashed",
    )
    rows = []
    for name, pairs in results.items():
        s = scoring.summarise(pairs)
        found = (s.false_alarms, s.untrainable, s.broken, s.symptom, s.first_symptom, s.place)
        rows.append((name, *found, s.borderline, s.crashed))
    return _table(head, rows)


def false_alarms(results: Mapping[str, Pairs]) -> str:
    """A row a tool, for models that are all healthy."""
    summaries = {name: scoring.summarise(pairs) for name, pairs in results.items()}
    rows = [(name, s.false_alarms, s.crashed) for name, s in summaries.items()]
    return _table(("tool", "false alarms", "crashed"), rows)


def symptoms(results: Mapping[str, Pairs]) -> str:
    """Precision and recall a symptom, a column a tool that names any symptom."""
    naming = {
        name: pairs
        for name, pairs in results.items()
        if any(verdict.symptoms for verdict, _ in pairs)
    }
    rows = [
        (
            symptom,
            *(
                f"{_short(scoring.precision(symptom, pairs))}, "
                f"{_short(scoring.recall(symptom, pairs))}"
                for pairs in naming.values()
            ),
        )
        for symptom in SYMPTOMS
    ]
    return _table(("precision, recall", *naming), rows)


def _short(share: scoring.Share) -> str:
    return f"{share.part}/{share.whole}" if share.whole else "-"


def confusion(pairs: Pairs) -> str:
    """What was put in (rows) against the first finding (columns); zeros left blank."""
    counts = scoring.confusion(pairs)
    order = [*SYMPTOMS, "healthy", scoring.UNNAMED, scoring.NOTHING]

    def known(index: int) -> list[str]:
        present = {key[index] for key in counts}
        return [*(w for w in order if w in present), *sorted(present - set(order))]

    columns = known(1)
    rows = [[row, *(counts[row, column] or "" for column in columns)] for row in known(0)]
    return _table(["put in", *columns], rows)


def seconds(spent: Mapping[str, float], subjects: int) -> str:
    """What a verdict costs."""
    rows = [(name, f"{s:.0f}", f"{s / max(subjects, 1):.2f}") for name, s in spent.items()]
    return _table(("tool", "seconds in all", "a model"), rows)


def mistakes(pairs: Pairs) -> str:
    """Every case where something is wrong: flagged though healthy, missed, misnamed, misplaced."""
    rows = [
        (truth.name, wrong, _said(verdict))
        for verdict, truth in pairs
        for wrong in _wrong(verdict, truth)
    ]
    return _table(("case", "wrong", "findings"), rows)


def _wrong(verdict: Verdict, truth: Truth) -> Iterable[str]:
    if truth.side == "healthy" and verdict.flagged:
        yield "false alarm"
    if truth.side != "faulty":
        return
    expected = truth.fault or "a fault"
    if not verdict.flagged:
        yield f"missed {expected}"
        return
    if truth.fault and not any(scoring.is_right(s, truth) for s in verdict.symptoms):
        yield f"not {expected}"
    if truth.where and not scoring.is_right_place(verdict, truth):
        yield f"not at {', '.join(truth.where)}"


def _said(verdict: Verdict) -> str:
    said = "; ".join(f"{f.symptom or 'no symptom'} at {f.where or '?'}" for f in verdict.findings)
    return said or verdict.error.replace("|", "/").replace("\n", " ")[:120] or "nothing"
