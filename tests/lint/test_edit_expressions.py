"""Expressions replaced and wrapped, keyword arguments given and taken out."""

from __future__ import annotations

import pytest

from gradhealth_lint.edits.plan import Code, DropKeyword, Replace, SetKeyword, Template, Wrap
from tests.lint.editing import made

REPLACED: dict[str, tuple[str, str, str]] = {
    "argument": ("f(old)\n", "a + b", "f(a + b)\n"),
    "keyword": ("f(x=old)\n", "a + b", "f(x=a + b)\n"),
    "operand": ("x = old ** 2\n", "a + b", "x = (a + b) ** 2\n"),
    "receiver": ("old.x\n", "a + b", "(a + b).x\n"),
    "receiver of a number": ("old.x\n", "1", "(1).x\n"),
    "callee": ("old(1)\n", "a.b", "a.b(1)\n"),
    "value": ("x = old  # why\n", "a if b else c", "x = a if b else c  # why\n"),
    "a tuple": ("f(old)\n", "1, 2", "f((1, 2))\n"),
    "in brackets": ("x = (\n    old  # why\n)\n", "a", "x = (\n    a  # why\n)\n"),
    "over lines": ("x = old\n", "a +\n b", "x = (a +\n b)\n"),
    "over lines in brackets": ("f(old)\n", "a +\n b", "f(a +\n b)\n"),
    "a word before": ("x = 1if old else 2\n", "a", "x = 1if a else 2\n"),
    "no space": ("x = [a for a in(b)if(old)]\r\n", "c", "x = [a for a in(b)if(c)]\r\n"),
    "returned": ("def f(): return old\n", "a, b", "def f(): return (a, b)\n"),
    "wide characters": ("s = 'é𝕏', old\n", "a", "s = 'é𝕏', a\n"),
    "awaited": ("async def f(): await old\n", "a or b", "async def f(): await (a or b)\n"),
}


@pytest.mark.parametrize("name", REPLACED)
def test_replace(name: str) -> None:
    text, code, expected = REPLACED[name]
    assert made(text, ["old"], Replace(0, (code,))) == expected


@pytest.mark.parametrize(
    "text", ["old = 1\n", "del old\n", "x = f'{old}'\n", "# old\n", "x = 'old'\n", "import old\n"]
)
def test_what_is_not_read_is_not_replaced(text: str) -> None:
    assert made(text, ["old"], Replace(0, ("new",))) is None


def test_a_word_is_not_run_into() -> None:
    assert made("x = 1if a else-b\n", ["-b"], Replace(0, ("b",))) == "x = 1if a else(b)\n"
    assert made("x = -b if a else c\n", ["-b"], Replace(0, ("not b",))) == (
        "x = (not b) if a else c\n"
    )


def test_comments_are_not_lost() -> None:
    text = "x = f(\n    a,  # first\n    b,\n)\n"
    call = text[4:-1]
    assert made(text, [call], Replace(0, ("g()",))) is None
    inner = "x = f(g(\n    a,  # first\n))\n"
    (old, kept) = (inner[4:-1], inner[6:-2])
    expected = "x = h(g(\n    a,  # first\n), 1)\n"
    assert made(inner, [old, kept], Replace(0, ("h(", Code(1), ", 1)"))) == expected


@pytest.mark.parametrize(
    ("kept", "expected"),
    [
        ("a", "f(a, a.x)"),
        ("a + b", "f(a + b, (a + b).x)"),
        ("(a, b)", "f((a, b), (a, b).x)"),
        ("a[1]", "f(a[1], a[1].x)"),
        ("lambda: a", "f(lambda: a, (lambda: a).x)"),
    ],
)
def test_the_users_code_gets_brackets_where_it_needs_them(kept: str, expected: str) -> None:
    code: Template = ("f(", Code(1), ", ", Code(1, atom=True), ".x)")
    text = f"x = g({kept})\n"
    assert made(text, [f"g({kept})", kept], Replace(0, code)) == f"x = {expected}\n"


WRAPPED: dict[str, tuple[str, str, str]] = {
    "plain": ("x = a + b\n", "a + b", "x = f(a + b, 1)\n"),
    "operand": ("x = a + b\n", "a", "x = f(a, 1) + b\n"),
    "in brackets": ("x = (a +\n     b).c\n", "a +\n     b", "x = (f(a +\n     b, 1)).c\n"),
    "comments": (
        "x = g(\n  a,  # why\n)\n",
        "g(\n  a,  # why\n)",
        "x = f(g(\n  a,  # why\n), 1)\n",
    ),
    "named": ("if (y := a): pass\n", "y := a", "if (f((y := a), 1)): pass\n"),
    "bare tuple": ("x = a, b\n", "a, b", "x = f((a, b), 1)\n"),
    "tuples": ("x = (a, b), (c, d)\n", "(a, b), (c, d)", "x = f(((a, b), (c, d)), 1)\n"),
    "a word before": ("def g(): return-a\n", "-a", "def g(): return f(-a, 1)\n"),
    "continued": ("x = a + \\\n  b\n", "a + \\\n  b", "x = f(a + \\\n  b, 1)\n"),
}


