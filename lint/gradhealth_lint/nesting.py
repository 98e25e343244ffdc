"""Expressions nested so deeply that reading them would take minutes, or more stack than there is.

CPython refuses such source from 3.11 on and reads it before. libcst's time grows faster than the
square of the depth: a sum of 3,000 terms takes 2 s, one of 20,000 more than ten minutes.
"""

from __future__ import annotations

from typing import Any, Final

#: Levels of one expression. Generated tables of sums have hundreds.
_DEEPEST: Final = 1_000
#: So much text on one line, or so many lines that go on, can hold that many levels.
_LONG_LINE: Final = 2_000
#: What a line begins or ends with if the one before it, or it itself, goes on.
_BEGINS: Final = ("+", "-", "*", "/", "%", "|", "&", "^", "@", ".", "or", "and")
_ENDS: Final = (*_BEGINS, ",", "(", "[")
#: What no line within an expression begins with.
_OUTSIDE: Final = ("def ", "class ", "return ", "import ")
_ONLY_AST: Final = 0x400  # ast.PyCF_ONLY_AST


def is_too_deep(text: str) -> bool:
    """Whether readable source has an expression of more levels than can be gone through."""
    if not _may_be_deep(text):
        return False
    try:
        tree = compile(text, "<source>", "exec", flags=_ONLY_AST, dont_inherit=True)
    except (SyntaxError, ValueError):
        return False  # newer grammar than the running Python's
    waiting: list[tuple[Any, int]] = [(tree, 0)]
    while waiting:
        node, depth = waiting.pop()
        if depth > _DEEPEST:
            return True
        for name in node._fields:
            value = getattr(node, name, None)
            inside = value if isinstance(value, list) else [value]
            waiting.extend((one, depth + 1) for one in inside if hasattr(one, "_fields"))
    return False


def _may_be_deep(text: str) -> bool:
    lines = text.split("\n")
    if max(map(len, lines)) >= _LONG_LINE:
        return True
    if len(lines) <= _DEEPEST:
        return False
    going_on = 0
    for line in lines:
        bare = line.strip()
        if bare.startswith(_BEGINS) or bare.endswith(_ENDS):
            going_on += 1
            if going_on >= _DEEPEST:
                return True
        elif bare.startswith(_OUTSIDE):
            going_on = 0
    return False
