"""A function that is run on numbers: its names, and what is known of the file around it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from gradhealth_lint.semantics.domain.torch_values import Drawn, ParameterRef
from gradhealth_lint.semantics.domain.values import MISSING, UNKNOWN, Either, Instance, Symbol
from gradhealth_lint.semantics.numbers.number import EPS, LEARNED, Number, exactly, unknown
from gradhealth_lint.semantics.python.scopes import look_up

if TYPE_CHECKING:
    import libcst as cst

    from gradhealth_lint.semantics.domain.values import Frame
    from gradhealth_lint.semantics.numbers.number import Risk
    from gradhealth_lint.semantics.python.interpreter import Interpreter

#: A Number, a tuple of them, or one of the interpreter's values: a module, a function, an import.
Held: TypeAlias = Any
#: Expressions and statements that one file may take, and functions that may be running.
BUDGET: Final = 30_000
DEEPEST: Final = 8
_EPS: Final = re.compile(r"(^|_)(eps|epsilon|tiny|smooth|smoothing|stabiliser|jitter)\d*$", re.I)


class OutOfBudgetError(Exception):
    """The file takes more steps than its budget."""


@dataclass(slots=True)
class Scope:
    """The names of one running function; ``outside`` is where the others are looked up."""

    outside: Frame
    names: dict[str, Held] = field(default_factory=dict)
    receiver: Held = None
    returned: list[Held] = field(default_factory=list)
    #: How names were last assigned.
    definitions: dict[str, cst.BaseExpression] = field(default_factory=dict)
    #: Whether ``x[...]`` has been assigned: such are among the names, as they are written.
    indexed: bool = False


@dataclass(slots=True)
class State:
    """What running the functions of a file has come to."""

    interpreter: Interpreter
    #: Risks that a gradient surely meets, by the operation's node.
    confirmed: dict[int, Risk] = field(default_factory=dict)
    gradless: int = 0
    #: How many autocasts to float16 are open; the models with float16 weights, and how many of
    #: them are running.
    casts: int = 0
    lowered: int = 0
    halved: set[int | str] = field(default_factory=set)
    code: str = ""
    #: Functions that were given numbers which are known, by the identity of their node.
    met: set[int] = field(default_factory=set)
    steps: int = 0
    running: list[cst.CSTNode] = field(default_factory=list)

    def step(self) -> None:
        """Count one unit of work.

        Raises:
            OutOfBudgetError: there have been too many.
        """
        self.steps += 1
        if self.steps > BUDGET:
            raise OutOfBudgetError

    def confirm(self, value: Held) -> None:
        """A gradient starts at this value: what it meets on its way back is real."""
        for risk in number(value).risks:
            self.confirmed.setdefault(id(risk.node), risk)


def find(scope: Scope, name: str) -> Held:
    """The value of a name."""
    if name in scope.names:
        return scope.names[name]
    return held(look_up(name, scope.outside), name)


def held(value: Held, name: str = "") -> Held:
    """One of the interpreter's values, as it is used here."""
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return value
    if isinstance(value, (int, float)):
        return exactly(float(value))
    if isinstance(value, Symbol):
        return value if not _EPS.search(value.name) else exactly(EPS)
    if value is UNKNOWN or value is MISSING:
        return exactly(EPS) if _EPS.search(name) else Number()
    if isinstance(value, Drawn):
        return Number(LEARNED, kind="parameter") if value.is_parameter else Number()
    if isinstance(value, ParameterRef):
        return Number(LEARNED, kind="parameter")
    if isinstance(value, Either):
        return next((one for one in value.options if one is not None), Number())
    if isinstance(value, tuple):
        return tuple(held(one) for one in value)
    return value


def attribute(value: Held, name: str) -> Held:
    """``self.name`` of an object of the file."""
    if isinstance(value, Instance):
        return held(value.fields.get(name, value.cls.fields.get(name, MISSING)), name)
    return Number()


def number(value: Held) -> Number:
    """A value as a tensor: several are one that may be any of them."""
    if isinstance(value, Number):
        return value
    if isinstance(value, tuple):
        return unknown(*(number(one) for one in value))
    return Number()
