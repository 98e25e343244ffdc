"""``gradhealth-lint predict``: every stack of every file, with its prediction."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradhealth_lint import engine, source
from gradhealth_lint.located import LocatedPrediction
from gradhealth_lint.prediction import predict

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from gradhealth_lint.limits import Limits

#: No stack without torch.
_NEEDED = b"torch"


def run(
    files: Iterable[tuple[Path, str]], limits: Limits
) -> tuple[list[LocatedPrediction], list[str]]:
    """All predictions in order of place, and what could not be done, a sentence a file."""
    found: list[LocatedPrediction] = []
    troubles: list[str] = []
    for file, path in files:
        stacks, trouble = _attempt(file, path, limits)
        found.extend(stacks)
        troubles.extend(trouble)
    return found, troubles


def _attempt(
    file: Path, path: str, limits: Limits
) -> tuple[list[LocatedPrediction], tuple[str, ...]]:
    try:
        return _of_file(file, path, limits), ()
    except source.UnreadableError as error:
        return [], (f"{path}:{error.line}: the file {error.reason}",)
    except Exception as error:  # a fault of ours must not hide the other files
        return [], (f"{path}: internal error: {type(error).__name__}: {error}",)


def _of_file(file: Path, path: str, limits: Limits) -> list[LocatedPrediction]:
    text = source.read(file, path)
    if _NEEDED not in text.data:
        return []
    reading = engine.read(text, limits, stacks=True)
    stacks = reading.facts.stacks
    places = reading.positions(stack.anchor for stack in stacks)
    located = [
        LocatedPrediction(path, places[s.anchor].line, s.owner, predict(s, limits)) for s in stacks
    ]
    return sorted(dict.fromkeys(located), key=lambda item: item.line)
