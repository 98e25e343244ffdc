"""Builtins that ask a value what it is and what it has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import libcst as cst

from gradhealth_lint.semantics.domain import folding
from gradhealth_lint.semantics.domain.graph import Node
from gradhealth_lint.semantics.domain.torch_values import (
    Container,
    Layer,
    ParameterRef,
    is_module,
)
from gradhealth_lint.semantics.domain.values import (
    UNKNOWN,
    Arguments,
    ClassValue,
    Composed,
    DictValue,
    Instance,
    ListValue,
    Qualified,
    Value,
    is_constant,
)
from gradhealth_lint.semantics.python.classes import linear_bases
from gradhealth_lint.semantics.python.targets import set_attribute

if TYPE_CHECKING:
    from collections.abc import Callable

    from gradhealth_lint.semantics.python.interpreter import Interpreter

    Handler = Callable[[Interpreter, Arguments, cst.CSTNode], Value]


#: ``getattr(torch.optim, name)``, as names from a configuration are looked up.
_OPTIM: Final = Qualified("torch.optim")
_ANY_OPTIMIZER: Final = Qualified("torch.optim.Optimizer")


def isinstance_(_: Interpreter, arguments: Arguments, __: cst.CSTNode) -> Value:
    """``isinstance(value, types)``; decided for layers, objects of the file and constants."""
    if len(arguments.positional) != 2:  # noqa: PLR2004
        return UNKNOWN
    value, types = (folding.resolved(given) for given in arguments.positional)
    answers = [_is_a(value, kind) for kind in (types if isinstance(types, tuple) else (types,))]
    if True in answers:
        return True
    return UNKNOWN if None in answers else False


def _is_a(value: Value, kind: Value) -> bool | None:
    if isinstance(kind, Qualified) and kind.name.startswith("builtins."):
        return _is_builtin(value, kind.name.removeprefix("builtins."))
    if isinstance(value, (Layer, Container)):
        if isinstance(kind, ClassValue):
            return False
        if not isinstance(kind, Qualified):
            return None
        if not kind.name.startswith("torch."):
            return False
        if kind.name == "torch.nn.Module":
            return True
        tail = kind.name.removeprefix("torch.nn.")
        if tail == value.kind:
            return True
        return None if "." in tail else False
    if isinstance(value, Instance):
        bases = linear_bases(value.cls)
        if kind in bases or (kind == Qualified("torch.nn.Module") and value.is_module):
            return True
        opaque = any(base is UNKNOWN for base in bases)
        return None if opaque or not isinstance(kind, (ClassValue, Qualified)) else False
    if isinstance(value, Node):
        return True if kind in {Qualified("torch.Tensor")} else None
    if is_constant(value) or isinstance(value, (ListValue, DictValue, tuple)):
        return False if isinstance(kind, (Qualified, ClassValue)) else None
    return None


def _is_builtin(value: Value, name: str) -> bool | None:
    kinds: dict[str, Value] = {
        "int": int, "float": float, "str": str, "bool": bool, "tuple": tuple, "list": ListValue,
        "dict": DictValue,
    }  # fmt: skip
    if name not in kinds:
        return None
    if is_constant(value) or isinstance(value, (tuple, ListValue, DictValue)):
        return isinstance(value, kinds[name])
    return False if is_module(value) or isinstance(value, (Node, ParameterRef)) else None


def hasattr_(interpreter: Interpreter, arguments: Arguments, _: cst.CSTNode) -> Value:
    """``hasattr(value, name)``; decided for the parameters of layers."""
    from gradhealth_lint.semantics.pytorch import inits

    if len(arguments.positional) != 2:  # noqa: PLR2004
        return UNKNOWN
    value, name = (folding.resolved(given) for given in arguments.positional)
    if isinstance(value, Layer) and isinstance(name, str):
        if name in inits.parameter_names(value, biased=True):
            return True
        return False if name in {"weight", "bias"} else UNKNOWN
    if isinstance(value, Container) and name in {"weight", "bias"}:
        return False
    if isinstance(value, Instance) and isinstance(name, str) and name in value.fields:
        return True
    return UNKNOWN


def getattr_(interpreter: Interpreter, arguments: Arguments, _: cst.CSTNode) -> Value:
    """``getattr(value, name)``; a composed string never names something of torch."""
    from gradhealth_lint.semantics.python import attributes

    if len(arguments.positional) < 2:  # noqa: PLR2004
        return UNKNOWN
    receiver, name = (folding.resolved(given) for given in arguments.positional[:2])
    if receiver == _OPTIM and not (isinstance(name, str) and not isinstance(name, Composed)):
        return _ANY_OPTIMIZER
    if not isinstance(name, str):
        return UNKNOWN
    if isinstance(receiver, Qualified) and isinstance(name, Composed):
        return UNKNOWN
    if len(arguments.positional) > 2 and not is_module(receiver):  # noqa: PLR2004
        return UNKNOWN
    return attributes.get(interpreter, receiver, str(name))


def setattr_(interpreter: Interpreter, arguments: Arguments, _: cst.CSTNode) -> Value:
    """``setattr(value, name, new)``."""
    if len(arguments.positional) == 3:  # noqa: PLR2004
        receiver, name, value = (folding.resolved(given) for given in arguments.positional)
        if isinstance(name, str):
            set_attribute(interpreter, receiver, str(name), value)
    return None


def type_(_: Interpreter, arguments: Arguments, __: cst.CSTNode) -> Value:
    """``type(value)`` of a module."""
    value = folding.resolved(arguments.positional[0]) if arguments.positional else UNKNOWN
    if isinstance(value, (Layer, Container)):
        return Qualified(f"torch.nn.{value.kind}")
    return value.cls if isinstance(value, Instance) else UNKNOWN