@pytest.mark.parametrize("name", WRAPPED)
def test_wrap(name: str) -> None:
    text, needle, expected = WRAPPED[name]
    assert made(text, [needle], Wrap(0, ("f(",), (", 1)",))) == expected


def test_what_is_no_value_is_not_wrapped() -> None:
    assert made("f(*a)\n", ["*a"], Wrap(0, ("g(",))) is None
    assert made("f(a for a in b)\n", ["(a for a in b)"], Wrap(0, ("g(",))) is None


GIVEN: dict[str, tuple[str, str]] = {
    "none": ("f()", "f(k=v)"),
    "one": ("f(a)", "f(a, k=v)"),
    "spaces": ("f( a )", "f( a, k=v )"),
    "last comma": ("f(a, )", "f(a, k=v )"),
    "brackets": ("f((a))", "f((a), k=v)"),
    "a line each": ("f(\n    a,\n    b,  # b\n)", "f(\n    a,\n    b,  # b\n    k=v,\n)"),
    "a line each, crlf": ("f(\r\n\ta,\r\n)", "f(\r\n\ta,\r\n\tk=v,\r\n)"),
    "no last comma": ("f(\n    a,\n    b  # b\n)", "f(\n    a,\n    b, k=v  # b\n)"),
    "several a line": ("f(a,\n  b, c,\n)", "f(a,\n  b, c, k=v\n)"),
    "another value": ("f(a, k=0, b=1)", "f(a, k=v, b=1)"),
    "another value in brackets": ("f(k=(0  # why\n))", "f(k=(v  # why\n))"),
    "comments only": ("f(  # none\n)", "f(k=v  # none\n)"),
    "two generators": ("f((a for a in b), c)", "f((a for a in b), c, k=v)"),
    "starred": ("f(*a)", "f(*a, k=v)"),
}


@pytest.mark.parametrize("name", GIVEN)
def test_give_a_keyword(name: str) -> None:
    text, expected = GIVEN[name]
    assert made(f"x = {text}\n", [text], SetKeyword(0, "k", ("v",))) == f"x = {expected}\n"


@pytest.mark.parametrize("text", ["f(**a)", "f(a for a in b)", "f'{f()}'", "f"])
def test_not_where_it_may_be_there_already(text: str) -> None:
    assert made(f"x = {text}\n", [text], SetKeyword(0, "k", ("v",))) is None


DROPPED: dict[str, tuple[str, str]] = {
    "only": ("f(k=1)", "f()"),
    "only, comma": ("f(k=1,)", "f()"),
    "first": ("f(k=1, a=2)", "f(a=2)"),
    "last": ("f(a, k=1)", "f(a)"),
    "last, comma": ("f(a, k=1,)", "f(a,)"),
    "middle": ("f(a, k=1, b=2)", "f(a, b=2)"),
    "brackets": ("f(a, k=(1 +\n 2), b=2)", "f(a, b=2)"),
    "brackets last": ("f(a, k=((1)))", "f(a)"),
    "own line": ("f(\n    a,  # a\n    k=1,  # k\n)", "f(\n    a,  # a\n)"),
    "own line, first": ("f(\n    k=1,\n    b=2,\n)", "f(\n    b=2,\n)"),
    "own last line": ("f(\n    a,  # a\n    k=1\n)", "f(\n    a,  # a\n)"),
    "a nested call": ("f(g(k=2), k=1)", "f(g(k=2))"),
}


@pytest.mark.parametrize("name", DROPPED)
def test_drop_a_keyword(name: str) -> None:
    text, expected = DROPPED[name]
    assert made(f"x = {text}\n", [text], DropKeyword(0, "k")) == f"x = {expected}\n"


def test_no_keyword_is_dropped_that_is_not_there_or_has_a_comment_beside_it() -> None:
    assert made("f(a)\n", ["f(a)"], DropKeyword(0, "k")) is None
    text = "f(a,  # a\n  k=1, b=2)"
    assert made(text, [text], DropKeyword(0, "k")) is None
