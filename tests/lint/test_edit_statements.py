"""Statements put before and after others and taken out, in odd formatting too."""

from __future__ import annotations

import pytest

from gradhealth_lint.edits.plan import Delete, InsertAfter, InsertBefore, Template
from tests.lint.editing import made

NEW: tuple[Template, ...] = (("new()",),)

BEFORE = {
    "plain": ("a()\nstep()\n", "a()\nnew()\nstep()\n"),
    "in a block": ("if x:\n    step()\n", "if x:\n    new()\n    step()\n"),
    "tabs": ("if x:\n\tif y:\n\t\tstep()\n", "if x:\n\tif y:\n\t\tnew()\n\t\tstep()\n"),
    "crlf": ("a()\r\nif x:\r\n  step()\r\n", "a()\r\nif x:\r\n  new()\r\n  step()\r\n"),
    "old mac": ("a()\rstep()\r", "a()\rnew()\rstep()\r"),
    "mixed line ends": ("a()\r\nif x:\n  step()\n", "a()\r\nif x:\n  new()\n  step()\n"),
    "no newline at the end": ("a()\nstep()", "a()\nnew()\nstep()"),
    "the only line": ("step()", "new()\nstep()"),
    "comment behind": ("step()  # why\n", "new()\nstep()  # why\n"),
    "comment above": ("# why\nstep()\n", "# why\nnew()\nstep()\n"),
    "one-line suite": ("if a: step()\n", "if a: new(); step()\n"),
    "one-line else": ("if a: b()\nelse: step()\n", "if a: b()\nelse: new(); step()\n"),
    "one-line function": ("def f(): return step()\n", "def f(): new(); return step()\n"),
    "semicolons": ("a(); step(); b()\n", "a(); new(); step(); b()\n"),
    "first of several": ("step(); b()\n", "new()\nstep(); b()\n"),
    "continued line": ("if a: \\\n    step()\n", "if a: \\\n    new(); step()\n"),
    "over lines": ("x = f(\n    step(),\n)\n", "new()\nx = f(\n    step(),\n)\n"),
    "assigned": ("loss = step()\n", "new()\nloss = step()\n"),
    "wide characters": ("s = 'é𝕏'; step()\n", "s = 'é𝕏'; new(); step()\n"),
    "form feed": ("a()\n\x0cstep()\n", "a()\n\x0cnew()\n\x0cstep()\n"),
    "with item": ("with step() as s:\n    pass\n", "new()\nwith step() as s:\n    pass\n"),
    "decorator": ("@step()\ndef f(): ...\n", "new()\n@step()\ndef f(): ...\n"),
    "below a text": ('"""Doc."""\nstep()\n', '"""Doc."""\nnew()\nstep()\n'),
}
NOT_BEFORE = {
    "elif": "if a:\n    b()\nelif step():\n    c()\n",
    "while": "while step():\n    pass\n",
    "lambda": "f = lambda: step()\n",
    "comprehension": "x = [step() for _ in y]\n",
    "if expression": "x = step() if a else b\n",
    "second of and": "x = a and step()\n",
    "except": "try:\n    a()\nexcept step():\n    pass\n",
    "case guard": "match a:\n    case 1 if step():\n        pass\n",
    "in a string": "x = '''\nstep()\n'''\n",
}
AFTER = {
    "plain": ("step()\nb()\n", "step()\nnew()\nb()\n"),
    "comment behind": ("step()  # why\nb()\n", "step()  # why\nnew()\nb()\n"),
    "crlf": ("if x:\r\n\tstep()\r\n", "if x:\r\n\tstep()\r\n\tnew()\r\n"),
    "no newline at the end": ("if x:\n  step()", "if x:\n  step()\n  new()"),
    "comment at the end": ("step()  # why", "step()  # why\nnew()"),
    "one-line suite": ("if a: step()\nb()\n", "if a: step(); new()\nb()\n"),
    "semicolons": ("a(); step(); b()\n", "a(); step(); new(); b()\n"),
    "first of several": ("step(); b()\n", "step(); new(); b()\n"),
    "last semicolon": ("step();  # why\nb()\n", "step();  # why\nnew()\nb()\n"),
    "over lines": ("x = [\n  step(),\n]\nb()\n", "x = [\n  step(),\n]\nnew()\nb()\n"),
    "closed on a line of others": ("step(); b(\n)\n", "step(); new(); b(\n)\n"),
}
DELETED = {
    "plain": ("a()\nstep()\nb()\n", "a()\nb()\n"),
    "comment behind": ("a()\nstep()  # why\nb()\n", "a()\nb()\n"),
    "crlf": ("a()\r\nstep()\r\nb()\r\n", "a()\r\nb()\r\n"),
    "last without newline": ("a()\nstep()", "a()"),
    "last without newline, crlf": ("a()\r\nstep()", "a()"),
    "alone in a block": ("if x:\n    step()  # why\n", "if x:\n    pass  # why\n"),
    "alone in a file": ("step()\n", ""),
    "one-line suite": ("if a: step()\n", "if a: pass\n"),
    "first of a one-line suite": ("if a: step(); b()\n", "if a: b()\n"),
    "in the middle": ("a(); step(); b()\n", "a(); b()\n"),
    "first of several": ("  \nif x:\n  step(); b()\n", "  \nif x:\n  b()\n"),
    "last of several": ("a(); step()  # why\n", "a()  # why\n"),
    "last semicolon": ("a(); step();\n", "a();\n"),
    "over lines": ("a()\nx = f(\n    step(),\n)\nb()\n", "a()\nb()\n"),
    "tabs": ("if x:\n\ta()\n\tstep()\n", "if x:\n\ta()\n"),
    "continued": ("a()\nx = 1 + \\\n    step()\nb()\n", "a()\nb()\n"),
    "else": ("if x:\n    a()\nelse:\n    step()\n", "if x:\n    a()\nelse:\n    pass\n"),
    "in except": ("try:\n  a()\nexcept E:\n  b()\n  step()\n", "try:\n  a()\nexcept E:\n  b()\n"),
    "in a case": ("match a:\n  case 1:\n    step()\n", "match a:\n  case 1:\n    pass\n"),
}


