"""A source line with marks under a part of it: tabs, wide characters, long lines."""

from __future__ import annotations

import pytest

from gradhealth_lint.formats.excerpt import excerpt
from gradhealth_lint.formats.printable import width


@pytest.mark.parametrize(
    ("line", "span", "text", "marks"),
    [
        ("x = f(1)", (5, 9), "x = f(1)", "    ^^^^"),
        ("\tx = f(1)", (6, 10), "    x = f(1)", "        ^^^^"),
        ("a\tf(1)", (3, 7), "a   f(1)", "    ^^^^"),
        ("'日本', f(1)", (7, 11), "'日本', f(1)", "        ^^^^"),
        ("'日本'", (2, 4), "'日本'", " ^^^^"),
        ("e\u0301 = f(1)", (6, 10), "e\u0301 = f(1)", "    ^^^^"),
        ("\x0cx = f(1)", (6, 10), "\\x0cx = f(1)", "        ^^^^"),
        ("x\u3000= 1", (1, 2), "x\u3000= 1", "^"),
        ("x = (", (6, 6), "x = (", "     ^"),
        ("x", (9, 12), "x", " ^"),
        ("x = 1   ", (5, 9), "x = 1", "    ^"),
    ],
)
def test_marks_are_under_the_span(line: str, span: tuple[int, int], text: str, marks: str) -> None:
    assert excerpt(line, *span) == (text, marks)


def test_long_lines_are_cut_around_the_marks() -> None:
    line = "a" * 500 + "f(1)" + "b" * 500
    text, marks = excerpt(line, 501, 505)
    assert text.startswith("...aaa")
    assert text.endswith("bbb...")
    assert width(text) <= 126
    assert text[marks.index("^") : len(marks)] == "f(1)"
    tabs, marks_after = excerpt("\t" * 100 + "f(1)", 101, 105)
    assert tabs.endswith("f(1)")
    assert tabs[marks_after.index("^") :] == "f(1)"
    wide, marks_under = excerpt("日" * 100 + "f(1)", 101, 105)
    assert wide == "..." + "日" * 24 + "f(1)"
    assert marks_under == " " * 51 + "^^^^"
    text, marks = excerpt(line, 1, 1005)
    assert marks == "^" * 120
    assert text == "a" * 120 + "..."
