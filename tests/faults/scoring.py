"""How well a tool's verdicts agree with the labels: pure functions, no model and no torch."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

Side = Literal["healthy", "faulty", "borderline"]
Half = Literal["calibration", "held-out"]

_SIDES: dict[str, Side] = {
    "healthy": "healthy",
    "untrainable": "faulty",
    "broken part": "faulty",
    "borderline": "borderline",
}
_CALL = re.compile(r" \(call \d+\)$")
_ITSELF = "(the model itself)"

#: Column of the confusion table for a tool that said nothing, or nothing in our words.
NOTHING, UNNAMED = "(nothing)", "(no symptom)"


@dataclass(frozen=True, slots=True)
class Named:
    """One thing a tool found.

    Attributes:
        symptom: In our vocabulary; ``""`` where the tool has no word for it.
        where: The module or parameter it names first; ``""`` where it names none.
    """

    symptom: str = ""
    where: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a tool said about one model, in its own order.

    Attributes:
        findings: What it found; empty where it saw nothing wrong.
        error: The exception that came out of it; its user sees a failing test all the same.
    """

    findings: tuple[Named, ...] = ()
    error: str = ""

    @property
    def flagged(self) -> bool:
        """Whether its user sees a failing test."""
        return bool(self.findings) or bool(self.error)

    @property
    def symptoms(self) -> frozenset[str]:
        """The symptoms it named."""
        return frozenset(found.symptom for found in self.findings if found.symptom)

    @property
    def first(self) -> str:
        """The symptom of its first finding, or what stands for the lack of one."""
        if self.findings:
            return self.findings[0].symptom or UNNAMED
        return UNNAMED if self.error else NOTHING

    @property
    def where(self) -> str:
        """The first module or parameter it named; ``""`` where it named none."""
        return next((found.where for found in self.findings if found.where), "")


@dataclass(frozen=True, slots=True)
class Truth:
    """What is known of a case.

    Attributes:
        name: Of the case.
        side: What its label amounts to.
        fault: The symptom put in; ``""`` where its author put in none.
        also: Other symptoms that are true of it.
        where: Modules or parameters that are right to name first.
        broken: Whether the model trains all the same, but for a part.
    """

    name: str
    side: Side
    fault: str = ""
    also: tuple[str, ...] = ()
    where: tuple[str, ...] = ()
    broken: bool = False


def truth_of(
    name: str, label: str, fault: str | None, also: Iterable[str], where: Iterable[str]
) -> Truth:
    """What a case and its label amount to.

    Raises:
        KeyError: The label is none of the collection's four.
    """
    broken = label == "broken part"
    return Truth(name, _SIDES[label], fault or "", tuple(also), tuple(where), broken)


def half_of(group: str) -> Half:
    """The half of the split a group falls into, the same on every machine and for ever."""
    even = hashlib.sha256(group.encode()).digest()[-1] % 2 == 0
    return "calibration" if even else "held-out"


def is_right(symptom: str, truth: Truth) -> bool:
    """Whether a symptom is true of the case."""
    return symptom != "" and (symptom == truth.fault or symptom in truth.also)


def is_same_place(named: str, right: str) -> bool:
    """Whether one path is the other, or lies below it, by name.

    The model itself contains everything and so is right only where it was meant.
    """
    named = _CALL.sub("", named)
    named = "" if named == _ITSELF else named
    if not named or not right:
        return named == right
    return named == right or named.startswith(f"{right}.") or right.startswith(f"{named}.")


def named_place(verdict: Verdict, truth: Truth) -> str:
    """Where the first finding of a right symptom is; else where the first finding is."""
    for found in verdict.findings:
        if is_right(found.symptom, truth):
            return found.where
    return verdict.findings[0].where if verdict.findings else ""


def is_right_place(verdict: Verdict, truth: Truth) -> bool:
    """Whether the place it names first is one of those that are right to name first."""
    if not verdict.findings:
        return False
    place = named_place(verdict, truth)
    return any(is_same_place(place, right) for right in truth.where)


@dataclass(frozen=True, slots=True)
class Share:
    """So many of so many."""

    part: int
    whole: int

    def __str__(self) -> str:
        if not self.whole:
            return "-"
        return f"{self.part} of {self.whole} ({100 * self.part / self.whole:.0f} %)"


@dataclass(frozen=True, slots=True)
class Summary:
    """One row of the main table.

    Attributes:
        false_alarms: Healthy cases flagged.
        untrainable: Untrainable cases flagged.
        broken: Cases with a broken part flagged.
        symptom: Faulty cases with a known symptom where some finding names a true one.
        first_symptom: The same for the first finding alone.
        place: Faulty cases with a known place where the place named first is right.
        borderline: Borderline cases flagged: neither right nor wrong.
        crashed: Cases on which the tool itself failed.
    """

    false_alarms: Share
    untrainable: Share
    broken: Share
    symptom: Share
    first_symptom: Share
    place: Share
    borderline: Share
    crashed: Share


Pairs = Sequence[tuple[Verdict, Truth]]


def summarise(pairs: Pairs) -> Summary:
    """Count everything the main table shows."""
    healthy = [v for v, t in pairs if t.side == "healthy"]
    faulty = [(v, t) for v, t in pairs if t.side == "faulty"]
    known = [(v, t) for v, t in faulty if t.fault]
    placed = [(v, t) for v, t in faulty if t.where]
    return Summary(
        _flagged(healthy),
        _flagged([v for v, t in faulty if not t.broken]),
        _flagged([v for v, t in faulty if t.broken]),
        Share(sum(any(is_right(s, t) for s in v.symptoms) for v, t in known), len(known)),
        Share(sum(is_right(v.first, t) for v, t in known), len(known)),
        Share(sum(is_right_place(v, t) for v, t in placed), len(placed)),
        _flagged([v for v, t in pairs if t.side == "borderline"]),
        Share(sum(bool(v.error) for v, _ in pairs), len(pairs)),
    )


def _flagged(verdicts: Sequence[Verdict]) -> Share:
    return Share(sum(verdict.flagged for verdict in verdicts), len(verdicts))


def precision(symptom: str, pairs: Pairs) -> Share:
    """Of the cases it names the symptom for, borderline ones apart: those it is true of."""
    named = [t for v, t in pairs if t.side != "borderline" and symptom in v.symptoms]
    right = sum(t.side == "faulty" and is_right(symptom, t) for t in named)
    return Share(right, len(named))


def recall(symptom: str, pairs: Pairs) -> Share:
    """Of the faulty cases the symptom was put into: those it names the symptom for."""
    put_in = [v for v, t in pairs if t.side == "faulty" and t.fault == symptom]
    return Share(sum(symptom in v.symptoms for v in put_in), len(put_in))


def confusion(pairs: Pairs) -> Counter[tuple[str, str]]:
    """Symptom put in (``healthy`` where none) against the first one named, and how often."""
    return Counter((_row(t), v.first) for v, t in pairs if t.side != "borderline")


def _row(truth: Truth) -> str:
    return "healthy" if truth.side == "healthy" else truth.fault or "(faulty by training alone)"
