"""``a.b`` for everything that a can be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradhealth_lint.semantics.domain import catalogue, folding
from gradhealth_lint.semantics.domain.graph import HARMLESS, Node
from gradhealth_lint.semantics.domain.names import canonical
from gradhealth_lint.semantics.domain.torch_values import (
    Container,
    Copied,
    Drawn,
    Layer,
    Manager,
    Optimizer,
    ParameterRef,
    ParametersOf,
    Product,
    Scaled,
    Scaler,
    Scheduler,
)
from gradhealth_lint.semantics.domain.values import (
    MISSING,
    UNKNOWN,
    ArgumentParser,
    ClassOf,
    ClassValue,
    DictValue,
    Either,
    Function,
    Instance,
    ListValue,
    Method,
    Namespace,
    Qualified,
    Super,
    Symbol,
    Value,
    new_dict,
)
from gradhealth_lint.semantics.python import classes
from gradhealth_lint.semantics.pytorch import drawn, freezing, inits, modules

if TYPE_CHECKING:
    from gradhealth_lint.semantics.python.interpreter import Interpreter

#: Values whose methods the interpreter knows by name.
_WITH_METHODS = (
    ListValue, DictValue, str, Optimizer, ParametersOf, ArgumentParser, Scaler, Scaled, Scheduler,
    Manager,
)  # fmt: skip


def get(interpreter: Interpreter, receiver: Value, name: str) -> Value:
    """``receiver.name``; UNKNOWN if there is no telling."""
    if receiver is UNKNOWN:
        return UNKNOWN  # as most are
    receiver = folding.resolved(receiver)
    if isinstance(receiver, Qualified):
        if name == "__name__":
            return receiver.name.rpartition(".")[2]
        return Qualified(canonical(f"{receiver.name}.{name}"))
    if isinstance(receiver, Node):
        return _of_tensor(interpreter, receiver, name)
    if isinstance(receiver, Instance):
        return of_instance(interpreter, receiver, name)
    if isinstance(receiver, Layer):
        return _of_layer(receiver, name)
    if isinstance(receiver, ClassValue):
        return _of_class(receiver, name)
    if isinstance(receiver, Container):
        return _of_container(receiver, name)
    if isinstance(receiver, ParameterRef):
        return _of_parameter(receiver, name)
    if isinstance(receiver, Super):
        return classes.from_super(receiver, name)
    if isinstance(receiver, Either):
        options = [option for option in receiver.options if option is not None]
        return get(interpreter, options[0], name) if len(options) == 1 else UNKNOWN
    if isinstance(receiver, Symbol) and name == "__class__":
        return ClassOf(receiver)
    if isinstance(receiver, ClassOf) and name == "__name__":
        return ClassOf(receiver.symbol, named=True)
    if isinstance(receiver, Namespace):
        return receiver.fields.get(name, UNKNOWN)
    if isinstance(receiver, Manager) and name in {"module", "model"}:
        return receiver.model
    if isinstance(receiver, _WITH_METHODS):
        return Method(receiver, name)
    if isinstance(receiver, Function) and name == "__name__":
        return receiver.name
    if isinstance(receiver, (Copied, Product)):
        return Method(receiver, name)
    return drawn.attribute(receiver, name) if isinstance(receiver, Drawn) else UNKNOWN


def of_instance(interpreter: Interpreter, receiver: Instance, name: str) -> Value:
    """An attribute of an object of the file: its own, its class's, or nn.Module's."""
    value = receiver.fields.get(name, MISSING)
    if value is not MISSING:
        return value
    found = classes.find(receiver.cls, name)
    if found is not MISSING:
        bound = classes.bind(found, receiver, receiver.cls)
        if isinstance(found, Function) and found.kind == "property":
            from gradhealth_lint.semantics.python import calls

            return calls.call(interpreter, bound, calls.NOTHING, receiver.node)
        return bound
    if name == "__class__":
        return receiver.cls
    if name == "training":
        return True
    if name == "_modules":
        return new_dict(modules.children(receiver))
    if name == "module" and receiver.is_module:
        return receiver  # DataParallel and its kind, which are transparent
    return Method(receiver, name) if receiver.is_module else UNKNOWN


def _of_tensor(interpreter: Interpreter, receiver: Node, name: str) -> Value:
    if name in catalogue.SHAPE_ATTRIBUTES:
        return UNKNOWN
    if name in {"T", "mT", "H", "mH"}:
        return interpreter.node(HARMLESS, (receiver,), label=name)
    if name in {"data", "real", "imag"}:
        return interpreter.node("opaque", (receiver,), label=name)
    return Method(receiver, name)


def _of_layer(receiver: Layer, name: str) -> Value:
    if name in inits.parameter_names(receiver):
        return ParameterRef(receiver, name)
    if name == "bias" and "bias" in inits.parameter_names(receiver, biased=True):
        return None
    if name == "__class__":
        return Qualified(catalogue.NN + receiver.kind)
    if name == "training":
        return True
    if name in receiver.arguments:
        return receiver.arguments[name]
    return Method(receiver, name)


def _of_container(receiver: Container, name: str) -> Value:
    pairs = receiver.fields["items"]
    if pairs is not UNKNOWN:
        for key, module in pairs:
            if key == name:
                return module
    if name == "__class__":
        return Qualified(catalogue.NN + receiver.kind)
    return True if name == "training" else Method(receiver, name)


def _of_class(receiver: ClassValue, name: str) -> Value:
    if name == "__name__":
        return receiver.name
    found = classes.find(receiver, name)
    if found is MISSING:
        return UNKNOWN
    if isinstance(found, Function) and found.kind == "classmethod":
        return classes.bind(found, receiver, receiver)
    return found


def _of_parameter(receiver: ParameterRef, name: str) -> Value:
    if name == "data":
        return receiver
    shape = inits.shape(receiver)
    if name == "shape":
        return UNKNOWN if shape is None else shape
    if name == "ndim":
        return UNKNOWN if shape is None else len(shape)
    if name == "requires_grad":
        return freezing.asked(receiver)
    return UNKNOWN if name in {"grad", "device", "dtype"} else Method(receiver, name)
