"""All diagnoses of a test run at a glance: lines for the terminal, a table for a web page."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pytest_gradhealth.profile import profile_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_gradhealth.facts import Diagnosis

_HEALTHY_SHOWN: Final = 20
_LINE_WIDTH: Final = 110
_HEADINGS: Final = ("test", "worst layer", "|grad|", "verdicts")
_WORDS: Final = {"fail": "fail", "expected": "expected", "not_observed": "not observed"}


@dataclass(frozen=True, slots=True)
class Measured:
    """One diagnosis of a test.

    Attributes:
        test: The test's name, with a number where it made several diagnoses.
        diagnosis: What it measured.
        failed: Whether the test failed.
    """

    test: str
    diagnosis: Diagnosis
    failed: bool = False


def worst_layer(diagnosis: Diagnosis) -> tuple[str, float] | None:
    """The weighted layer with the smallest gradient, over the last layer's; NaN counts as smallest.

    ``None`` where no layer received a gradient.
    """
    profile = profile_of(diagnosis.report)
    if profile is None:
        return None
    shares = [(profile.share_of(layer), layer.name) for layer in profile.layers]
    share, name = min(shares, key=lambda pair: -math.inf if math.isnan(pair[0]) else pair[0])
    return name, share


def verdict_words(diagnosis: Diagnosis) -> str:
    """How many symptoms pass, and which do not: ``fail vanishing; 7 pass; expected symmetry``."""
    symptoms: defaultdict[str, list[str]] = defaultdict(list)
    for symptom, verdict in diagnosis.verdicts.items():
        symptoms[verdict].append(symptom)
    told = {v: f"{word} {', '.join(symptoms[v])}" for v, word in _WORDS.items() if symptoms[v]}
    passed = f"{len(symptoms['pass'])} pass"
    order = (told.get("fail"), passed, told.get("expected"), told.get("not_observed"))
    return "; ".join(words for words in order if words)


def lines(measured: Sequence[Measured], *, verbose: bool = False) -> list[str]:
    """A table with a row a diagnosis, sick ones with their findings.

    Args:
        measured: In the order of the run.
        verbose: Show every healthy row, and why a symptom was expected or not observed.
    """
    healthy = [one for one in measured if one.diagnosis.healthy]
    hidden = {id(one) for one in healthy[_HEALTHY_SHOWN:]} if not verbose else set()
    shown = [one for one in measured if id(one) not in hidden]
    rows = [_cells(one) for one in shown]
    widths = [max(map(len, column)) for column in zip(_HEADINGS, *rows, strict=True)][:-1]

    def laid_out(cells: Sequence[str]) -> str:
        padded = (f"{cell:<{width}}" for cell, width in zip(cells, widths, strict=False))
        return "  ".join((*padded, cells[-1]))

    text = [laid_out(_HEADINGS)]
    for one, row in zip(shown, rows, strict=True):
        text.append(laid_out(row))
        text += [f"    {found.symptom}: {found.message}" for found in one.diagnosis.findings]
        if verbose:
            text += _reasons(one.diagnosis)
    if hidden:
        text.append(f"({len(hidden)} more without a symptom, -v shows them)")
    return text


def markdown(measured: Sequence[Measured]) -> str:
    """The same table for GitHub's step summary, sick ones first."""
    sick = [one for one in measured if not one.diagnosis.healthy]
    text = [
        "### Gradient health",
        "",
        f"{len(sick)} of {len(measured)} measured models have a symptom.",
        "",
        f"| {' | '.join(map(_escaped, _HEADINGS))} |",
        "|---|---|---|---|",
    ]
    for one in sorted(measured, key=lambda one: one.diagnosis.healthy):
        test, *rest = map(_escaped, _cells(one))
        text.append(f"| `{test}` | {' | '.join(rest)} |")
        text += [
            f"| | | | **{found.symptom}**: {_escaped(found.message)} |"
            for found in one.diagnosis.findings
        ]
    return "\n".join(text) + "\n\n"


def properties(diagnosis: Diagnosis) -> list[tuple[str, str]]:
    """Names and values for a JUnit file."""
    found: list[tuple[str, str]] = [("model", diagnosis.report.model)]
    worst = worst_layer(diagnosis)
    if worst is not None:
        found += [("worst_layer", worst[0]), ("worst_share", f"{worst[1]:.3g}")]
    return found + [(symptom, str(verdict)) for symptom, verdict in diagnosis.verdicts.items()]


def _cells(one: Measured) -> tuple[str, str, str, str]:
    worst = worst_layer(one.diagnosis)
    name, share = (worst[0], f"x{worst[1]:.1e}") if worst else ("-", "-")
    return one.test, name, share, verdict_words(one.diagnosis)


def _reasons(diagnosis: Diagnosis) -> list[str]:
    text = []
    for symptom, judgement in diagnosis.judgements:
        if judgement.verdict in {"expected", "not_observed"}:
            more = len(judgement.reasons) - 1
            tail = f" (and {more} more)" if more > 0 else ""
            reason = judgement.reasons[0] if judgement.reasons else ""
            text.append(f"    {symptom} {_WORDS[judgement.verdict]}: {reason}"[:_LINE_WIDTH] + tail)
    return text


def _escaped(text: str) -> str:
    return text.replace("|", "\\|")