@pytest.mark.parametrize("name", BEFORE)
def test_before(name: str) -> None:
    text, expected = BEFORE[name]
    assert made(text, ["step()"], InsertBefore(0, NEW)) == expected


@pytest.mark.parametrize("name", NOT_BEFORE)
def test_not_before_what_may_not_run_or_run_again(name: str) -> None:
    assert made(NOT_BEFORE[name], ["step()"], InsertBefore(0, NEW)) is None


@pytest.mark.parametrize("name", AFTER)
def test_after(name: str) -> None:
    text, expected = AFTER[name]
    assert made(text, ["step()"], InsertAfter(0, NEW)) == expected


@pytest.mark.parametrize("name", DELETED)
def test_delete(name: str) -> None:
    text, expected = DELETED[name]
    assert made(text, ["step()"], Delete(0)) == expected


def test_after_a_block() -> None:
    text = "for x in y:\n    a()\n    # its comment\n\n# another\nb()\n"
    loop = text[: text.index("\n    #")]
    after = "for x in y:\n    a()\n    # its comment\nnew()\n\n# another\nb()\n"
    assert made(text, [loop], InsertAfter(0, NEW)) == after
    assert made(text, [loop], InsertBefore(0, NEW)) == f"new()\n{text}"
    assert (
        made("if a: step();\n", ["if a: step()"], InsertAfter(0, NEW)) == "if a: step();\nnew()\n"
    )


def test_a_decorated_function_is_one_with_its_decorators() -> None:
    text = "a()\n\n@one\n@two(3)\ndef f():\n    return 1\n"
    function = "def f():\n    return 1"
    assert made(text, [function], Delete(0)) == "a()\n\n"
    before = "a()\n\nnew()\n@one\n@two(3)\ndef f():\n    return 1\n"
    assert made(text, [function], InsertBefore(0, NEW)) == before


@pytest.mark.parametrize("text", ["return step()", "raise step()"])
def test_nothing_goes_where_it_would_never_run(text: str) -> None:
    assert made(f"def f():\n    {text}\n", ["step()"], InsertAfter(0, NEW)) is None


def test_several_statements_keep_their_order() -> None:
    lines: tuple[Template, ...] = (("one()",), ("two()",))
    assert made("if x:\n  step()\n", ["step()"], InsertBefore(0, lines)) == (
        "if x:\n  one()\n  two()\n  step()\n"
    )
    assert made("if x: step()\n", ["step()"], InsertBefore(0, lines)) == (
        "if x: one(); two(); step()\n"
    )
    both = (InsertBefore(0, NEW), InsertBefore(0, (("newer()",),)))
    assert made("step()\n", ["step()"], *both) == "new()\nnewer()\nstep()\n"
    assert made("step()\n", ["step()"], InsertAfter(0, lines)) == "step()\none()\ntwo()\n"


def test_a_compound_statement_needs_a_line_of_its_own() -> None:
    block: tuple[Template, ...] = (("if y: new()",),)
    assert made("step()\n", ["step()"], InsertBefore(0, block)) == "if y: new()\nstep()\n"
    assert made("if x: step()\n", ["step()"], InsertBefore(0, block)) is None


def test_a_file_that_is_not_python_is_left_alone() -> None:
    assert made("step()\n)\n", ["step()"], InsertBefore(0, NEW)) is None
    assert made("step()\n", ["step()"], InsertBefore(0, (("new(",),))) is None


def test_what_must_be_first_stays_first() -> None:
    text = '"""step"""\nfrom __future__ import annotations\n'
    assert made(text, ['"""step"""'], InsertBefore(0, NEW)) is None
    assert made(text, ["from __future__ import annotations"], InsertBefore(0, NEW)) is None
