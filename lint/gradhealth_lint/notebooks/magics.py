"""Lines that IPython runs and Python cannot read, held out of a cell's text and put back."""

from __future__ import annotations

import re
from typing import Final

#: Cells that IPython runs as Python, with something around it; all other ``%%`` are not Python.
_PYTHON_CELLS: Final = frozenset({
    "capture", "debug", "heat", "ipytest", "lprun", "memit", "mprun", "prun", "pyinstrument",
    "scalene", "snakeviz", "time", "timeit", "wandb",
})  # fmt: skip
#: ``%magic``, ``!command``, ``?name``, ``name?`` and ``names = %magic``: never the start of Python.
_MAGIC: Final = re.compile(
    r"([ \t\f]*)(?:[%!?][^\r\n]*|[^#'\"\r\n]*\?[ \t]*(?=[\r\n]|$)"
    r"|[\w ,()\[\].*'\"]+=[ \t]*(?:!(?!=)|%{1,2}\w)[^\r\n]*)"
)
#: What can hold an end of line that ends no statement, comments, and ends of lines.
_TOKEN: Final = re.compile(
    r'"""(?:\\.|[^\\])*?"""|' + r"'''(?:\\.|[^\\])*?'''|"
    r'"(?:\\.|[^"\\\r\n])*"|' + r"'(?:\\.|[^'\\\r\n])*'|"
    r"\#[^\r\n]*|\\(?:\r\n|\r|\n)|\r\n|[\r\n]|[()\[\]{}]",
    re.DOTALL,
)
_LINE: Final = re.compile(r"([^\r\n]*)(\r\n|\r|\n|$)")
_HELD: Final = re.compile(r"(?:pass  )?# gradhealth-magic (\d+)")


def is_python(text: str) -> bool:
    """Whether a cell's ``%%`` leaves it Python."""
    words = text.split(None, 1)
    first = words[0] if words else ""
    return not first.startswith("%%") or first[2:] in _PYTHON_CELLS


def held_out(text: str, number: int) -> tuple[str, tuple[tuple[int, str], ...]]:
    """The text with lines that do nothing in place of magics; those, numbered from ``number``."""
    done: list[str] = []
    held: list[tuple[int, str]] = []
    place = 0
    while place < len(text):
        magic = _MAGIC.match(text, place)
        if magic is None:
            start, place = place, _end_of_statement(text, place)
            done.append(text[start:place])
            continue
        done.append(magic[1])
        place, word, joined = magic.end(1), "pass  ", True
        while joined and place < len(text):
            found = _LINE.match(text, place)
            assert found is not None
            done.append(f"{word}# gradhealth-magic {number + len(held)}{found[2]}")
            held.append((number + len(held), found[1]))
            place, word, joined = found.end(), "", found[1].endswith("\\")
    return "".join(done), tuple(held)


def put_back(text: str, held: tuple[tuple[int, str], ...]) -> str:
    """The text with its magics."""
    lines = dict(held)
    return _HELD.sub(lambda match: lines.get(int(match[1]), match[0]), text)


def _end_of_statement(text: str, place: int) -> int:
    """Where the first line that is not joined with this one begins."""
    depth = 0
    for token in _TOKEN.finditer(text, place):
        if token[0] in "([{":
            depth += 1
        elif token[0] in ")]}":
            depth = max(depth - 1, 0)
        elif token[0][0] in "\r\n" and not depth:
            return token.end()
    return len(text)
