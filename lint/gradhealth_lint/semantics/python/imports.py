"""Which imported names are looked for in the project's other files."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from gradhealth_lint.semantics.domain.values import MISSING, Arguments, Qualified, Value
from gradhealth_lint.semantics.pytorch import applying
from gradhealth_lint.semantics.pytorch.frameworks import framework_of

if TYPE_CHECKING:
    from gradhealth_lint.semantics.python.interpreter import Interpreter

#: Names that no file of a project defines.
_ELSEWHERE: Final = ("builtins.", "torch.", "numpy.", "os.", "sys.", "math.", "time.", "random.")
#: Names of functions that may give back a model or an optimizer.
_BUILDING: Final = re.compile(
    r"build|make|create|get_|load|init|model|net|optim|parameters", re.IGNORECASE
)


def followed(interpreter: Interpreter, callee: Qualified, arguments: Arguments) -> Value:
    """What is called, from another file of the project if the call may matter."""
    last = callee.name.rpartition(".")[2]
    matters = last[:1].isupper() or _BUILDING.search(last) or interpreter.constructing
    if matters or any(applying.reaches(value) for value in arguments.everything()):
        return resolved(interpreter, callee)
    return callee


def resolved(interpreter: Interpreter, value: Qualified) -> Value:
    """What an imported name stands for, if another file of the project tells."""
    name = value.name
    if interpreter.project is None or name.startswith(_ELSEWHERE) or framework_of(name):
        return value
    found = interpreter.project.find(value.name)
    return value if found is MISSING else found
