"""Calls of imported names: torch's are understood, everybody else's are not followed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradhealth_lint.semantics.domain import catalogue
from gradhealth_lint.semantics.domain.names import dotted
from gradhealth_lint.semantics.domain.torch_values import Layer, Optimizer, Scaler
from gradhealth_lint.semantics.domain.values import UNKNOWN, Arguments, Qualified, Value
from gradhealth_lint.semantics.python import library
from gradhealth_lint.semantics.pytorch import containers, inits, modules, tensors

if TYPE_CHECKING:
    import libcst as cst

    from gradhealth_lint.semantics.python.interpreter import Interpreter

_OPTIMIZER_WORDS = ("adam", "sgd", "optim", "lamb", "lion", "rmsprop", "adagrad", "adafactor")


def call(
    interpreter: Interpreter, callee: Qualified, arguments: Arguments, node: cst.Call
) -> Value:
    """``imported.name(*arguments)``."""
    name = callee.name
    if name.startswith(catalogue.NN):
        return _from_nn(interpreter, callee, arguments, node)
    if name in catalogue.TRANSPARENT_WRAPPERS and arguments.positional:
        return arguments.positional[0]
    if name == catalogue.SCALER:
        return Scaler(arguments.bind("device", "init_scale").get("enabled", True))
    last = name.rpartition(".")[2]
    if any(word in last.lower() for word in _OPTIMIZER_WORDS):
        owners = modules.owners(arguments.everything()[:1])
        if owners or (name.startswith(catalogue.OPTIM) and last[:1].isupper()):
            return Optimizer(last, owners, _parameters_text(node))
    if name == "torch.utils.checkpoint.checkpoint" and arguments.positional:
        return _checkpoint(interpreter, arguments, node)
    if name.startswith("torch.") and name.count(".") == 1:
        return tensors.function(interpreter, last, arguments)
    if library.knows(name):
        return library.call(interpreter, name, arguments, node)
    return _unknown(interpreter, arguments, node)


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
        return tensors.function(interpreter, name.removeprefix(catalogue.FUNCTIONAL), arguments)
    if tail.rpartition(".")[2] in catalogue.REPARAMETRISATIONS:
        first = arguments.positional[0] if arguments.positional else UNKNOWN
        if isinstance(first, Layer):
            interpreter.store.write(first.fields, "reparametrised", True)
        return first
    if "." in tail or not tail[:1].isupper():
        return _unknown(interpreter, arguments, node)
    if tail == "Parameter":
        return UNKNOWN
    interpreter.activity += 1
    bound = arguments.bind(*catalogue.SIGNATURES.get(tail, ()))
    if arguments.open:
        bound = dict.fromkeys(catalogue.SIGNATURES.get(tail, ()), UNKNOWN) | bound
    return Layer(tail, bound, node, tuple(interpreter.notes))


def _checkpoint(interpreter: Interpreter, arguments: Arguments, node: cst.Call) -> Value:
    from gradhealth_lint.semantics.python import calls

    keywords = {
        key: value
        for key, value in arguments.keywords.items()
        if key not in {"use_reentrant", "preserve_rng_state", "context_fn", "determinism_check"}
    }
    given = Arguments(arguments.positional[1:], keywords, arguments.open)
    return calls.call(interpreter, arguments.positional[0], given, node)


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
