"""Files in all kinds of formatting, drawn at random, with calls t0(...), t1(...) all over them."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from random import Random

_COMMENTS: Final = ("", "", "", "  # why", " #é", "\t# 𝕏", ";", ";  # why")
_BLOCKS: Final = (
    "if a:", "while a:", "for i in b:", "with c as d:", "def f(x, *y):", "class A:", "try:",
    "async def g():", "@d1\n@d2(1)\ndef h(x):", "if a:  # c", "if (a and\n      b):", "match a:",
)  # fmt: skip
_ARGUMENTS: Final = (
    "", "a", "a, b", "k=1", "a, k=1", "k=1, b=2", "a, k=(1), b=2", "a,", "a, k=1,", "*a",
    "\n  a,  # first\n  k=1,  # second\n", "\n  a,\n  b\n", "(a), (b)", "k=(\n1)",
)  # fmt: skip


class OddFile:
    """One file; ``calls`` are the codes of its calls."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self.calls: list[str] = []
        lines = ['"""Text."""'] if random.random() < 0.3 else []
        lines += self._body("", 0)
        newline = random.choice(["\n", "\n", "\r\n", "\r"])
        mixed = random.random() < 0.1
        self.text = "".join(
            line + (random.choice(["\n", "\r\n"]) if mixed else newline)
            for line in "\n".join(lines).split("\n")
        )
        self.calls = [call.replace("\n", newline) for call in self.calls]
        if random.random() < 0.3:
            self.text = self.text.rstrip("\r\n")

    def _body(self, indent: str, depth: int) -> list[str]:
        lines: list[str] = []
        for _ in range(self._random.randint(1, 4)):
            if depth < 3 and self._random.random() < 0.35:
                lines += self._block(indent, depth)
            else:
                lines.append(self._line(indent))
            if self._random.random() < 0.15:
                lines.append(self._random.choice(["", f"{indent}# alone", " \t", "\x0c"]))
        return lines

    def _block(self, indent: str, depth: int) -> list[str]:
        inner = indent + self._random.choice(["    ", "  ", "\t", " \t"])
        head = self._random.choice(_BLOCKS)
        lines = [f"{indent}{line}" for line in head.split("\n")]
        if head == "match a:":
            lines += [f"{inner}case 1:", *self._body(inner + " ", depth + 1)]
            return lines
        if head in {"if a:", "while a:"} and self._random.random() < 0.3:
            suite = self._line("").lstrip()
            return [f"{indent}{head} {suite}"]
        lines += self._body(inner, depth + 1)
        if head == "try:":
            lines += [f"{indent}except E:", *self._body(inner, depth + 1)]
        elif head.startswith("if a:") and self._random.random() < 0.5:
            test = self._random.choice(["else", f"elif {self._call()}", "elif b"])
            lines += [f"{indent}{test}:", *self._body(inner, depth + 1)]
        return lines

    def _line(self, indent: str) -> str:
        count = self._random.choice([1, 1, 1, 2, 3])
        joined = self._random.choice(["; ", ";", " ;  "])
        statements = joined.join(self._statement() for _ in range(count))
        return f"{indent}{statements}{self._random.choice(_COMMENTS)}"

    def _statement(self) -> str:
        call = self._call()
        forms = (
            call, call, f"x = {call}", f"x = (1 + {call}) * 2", f"x = - {call} ** 2", f"g({call})",
            f"assert {call}", f"x = [\n  {call},  # in it\n]", f"x = 1 + \\\n  {call}",
            f"x = '{chr(233)}', {call}", f"x = {call} if a else b", f"x = a if b else {call}",
            f"x = lambda: {call}", f"x = ({call} for i in b)", f"x[{call}] = 1", f"{call}.y()",
            f"x = a or {call}", f"x = not {call}", "pass", "x = 1", "x = f'{a!r:>{b}}'",
        )  # fmt: skip
        return self._random.choice(forms)

    def _call(self) -> str:
        call = f"t{len(self.calls)}({self._random.choice(_ARGUMENTS)})"
        self.calls.append(call)
        return call


def draw(random: Random) -> OddFile:
    """A file that Python can parse; what it cannot is drawn again."""
    while True:
        file = OddFile(random)
        file.calls = [call for call in file.calls if call in file.text]
        try:
            ast.parse(file.text)
        except SyntaxError:
            continue
        if file.calls:
            return file
