"""What Python's builtins and a little of its standard library do with known values."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import libcst as cst

from gradhealth_lint.semantics.domain import folding
from gradhealth_lint.semantics.domain.torch_values import (
    Container,
    Layer,
)
from gradhealth_lint.semantics.domain.values import (
    UNKNOWN,
    ArgumentParser,
    Arguments,
    Composed,
    Either,
    Instance,
    ListValue,
    Namespace,
    Partial,
    Symbol,
    Value,
    is_constant,
    new_list,
    tensors_in,
)
from gradhealth_lint.semantics.python import introspection, iteration, sequences
from gradhealth_lint.semantics.pytorch import combining

if TYPE_CHECKING:
    from collections.abc import Callable

    from gradhealth_lint.semantics.python.interpreter import Interpreter

    Handler = Callable[[Interpreter, Arguments, cst.CSTNode], Value]

#: nn.init.calculate_gain, for the nonlinearities that take no parameter.
_GAINS: Final = {"tanh": 5 / 3, "relu": math.sqrt(2), "selu": 3 / 4}


def calculate_gain(arguments: Arguments) -> Value:
    """``nn.init.calculate_gain(nonlinearity, param)``."""
    bound = arguments.bind("nonlinearity", "param")
    name, slope = bound.get("nonlinearity"), bound.get("param")
    if name == "leaky_relu":
        known = 0.01 if slope is None else folding.number(slope)
        return UNKNOWN if known is None else math.sqrt(2 / (1 + known**2))
    if not isinstance(name, str):
        return UNKNOWN
    return _GAINS.get(name, 1.0)


def knows(name: str) -> bool:
    """Whether a call of this function is understood."""
    return name in _HANDLERS


def call(interpreter: Interpreter, name: str, arguments: Arguments, node: cst.CSTNode) -> Value:
    """The result of calling it."""
    return _HANDLERS[name](interpreter, arguments, node)


def _number(function: Callable[..., Value]) -> Handler:
    """A function of plain constants."""

    def run(interpreter: Interpreter, arguments: Arguments, _: cst.CSTNode) -> Value:
        given = [folding.resolved(value) for value in arguments.positional]
        if len(given) == 1 and not is_constant(given[0]):
            given = [iteration.iterated(interpreter, given[0])]
            if given[0] is None or not all(is_constant(item) for item in given[0]):
                return UNKNOWN
        elif not all(map(is_constant, given)) or arguments.keywords or arguments.open:
            return UNKNOWN
        try:
            result = function(*given)
        except Exception:  # the program would fail here
            return UNKNOWN
        if isinstance(result, str):
            return Composed(result)
        return result if is_constant(result) else UNKNOWN

    return run


def _tensors_or_unknown(interpreter: Interpreter, arguments: Arguments, _: cst.CSTNode) -> Value:
    inputs = tensors_in(arguments.everything())
    return interpreter.node("opaque", inputs, label="a builtin") if inputs else UNKNOWN


def _sum(interpreter: Interpreter, arguments: Arguments, node: cst.CSTNode) -> Value:
    if tensors_in(arguments.everything()):
        return _tensors_or_unknown(interpreter, arguments, node)
    result = _number(sum)(interpreter, arguments, node)
    if result is UNKNOWN and arguments.positional:
        result = combining.gathered(iteration.iterated(interpreter, arguments.positional[0]) or ())
    return result


def _deepcopy(interpreter: Interpreter, arguments: Arguments, _: cst.CSTNode) -> Value:
    value = arguments.positional[0] if arguments.positional else UNKNOWN
    return copied(interpreter, value)


def copied(interpreter: Interpreter, value: Value) -> Value:
    """A deep copy of a module or list; other values are shared."""
    interpreter.activity += 1
    if isinstance(value, Layer):
        return Layer(
            value.kind, value.arguments, value.node, tuple(interpreter.notes), dict(value.fields)
        )
    if isinstance(value, Container):
        items = value.fields["items"]
        if items is not UNKNOWN:
            items = tuple((name, copied(interpreter, module)) for name, module in items)
        copy = Container(value.kind, value.node, {"items": items})
        interpreter.containers.append(copy)
        return copy
    if isinstance(value, Instance):
        fields = {name: copied(interpreter, item) for name, item in value.fields.items()}
        return Instance(value.cls, fields, value.node, value.is_module, value.notes)
    if isinstance(value, ListValue) and value.items is not UNKNOWN:
        return new_list(copied(interpreter, item) for item in value.items)
    if isinstance(value, Either):
        return Either(tuple(copied(interpreter, option) for option in value.options))
    return value


def _partial(_: Interpreter, arguments: Arguments, __: cst.CSTNode) -> Value:
    if not arguments.positional or arguments.open:
        return UNKNOWN
    first, *rest = arguments.positional
    return Partial(first, tuple(rest), tuple(arguments.keywords.items()))


def _field(interpreter: Interpreter, arguments: Arguments, node: cst.CSTNode) -> Value:
    """dataclasses.field: the default an instance gets."""
    from gradhealth_lint.semantics.python import calls

    factory = arguments.keywords.get("default_factory")
    if factory is not None:
        return calls.call(interpreter, factory, Arguments([], {}), node)
    return arguments.keywords.get("default", UNKNOWN)


def _parser(_: Interpreter, __: Arguments, ___: cst.CSTNode) -> Value:
    return ArgumentParser({})


def _namespace(_: Interpreter, arguments: Arguments, __: cst.CSTNode) -> Value:
    return UNKNOWN if arguments.open else Namespace(dict(arguments.keywords))


def _quantified(decisive: bool) -> Handler:
    """``any`` and ``all``: what decides is one item that is true, or one that is not."""

    def run(interpreter: Interpreter, arguments: Arguments, _: cst.CSTNode) -> Value:
        value = folding.resolved(arguments.positional[0]) if arguments.positional else UNKNOWN
        items = None if isinstance(value, Symbol) else iteration.iterated(interpreter, value)
        if items is None:
            return UNKNOWN
        answers = [folding.truth(item) for item in items]
        if decisive in answers:
            return decisive
        return UNKNOWN if None in answers else not decisive

    return run


def _nothing(_: Interpreter, __: Arguments, ___: cst.CSTNode) -> Value:
    return None


_HANDLERS: Final[dict[str, Handler]] = {
    "builtins.range": sequences.range_,
    "builtins.len": sequences.len_,
    "builtins.enumerate": sequences.enumerate_,
    "builtins.zip": sequences.zip_,
    "builtins.reversed": sequences.reversed_,
    "builtins.list": sequences.list_,
    "builtins.iter": sequences.list_,
    "builtins.tuple": sequences.tuple_,
    "builtins.set": sequences.list_,
    "builtins.dict": sequences.dict_,
    "builtins.isinstance": introspection.isinstance_,
    "builtins.hasattr": introspection.hasattr_,
    "builtins.getattr": introspection.getattr_,
    "builtins.setattr": introspection.setattr_,
    "builtins.type": introspection.type_,
    "builtins.map": sequences.map_,
    "builtins.sum": _sum,
    "builtins.any": _quantified(decisive=True),
    "builtins.all": _quantified(decisive=False),
    "builtins.print": _nothing,
    **{
        f"builtins.{function.__name__}": _number(function)
        for function in (int, float, str, bool, min, max, abs, round, pow)
    },
    **{
        f"math.{name}": _number(getattr(math, name))
        for name in ("sqrt", "log", "log2", "exp", "floor", "ceil", "prod")
    },
    "builtins.filter": sequences.filter_,
    "itertools.chain": sequences.chain_,
    "dataclasses.field": _field,
    "argparse.ArgumentParser": _parser,
    "argparse.Namespace": _namespace,
    "types.SimpleNamespace": _namespace,
    "copy.deepcopy": _deepcopy,
    "copy.copy": _deepcopy,
    "functools.partial": _partial,
    "collections.OrderedDict": sequences.dict_,
    "collections.deque": sequences.list_,
}
