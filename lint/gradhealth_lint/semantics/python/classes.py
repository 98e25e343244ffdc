"""Classes of the file: their bases, their attributes, and what making an object does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import libcst as cst

from gradhealth_lint.semantics.domain import catalogue
from gradhealth_lint.semantics.domain.values import (
    MISSING,
    UNKNOWN,
    Arguments,
    Bound,
    ClassValue,
    Frame,
    Function,
    Instance,
    Method,
    Qualified,
    Super,
    Value,
)
from gradhealth_lint.semantics.python.scopes import make_function

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gradhealth_lint.semantics.python.interpreter import Interpreter

#: Classes outside torch whose subclasses are nn.Modules.
_MODULE_BASES: Final = frozenset({"LightningModule", "PreTrainedModel", "PyTorchModelHubMixin"})


def define(interpreter: Interpreter, node: cst.ClassDef, frame: Frame) -> ClassValue:
    """Run a class statement."""
    bases = tuple(_base(interpreter, base.value, frame) for base in node.bases)
    value = ClassValue(
        node.name.value, node, bases, {}, _is_dataclass(interpreter, node, frame),
        foreign=interpreter.site is not None,
    )  # fmt: skip
    body = Frame(value.fields, frame, value, is_class=True)
    for statement in node.body.body:
        if isinstance(statement, cst.FunctionDef):
            function = make_function(interpreter, statement, body, value)
            interpreter.store.write(value.fields, statement.name.value, function)
        else:
            interpreter.execute([statement], body)
    return value


def _base(interpreter: Interpreter, node: cst.BaseExpression, frame: Frame) -> Value:
    from gradhealth_lint.semantics.python import imports

    value = interpreter.evaluate(node, frame)
    project = interpreter.project
    if project is not None and project.trains and isinstance(value, Qualified):
        return imports.resolved(interpreter, value)
    return value


def _is_dataclass(interpreter: Interpreter, node: cst.ClassDef, frame: Frame) -> bool:
    for decorator in node.decorators:
        called = decorator.decorator
        if isinstance(called, cst.Call):
            called = called.func
        value = interpreter.evaluate(called, frame)
        if isinstance(value, Qualified) and value.name.rpartition(".")[2] == "dataclass":
            return True
    return False


def linear_bases(cls: ClassValue) -> list[Value]:
    """The class and everything above it, depth first."""
    order: list[Value] = [cls]
    for base in cls.bases:
        order.extend(linear_bases(base) if isinstance(base, ClassValue) else [base])
    return order


def is_in_view(cls: ClassValue) -> bool:
    """Whether every base is a class of this file, or nn.Module itself."""
    return all(
        (isinstance(base, ClassValue) and not base.foreign) or base == Qualified("torch.nn.Module")
        for base in linear_bases(cls)
    )


def find(cls: ClassValue, name: str, *, above: ClassValue | None = None) -> Value:
    """A class attribute of the file's classes, MISSING if there is none."""
    order = linear_bases(cls)
    if above is not None and above in order:
        order = order[order.index(above) + 1 :]
    for base in order:
        if isinstance(base, ClassValue) and name in base.fields:
            return base.fields[name]
    return MISSING


def bind(found: Value, receiver: Value, cls: ClassValue) -> Value:
    """A class attribute as seen through an object."""
    if not isinstance(found, Function) or found.kind == "staticmethod":
        return found
    return Bound(found, cls if found.kind == "classmethod" else receiver)


def from_super(value: Super, name: str) -> Value:
    """``super().name``."""
    receiver = value.receiver
    cls = receiver.cls if isinstance(receiver, Instance) else receiver
    if not isinstance(cls, ClassValue):
        return UNKNOWN
    found = find(cls, name, above=value.owner)
    if found is not MISSING:
        return bind(found, receiver, cls)
    return Method(value, name)


def torch_base(cls: ClassValue) -> str | None:
    """The class of torch.nn it descends from: "Module", "Sequential", "Linear", ...

    "" if a base outside the file makes that unknown, None if it is no module.
    """
    unknown = False
    for base in linear_bases(cls):
        if isinstance(base, Qualified):
            if base.name.startswith(catalogue.NN):
                return base.name.removeprefix(catalogue.NN)
            if base.name.rpartition(".")[2] in _MODULE_BASES:
                return "Module"
            unknown = unknown or not base.name.startswith(("builtins.", "abc.", "typing."))
        elif not isinstance(base, ClassValue):
            unknown = True
    if unknown and find(cls, "forward") is not MISSING:
        return ""
    return None


def instantiate(
    interpreter: Interpreter, cls: ClassValue, arguments: Arguments, node: cst.CSTNode
) -> Value:
    """Make an object: run ``__init__``, or fill a dataclass's fields."""
    from gradhealth_lint.semantics.python import calls

    if interpreter.is_running(cls):
        return UNKNOWN
    base = torch_base(cls)
    instance = Instance(cls, {}, interpreter.at(node), base is not None, tuple(interpreter.notes))
    interpreter.followed.add(id(cls.node))
    interpreter.activity += 1
    if cls.is_dataclass:
        _fill(instance, arguments)
        return instance
    constructor = find(cls, "__init__")
    if base is not None:
        interpreter.instances.append(instance)
    else:
        interpreter.objects.append(instance)
    interpreter.constructing.append(instance)
    interpreter.calls.append(cls.node)
    try:
        if isinstance(constructor, Function):
            calls.call(interpreter, Bound(constructor, instance), arguments, node)
        elif base in catalogue.CONTAINERS:
            fill_container(interpreter, instance, arguments)
    finally:
        interpreter.calls.pop()
        interpreter.constructing.pop()
    return instance


def fill_container(interpreter: Interpreter, instance: Instance, arguments: Arguments) -> None:
    """What ``Sequential.__init__`` does, on an object of a subclass."""
    from gradhealth_lint.semantics.pytorch import containers

    pairs = containers.named_items("Sequential", arguments)
    if pairs is UNKNOWN:
        interpreter.store.write(instance.fields, "0", UNKNOWN)
        return
    for name, module in pairs:
        interpreter.store.write(instance.fields, name, module)


def _fill(instance: Instance, arguments: Arguments) -> None:
    names = [
        name
        for base in reversed(linear_bases(instance.cls))
        if isinstance(base, ClassValue)
        for name in _annotated(base)
    ]
    given = arguments.bind(*names)
    for name in names:
        default = find(instance.cls, name)
        instance.fields[name] = given.get(name, UNKNOWN if default is MISSING else default)


def _annotated(cls: ClassValue) -> Iterator[str]:
    """The names a class body annotates: the fields of a dataclass."""
    for statement in cls.node.body.body:
        for small in statement.body if isinstance(statement, cst.SimpleStatementLine) else ():
            if isinstance(small, cst.AnnAssign) and isinstance(small.target, cst.Name):
                yield small.target.value
