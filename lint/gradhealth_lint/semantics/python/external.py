"""Calls of imported names: torch's are understood, everybody else's are not followed."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from gradhealth_lint.semantics.domain import catalogue
from gradhealth_lint.semantics.domain.names import dotted
from gradhealth_lint.semantics.domain.torch_values import (
    Layer,
    Manager,
    Optimizer,
    Scaler,
    Scheduler,
)
from gradhealth_lint.semantics.domain.values import (
    MISSING,
    REGISTERS,
    UNKNOWN,
    Arguments,
    DictValue,
    Function,
    Qualified,
    Value,
    new_dict,
    new_list,
)
from gradhealth_lint.semantics.python import iteration, library
from gradhealth_lint.semantics.pytorch import (
    checkpointing,
    containers,
    drawn,
    frameworks,
    inits,
    making,
    modules,
    ownership,
    products,
    rating,
    tensors,
)

if TYPE_CHECKING:
    import libcst as cst

    from gradhealth_lint.semantics.python.interpreter import Interpreter

_OPTIMIZER: Final = re.compile(r"adam|sgd|optim|lamb|lion|rmsprop|adagrad|adafactor", re.IGNORECASE)


def call(
    interpreter: Interpreter, callee: Qualified, arguments: Arguments, node: cst.Call
) -> Value:
    """``imported.name(*arguments)``."""
    name = callee.name
    if name.startswith("builtins.") and library.knows(name):
        return library.call(interpreter, name, arguments, node)
    if name.startswith(catalogue.NN):
        return _from_nn(interpreter, callee, arguments, node)
    if name in catalogue.TRANSPARENT_WRAPPERS and arguments.positional:
        return arguments.positional[0]
    if name == catalogue.SCALER:
        return Scaler(arguments.bind("device", "init_scale").get("enabled", True))
    last = name.rpartition(".")[2]
    known = name.startswith(catalogue.OPTIM) and name.count(".") == 2  # noqa: PLR2004
    if known or _is_named_optimizer(last):
        owners = modules.owners(arguments.everything()[:1])
        if owners or (known and last[:1].isupper()):
            root = interpreter.calls[0] if interpreter.calls else None
            optimizer = Optimizer(
                last, owners, _parameters_text(node), not known, tuple(interpreter.loops), root
            )
            ownership.made(interpreter, optimizer, node)
            rating.made(interpreter, optimizer, arguments, node)
            return optimizer
    given = arguments.everything()
    steered = bool(given) and isinstance(given[0], Optimizer) and "schedule" in last.lower()
    if steered or name.startswith("torch.optim.lr_scheduler."):
        return Scheduler(last, given[0] if given else UNKNOWN)
    if frameworks.framework_of(name):
        made = frameworks.make(name, arguments)
        if isinstance(made, Manager) and isinstance(made.model, Function):
            _hosted(interpreter, made, node)
        if made is not MISSING:
            return made
    if name in checkpointing.CHECKPOINTS and arguments.positional:
        return _checkpoint(interpreter, name, arguments, node)
    made = making.make(interpreter, name, arguments, node) if name.startswith("torch.") else MISSING
    if made is not MISSING:
        return made
    if name.startswith("torch.") and name.count(".") == 1:
        product = products.product(interpreter, last, tuple(arguments.positional))
        if product is not MISSING:
            return product
        return tensors.function(interpreter, last, arguments)
    if library.knows(name):
        return library.call(interpreter, name, arguments, node)
    return _unknown(interpreter, arguments, node)


@lru_cache(maxsize=4096)
def _is_named_optimizer(name: str) -> bool:
    return _OPTIMIZER.search(name) is not None


def _hosted(interpreter: Interpreter, manager: Manager, node: cst.Call) -> None:
    """``Engine(function)``: the framework calls it, once per batch."""
    from gradhealth_lint.semantics.python import calls

    interpreter.host = manager.framework
    calls.call(interpreter, manager.model, calls.NOTHING, node)
    interpreter.host = ""


def _from_nn(
    interpreter: Interpreter, callee: Qualified, arguments: Arguments, node: cst.Call
) -> Value:
    name = callee.name
    tail = name.removeprefix(catalogue.NN)
    if tail in catalogue.CONTAINERS:
        return containers.make(interpreter, tail, arguments, node)
    if name in catalogue.TRANSPARENT_WRAPPERS and arguments.positional:
        return arguments.positional[0]
    if name.startswith(catalogue.INIT):
        last = name.removeprefix(catalogue.INIT)
        if last == "calculate_gain":
            return library.calculate_gain(arguments)
        return inits.by_function(interpreter, last, arguments, node)
    if name.startswith(catalogue.FUNCTIONAL):
        last = name.removeprefix(catalogue.FUNCTIONAL)
        given = [*arguments.positional, *_named_weight(arguments)]
        product = products.product(interpreter, last, tuple(given))
        if product is not MISSING:
            return product
        if last in catalogue.NORM_FUNCTIONS and given:
            products.rescale(interpreter, given[0])
        return tensors.function(interpreter, last, arguments)
    if tail.rpartition(".")[2] in catalogue.REPARAMETRISATIONS:
        first = arguments.positional[0] if arguments.positional else UNKNOWN
        if isinstance(first, Layer):
            interpreter.store.write(first.fields, "reparametrised", True)
        return first
    if "." in tail or not tail[:1].isupper():
        return _unknown(interpreter, arguments, node)
    if tail == "Parameter":
        return making.parameter(interpreter, arguments)
    if tail in {"ParameterList", "ParameterDict"}:
        return _collection(interpreter, tail, arguments)
    drawn.forget(interpreter, tuple(arguments.everything()))
    interpreter.activity += 1
    bound = arguments.bind(*catalogue.SIGNATURES.get(tail, ()))
    if arguments.open:
        bound = dict.fromkeys(catalogue.SIGNATURES.get(tail, ()), UNKNOWN) | bound
    layer = Layer(tail, bound, interpreter.at(node), tuple(interpreter.notes))
    if interpreter.forwarding and not interpreter.constructing:
        interpreter.fresh[id(layer)] = layer
    if tail in catalogue.RECURRENT:
        interpreter.recurrent.append(layer)
    return layer


def _collection(interpreter: Interpreter, tail: str, arguments: Arguments) -> Value:
    """A list or dict of parameters, which is used as one of Python's."""
    given = arguments.everything()
    if tail == "ParameterDict":
        named = given[0] if given and isinstance(given[0], DictValue) else new_dict(())
        named.fields[REGISTERS] = True
        return named
    items = iteration.iterated(interpreter, given[0]) if given else ()
    made = new_list(UNKNOWN if items is None else items)
    made.fields[REGISTERS] = True
    return made


