"""Findings as text: the one place with layout."""

from __future__ import annotations

import math
import os
import textwrap
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_gradhealth.facts import Diagnosis, Finding, Row

_INDENT: Final = "  "
_LABEL_WIDTH: Final = 10
_LINE_WIDTH: Final = 110
_ROWS_SHOWN: Final = 5
_BAR_WIDTH: Final = 18
_NAMED: Final = 3  # parameters listed one by one in a suggestion


@dataclass(frozen=True, slots=True)
class _Columns:
    """Headings of a symptom's table; an empty one leaves its column out."""

    name: str
    shape: str
    value: str
    share: str
    part: bool = False  # whether the share is a part of a whole: in percent, on a linear axis


_GRADIENTS: Final = _Columns("layer", "output", "|grad|", "share")
_COLUMNS: Final = {
    "dead_units": _Columns("activation", "units", "", "dead", part=True),
    "saturation": _Columns("activation", "", "", "flat", part=True),
    "symmetry": _Columns("weight", "shape", "rms(grad)", "tied", part=True),
    "underflow": _Columns("weight", "shape", "rms(grad)", "kept", part=True),
    "collapse": _Columns("layer", "output", "rms", "spread"),
    "baseline": _Columns("layer", "weight", "share", "factor"),
    "unclipped": _Columns("parameter", "", "|grad|", "growth"),
    "mixed_samples": _Columns("output of", "", "", "share"),
    "unreached": _Columns("position", "", "", "share"),
    "unbalanced": _Columns("loss term", "", "|grad|", "share"),
    "leak": _Columns("position", "", "", "share"),
    "update_ratio": _Columns("group", "", "|weights|", "ratio"),
}

#: What the number beside a remedy is.
_REMEDY_NUMBER: Final = {
    "vanishing": "first layer's gradient over the last's",
    "exploding": "first layer's gradient over the last's",
    "dead_units": "largest share of a layer's units that are never active",
    "saturation": "largest share of an activation's values on its flat part",
    "collapse": "spread of the samples at the end",
    "symmetry": "largest share of a weight's units that equal another",
}

#: Where the number may be exactly 1, so that no limit up to 1 accepts it, or the limit is not all.
_ACCEPTED_BY_NAME: Final = ("dead_units", "saturation", "symmetry")


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


def training(finding: Finding, *, verbose: bool = False) -> str:
    """The message of a failed training check."""
    return _block(finding, verbose=verbose)


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
        lines.append(_labelled("Source", finding.source))
    return "\n".join(lines)


def _nearby(text: str) -> str:
    """Paths under the working directory relative to it, others as they are."""
    return text.replace(f"{Path.cwd()}{os.sep}", "")


def _labelled(label: str, text: str) -> str:
    return textwrap.fill(
        _nearby(text),
        _LINE_WIDTH,
        initial_indent=f"{_INDENT}{label:<{_LABEL_WIDTH}}",
        subsequent_indent=" " * (len(_INDENT) + _LABEL_WIDTH),
        break_long_words=False,
        break_on_hyphens=False,
    )


