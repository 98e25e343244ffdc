"""Methods of values the interpreter knows: modules, parameters, tensors, lists, dicts, strings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gradhealth_lint.semantics.domain import catalogue, folding
from gradhealth_lint.semantics.domain.graph import Node
from gradhealth_lint.semantics.domain.torch_values import (
    Container,
    Copied,
    Drawn,
    Layer,
    Leaf,
    Manager,
    ParameterRef,
    ParametersOf,
    Product,
    Scaled,
    Scaler,
)
from gradhealth_lint.semantics.domain.values import (
    MISSING,
    UNKNOWN,
    ArgumentParser,
    Arguments,
    DictValue,
    Instance,
    ListValue,
    Method,
    Super,
    Value,
    new_list,
    tensors_in,
)
from gradhealth_lint.semantics.python import argument_parsing, classes, data_methods
from gradhealth_lint.semantics.pytorch import (
    containers,
    drawn,
    frameworks,
    freezing,
    inits,
    losing,
    modules,
    ordering,
    products,
    severing,
    tensors,
)

if TYPE_CHECKING:
    import libcst as cst

    from gradhealth_lint.semantics.python.interpreter import Interpreter

_RETURN_SELF: Final = frozenset(
    {"train", "eval", "to", "cuda", "cpu", "float", "double", "half", "bfloat16", "type",
     "requires_grad_", "share_memory", "to_empty", "xpu", "compile"}
)  # fmt: skip
_CONTAINER_CHANGES: Final = frozenset(
    {"append", "extend", "insert", "add_module", "register_module", "update"}
)


def call(interpreter: Interpreter, callee: Method, arguments: Arguments, node: cst.Call) -> Value:
    """``receiver.name(*arguments)``."""
    receiver, name = callee.receiver, callee.name
    if name == "requires_grad_":
        freezing.ask(interpreter, receiver, next(iter(arguments.everything()), True))
    if isinstance(receiver, Node):
        product = products.product(interpreter, name, (receiver, *arguments.positional))
        if product is not MISSING:
            return product
        return tensors.method(interpreter, receiver, name, arguments)
    if isinstance(receiver, ParameterRef):
        given = arguments.positional[0] if arguments.positional else UNKNOWN
        if name == "copy_" and isinstance(given, Drawn) and receiver.part is None:
            drawn.by_assignment(interpreter, receiver, given)
            return receiver
        return inits.by_method(interpreter, receiver, name, arguments, node)
    if isinstance(receiver, Drawn):
        return drawn.method(interpreter, receiver, name, arguments, node)
    if isinstance(receiver, Copied):
        if name in {"detach", "to", "cpu", "cuda"}:
            return receiver
        return Copied(f".{name}") if name in catalogue.METHOD_INITS else UNKNOWN
    if isinstance(receiver, Product):
        factor = name.rstrip("_") in {"mul", "div", "multiply", "softmax"}
        kept = receiver if name in catalogue.HARMLESS_METHODS else UNKNOWN
        return products.rescale(interpreter, receiver) if factor else kept
    if isinstance(receiver, Super):
        return _of_super(interpreter, receiver, name, arguments, node)
    if isinstance(receiver, (Layer, Container, Instance)):
        return of_module(interpreter, receiver, name, arguments, node)
    if isinstance(receiver, ListValue):
        return data_methods.of_list(interpreter, receiver, name, arguments)
    if isinstance(receiver, DictValue):
        return data_methods.of_dict(interpreter, receiver, name, arguments)
    if isinstance(receiver, ArgumentParser):
        return argument_parsing.call(receiver, name, arguments)
    if isinstance(receiver, str):
        return data_methods.of_string(receiver, name, arguments)
    if isinstance(receiver, Manager):
        return frameworks.call(interpreter, receiver, name, arguments, node)
    if isinstance(receiver, Scaler) and name == "scale":
        return Scaled(receiver)
    return UNKNOWN


def of_module(
    interpreter: Interpreter, receiver: Value, name: str, arguments: Arguments, node: cst.CSTNode
) -> Value:
    """A method that nn.Module or a container has."""
    if name in {"parameters", "named_parameters"}:
        return ParametersOf(receiver, name == "named_parameters")
    if name in {"modules", "named_modules"}:
        found = modules.named_modules(receiver)
        return new_list(found if name == "named_modules" else [m for _, m in found])
    if name in {"children", "named_children"}:
        pairs = modules.children(receiver)
        return new_list(pairs if name == "named_children" else [m for _, m in pairs])
    if name == "apply" and arguments.everything():
        function, before = arguments.everything()[0], losing.state(receiver)
        ordering.applied(interpreter, receiver, function, node)
        modules.apply_function(interpreter, receiver, function, node)
        losing.unmatched(interpreter, receiver, function, node, before)
        return receiver
    if name in _RETURN_SELF:
        return receiver
    if name in {"forward", "__call__"}:
        return modules.apply(interpreter, receiver, arguments, node)
    if isinstance(receiver, Container):
        return _of_container(interpreter, receiver, name, arguments, node)
    if name == "reset_parameters" and isinstance(receiver, Layer):
        for parameter in inits.parameter_names(receiver):
            interpreter.store.write(receiver.fields, parameter, MISSING)
        return None
    if isinstance(receiver, Instance):
        if name == "optimizers" and not arguments.everything():
            return frameworks.optimizers(interpreter, receiver, node)
        if _register(interpreter, receiver, name, arguments):
            return None
        base = classes.torch_base(receiver.cls)
        if base == "Sequential" and name == "append" and arguments.positional:
            key = str(len(modules.children(receiver)))
            interpreter.store.write(receiver.fields, key, arguments.positional[0])
            return receiver
    return _unread(interpreter, receiver, name, arguments, node)


def _unread(
    interpreter: Interpreter, receiver: Value, name: str, arguments: Arguments, node: cst.CSTNode
) -> Value:
    """A method from outside the file: if its name says so, it sets all parameters."""
    modules.forget_what_is_passed(interpreter, [receiver, *arguments.everything()], node)
    severing.give_away(interpreter, arguments.everything())
    inputs = tensors_in(arguments.everything())
    return tensors.opaque(interpreter, name, inputs) if inputs else UNKNOWN


def _register(
    interpreter: Interpreter, receiver: Instance, name: str, arguments: Arguments
) -> bool:
    if name in {"add_module", "register_module"}:
        bound = arguments.bind("name", "module")
    elif name in {"register_buffer", "register_parameter"}:
        bound = arguments.bind("name", "module")
        given = arguments.bind("name", "param").get("param", UNKNOWN)
        if isinstance(given, Drawn) and not given.text:
            given.text = f"self.{bound.get('name')}"
        kept = name == "register_parameter" and (given is None or isinstance(given, (Drawn, Leaf)))
        bound = {"name": bound.get("name"), "module": given if kept else UNKNOWN}
    else:
        return name in {"zero_grad", "register_forward_hook", "register_full_backward_hook"}
    key = folding.resolved(bound.get("name"))
    if isinstance(key, str):
        interpreter.store.write(receiver.fields, key, bound.get("module", UNKNOWN))
    return True


def _of_container(
    interpreter: Interpreter,
    receiver: Container,
    name: str,
    arguments: Arguments,
    node: cst.CSTNode,
) -> Value:
    if name in _CONTAINER_CHANGES:
        return containers.change(interpreter, receiver, name, arguments)
    pairs = receiver.fields["items"]
    if receiver.kind == "ModuleDict" and name in {"keys", "values", "items"}:
        if pairs is UNKNOWN:
            return UNKNOWN
        return data_methods.of_dict(interpreter, DictValue({"items": pairs}), name, arguments)
    return _unread(interpreter, receiver, name, arguments, node)


def _of_super(
    interpreter: Interpreter, value: Super, name: str, arguments: Arguments, node: cst.CSTNode
) -> Value:
    receiver = value.receiver
    if not isinstance(receiver, Instance):
        return UNKNOWN
    base = classes.torch_base(receiver.cls)
    if name == "__init__":
        if base in catalogue.CONTAINERS:
            classes.fill_container(interpreter, receiver, arguments)
        return None
    if name == "forward":
        inputs = tensors_in(arguments.everything())
        if base == "Sequential" and inputs and interpreter.forwarding:
            found = [child for _, child in modules.children(receiver)]
            return modules.chain(interpreter, found, inputs[0], node)
        return tensors.opaque(interpreter, "super().forward", inputs) if inputs else UNKNOWN
    return of_module(interpreter, receiver, name, arguments, node)