def _named_weight(arguments: Arguments) -> list[Value]:
    weight = arguments.keywords.get("weight", MISSING)
    return [] if weight is MISSING else [weight]


def _checkpoint(interpreter: Interpreter, name: str, arguments: Arguments, node: cst.Call) -> Value:
    from gradhealth_lint.semantics.python import calls

    skipped = checkpointing.CHECKPOINTS[name]
    keywords = {
        key: value for key, value in arguments.keywords.items() if key not in checkpointing.OPTIONS
    }
    given = Arguments(arguments.positional[skipped:], keywords, arguments.open)
    result = calls.call(interpreter, arguments.positional[0], given, node)
    checkpointing.observe(interpreter, arguments, node, result, skipped)
    return result


def _unknown(interpreter: Interpreter, arguments: Arguments, node: cst.Call) -> Value:
    from gradhealth_lint.semantics.python import calls

    return calls.unknown(interpreter, arguments, node)


def _parameters_text(node: cst.Call) -> str:
    """``model.parameters()`` as the user wrote it, "" if it is more than that."""
    import libcst as cst

    first = node.args[0].value if node.args else None
    if isinstance(first, cst.Call) and not first.args:
        text = dotted(first.func)
        return f"{text}()" if text else ""
    return dotted(first) if isinstance(first, cst.Name) else ""
