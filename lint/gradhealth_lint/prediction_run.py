"""``gradhealth-lint predict``: every network and recurrence of every file, with its prediction."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradhealth_lint import engine, source
from gradhealth_lint.located import LocatedPrediction
from gradhealth_lint.networks.prediction import predict_network
from gradhealth_lint.networks.recurrence_prediction import predict_recurrence
from gradhealth_lint.semantics.network_facts import Recurrence

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from gradhealth_lint.limits import Limits
    from gradhealth_lint.prediction import StackPrediction
    from gradhealth_lint.semantics.network_facts import Network

#: No stack without torch.
_NEEDED = b"torch"


def run(
    files: Iterable[tuple[Path, str]], limits: Callable[[Path], Limits]
) -> tuple[list[LocatedPrediction], list[str]]:
    """All predictions in order of place, and what could not be done, a sentence a file."""
    found: list[LocatedPrediction] = []
    troubles: list[str] = []
    for file, path in files:
        stacks, trouble = _attempt(file, path, limits(file))
        found.extend(stacks)
        troubles.extend(trouble)
    return found, troubles


def _attempt(
    file: Path, path: str, limits: Limits
) -> tuple[list[LocatedPrediction], tuple[str, ...]]:
    try:
        return _of_file(file, path, limits), ()
    except source.UnreadableError as error:
        return [], (f"{path}:{error.place}: the file {error.reason}",)
    except Exception as error:  # a fault of ours must not hide the other files
        return [], (f"{path}: internal error: {type(error).__name__}: {error}",)


def _of_file(file: Path, path: str, limits: Limits) -> list[LocatedPrediction]:
    text = source.read(file, path)
    if _NEEDED not in text.data:
        return []
    reading = engine.read(text, limits, stacks=True)
    facts = reading.facts
    items: list[Network | Recurrence] = [*facts.networks, *facts.recurrences]
    places = reading.positions(item.anchor for item in items)
    located = []
    for item in sorted(items, key=lambda item: places[item.anchor].line):
        line, cell = text.place(places[item.anchor].line)
        located.append(LocatedPrediction(path, line, item.owner, _predicted(item, limits), cell))
    return list(dict.fromkeys(located))


def _predicted(item: Network | Recurrence, limits: Limits) -> StackPrediction:
    if isinstance(item, Recurrence):
        return predict_recurrence(item, limits)
    return predict_network(item, limits)
