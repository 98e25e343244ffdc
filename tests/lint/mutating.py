"""Programs nobody would write: those of a grammar under names that matter, and mutated files."""

from __future__ import annotations

import ast
import io
import json
import keyword
import re
import tokenize
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from gradhealth_lint import engine, fixing, source
from gradhealth_lint.limits import Limits
from gradhealth_lint.networks.prediction import predict_network
from gradhealth_lint.networks.recurrence_prediction import predict_recurrence
from gradhealth_lint.rules import ALL_RULES

if TYPE_CHECKING:
    from random import Random

#: Passes the screen of every rule and gives names of all kinds their values.
PRELUDE: Final = """\
import torch
from torch import nn, optim
import torch.nn.functional as F
class Net(nn.Module):
    def __init__(self, size=8):
        super().__init__()
        self.rnn = nn.LSTM(size, size)
        self.layers = nn.ModuleList([nn.Linear(size, size) for _ in range(9)])
        nn.init.normal_(self.layers[0].weight, 1.5, 0.1)
    def forward(self, x):
        for layer in self.layers:
            x = torch.sigmoid(layer(x))
        return F.log_softmax(self.rnn(x)[0].log(), -1)
model = Net()
opt = optim.Adam(model.parameters())
scaler = torch.cuda.amp.GradScaler()
for x, y in loader:
    loss = F.cross_entropy(F.softmax(model(x), -1), y)
    scaler.scale(loss).backward()
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    scaler.step(opt)
    opt.zero_grad()
"""
NAMES: Final = (
    "torch", "nn", "optim", "F", "Net", "model", "opt", "scaler", "loss", "x", "y", "layer",
    "self", "forward", "backward", "step", "zero_grad", "parameters", "weight", "data", "grad",
    "range", "len", "list", "dict", "zip", "super", "__init__", "append", "items", "init",
    "normal_", "Linear", "Sequential", "Module", "apply", "modules", "isinstance", "getattr",
    "setattr", "print", "args", "kwargs", "partial", "items", "train", "eval", "detach",
)  # fmt: skip
_SPLIT: Final = re.compile(rb"\w+|\s+|.", re.DOTALL)


def renamed(program: str, random: Random) -> str:
    """The program with names that mean something to the rules, and some numbers small."""
    lines = program.splitlines(keepends=True)
    try:
        tokens = list(tokenize.generate_tokens(io.StringIO(program).readline))
    except (tokenize.TokenError, SyntaxError):
        return program
    for token in reversed(tokens):
        row, column = token.start
        if token.type == tokenize.NAME and not keyword.iskeyword(token.string):
            new = random.choice(NAMES)
        elif token.type == tokenize.NUMBER:
            new = random.choice(["0", "1", "3", "-1", "1e400", "2.5", "1j", "10**9", "True"])
        else:
            continue
        if token.end[0] == row:
            line = lines[row - 1]
            lines[row - 1] = line[:column] + new + line[token.end[1] :]
    return "".join(lines)


def mutated(data: bytes, random: Random) -> bytes:
    """The bytes with a few changes; most often such that Python can still parse them."""
    change = broken if random.random() < 0.25 else _odd
    done = 0
    for _ in range(40):
        new = change(data, random)
        if change is broken or _is_python(new):
            data, done = new, done + 1
        if done == 4:
            break
    return data


def _odd(data: bytes, random: Random) -> bytes:
    """Another name for one, or a line twice, elsewhere or not at all."""
    if random.random() < 0.5:
        words = re.split(rb"(\b[^\W\d]\w*\b)", data)
        if len(words) > 1:
            place = 2 * random.randrange(len(words) // 2) + 1
            other = words[2 * random.randrange(len(words) // 2) + 1]
            words[place] = random.choice([other, random.choice(NAMES).encode()])
        return b"".join(words)
    lines = data.splitlines(keepends=True) or [b"\n"]
    one, other = (random.randrange(len(lines)) for _ in range(2))
    taken = lines[one : one + random.choice([1, 1, 1, 2, 5])]
    if random.random() < 0.6:
        del lines[one : one + len(taken)]
    if random.random() < 0.6:
        space = re.match(rb"\s*", lines[other] if other < len(lines) else b"")
        indent = b"" if space is None else space[0].strip(b"\r\n")
        lines[other:other] = [indent + line.lstrip() for line in taken]
    return b"".join(lines)


def broken(data: bytes, random: Random) -> bytes:
    """Whatever may happen to bytes."""
    units = data.splitlines(keepends=True) if random.random() < 0.5 else _SPLIT.findall(data)
    units = units or [b"\n"]
    one, other = (random.randrange(len(units)) for _ in range(2))
    kind = random.randrange(5)
    if kind == 0:
        del units[one : one + random.randint(1, 5)]
    elif kind == 1:
        units[one], units[other] = units[other], units[one]
    elif kind == 2:
        units.insert(one, random.choice([b"(", b")", b":", b"\n", b"\t", b"'", b'"""', b"*"]))
    elif kind == 3:
        units.insert(one, bytes([random.randrange(256)]))
    else:
        return data[: random.randrange(len(data) + 1)]
    return b"".join(units)


def _is_python(data: bytes) -> bool:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(data)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def as_notebook(program: bytes, random: Random) -> bytes:
    """The statements of a program spread over the cells of a notebook, with magics between."""
    lines = program.decode("utf-8", "replace").splitlines(keepends=True)
    starts = [0]
    if _is_python(program):
        for statement in ast.parse(program).body:
            decorators = getattr(statement, "decorator_list", ())
            starts.append(min([statement.lineno, *(one.lineno for one in decorators)]) - 1)
    kept = sorted({start for start in starts if random.random() < 0.3 or start == 0})
    cells: list[dict[str, Any]] = []
    for start, end in zip(kept, [*kept[1:], len(lines)], strict=True):
        magic = random.choice(["", "", "%pwd\n", "!ls \\\n  a\n", "x?\n", "%%time\n", "%%bash\n"])
        cell = [magic, *lines[start:end]] if magic else lines[start:end]
        kind = "code" if random.random() < 0.95 else "markdown"
        whole = random.random() < 0.2
        cells.append({"cell_type": kind, "source": "".join(cell) if whole else cell})
    notebook = {"cells": cells, "nbformat": 4, "metadata": {}}
    return json.dumps(notebook, indent=random.choice([None, 1])).encode()


def failure(data: bytes, name: str = "a.py", *, thorough: bool = False) -> str | None:
    """What goes wrong inside the linter on these bytes; None if nothing does.

    ``thorough`` makes the fixes and predictions as well.
    """
    settings = engine.Settings(
        tuple(ALL_RULES), Limits(), report_unused=True, known=frozenset(r.code for r in ALL_RULES)
    )
    result = engine.attempt(Path(name), name, settings, data)
    if result.failure is not None or not thorough:
        return result.failure
    try:
        _thorough(data, name, settings)
    except Exception as error:  # whatever it is, it is a finding
        return f"{type(error).__name__}: {error}"
    return None


def _thorough(data: bytes, name: str, settings: engine.Settings) -> None:
    try:
        read = source.from_bytes(data, name)
        found = engine.judge(read, settings).violations
    except source.UnreadableError:
        return
    if any(one.fix is not None for one in found):
        fixing.fix(read, settings, unsafe=True)
    reading = engine.read(read, settings.limits, stacks=True)
    for network in reading.facts.networks:
        predict_network(network, settings.limits)
    for recurrence in reading.facts.recurrences:
        predict_recurrence(recurrence, settings.limits)
