"""Random steps in random files: the new tree is the old one with that step, all comments stay."""

from __future__ import annotations

import ast
import io
import tokenize
from collections import Counter
from collections.abc import Callable
from random import Random
from typing import Final

import pytest

from gradhealth_lint.edits.plan import (
    Delete,
    DropKeyword,
    InsertAfter,
    InsertBefore,
    Replace,
    SetKeyword,
    Step,
    Wrap,
)
from gradhealth_lint.edits.text import LINE_END
from tests.lint.editing import made
from tests.lint.odd_files import draw

FILES: Final = 150
STEPS: Final[dict[str, Step]] = {
    "before": InsertBefore(0, (("new(1)",), ("newer()",))),
    "after": InsertAfter(0, (("new(1)",),)),
    "delete": Delete(0),
    "replace": Replace(0, ("a + b",)),
    "wrap": Wrap(0, ("new(",), (", 1)",)),
    "give": SetKeyword(0, "k", ("a if b else c",)),
    "drop": DropKeyword(0, "k"),
}


class Expected(ast.NodeTransformer):
    """The step made in a tree."""

    def __init__(self, step: str, name: str) -> None:
        self._step = step
        self._name = name

    def run(self, tree: ast.Module) -> str:
        if self._step in {"before", "after", "delete"}:
            self._statements(tree)
        else:
            self.visit(tree)
        return ast.dump(tree)

    def _statements(self, node: ast.AST) -> bool:
        """Make the step in the block that the call is in, innermost first."""
        for _, block in ast.iter_fields(node):
            if not isinstance(block, list):
                continue
            for place, one in enumerate(block):
                if not isinstance(one, ast.AST):
                    continue
                if self._statements(one):
                    return True
                if isinstance(one, ast.stmt) and self._holds(one):
                    self._edit(block, place, top=isinstance(node, ast.Module))
                    return True
        return any(
            self._statements(child)
            for child in ast.iter_child_nodes(node)
            if isinstance(child, (ast.stmt, ast.ExceptHandler)) and child not in _blocks(node)
        )

    def _edit(self, block: list[ast.AST], place: int, *, top: bool) -> None:
        new = ast.parse("new(1)\nnewer()").body
        if self._step == "before":
            block[place:place] = new
        elif self._step == "after":
            block[place + 1 : place + 1] = new[:1]
        elif len(block) == 1 and not top:
            block[place] = ast.Pass()
        else:
            del block[place]

    def _holds(self, node: ast.AST) -> bool:
        return any(isinstance(one, ast.Name) and one.id == self._name for one in ast.walk(node))

    def visit_Call(self, node: ast.Call) -> ast.expr:
        self.generic_visit(node)
        if not (isinstance(node.func, ast.Name) and node.func.id == self._name):
            return node
        if self._step == "replace":
            return _expression("a + b")
        if self._step == "wrap":
            return ast.Call(ast.Name("new", ast.Load()), [node, ast.Constant(1)], [])
        kept = [one for one in node.keywords if one.arg != "k"]
        if self._step == "give":
            given = ast.keyword("k", _expression("a if b else c"))
            there = [given if one.arg == "k" else one for one in node.keywords]
            kept = there if len(kept) < len(node.keywords) else [*kept, given]
        node.keywords = kept
        return node


def _blocks(node: ast.AST) -> list[object]:
    return [one for _, value in ast.iter_fields(node) if isinstance(value, list) for one in value]


def _expression(code: str) -> ast.expr:
    return ast.parse(code, mode="eval").body


def comments(text: str) -> Counter[str]:
    tokens = tokenize.generate_tokens(io.StringIO(text, newline=None).readline)
    return Counter(token.string for token in tokens if token.type == tokenize.COMMENT)


def line_ends(text: str) -> set[str]:
    return set(LINE_END.findall(text))


@pytest.mark.parametrize("name", STEPS)
def test_steps_do_what_they_say_and_nothing_else(name: str) -> None:
    random = Random(name)
    done = 0
    for _ in range(FILES):
        file = draw(random)
        call = random.choice(file.calls)
        after = made(file.text, [call], STEPS[name])
        if after is None:
            continue
        done += 1
        tree = Expected(name, call.partition("(")[0]).run(ast.parse(file.text))
        assert ast.dump(ast.parse(after)) == tree, f"{call!r} in\n{file.text!r}\n{after!r}"
        lost = comments(file.text) - comments(after)
        assert not lost or name in {"delete", "drop"}, file.text
        assert not comments(after) - comments(file.text)
        assert line_ends(after) <= (line_ends(file.text) or {"\n"}), file.text
    share = {"drop": 0.2}.get(name, 0.5)
    assert done > share * FILES, "too many were withheld to say anything"


def test_this_test_can_fail() -> None:
    """A tree with the step elsewhere is another one."""
    text = "t0()\nt1()\n"
    after = made(text, ["t0()"], STEPS["before"])
    assert after is not None
    other: Callable[[str], str] = lambda name: Expected("before", name).run(ast.parse(text))  # noqa: E731
    assert ast.dump(ast.parse(after)) == other("t0") != other("t1")
