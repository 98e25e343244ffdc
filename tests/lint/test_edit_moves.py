"""Statements moved before and after others of the same function."""

from __future__ import annotations

import pytest

from gradhealth_lint.edits.plan import (
    InsertBefore,
    MoveAfter,
    MoveBefore,
    SameFunction,
)
from tests.lint.editing import made

BEFORE = {
    "plain": ("a()\nstep()\nclip()\nb()\n", "a()\nclip()\nstep()\nb()\n"),
    "with its comment": ("step()\nclip()  # why\nb()\n", "clip()  # why\nstep()\nb()\n"),
    "at the end": ("step()\nclip()", "clip()\nstep()"),
    "crlf": ("if x:\r\n  step()\r\n  clip()\r\n", "if x:\r\n  clip()\r\n  step()\r\n"),
    "things between": ("step()\na()\nclip()\n", "clip()\nstep()\na()\n"),
    "assigned": ("step()\nn = clip()\nb(n)\n", "n = clip()\nstep()\nb(n)\n"),
    "under its test": (
        "if x:\n    step()\n    if y:\n        clip()  # why\n    b()\n",
        "if x:\n    if y:\n        clip()  # why\n    step()\n    b()\n",
    ),
    "in its context": ("step()\nwith y:\n    clip()\n", "with y:\n    clip()\nstep()\n"),
    "into a context": ("with y:\n    step()\nclip()\n", "with y:\n    clip()\n    step()\n"),
    "semicolons": ("step(); clip(); b()\n", "clip()\nstep(); b()\n"),
    "one-line suite": ("if a: step(); clip()\n", "if a: clip(); step()\n"),
    "over lines": ("step()\nclip(\n    1,\n)\n", "clip(\n    1,\n)\nstep()\n"),
    "down": ("clip()\na()\nstep()\n", "a()\nclip()\nstep()\n"),
}
NOT_BEFORE = {
    "other function": "def f():\n    step()\ndef g():\n    clip()\n",
    "function and module": "def f():\n    step()\nclip()\n",
    "two in a test": "step()\nif y:\n    a()\n    clip()\n",
    "else": "step()\nif y:\n    clip()\nelse:\n    a()\n",
    "elif": "step()\nif y:\n    a()\nelif z:\n    clip()\n",
    "loop": "step()\nfor y in z:\n    clip()\n",
    "into a test": "if y:\n    step()\nclip()\n",
    "into a loop": "for y in z:\n    step()\nclip()\n",
    "from a try": "step()\ntry:\n    clip()\nfinally:\n    a()\n",
    "the same": "x = step() + clip()\n",
    "down with what it sets": "n = clip()\nb(n)\nstep()\n",
}
AFTER = {
    "plain": ("a()\nclip()\nstep()\nb()\n", "a()\nstep()\nclip()\nb()\n"),
    "with its comment": (
        "clip()  # why\nstep()  # because\n",
        "step()  # because\nclip()  # why\n",
    ),
    "at the end": ("clip()\nstep()", "step()\nclip()"),
    "behind a block": (
        "for e in es:\n    clip()\n    for x in xs:\n        step()\n    a()\n",
        "for e in es:\n    for x in xs:\n        step()\n    clip()\n    a()\n",
    ),
}


@pytest.mark.parametrize(("text", "expected"), BEFORE.values(), ids=BEFORE)
def test_before(text: str, expected: str) -> None:
    assert made(text, ["clip(", "step()"], MoveBefore(0, 1)) == expected


@pytest.mark.parametrize("text", NOT_BEFORE.values(), ids=NOT_BEFORE)
def test_not_before(text: str) -> None:
    assert made(text, ["clip(", "step()"], MoveBefore(0, 1)) is None


@pytest.mark.parametrize(("text", "expected"), AFTER.values(), ids=AFTER)
def test_after(text: str, expected: str) -> None:
    target = "for x in xs:\n        step()" if "xs" in text else "step()"
    assert made(text, ["clip()", target], MoveAfter(0, 1)) == expected


def test_into_loops_if_the_plan_says_so() -> None:
    text = "for e in es:\n    clip()\n    for x in xs:\n        step()\n"
    expected = "for e in es:\n    for x in xs:\n        clip()\n        step()\n"
    assert made(text, ["clip()", "step()"], MoveBefore(0, 1, inner=True)) == expected
    tested = "clip()\nfor x in xs:\n    if x:\n        step()\n"
    assert made(tested, ["clip()", "step()"], MoveBefore(0, 1, inner=True)) is None


def test_the_same_function_or_nothing() -> None:
    steps = (SameFunction(0, 1), InsertBefore(1, (("new()",),)))
    assert made("clip()\nstep()\n", ["clip()", "step()"], *steps) == "clip()\nnew()\nstep()\n"
    assert made("clip()\ndef f():\n    step()\n", ["clip()", "step()"], *steps) is None
