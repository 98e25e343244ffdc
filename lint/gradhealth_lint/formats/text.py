"""Results for people."""

from __future__ import annotations

from textwrap import fill, indent
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from gradhealth_lint.formats.format import Context
    from gradhealth_lint.located import LocatedPrediction
    from gradhealth_lint.rules.rule import Rule
    from gradhealth_lint.violation import Example, Violation

_WIDTH: Final = 96


def violations(found: Sequence[Violation], context: Context) -> str:
    """For each the fact, the line it is on and what to do, and a count at the end."""
    if not found:
        return "no findings\n"
    from gradhealth_lint.formats.finding import finding

    count = f"{len(found)} finding{'s' if len(found) > 1 else ''}"
    return "".join([*(finding(one, context) for one in found), f"{count}\n"])


def predictions(found: Sequence[LocatedPrediction]) -> str:
    """One line a stack, and under it what was assumed."""
    lines = []
    for item in found:
        p = item.prediction
        width = "?" if p.width is None else str(p.width)
        structure = f", {p.structure}" if p.structure else ""
        inside = "" if item.cell is None else f"cell {item.cell}:"
        what = f"{p.depth} layers, width {width}, {p.activation}{structure}, init {p.init}"
        if p.gain_per_layer is None or p.total_gain is None:
            result = f"not predicted: {p.reason}"
        else:
            result = f"gain {p.gain_per_layer:.3g} per layer, {p.total_gain:.2g} in all"
        lines.append(f"{item.path}:{inside}{item.line}: {item.owner}: {what}: {result}")
        lines.extend(f"    {note}" for note in p.assumed if not note.startswith("not predicted"))
        lines.extend(f"    {note}" for note in (p.better,) if note)
    return "\n".join(lines) + "\n" if lines else "no stacks found\n"


def rules(every: Iterable[Rule]) -> str:
    """One line a rule."""
    return "".join(
        f"{rule.code}  {rule.name:<28} {rule.severity:<8} "
        f"{'on' if rule.on_by_default else 'off':<4} {_summary(rule)}\n"
        for rule in every
    )


def page(rule: Rule) -> str:
    """Everything about one rule."""
    state = "on" if rule.on_by_default else "off"
    parts = [
        f"{rule.code} {rule.name} ({rule.severity}, {state} by default)",
        _wrap(_summary(rule)),
        "Why\n" + _wrap(rule.why),
        "Message\n" + _wrap(rule.message),
        "Write instead\n" + _wrap(rule.remedy),
        *(part for example in rule.bad for part in _bad(example)),
        *(_example("Not reported", example.name, example.text) for example in rule.good),
        "References\n" + "\n".join(_wrap(reference) for reference in rule.references),
        f"To allow it on one line: # gradhealth: ignore[{rule.code}] reason",
    ]
    return "\n\n".join(parts) + "\n"


def _summary(rule: Rule) -> str:
    return (rule.__doc__ or "").strip().splitlines()[0]


def _wrap(text: str) -> str:
    return fill(text, _WIDTH, initial_indent="  ", subsequent_indent="  ")


def _bad(example: Example) -> Iterator[str]:
    yield _example("Reported", example.name, example.text)
    if example.fixed is not None:
        yield _example("After its fix", example.name, example.fixed)


def _example(title: str, name: str, text: str) -> str:
    return f"{title}: {name}\n" + indent(text.rstrip(), "    ")
