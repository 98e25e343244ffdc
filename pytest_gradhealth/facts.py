"""What was measured and what was judged: frozen records of floats, strings and tuples.

Nothing here holds a tensor or a module, so a report may outlive the model, cross a process boundary
and be stored as JSON.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

from pytest_gradhealth.errors import ProbeError
from pytest_gradhealth.serial import plain, revive

if TYPE_CHECKING:
    from collections.abc import Mapping

SCHEMA_VERSION: Final = 1

Verdict = Literal["pass", "fail", "expected", "not_observed"]

#: What a remedy did: the check passes, the number improved, or it did not.
Grade = Literal["healthy", "better", "no better"]

#: The fixed vocabulary: every symptom a diagnosis can name.
SYMPTOMS: Final = (
    "vanishing",
    "exploding",
    "nonfinite",
    "disconnected",
    "dead_units",
    "saturation",
    "collapse",
    "symmetry",
    "underflow",
)


@dataclass(frozen=True, slots=True)
class LayerRecord:
    """One call of one module, as one hooked forward and backward pass saw it.

    Attributes:
        path: Dotted module path, ``""`` for the model itself.
        call: 0 for the module's first call in this pass, 1 for its second, and so on.
        kind: Class name of the module.
        source: ``file:line`` of the module's class, ``""`` where it is not known.
        shape: Shape of the output; of the largest differentiable tensor where there are several.
        dtype: Its dtype, such as ``float32``.
        weighted: Whether the module itself holds a trainable matrix or kernel (two or more axes).
        depth: Weighted layers on the longest way from this output to the loss, this one included;
            ``None`` where the loss does not depend on this output.
        earliest: Whether no weighted layer feeds this one: a stem, an embedding, a side input.
        trunk: Index (into ``Report.layers``) of the next record on the way to the loss that every
            path from here must cross; ``None`` for the last one, or where there is no way.
        reached: Whether the loss depends on this output through the autograd graph.
        differentiable: Whether the output carried a gradient function at all.
        activation_rms: Root mean square of the output's entries.
        gradient_norm: L2 norm of dL/d(output) over batch and units. Scales with the loss. The norm,
            not the rms, since a layer initialised by fan-in keeps it whatever its width.
            ``None`` where no gradient arrived.
    """

    path: str
    call: int
    kind: str
    source: str
    shape: tuple[int, ...]
    dtype: str
    weighted: bool
    depth: int | None
    earliest: bool
    trunk: int | None
    reached: bool
    differentiable: bool
    activation_rms: float
    gradient_norm: float | None

    @property
    def name(self) -> str:
        """The path as a reader would write it, with the call index where it is not the first."""
        path = self.path or "(the model itself)"
        return path if self.call == 0 else f"{path} (call {self.call + 1})"


@dataclass(frozen=True, slots=True)
class ParameterRecord:
    """One trainable parameter and what arrived at it.

    Attributes:
        names: Every dotted name under which the model holds it (several for tied weights).
        owner: Path of the module that holds it under its first name.
        owner_ran: Whether any module that holds it was called in this pass.
        used: Whether any operation of the forward pass took the parameter; ``None`` where a pass
            did not look for it (only passes that found a missing gradient do).
        shape: Its shape.
        dtype: Its dtype.
        value_rms: Root mean square of its entries.
        gradient_rms: Root mean square of its gradient's entries; scales with the loss. ``None``
            where backward left no gradient.
    """

    names: tuple[str, ...]
    owner: str
    owner_ran: bool
    used: bool | None
    shape: tuple[int, ...]
    dtype: str
    value_rms: float
    gradient_rms: float | None

    @property
    def name(self) -> str:
        """Its first name."""
        return self.names[0]

    @property
    def is_weight(self) -> bool:
        """Whether it is a matrix or kernel: two or more axes."""
        return len(self.shape) > 1


@dataclass(frozen=True, slots=True)
class Report:
    """One hooked forward and backward pass over a real model and a real batch.

    Attributes:
        model: Class name of the model.
        loss: The loss, or the random cotangent's inner product with the output.
        loss_kind: How the loss came about: ``step``, ``loss_fn``, ``output.loss``,
            ``scalar output`` or ``random cotangent``.
        seed: Seed of the pass.
        layers: Module calls in forward order.
        parameters: Trainable parameters in the model's own order.
        frozen: Names of parameters that do not require a gradient.
        silent: Paths of modules that were not seen to run, so that nothing is known of them.
        nonfinite_backward: Where the first NaN or Inf appeared on the way back, in the order of the
            backward pass; ``""`` where none did.
    """

    model: str
    loss: float
    loss_kind: str
    seed: int
    layers: tuple[LayerRecord, ...]
    parameters: tuple[ParameterRecord, ...]
    frozen: tuple[str, ...]
    silent: tuple[str, ...]
    nonfinite_backward: str = ""

    def route(self, start: int) -> tuple[LayerRecord, ...]:
        """The trunk from ``layers[start]`` to the loss: the records every path must cross."""
        steps = []
        index: int | None = start
        while index is not None:
            steps.append(self.layers[index])
            index = self.layers[index].trunk
        return tuple(steps)

    def to_dict(self) -> dict[str, Any]:
        """A JSON-ready mapping; non-finite floats become the strings ``nan``, ``inf``, ``-inf``."""
        return {"schema": SCHEMA_VERSION, **plain(self)}


@dataclass(frozen=True, slots=True)
class Trial:
    """A few plain SGD steps on one batch, taken and undone.

    Attributes:
        learning_rate: Of SGD without momentum.
        max_norm: Limit of the total gradient norm, where the steps were clipped.
        losses: The loss before each step and after the last; ends early where it is not finite.
        share_after: The share of the last layer's gradient that still reaches the earliest layers
            after the steps, 0.0 where none does: a network that the first step killed may end with
            a low loss, and has learned nothing.
    """

    learning_rate: float
    max_norm: float | None
    losses: tuple[float, ...]
    share_after: float

    @property
    def descended(self) -> bool:
        """Whether the loss ended finite and no higher than it began."""
        return math.isfinite(self.losses[-1]) and self.losses[-1] <= self.losses[0]


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything measured so far; a check judges it or says what it still needs.

    Attributes:
        report: The first pass.
        reseeded: Passes with other seeds; ``None`` while not asked for.
        warmed: The pass after the warm-up; ``None`` while not asked for.
        trials: SGD trials, one a learning rate; ``None`` while not asked for.
    """

    report: Report
    reseeded: tuple[Report, ...] | None = None
    warmed: Report | None = None
    trials: tuple[Trial, ...] | None = None


@dataclass(frozen=True, slots=True)
class Remedy:
    """One textbook remedy, tried on a copy.

    Attributes:
        name: What was done, such as ``ReLU + kaiming_normal_``.
        value: The gradient at the earliest layer over that at the last (``Profile.best.share``)
            afterwards; 0.0 where none arrives.
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
