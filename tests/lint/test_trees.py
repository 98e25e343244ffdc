"""Trees made from CPython's parse against libcst's own."""

from __future__ import annotations

import ast
import warnings
from textwrap import dedent

import hypothesmith
import libcst as cst
import pytest
from hypothesis import HealthCheck, given, settings

from gradhealth_lint import engine, source, trees
from gradhealth_lint.limits import Limits
from gradhealth_lint.rules import ALL_RULES
from tests.lint.rule_cases import BAD, GOOD
from tests.lint.tree_shapes import shape

EXAMPLES = {
    f"{rule.code}-{example.name}": example.text
    for rule in ALL_RULES
    for example in (*rule.good, *GOOD[rule.code], *rule.bad, *BAD[rule.code])
}
#: A construct of the grammar each.
SYNTAX = {
    "literals": "x = [1, 0x1f, 1_0, 2.5, 1e999, 3j, 1e999j, 'a', b'b', r'\\d', ..., None, True]",
    "adjacent": "x = 'a' \"b\" r'\\c' f'{y!r:>{width}} and {z=}' 'd'",
    "binary": "x = (a + b) * c - d / e // f % g ** -h @ i << j >> k & l | m ^ ~n",
    "boolean": "x = a and b and (c or not d) or e\ny = (a or b) or c",
    "comparison": "x = a < b <= c != d == e > f >= g is h is not i in j not in k",
    "unary": "x = -a ** +b\ny = (-a) ** b\nz = not (a and b)",
    "calls": "f(a, *b, c, key=d, *e, **g)\nf(x for x in y)\n(a or b)(c).d[e]",
    "subscripts": "x[a], x[a:b:c], x[:, ..., None], x[(a, b)], x[::2], x[a,], x[()]",
    "tuples": "a, *b = c, d\n(a, b), [c, *d] = e\nx = ()\ny = (a,)",
    "containers": "x = {a: b, **c}, {a, *b}, [a, *b], {}, []",
    "comprehensions": "[a for b in c if d if e for f, g in h], {a: b for c in d}, {a for b in c}",
    "lambda": "f = lambda: 0\ng = lambda a, /, b=1, *c, d, e=2, **f: a if b else c",
    "named": "if (n := len(a)) > 1: pass",
    "assignments": "a = b = c\na += 1; b @= 2; c //= 3; d **= 4\na: int\nb: int = 1\nx.y[0]: str",
    "imports": "import a.b.c as d, e\nfrom . import f\nfrom ..g.h import i as j\nfrom m import *",
    "flow": """
        for a, b in c:
            if a: continue
            elif b: break
            else:
                pass
        else:
            while d: e()
            else: f()
    """,
    "nested-else": """
        if a:
            b
        else:
            if c:
                d
            else:
                e
    """,
    "with": "with a as b, c(d) as (e, f), g: pass\nwith (a as b, c): pass",
    "try": """
        try:
            a
        except (B, C) as d:
            raise E(d) from d
        except F:
            raise
        else:
            g
        finally:
            h
    """,
    "functions": """
        @a.b(c)
        def f(x, /, y: int = 1, *args: str, z, w=None, **kwargs) -> dict[str, int]:
            global g, h
            def inner():
                nonlocal x
                yield
                y = yield x
                yield from z
            return
        def only(*, a): return a
    """,
    "asynchronous": """
        async def f():
            async for a in b: await c
            async with d as e: return [g async for g in h]
    """,
    "classes": """
        @dataclass
        class A(B, *C, metaclass=D, **E):
            '''doc'''
            x: int = 0
        class F: ...
    """,
    "others": "assert a, b\ndel a, b[0]\ndel (c)\ndel (d, e)\nraise\n'doc' 'more'",
}


def both(text: str) -> tuple[cst.Module | None, cst.Module]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return trees.from_syntax(ast.parse(text)), cst.parse_module(text)


@pytest.mark.parametrize("text", [dedent(text) for text in SYNTAX.values()], ids=list(SYNTAX))
def test_every_construct_gives_the_tree_that_libcst_gives(text: str) -> None:
    light, real = both(text)
    assert light is not None
    assert shape(light) == shape(real)


@pytest.mark.parametrize("text", [dedent(text) for text in SYNTAX.values()], ids=list(SYNTAX))
def test_a_trees_code_means_what_the_source_meant(text: str) -> None:
    light, _ = both(text)
    assert light is not None
    assert shape(cst.parse_module(light.code)) == shape(light)


def test_every_examples_tree_is_libcsts() -> None:
    for name, text in EXAMPLES.items():
        light, real = both(text)
        assert light is not None, name
        assert shape(light) == shape(real), name


@pytest.mark.parametrize("start", range(8))
def test_rules_say_the_same_of_both_trees(start: int) -> None:
    limits = Limits()
    for name in sorted(EXAMPLES)[start::8]:
        read = source.from_bytes(EXAMPLES[name].encode(), "example.py")
        said = []
        for exact in (False, True):
            facts = engine.read(read, limits, stacks=True, exact=exact).facts
            every = ((r.code, item.anchor) for r in ALL_RULES for item in r.check(facts, limits))
            said.append(sorted(every))
        assert said[0] == said[1], name


@pytest.mark.parametrize(
    "text", ["match a:\n    case 1: pass\n", "try: pass\nexcept* A: pass\n"], ids=["match", "group"]
)
def test_what_is_not_covered_is_left_to_libcst(text: str) -> None:
    light, real = both(text)
    assert light is None
    read = source.from_bytes(text.encode(), "example.py")
    reading = engine.read(read, Limits(), stacks=True, exact=False)
    assert reading.exact
    assert reading.tree.deep_equals(real)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(hypothesmith.from_grammar())
def test_generated_programs_give_the_tree_that_libcst_gives(text: str) -> None:
    try:
        light, real = both(text)
    except (SyntaxError, ValueError, cst.ParserSyntaxError):
        return
    assert light is None or shape(light) == shape(real)
