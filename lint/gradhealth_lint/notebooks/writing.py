"""A changed text back in the cells it came from; every other byte of the notebook stays."""

from __future__ import annotations

import json
import re
from itertools import takewhile
from typing import TYPE_CHECKING, Final

from gradhealth_lint.notebooks import cells as reading

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gradhealth_lint.notebooks.cells import Cell

_STRING: Final = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"')
_TOKEN: Final = re.compile(_STRING.pattern + r'|[\[\]{},:]|[^\s\[\]{},:"]+')
#: A character as it is written in a string, pairs of surrogates together.
_CHARACTER: Final = re.compile(r"\\u[dD][89abAB]\w\w\\u[dD][c-fC-F]\w\w|\\u\w{4}|\\.|[^\\]")


def rewritten(before: bytes, cells: tuple[Cell, ...], text: str, after: str) -> bytes:
    """The notebook's bytes with another text in its cells.

    Raises:
        UnicodeError: a cell's lines cannot be told apart any more, or the JSON is not what
            notebooks are written in.
    """
    notebook = before.decode("utf-8")
    spans = list(_sources(notebook))
    for number, _, new in reversed(list(changed(cells, text, after))):
        start, end = spans[number - 1]
        written = _written(notebook[start:end], new, ascii_only=notebook.isascii())
        notebook = notebook[:start] + written + notebook[end:]
    data = notebook.encode("utf-8")
    if reading.joined(data, lambda *_: True)[0] != after:
        raise UnicodeError("the fix does not fit into its cells")
    return data


def changed(cells: tuple[Cell, ...], text: str, after: str) -> Iterator[tuple[int, str, str]]:
    """Each cell that another text changes: its number, what it is and what it becomes.

    Raises:
        UnicodeError: the cells of the other text cannot be told apart.
    """
    old, new = reading.parts(cells, text), reading.parts(cells, after)
    for number, source in old.items():
        if source != new[number]:
            yield number, source, new[number]


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


def _written(before: str, text: str, *, ascii_only: bool) -> str:
    """A cell's source in the form it had: one string or a list of lines, with its layout."""
    if not before.startswith("["):
        raw = _CHARACTER.findall(before[1:-1])
        characters = list(text)
        first, last = _same(list(map(_character, raw)), characters)
        inside = "".join(characters[first : len(characters) - last])
        middle = json.dumps(inside, ensure_ascii=ascii_only)[1:-1]
        return f'"{"".join(raw[:first])}{middle}{"".join(raw[len(raw) - last :])}"'
    old = list(_STRING.finditer(before))
    ends = [old[0].start(), *(literal.end() for literal in old)]
    starts = [*(literal.start() for literal in old), old[-1].end()]
    gaps = [before[end:start] for end, start in zip(ends, starts, strict=True)]
    # Where there is but one line, the next goes below it.
    gaps[0] = gaps[-1] = gaps[1] if len(old) > 1 else f",{before[1 : starts[0]] or ' '}"
    first, last, lines = _lines([json.loads(literal[0]) for literal in old], text)
    middle = gaps[first].join(json.dumps(line, ensure_ascii=ascii_only) for line in lines)
    head, tail = before[: ends[first]], before[starts[len(old) - last] :]
    if not lines:
        return head + (gaps[first] if first and last else "") + tail
    return "".join(
        [head, gaps[first] if first else "", middle, gaps[len(old) - last] if last else "", tail]
    )


def _character(raw: str) -> str:
    return raw if len(raw) == 1 else str(json.loads(f'"{raw}"'))


def _lines(old: Sequence[str], text: str) -> tuple[int, int, list[str]]:
    """How many lines stay at the start of a text and at its end, and those between them."""
    first, start = 0, 0
    while first < len(old) and text.startswith(old[first], start):
        end = start + len(old[first])
        if end < len(text) and not old[first].endswith(("\n", "\r")):
            break
        first, start = first + 1, end
    last, end = 0, len(text)
    while last < len(old) - first and text.endswith(old[-1 - last], start, end):
        begin = end - len(old[-1 - last])
        if begin > start and text[begin - 1] not in "\r\n":
            break
        last, end = last + 1, begin
    return first, last, text[start:end].splitlines(keepends=True)


def _same(old: list[str], new: list[str]) -> tuple[int, int]:
    """How much of two lists is the same at their starts and, of the rest, at their ends."""
    first = _common(old, new)
    return first, _common(old[first:][::-1], new[first:][::-1])


def _common(one: list[str], other: list[str]) -> int:
    return len(list(takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False))))
