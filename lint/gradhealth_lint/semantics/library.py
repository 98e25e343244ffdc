"""What Python's builtins and a little of its standard library do with known values."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import libcst as cst

from gradhealth_lint.semantics import folding, iteration
from gradhealth_lint.semantics.classes import linear_bases
from gradhealth_lint.semantics.graph import Node
from gradhealth_lint.semantics.targets import set_attribute
from gradhealth_lint.semantics.values import (
    UNKNOWN,
    ArgumentParser,
    Arguments,
    Assumed,
    ClassValue,
    Composed,
    Container,
    DictValue,
    Either,
    Instance,
    Layer,
    LengthOf,
    ListValue,
    Namespace,
    ParameterRef,
    ParametersOf,
    Partial,
    Qualified,
    Symbol,
    Value,
    is_constant,
    is_module,
    new_dict,
    new_list,
    tensors_in,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from gradhealth_lint.semantics.interpreter import Interpreter

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


def _range(interpreter: Interpreter, arguments: Arguments, _: cst.CSTNode) -> Value:
    given = arguments.positional
    if len(given) == 1:
        return iteration.count_up(interpreter, given[0])
    bounds = [folding.whole(value) for value in given]
    if not bounds or None in bounds or bounds[-1] == 0:
        if len(given) == 2 and bounds and bounds[0] is not None:  # noqa: PLR2004
            rest = folding.binary(cst.Subtract(), given[1], bounds[0])
            counted = iteration.count_up(interpreter, rest)
            items = folding.sequence(counted) or ()
            moved = tuple(bounds[0] + item for item in items)
            return Assumed(moved, counted.note) if isinstance(counted, Assumed) else moved
        return UNKNOWN
    return range(*(bound for bound in bounds if bound is not None))


def _len(interpreter: Interpreter, arguments: Arguments, _: cst.CSTNode) -> Value:
    value = folding.resolved(arguments.positional[0]) if arguments.positional else UNKNOWN
    if isinstance(value, Symbol):
        return LengthOf(value)
    if isinstance(value, (range, str)):
        return len(value)
    if isinstance(value, Container):
        items: Value = value.fields["items"]
        return UNKNOWN if items is UNKNOWN else len(items)
    if not isinstance(value, (ListValue, DictValue, tuple, Assumed, Instance)):
        return UNKNOWN
    items = iteration.iterated(interpreter, value)
    return UNKNOWN if items is None else len(items)


def _enumerate(interpreter: Interpreter, arguments: Arguments, _: cst.CSTNode) -> Value:
    bound = arguments.bind("iterable", "start")
    start = folding.whole(bound.get("start", 0)) or 0
    value = folding.resolved(bound.get("iterable", UNKNOWN))
    items = iteration.iterated(interpreter, value)
    if items is None:
        return UNKNOWN
    pairs = tuple((start + index, item) for index, item in enumerate(items))
    return _with_note(folding.resolved(value), pairs)


def _zip(interpreter: Interpreter, arguments: Arguments, _: cst.CSTNode) -> Value:
    values = [folding.resolved(value) for value in arguments.positional]
    columns = [iteration.iterated(interpreter, value) for value in values]
    known = [column for column in columns if column is not None]
    if not known or arguments.open or len(known) < len(columns):
        return UNKNOWN
    rows = tuple(zip(*known, strict=False))
    notes = [folding.resolved(value) for value in values]
    assumed = next((value for value in notes if isinstance(value, Assumed)), None)
    return rows if assumed is None else Assumed(rows, assumed.note)


def _with_note(source: Value, items: tuple[Value, ...]) -> Value:
    return Assumed(items, source.note) if isinstance(source, Assumed) else items


def _reversed(interpreter: Interpreter, arguments: Arguments, _: cst.CSTNode) -> Value:
    value = folding.resolved(arguments.positional[0]) if arguments.positional else UNKNOWN
    items = iteration.iterated(interpreter, value)
    return UNKNOWN if items is None else _with_note(folding.resolved(value), items[::-1])


def _list(interpreter: Interpreter, arguments: Arguments, _: cst.CSTNode) -> Value:
    if not arguments.positional:
        return new_list(())
    value = folding.resolved(arguments.positional[0])
    if isinstance(value, (Assumed, Symbol)):
        return value
    items = iteration.iterated(interpreter, value)
    return new_list(UNKNOWN if items is None else items)


def _tuple(interpreter: Interpreter, arguments: Arguments, _: cst.CSTNode) -> Value:
    value = _list(interpreter, arguments, _)
    return value.items if isinstance(value, ListValue) else value


def _dict(_: Interpreter, arguments: Arguments, __: cst.CSTNode) -> Value:
    pairs: list[tuple[Value, Value]] = []
    if arguments.open:
        return new_dict(UNKNOWN)
    if arguments.positional:
        first = folding.resolved(arguments.positional[0])
        rows = first.items if isinstance(first, DictValue) else folding.sequence(first)
        if rows is None or rows is UNKNOWN:
            return new_dict(UNKNOWN)
        for row in rows:
            if not isinstance(row, tuple) or len(row) != 2:  # noqa: PLR2004
                return new_dict(UNKNOWN)
            pairs.append(row)
    pairs.extend(arguments.keywords.items())
    return new_dict(pairs)


def _isinstance(_: Interpreter, arguments: Arguments, __: cst.CSTNode) -> Value:
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


def _hasattr(interpreter: Interpreter, arguments: Arguments, _: cst.CSTNode) -> Value:
    from gradhealth_lint.semantics import inits

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


def _getattr(interpreter: Interpreter, arguments: Arguments, _: cst.CSTNode) -> Value:
    from gradhealth_lint.semantics import attributes

    if len(arguments.positional) < 2:  # noqa: PLR2004
        return UNKNOWN
    receiver, name = (folding.resolved(given) for given in arguments.positional[:2])
    if not isinstance(name, str):
        return UNKNOWN
    if isinstance(receiver, Qualified) and isinstance(name, Composed):
        return UNKNOWN
    if len(arguments.positional) > 2 and not is_module(receiver):  # noqa: PLR2004
        return UNKNOWN
    return attributes.get(interpreter, receiver, str(name))


def _setattr(interpreter: Interpreter, arguments: Arguments, _: cst.CSTNode) -> Value:
    if len(arguments.positional) == 3:  # noqa: PLR2004
        receiver, name, value = (folding.resolved(given) for given in arguments.positional)
        if isinstance(name, str):
            set_attribute(interpreter, receiver, str(name), value)
    return None


def _type(_: Interpreter, arguments: Arguments, __: cst.CSTNode) -> Value:
    value = folding.resolved(arguments.positional[0]) if arguments.positional else UNKNOWN
    if isinstance(value, (Layer, Container)):
        return Qualified(f"torch.nn.{value.kind}")
    return value.cls if isinstance(value, Instance) else UNKNOWN


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
    return _number(sum)(interpreter, arguments, node)


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


def _map(interpreter: Interpreter, arguments: Arguments, node: cst.CSTNode) -> Value:
    from gradhealth_lint.semantics import calls

    if len(arguments.positional) != 2:  # noqa: PLR2004
        return UNKNOWN
    items = iteration.iterated(interpreter, arguments.positional[1])
    if items is None:
        return UNKNOWN
    function = arguments.positional[0]
    return new_list(
        calls.call(interpreter, function, Arguments([item], {}), node) for item in items
    )


def _filter(_: Interpreter, arguments: Arguments, __: cst.CSTNode) -> Value:
    """Of parameters, the question is only whose they are; which pass is not asked."""
    last = arguments.positional[-1] if arguments.positional else UNKNOWN
    return last if isinstance(last, ParametersOf) else UNKNOWN


def _chain(interpreter: Interpreter, arguments: Arguments, _: cst.CSTNode) -> Value:
    columns = [iteration.iterated(interpreter, value) for value in arguments.positional]
    known = [column for column in columns if column is not None]
    if len(known) < len(columns) or arguments.open:
        return UNKNOWN
    return tuple(item for column in known for item in column)


def _field(interpreter: Interpreter, arguments: Arguments, node: cst.CSTNode) -> Value:
    """dataclasses.field: the default an instance gets."""
    from gradhealth_lint.semantics import calls

    factory = arguments.keywords.get("default_factory")
    if factory is not None:
        return calls.call(interpreter, factory, Arguments([], {}), node)
    return arguments.keywords.get("default", UNKNOWN)


def _parser(_: Interpreter, __: Arguments, ___: cst.CSTNode) -> Value:
    return ArgumentParser({})


def _namespace(_: Interpreter, arguments: Arguments, __: cst.CSTNode) -> Value:
    return UNKNOWN if arguments.open else Namespace(dict(arguments.keywords))


def _nothing(_: Interpreter, __: Arguments, ___: cst.CSTNode) -> Value:
    return None


_HANDLERS: Final[dict[str, Handler]] = {
    "builtins.range": _range,
    "builtins.len": _len,
    "builtins.enumerate": _enumerate,
    "builtins.zip": _zip,
    "builtins.reversed": _reversed,
    "builtins.list": _list,
    "builtins.iter": _list,
    "builtins.tuple": _tuple,
    "builtins.set": _list,
    "builtins.dict": _dict,
    "builtins.isinstance": _isinstance,
    "builtins.hasattr": _hasattr,
    "builtins.getattr": _getattr,
    "builtins.setattr": _setattr,
    "builtins.type": _type,
    "builtins.map": _map,
    "builtins.sum": _sum,
    "builtins.print": _nothing,
    **{
        f"builtins.{function.__name__}": _number(function)
        for function in (int, float, str, bool, min, max, abs, round, pow)
    },
    **{
        f"math.{name}": _number(getattr(math, name))
        for name in ("sqrt", "log", "log2", "exp", "floor", "ceil", "prod")
    },
    "builtins.filter": _filter,
    "itertools.chain": _chain,
    "dataclasses.field": _field,
    "argparse.ArgumentParser": _parser,
    "argparse.Namespace": _namespace,
    "types.SimpleNamespace": _namespace,
    "copy.deepcopy": _deepcopy,
    "copy.copy": _deepcopy,
    "functools.partial": _partial,
    "collections.OrderedDict": _dict,
    "collections.deque": _list,
}
