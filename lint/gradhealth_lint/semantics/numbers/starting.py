"""Which functions of a file are run on numbers, and what their arguments are taken to be.

A gradient is known to be wanted of what ``backward()`` is called on, of what a module's forward
pass returns, and of what a loss returns. In a loss, what is not a target by its name comes from a
model; in a forward pass only what is so named.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import libcst as cst

from gradhealth_lint.semantics.domain import walking
from gradhealth_lint.semantics.domain.values import UNKNOWN, ClassValue, Function, Instance, Symbol
from gradhealth_lint.semantics.numbers import functions
from gradhealth_lint.semantics.numbers.number import FIXED, LEARNED, PERHAPS, Number
from gradhealth_lint.semantics.numbers.scope import (
    Held,
    OutOfBudgetError,
    Scope,
    State,
    held,
    number,
)
from gradhealth_lint.semantics.python import classes
from gradhealth_lint.semantics.python.interpreter import BudgetExceededError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gradhealth_lint.semantics.numbers.number import Risk
    from gradhealth_lint.semantics.python.interpreter import Interpreter

#: A file without any of these has nothing that the rules ask for. Taken apart into its words it is
#: told in a tenth of the time that a pattern takes.
_TO_WORDS: Final = bytes(
    byte if byte >= 128 or chr(byte).isalnum() or byte == ord("_") else ord(" ")  # noqa: PLR2004
    for byte in range(256)
)
_ASKS: Final = frozenset(
    name.encode()
    for name in
    ("log", "log2", "log10", "log1p", "log_", "sqrt", "sqrt_", "rsqrt", "rsqrt_", "hypot", "pow",
     "pow_", "acos", "asin", "acosh", "atanh", "arccos", "arcsin", "arccosh", "arctanh", "norm",
     "vector_norm", "matrix_norm", "std", "exp", "exp_", "half", "float16", "autocast", "cdist",
     "dist")
)  # fmt: skip
_ASKED: Final = ("where(", ".where")
_POWER: Final = re.compile(r"[\w)\]]\s*\*\*")
#: What a function is to a gradient.
_LOSSES: Final = "loss"
_FORWARD: Final = "forward"
_TRAINING: Final = "training"
_LOSS: Final = re.compile(
    r"loss|criterion|objective|penalty|(^|_)nll|elbo|divergence|regulari[sz]|likelihood", re.I
)
_MEASURING: Final = re.compile(
    r"metric|accura|eval|psnr|ssim|valid|test|^log_(?!loss|likelihood)|plot|score|weight|scale|numpy",
    re.I,
)
#: Functions that are written out; in a file that trains they are meant for it.
_BY_HAND: Final = re.compile(
    r"^(my|own|custom|naive|hand)?_?(log_?)?(soft_?max|sigmoid|logistic|soft_?plus|sum_?exp|swish|silu)"
    r"(?!.*(numpy|np))",
    re.I,
)
_TRAINS: Final = re.compile(r"\bbackward\(|nn\.Module|requires_grad|\bloss\b")
_FIXED: Final = re.compile(
    r"target|label|truth|(^|_)gt(_|$)|^(y|t|w|n|k|b|real|dim|axis)$|^y_?(true|real)|mask|weight"
    r"|alpha|beta|gamma|temperature|margin|reduction|batch|device|^lr$|num|idx|index|time|step"
    r"|length|size|epoch|(^|_)true$|teacher|reward|return|advantage|action|noise|anchors?_?box",
    re.I,
)
#: Another model's results, whatever they are; a model's own, whatever it is compared with.
_GIVEN: Final = re.compile(r"^(target|teacher|true|gt|old|ref|reference)_", re.I)
_OUTPUT: Final = re.compile(r"pred|logit|prob", re.I)
_MADE: Final = re.compile(
    r"pred|out|logit|prob|embed|(^|_)emb|feat|hidden|y_?hat|recon|fake|score|latent|proj|^z\d?$"
    r"|^h\d?$|anchor|positive|negative|student|sim",
    re.I,
)
#: What by its name holds probabilities.
_PROBABILITY: Final = re.compile(
    r"^(y_?)?pred(s|icted|iction|ictions)?$|prob|^[pq]$|^y_?hat$|^out(put|puts)?$|y_pred|d_(real|fake)"
    r"|^(fake|real)_(out|output|pred|score)s?$",
    re.I,
)


def risks(interpreter: Interpreter, tree: cst.Module, code: str) -> list[Risk]:
    """The risks that a gradient surely meets in a file that has been read."""
    if not _asks(code):
        return []
    state = State(interpreter, code=code)
    trains = "backward" in code
    if trains:
        _attempt(state, lambda: functions.run(state, tree.body, Scope(interpreter.module)))
    losses = []
    for function, instance in _functions(interpreter):
        role = _role(function, instance, trains=trains)
        if not role and _BY_HAND.search(function.name) and _TRAINS.search(code):
            role = _FORWARD
        if role == _LOSSES:
            losses.append((function, instance))
        elif role:
            _start(state, function, instance, role)
    for function, instance in losses:
        if id(function.node) not in state.met:
            _start(state, function, instance, _LOSSES)
    return [one for one in state.confirmed.values() if _is_within(one.node, tree)]


def _is_within(node: cst.CSTNode, tree: cst.Module) -> bool:
    """Whether it is of this file: a loss may have come by a function of another one."""
    return any(one is node for one in walking.nodes_within(tree, type(node)))


def _asks(code: str) -> bool:
    words = code.encode(errors="replace").translate(_TO_WORDS).split()
    if not _ASKS.isdisjoint(words) or any(one in code for one in _ASKED):
        return True
    return "**" in code and _POWER.search(code) is not None


def _functions(interpreter: Interpreter) -> Iterator[tuple[Function, Instance | None]]:
    """The functions of the file and the methods of its classes."""
    module = interpreter.module
    for value in list(module.fields.values()):
        if isinstance(value, Function) and value.frame.module is module:
            yield value, None
    seen: set[int] = set()
    for instance in [*interpreter.instances, *interpreter.objects]:
        for base in classes.linear_bases(instance.cls):
            if not isinstance(base, ClassValue) or base.foreign or id(base) in seen:
                continue
            seen.add(id(base))
            for value in list(base.fields.values()):
                if isinstance(value, Function) and value.kind == "plain":
                    yield value, instance


def _role(function: Function, instance: Instance | None, *, trains: bool) -> str:
    """What a function is to a gradient, "" if nothing in it is known to meet one.

    ``trains`` says that the file goes backward somewhere.
    """
    node, name = function.node, function.name
    if not isinstance(node, cst.FunctionDef):
        return ""
    owner = "" if instance is None else instance.cls.name
    if not (_MEASURING.search(name) or _MEASURING.search(owner)):
        called = name in {"forward", "__call__"}
        if _LOSS.search(name) or (called and _LOSS.search(owner)):
            return _LOSSES
        if instance is not None and instance.is_module and name in {"forward", "training_step"}:
            return _FORWARD
    return _TRAINING if trains and _trains(node) else ""


def _start(state: State, function: Function, instance: Instance | None, role: str) -> None:
    parameters = function.node.params.params[0 if instance is None else 1 :]
    given = [_argument(one.name.value, function, role) for one in parameters]
    result = _run(state, function, instance, given)
    if role != _TRAINING:
        state.confirm(result)


def _trains(node: cst.CSTNode) -> bool:
    found = walking.nodes_within(node, cst.Attribute)
    return any(one.attr.value in {"backward", "manual_backward"} for one in found)


def _argument(name: str, function: Function, role: str) -> Held:
    is_loss = role == _LOSSES
    default = function.defaults.get(name, UNKNOWN)
    if default is not UNKNOWN and default is not None:
        return held(default, name)
    plain = held(UNKNOWN, name)
    if number(plain).known:
        return plain
    if role == _TRAINING:
        return Symbol(name)
    made = bool(_MADE.search(name))
    if _GIVEN.search(name) or (_FIXED.search(name) and not _OUTPUT.search(name)):
        return Number(FIXED)
    learns = LEARNED if is_loss or made else PERHAPS
    if is_loss and _PROBABILITY.search(name) and not name.startswith("log"):
        return Number(learns, known=True, low=0.0, high=1.0, given=True, kind="given")
    return Number(learns)


def _run(state: State, function: Function, instance: Instance | None, given: list[Held]) -> Held:
    results: list[Held] = []
    _attempt(state, lambda: results.append(functions.follow(state, function, instance, given, {})))
    return results[0] if results else Number()


def _attempt(state: State, action: Callable[[], object]) -> None:
    try:
        action()
    except (OutOfBudgetError, BudgetExceededError, RecursionError):
        state.running.clear()
        state.gradless = state.casts = state.lowered = 0
