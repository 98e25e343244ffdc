"""Findings as text: the one place with layout."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_gradhealth.facts import Diagnosis, Finding, Row

_INDENT: Final = "  "
_LABEL_WIDTH: Final = 10
_ROWS_SHOWN: Final = 5
_BAR_WIDTH: Final = 18


def failure(diagnosis: Diagnosis, findings: Sequence[Finding], *, verbose: bool = False) -> str:
    """The message of a failed assertion: one block a finding, worst first as given.

    Args:
        diagnosis: Where the findings come from.
        findings: What failed; at least one.
        verbose: Show every row of the tables.
    """
    blocks = [_block(finding, verbose=verbose) for finding in findings]
    others = sorted(diagnosis.symptoms - {finding.symptom for finding in findings})
    if others:
        blocks.append(f"{_INDENT}The same pass also shows: {', '.join(others)}")
    return "\n\n".join(blocks)


def summary(diagnosis: Diagnosis) -> str:
    """The verdict on every symptom in a line each, with the first reason."""
    lines = []
    for symptom, judgement in diagnosis.judgements:
        reason = judgement.reasons[0] if judgement.reasons else ""
        more = len(judgement.reasons) - 1
        tail = f" (and {more} more)" if more > 0 else ""
        lines.append(f"{symptom:<13} {judgement.verdict:<13} {reason}{tail}".rstrip())
    return "\n".join(lines)


def _block(finding: Finding, *, verbose: bool) -> str:
    parts = [f"{finding.symptom}: {finding.message}", _facts(finding)]
    if finding.rows:
        parts.append(_table(finding, verbose=verbose))
    parts += [part for part in (_remedies(finding), _closing(finding)) if part]
    return "\n\n".join(parts)


def _facts(finding: Finding) -> str:
    lines = [_labelled(label, text) for label, text in finding.observations]
    if finding.source:
        lines.append(_labelled("Source", _nearby(finding.source)))
    return "\n".join(lines)


def _nearby(source: str) -> str:
    """A path under the working directory relative to it, any other as it is."""
    return source.removeprefix(f"{Path.cwd()}{os.sep}")


def _labelled(label: str, text: str) -> str:
    return f"{_INDENT}{label:<{_LABEL_WIDTH}}{text}"


def _table(finding: Finding, *, verbose: bool) -> str:
    shown = list(finding.rows) if verbose else _selected(finding.rows)
    has_values = any(row.value for row in finding.rows)
    name_width = max(12, *(len(row.name) for row in shown))
    shape_width = max(12, *(len(str(row.shape)) for row in shown))
    scale = _Scale.of(finding)
    lines = []
    if has_values:
        lines.append(
            f"{_INDENT}{'layer':<{name_width}} {'output':<{shape_width}} {'|grad|':<9} "
            f"{'share':<9} {scale.heading()}"
        )
    for row in shown:
        mark = ">" if row.failing else " "
        cells = f"{mark} {row.name:<{name_width}} {row.shape!s:<{shape_width}}"
        if has_values:
            cells += f" {row.value:<9.1e} {row.share:<9.1e} {scale.bar(row.share)}"
        lines.append(cells.rstrip())
    hidden = len(finding.rows) - len(shown)
    if hidden:
        lines.append(f"{_INDENT}({hidden} rows hidden, -v shows them)")
    return "\n".join(lines)


def _selected(rows: Sequence[Row]) -> list[Row]:
    """The two ends, and between them an even choice, in the given order."""
    if len(rows) <= _ROWS_SHOWN:
        return list(rows)
    last = len(rows) - 1
    chosen = {round(index * last / (_ROWS_SHOWN - 1)) for index in range(_ROWS_SHOWN)}
    return [row for index, row in enumerate(rows) if index in chosen]


@dataclass(frozen=True, slots=True)
class _Scale:
    """A logarithmic axis for the bars, from the smallest share or limit to the largest."""

    low: int
    high: int
    limit: float

    @classmethod
    def of(cls, finding: Finding) -> _Scale:
        exponents = [
            math.log10(number)
            for number in (1.0, finding.limit, *(row.share for row in finding.rows))
            if number > 0 and math.isfinite(number)
        ]
        return cls(math.floor(min(exponents)), math.ceil(max(exponents)), finding.limit)

    def heading(self) -> str:
        left, right = f"1e{self.low}" if self.low else "1", f"1e{self.high}" if self.high else "1"
        return f"{left}{right:>{_BAR_WIDTH - len(left)}}"

    def bar(self, share: float) -> str:
        """A row of # up to the share, with the limit marked on the axis."""
        cells = list("#" * self._cell(share)) + [" "] * (_BAR_WIDTH - self._cell(share))
        if self.limit > 0:
            cells[min(self._cell(self.limit), _BAR_WIDTH - 1)] = "|"
        return "".join(cells).rstrip()

    def _cell(self, share: float) -> int:
        if not share > 0:
            return 0
        if not math.isfinite(share):
            return _BAR_WIDTH
        span = max(self.high - self.low, 1)
        return max(0, min(round((math.log10(share) - self.low) / span * _BAR_WIDTH), _BAR_WIDTH))


def _remedies(finding: Finding) -> str:
    if not finding.remedies:
        return ""
    width = max(len(remedy.name) for remedy in finding.remedies)
    heading = f"{_INDENT}Remedies tried on a copy (first layer's gradient over the last's)"
    told = {
        "healthy": "healthy",
        "better": "better, still failing",
        "no better": "no better",
    }
    lines = [
        f"{_INDENT * 2}{remedy.name:<{width}}  {remedy.value:<9.2g} "
        + "; ".join(filter(None, (told[remedy.outcome], remedy.note)))
        for remedy in finding.remedies
    ]
    return "\n".join([heading, *lines])


def _closing(finding: Finding) -> str:
    lines = []
    if finding.limit_name:
        accepted = [f"{finding.limit_name}={_rounded_past(finding.measured, finding.limit)}"]
        accepted += [f"{name}={_rounded_past(value, 0.0)}" for name, value in finding.over]
        lines.append(_labelled("Accept", f"@pytest.mark.gradhealth({', '.join(accepted)})"))
    if finding.related_rules:
        rules = " and ".join(finding.related_rules)
        verb = "explains" if len(finding.related_rules) == 1 else "explain"
        lines.append(_labelled("Lint", f"{rules} {verb} this pattern (gradhealth-lint rule CODE)"))
    return "\n".join(lines)


def _rounded_past(measured: float, limit: float) -> str:
    """A power of ten just past the measured number, on the side the limit accepts."""
    if measured <= 0 or not math.isfinite(measured):
        return "0"
    exponent = math.log10(measured)
    rounded = math.floor(exponent) if measured < limit else math.ceil(exponent)
    return f"1e{rounded:d}"