def _table(finding: Finding, *, verbose: bool) -> str:
    shown = list(finding.rows) if verbose else _selected(finding.rows)
    columns = _COLUMNS.get(finding.symptom, _GRADIENTS)
    has_values = any(row.value or row.share for row in finding.rows)
    name_width = max(12, *(len(row.name) for row in shown))
    shape_width = max(12, *(len(str(row.shape)) for row in shown)) if columns.shape else 0
    scale = _Scale.of(finding, linear=columns.part)

    def line(mark: str, name: str, shape: str, value: str, share: str, bar: str) -> str:
        cells = [f"{mark} {name:<{name_width}}"]
        cells += [f"{shape:<{shape_width}}"] if columns.shape else []
        if has_values:
            cells += [f"{value:<9}"] if columns.value else []
            cells += [f"{share:<9}", bar]
        return " ".join(cells).rstrip()

    lines = []
    if has_values:
        headings = (columns.name, columns.shape, columns.value, columns.share)
        lines.append(line(" ", *headings, scale.heading()))
    for row in shown:
        mark = ">" if row.failing else " "
        share = f"{row.share:.0%}" if columns.part else f"{row.share:.1e}"
        value = f"{row.value:.1e}"
        lines.append(line(mark, row.name, str(row.shape), value, share, scale.bar(row.share)))
    hidden = len(finding.rows) - len(shown)
    if hidden:
        told = (
            "1 row hidden, -v shows it" if hidden == 1 else f"{hidden} rows hidden, -v shows them"
        )
        lines.append(f"{_INDENT}({told})")
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
    """An axis for the bars: logarithmic from the smallest share or limit to the largest, or 0 to 1.

    The limit is marked where it is one on what the rows show.
    """

    low: int
    high: int
    limit: float
    linear: bool

    @classmethod
    def of(cls, finding: Finding, *, linear: bool) -> _Scale:
        limit = 0.0 if finding.limit_name == "steepness" else finding.limit
        if linear:
            return cls(0, 1, limit, linear)
        exponents = [
            math.log10(number)
            for number in (1.0, limit, *(row.share for row in finding.rows))
            if number > 0 and math.isfinite(number)
        ]
        low, high = math.floor(min(exponents)), math.ceil(max(exponents))
        return cls(min(low, high - 1), high, limit, linear)

    def heading(self) -> str:
        if self.linear:
            return f"{'0%':<{_BAR_WIDTH - 4}}100%"
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
        along = share if self.linear else (math.log10(share) - self.low) / span
        return max(0, min(round(along * _BAR_WIDTH), _BAR_WIDTH))


def _remedies(finding: Finding) -> str:
    if not finding.remedies:
        return ""
    width = max(len(remedy.name) for remedy in finding.remedies)
    number = _REMEDY_NUMBER.get(finding.symptom, finding.unit)
    heading = f"{_INDENT}Remedies tried on a copy ({number})"
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
    told = any(label == "Accept" for label, _ in finding.observations)
    by_name = not finding.limit_name or finding.symptom in _ACCEPTED_BY_NAME
    if by_name and finding.rows and not told:
        lines.append(_labelled("Accept", f"ignore=[{_ignored(finding)}] if that is meant"))
    elif not by_name:
        accepted = [f"{finding.limit_name}={_rounded_past(finding.measured, finding.limit)}"]
        accepted += [f"{name}={_rounded_past(value, 0.0)}" for name, value in finding.over]
        lines.append(_labelled("Accept", f"@pytest.mark.gradhealth({', '.join(accepted)})"))
    if finding.related_rules:
        rules = " and ".join(finding.related_rules)
        verb = "explains" if len(finding.related_rules) == 1 else "explain"
        lines.append(_labelled("Lint", f"{rules} {verb} this pattern (gradhealth-lint rule CODE)"))
    return "\n".join(lines)


def _ignored(finding: Finding) -> str:
    """What to name in ``ignore``: the parameters, or what they have in common."""
    if finding.symptom in _ACCEPTED_BY_NAME and len(finding.rows) == 1:
        return f'"{finding.where}"'
    names = [row.name for row in finding.rows]
    if finding.symptom in {"dead_units", "saturation"}:
        return f'"{finding.where}", ...'
    levels = zip(*(name.split(".")[:-1] for name in names), strict=False)
    common = [level[0] for level in takewhile(lambda level: len(set(level)) == 1, levels)]
    if len(names) > _NAMED and common:
        return f'"{".".join(common)}.*"'
    listed = ", ".join(f'"{name}"' for name in names[:_NAMED])
    return f"{listed}, ..." if len(names) > _NAMED else listed


def _rounded_past(measured: float, limit: float) -> str:
    """A power of ten just past the measured number, on the side the limit accepts."""
    if measured <= 0 or not math.isfinite(measured):
        return "0"
    exponent = math.log10(measured)
    rounded = math.floor(exponent) if measured < limit else math.ceil(exponent)
    return f"1e{rounded:d}"
