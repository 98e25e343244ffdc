"""``gradhealth-lint facts``: what the rules see of each file, for those who write them."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gradhealth_lint import engine, source

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

    from gradhealth_lint.limits import Limits
    from gradhealth_lint.semantics.facts import FileFacts
    from gradhealth_lint.semantics.loop_facts import LoopEvent, TrainingLoop
    from gradhealth_lint.semantics.network_facts import InitUse, Stack, StackLayer
    from gradhealth_lint.semantics.parameter_facts import HandMade
    from gradhealth_lint.semantics.places import Anchor


@dataclass(frozen=True, slots=True)
class FactsOfFile:
    """A file's facts, with the line of each anchor and what was left out."""

    path: str
    facts: FileFacts
    lines: Mapping[Anchor, int | str]
    notes: tuple[str, ...]
    resolved: tuple[str, ...]


def run(
    files: Iterable[tuple[Path, str]], limits: Callable[[Path], Limits]
) -> tuple[list[FactsOfFile], list[str]]:
    """The facts of every file, and what could not be done, a sentence a file."""
    found: list[FactsOfFile] = []
    troubles: list[str] = []
    for file, path in files:
        one, trouble = _attempt(file, path, limits(file))
        found.extend(one)
        troubles.extend(trouble)
    return found, troubles


def _attempt(
    file: Path, path: str, limits: Limits
) -> tuple[tuple[FactsOfFile, ...], tuple[str, ...]]:
    try:
        return (_of_file(file, path, limits),), ()
    except source.UnreadableError as error:
        return (), (f"{path}:{error.place}: the file {error.reason}",)
    except Exception as error:  # a fault of ours must not hide the other files
        return (), (f"{path}: internal error: {type(error).__name__}: {error}",)


def _of_file(file: Path, path: str, limits: Limits) -> FactsOfFile:
    text = source.read(file, path)
    reading = engine.read(text, limits, stacks=True)
    places = reading.positions(range(len(reading.nodes)))
    return FactsOfFile(
        path,
        reading.facts,
        {anchor: _line(*text.place(place.line)) for anchor, place in places.items()},
        reading.notes,
        tuple(name for name, _ in reading.resolved),
    )


def _line(line: int, cell: int | None) -> int | str:
    return line if cell is None else f"cell {cell}:{line}"


def as_json(found: Iterable[FactsOfFile]) -> str:
    """An array with an object for each file."""
    import json

    every = [
        {
            "path": one.path,
            **_plain(one.facts, one.lines),
            "notes": list(one.notes),
            "read_too": list(one.resolved),
        }
        for one in found
    ]
    return json.dumps(every, indent=2, default=str) + "\n"


def _plain(value: Any, lines: Mapping[Anchor, int | str]) -> Any:
    """A fact as JSON knows it, with lines for anchors."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        result: dict[str, Any] = {}
        for item in dataclasses.fields(value):
            held = getattr(value, item.name)
            if item.name == "anchor":
                result["line"] = lines[held]
            elif item.name == "loops" and all(isinstance(one, int) for one in held):
                result["in_loops_at"] = [lines[one] for one in held]
            else:
                result[item.name] = _plain(held, lines)
        return result
    if isinstance(value, frozenset):
        return sorted(value)
    if isinstance(value, tuple):
        return [_plain(item, lines) for item in value]
    return str(value) if isinstance(value, float) and value in {float("inf")} else value


def as_text(found: Iterable[FactsOfFile]) -> str:
    """A paragraph for each file that has facts or notes."""
    return "".join(
        "\n".join([one.path, *(f"  {line}" for line in body)]) + "\n"
        for one in found
        if (body := list(_body(one)))
    )


def _body(one: FactsOfFile) -> Iterator[str]:
    for stack in one.facts.stacks:
        yield from _stack(stack, one.lines)
    for init in one.facts.inits:
        yield _init(init, one.lines)
    for made in one.facts.hand_made:
        yield _hand_made(made, one.lines)
    for lost in one.facts.lost_inits:
        missed = ", ".join(lost.names)
        yield f"{one.lines[lost.anchor]:>5} init lost ({lost.form}): {lost.text} {missed}".rstrip()
    for loop in one.facts.loops:
        yield from _loop(loop, one)
    yield from (f"note: {note}" for note in one.notes)
    yield from (f"read too: {name}" for name in one.resolved)


def _stack(stack: Stack, lines: Mapping[Anchor, int | str]) -> Iterator[str]:
    marks = " residual" if stack.residual else ""
    yield f"{lines[stack.anchor]:>5} stack of {stack.depth} in {stack.owner}{marks}"
    yield from (f"      {_layer(layer)}" for layer in stack.layers)
    yield from (f"      assumed: {note}" for note in stack.notes)


def _layer(layer: StackLayer) -> str:
    weight = "?" if layer.weight is None else layer.weight.name
    size = f"{layer.fan_in or '?'} -> {layer.fan_out or '?'}"
    norm = " normalised" if layer.normalised else ""
    return f"{layer.kind} {size} {layer.activation}, weight {weight}{norm}"


def _init(init: InitUse, lines: Mapping[Anchor, int | str]) -> str:
    given = ", ".join(f"{name}={value}" for name, value in init.init.arguments)
    targets = ", ".join(sorted({f"{t.kind}.{t.parameter}" for t in init.targets}))
    return f"{lines[init.anchor]:>5} init {init.init.name}({given}) of {targets}"


def _hand_made(made: HandMade, lines: Mapping[Anchor, int | str]) -> str:
    init = "?" if made.init is None else made.init.name
    size = f" {made.fan_in or '?'} -> {made.fan_out or '?'}" if made.multiplies else ""
    marks = (" rescaled" if made.rescaled else "") + (" overseen" if made.overseen else "")
    return f"{lines[made.anchor]:>5} made by hand: {made.text} {init}{size}{marks}"


def _loop(loop: TrainingLoop, one: FactsOfFile) -> Iterator[str]:
    kind = "loop" if loop.looped else "training code"
    cut = "" if loop.complete else ", not read to its end"
    yield f"{one.lines[loop.anchor]:>5} {kind}, {loop.owner}{cut}"
    yield from (f"      {_event(event, loop, one)}" for event in loop.events)
    for step in loop.steps:
        yield (
            f"      the step in line {one.lines[step.anchor]}: model {step.model or 'not known'},"
            f" clipping {step.clipping}"
        )


def _event(event: LoopEvent, loop: TrainingLoop, one: FactsOfFile) -> str:
    deeper = "  " * max(len(event.loops) - loop.looped, 0)
    names = {subject.number: subject.name for subject in one.facts.subjects}
    subject = "" if event.subject is None else f" #{event.subject} {names[event.subject]}"
    models = "".join(f" of #{number} {names[number]}" for number in event.models)
    how = f" [{event.how}]" if event.how else ""
    limit = "" if event.limit is None else f" to {event.limit:g}"
    asked = "".join(
        f" if {'' if asked.holds else 'not '}({asked.text})" for asked in event.conditions
    )
    what = f"{deeper}{event.kind} {event.text}".rstrip()
    return f"{one.lines[event.anchor]:>5} {what}{subject}{models}{how}{limit}{asked}"
