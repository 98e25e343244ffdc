"""What was judged: findings, verdicts and the diagnosis that holds them."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

from pytest_gradhealth.errors import ProbeError
from pytest_gradhealth.facts.records import Report
from pytest_gradhealth.facts.vocabulary import SCHEMA_VERSION, Grade, Verdict
from pytest_gradhealth.serial import plain, revive

if TYPE_CHECKING:
    from collections.abc import Mapping

    from matplotlib.figure import Figure


@dataclass(frozen=True, slots=True)
class Remedy:
    """One textbook remedy, tried on a copy.

    Attributes:
        name: What was done, such as ``ReLU + kaiming_normal_``.
        value: The number of the symptom afterwards: for vanishing and exploding the gradient at the
            earliest layer over that at the last (``Profile.best.share``), 0.0 where none arrives;
            else the share of dead, flat or tied units, or the spread of the samples.
        outcome: Whether that helped.
        note: What else was seen, such as the learning rate that works now.
    """

    name: str
    value: float
    outcome: Grade
    note: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a finding's table: a layer or a parameter and its number."""

    name: str
    shape: tuple[int, ...]
    value: float
    share: float
    failing: bool


@dataclass(frozen=True, slots=True)
class Finding:
    """One symptom, confirmed.

    Attributes:
        symptom: A word of ``SYMPTOMS``.
        where: Dotted path of the module or parameter where it starts.
        source: ``file:line`` of that module's class, ``""`` where it is not known.
        measured: The number that was judged.
        limit: The limit it was held against.
        unit: What the two numbers are, such as ``share of the largest gradient``.
        limit_name: The field of ``Limits`` to set in order to accept the number.
        over: Further limits that were exceeded, each with what was measured: to be accepted too.
        message: The verdict in one sentence.
        observations: Labelled facts, such as ``("Where", "shrinks x0.15 per layer ...")``.
        rows: The table behind the verdict, in forward order.
        remedies: Remedies tried on a copy, best first; empty where none was tried.
        related_rules: Codes of the lint rules that explain the pattern.
    """

    symptom: str
    where: str
    source: str
    measured: float
    limit: float
    unit: str
    limit_name: str
    message: str
    over: tuple[tuple[str, float], ...] = ()
    observations: tuple[tuple[str, str], ...] = ()
    rows: tuple[Row, ...] = ()
    remedies: tuple[Remedy, ...] = ()
    related_rules: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Judgement:
    """The verdict on one symptom, with its reasons."""

    verdict: Verdict
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """The verdicts on one model and batch.

    Attributes:
        findings: The confirmed symptoms.
        judgements: The verdict on every symptom that was checked, with reasons.
        report: The pass the verdicts rest on.
        passes: How many forward and backward passes it took (1 for a healthy model); a closer
            look with the same seed is not counted.
    """

    findings: tuple[Finding, ...]
    judgements: tuple[tuple[str, Judgement], ...]
    report: Report
    passes: int

    @property
    def symptoms(self) -> frozenset[str]:
        """The failing symptoms."""
        return frozenset(finding.symptom for finding in self.findings)

    @property
    def verdicts(self) -> dict[str, Verdict]:
        """The verdict on every symptom that was checked."""
        return {symptom: judgement.verdict for symptom, judgement in self.judgements}

    @property
    def reasons(self) -> dict[str, tuple[str, ...]]:
        """Why each symptom got its verdict."""
        return {symptom: judgement.reasons for symptom, judgement in self.judgements}

    @property
    def healthy(self) -> bool:
        """Whether no symptom failed."""
        return not self.findings

    def plot(self) -> Figure:
        """The gradient and the activations over the weighted layers, on a log axis.

        Raises:
            ProbeError: matplotlib is not installed.
        """
        view = _view()
        if view is None:
            msg = "plot() needs matplotlib: pip install 'pytest-gradhealth[report]'"
            raise ProbeError(msg)
        figure: Figure = view.profile_figure(self.report)
        return figure

    def _repr_html_(self) -> str | None:
        """What a notebook shows; ``None``, for the plain text, without the ``report`` extra."""
        view = _view()
        return None if view is None else str(view.fragment(self))

    def to_dict(self) -> dict[str, Any]:
        """A JSON-ready mapping, versioned; ``from_dict`` is its inverse."""
        return {
            "schema": SCHEMA_VERSION,
            "symptoms": sorted(self.symptoms),
            "verdicts": {symptom: plain(judgement) for symptom, judgement in self.judgements},
            "findings": plain(self.findings),
            "passes": self.passes,
            "report": self.report.to_dict(),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Diagnosis:
        """Read back what ``to_dict`` wrote.

        Raises:
            ProbeError: The mapping is not a diagnosis of a version this release can read.
        """
        try:
            schema = data.get("schema")
            if schema != SCHEMA_VERSION:
                msg = f"a diagnosis of schema {schema!r}; this release reads {SCHEMA_VERSION}"
                raise ProbeError(msg)
            return cls(
                findings=revive(tuple[Finding, ...], data["findings"]),
                judgements=tuple(
                    (symptom, revive(Judgement, entry))
                    for symptom, entry in data["verdicts"].items()
                ),
                report=revive(Report, data["report"]),
                passes=revive(int, data["passes"]),
            )
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            msg = f"not a diagnosis: {type(error).__name__}: {error}"
            raise ProbeError(msg) from error


def _view() -> Any:
    """What draws diagnoses, ``None`` without the ``report`` extra.

    It stands above its data, which know it by name alone, and only when they are to be shown.
    """
    try:
        return import_module("pytest_gradhealth.report")
    except ModuleNotFoundError:
        return None
