"""A changed text back in the cells it came from; every other byte of the notebook stays."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gradhealth_lint.notebooks.cells import Cell

_TOKEN: Final = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{},:]|[^\s\[\]{},:"]+')
_LINE: Final = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")


def rewritten(before: bytes, cells: Sequence[Cell], text: str, after: str) -> bytes:
    """The notebook's bytes with another text in its cells.

    Raises:
        UnicodeError: a cell's lines cannot be told apart any more.
    """
    notebook = before.decode("utf-8")
    parts = _parts(cells, text, after)
    spans = list(_sources(notebook))
    for cell in reversed(cells):
        old, new = parts[cell.number]
        if old == new:
            continue
        start, end = spans[cell.number - 1]
        written = _written(notebook[start:end], cell.restored(new), notebook)
        notebook = notebook[:start] + written + notebook[end:]
    return notebook.encode("utf-8")


def _parts(cells: Sequence[Cell], text: str, after: str) -> dict[int, tuple[str, str]]:
    """The old and the new text of each cell, told apart by the lines that stayed."""
    from difflib import SequenceMatcher

    old, new = _LINE.findall(text), _LINE.findall(after)
    moved: dict[int, int] = {0: 0}
    for tag, low, high, start, end in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        # Where a cell begins inside a change, the lines of it that are not its own go before.
        for place in range(low, high + 1):
            moved.setdefault(place, start + (place - low) if tag == "equal" else end)
        moved[high] = end
    parts = {}
    for cell in cells:
        first, last = cell.first_line - 1, cell.last_line
        parts[cell.number] = (
            "".join(old[first:last]),
            "".join(new[moved[first] : moved[last]]),
        )
    if "".join(part for _, part in parts.values()) != after:
        raise UnicodeError("its cells cannot be told apart after the fix")
    return parts


def _sources(notebook: str) -> Iterator[tuple[int, int]]:
    """Where the value of ``source`` is in each cell, in order; (0, 0) of a cell without one."""
    tokens = [(match[0], match.start(), match.end()) for match in _TOKEN.finditer(notebook)]
    path: list[str] = []
    found: tuple[int, int] = (0, 0)
    key, place = "", 0
    while place < len(tokens):
        token = tokens[place][0]
        if token in "[{":
            path.append(key if token == "[" else f"{key}{{")
            if path == ["{", "cells", "{"]:
                found = (0, 0)
            key = ""
        elif token in "]}":
            if path == ["{", "cells", "{"]:
                yield found
            path.pop()
        elif place + 1 < len(tokens) and tokens[place + 1][0] == ":" and token[0] == '"':
            key = json.loads(token)
            place += 2
            if path == ["{", "cells", "{"] and key == "source":
                end = _end(tokens, place)
                found, place, key = (tokens[place][1], tokens[end][2]), end + 1, ""
            continue
        else:
            key = ""
        place += 1


def _end(tokens: Sequence[tuple[str, int, int]], place: int) -> int:
    """The last token of a value that is a string or a list of strings."""
    if tokens[place][0] != "[":
        return place
    while tokens[place][0] != "]":
        place += 1
    return place


def _written(before: str, text: str, notebook: str) -> str:
    """A cell's source in the form it had: one string or a list of lines, with its layout."""
    plain = notebook.isascii()
    if not before.startswith("["):
        return json.dumps(text, ensure_ascii=plain)
    lines = [json.dumps(line, ensure_ascii=plain) for line in text.splitlines(keepends=True)]
    layout = re.match(r'\[(\s*)"', before)
    space = layout[1] if layout is not None else "\n    "
    closing = re.search(r"(\s*)\]$", before)
    between = re.search(r'",(\s*)"', before)
    separator = f",{between[1] if between is not None else space or ' '}"
    return f"[{space}{separator.join(lines)}{closing[1] if closing is not None else ''}]"
