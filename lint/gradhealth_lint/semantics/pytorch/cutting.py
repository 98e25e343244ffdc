"""Tensors and numbers that have lost the graph their values came through.

A model's output, or a loss of one, is cut by ``detach()``, ``.data``, ``item()``, ``numpy()`` and
by running under ``no_grad``; what is computed of it and of data alone is cut as well.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import libcst as cst

from gradhealth_lint.semantics.domain import catalogue, walking
from gradhealth_lint.semantics.domain.names import called
from gradhealth_lint.semantics.domain.torch_values import Applied, Drawn, Layer, Squashed, is_module
from gradhealth_lint.semantics.domain.values import (
    UNKNOWN,
    Arguments,
    DictValue,
    ListValue,
    Qualified,
    Value,
)
from gradhealth_lint.semantics.pytorch import data, guessing, severing
from gradhealth_lint.semantics.pytorch.graphless import (
    COMPUTED,
    CUT,
    LEAF,
    REWRAPPED,
    STEPPED,
    UNTRACKED,
    WRAPPED,
    is_cut,
    is_squashed,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gradhealth_lint.semantics.python.interpreter import Interpreter

_METHODS: Final = frozenset({"detach", "detach_", "item", "numpy", "tolist"})
_NUMBERS: Final = frozenset({"builtins.float", "builtins.int"})
_MAKERS: Final = frozenset(
    {"torch.tensor", "torch.as_tensor", "torch.Tensor", "torch.FloatTensor", "torch.from_numpy",
     "torch.autograd.Variable", "torch.autograd.variable.Variable"}
)  # fmt: skip
#: Names that lead to no tensor of values, and what starts a backward pass or a graph.
_NOT_TENSORS: Final = frozenset(
    {"backward", "requires_grad_", "requires_grad", "size", "dim", "numel", "nelement", "stride",
     "parameters", "train", "eval", "state_dict", "keys", "items", "values", "register_hook",
     "retain_grad", "grad", "grad_fn", "is_leaf", "element_size", "type", "get_device"}
)  # fmt: skip
#: Methods that add up what there is, term by term.
_ADDING_UP: Final = frozenset({"mean", "sum", "squeeze", "float"})
#: Methods that bring another tensor with a graph of its own.
_JOINING: Final = frozenset(
    {"add", "sub", "mul", "div", "matmul", "mm", "bmm", "dot", "lerp", "where", "addmm", "mv",
     "pow", "log_prob", "masked_scatter", "maximum", "minimum", "add_", "mul_", "sub_", "div_"}
)  # fmt: skip


def derived(value: Value) -> Value:
    """A part, an attribute or the negative of something; UNKNOWN if it is no model's."""
    if is_cut(value):
        return value
    return COMPUTED if isinstance(value, Applied) or is_squashed(value) else UNKNOWN


def attribute(interpreter: Interpreter, node: cst.Attribute, receiver: Value) -> Value:
    """``receiver.data``, and other attributes, of something computed."""
    if node.attr.value in catalogue.SHAPE_ATTRIBUTES or node.attr.value in _NOT_TENSORS:
        return UNKNOWN
    found = _cut(interpreter, node, receiver) if node.attr.value == "data" else None
    return derived(receiver) if found is None else found


def after(
    interpreter: Interpreter, node: cst.Call, receiver: Value, callee: Value, arguments: Arguments
) -> Value:
    """The result of a call that cuts, or of one on what is cut and on data; else UNKNOWN."""
    found = _after(interpreter, node, receiver, callee, arguments)
    return UNKNOWN if found is None else found


def applied(
    interpreter: Interpreter, node: cst.Call, receiver: Value, callee: Value, arguments: Arguments
) -> Value:
    """The result of a model out of view, told by its name, and of what is done to its output."""
    if interpreter.forwarding:
        return UNKNOWN
    method = isinstance(node.func, cst.Attribute)
    if method and isinstance(receiver, Applied):
        name = guessing.last(node)
        if name in _NOT_TENSORS:
            return UNKNOWN
        return receiver if name in _ADDING_UP and receiver.terms else COMPUTED
    if isinstance(callee, Qualified):
        known = callee.name.startswith(("torch.", catalogue.FUNCTIONAL))
    elif guessing.is_a_model(guessing.last(node)) or guessing.is_of_a_model(node):
        return Squashed(UNTRACKED, interpreter.at(node)) if interpreter.gradless else COMPUTED
    else:
        known = guessing.is_loss(node, callee)
    return COMPUTED if known and any(_has_graph(one) for one in arguments.everything()) else UNKNOWN


def _after(
    interpreter: Interpreter, node: cst.Call, receiver: Value, callee: Value, arguments: Arguments
) -> Value | None:
    name = node.func.attr.value if isinstance(node.func, cst.Attribute) else ""
    if name in _METHODS and not node.args:
        return _cut(interpreter, node, receiver)
    if isinstance(callee, Qualified):
        if callee.name in _NUMBERS and arguments.positional:
            return _cut(interpreter, node, arguments.positional[0])
        if callee.name in _MAKERS:
            return _made(interpreter, node, arguments)
        alike = callee.name.startswith("torch.") and callee.name.endswith("_like")
        if alike and arguments.keywords.get("requires_grad") is True:
            return Squashed(LEAF, interpreter.at(node))
    stepped = _stepped(interpreter, node, receiver, callee, arguments)
    if stepped is not None:
        return stepped
    if is_cut(receiver) and name and name not in _NOT_TENSORS:
        given = [one.value for one in node.args] if name in _JOINING else []
        return receiver if data.are_data(interpreter, given) else None
    if guessing.is_loss(node, callee):
        return _of_loss(interpreter, node, callee, arguments)
    if is_module(callee) and interpreter.gradless:
        return Squashed(UNTRACKED, interpreter.at(node))
    return None


def _has_graph(value: Value) -> bool:
    if isinstance(value, ListValue) and isinstance(value.items, tuple):
        return any(isinstance(item, Applied) for item in value.items)
    return isinstance(value, Applied)


def _cut(interpreter: Interpreter, node: cst.CSTNode, value: Value) -> Value | None:
    if is_cut(value):
        return value
    if isinstance(value, (Applied, Squashed)):
        return Squashed(CUT, interpreter.at(node))
    return None


def _made(interpreter: Interpreter, node: cst.Call, arguments: Arguments) -> Value | None:
    """``torch.tensor(value)`` of something computed, or told to require a gradient."""
    given = arguments.positional[0] if arguments.positional else UNKNOWN
    if isinstance(given, Drawn):
        return None  # new numbers, not another tensor's
    asks = arguments.keywords.get("requires_grad") is True
    if asks and _own_gradient(interpreter, node):
        return Squashed(LEAF, interpreter.at(node))
    items = given.items if isinstance(given, ListValue) else (given,)
    for item in items if isinstance(items, tuple) else ():
        if isinstance(item, (Applied, Squashed)):
            if is_cut(item) and not asks:
                return item
            return Squashed(REWRAPPED if asks else CUT, interpreter.at(node))
    inside = walking.within(node.args[0].value) if asks else ()
    names = [part.value for part in inside if isinstance(part, cst.Name)]
    if names:
        lost = any("loss" in name.lower() for name in names)
        return Squashed(REWRAPPED if lost else WRAPPED, interpreter.at(node))
    return None


def _own_gradient(interpreter: Interpreter, made: cst.Call) -> bool:
    """Whether the new tensor's own gradient is looked at: ``x.grad`` after ``x = ...``."""
    around = interpreter.calls[-1] if interpreter.calls else next(iter(interpreter.loops), None)
    if not isinstance(around, cst.CSTNode):
        return False
    names = {
        target.target.value
        for node in walking.nodes_within(around, cst.Assign)
        if node.value is made
        for target in node.targets
        if isinstance(target.target, cst.Name)
    }
    return any(
        node.attr.value == "grad" and isinstance(node.value, cst.Name) and node.value.value in names
        for node in walking.nodes_within(around, cst.Attribute)
    )


def _stepped(
    interpreter: Interpreter, node: cst.Call, receiver: Value, callee: Value, arguments: Arguments
) -> Value | None:
    """``output.argmax()``, ``torch.round(output)`` of what is computed."""
    value: Value = receiver
    name = called(node)
    if name not in severing.STEPPING:
        return None
    if isinstance(callee, Qualified):
        plain = callee.name.startswith("torch.") and callee.name.count(".") == 1
        value = arguments.positional[0] if plain and arguments.positional else UNKNOWN
    if isinstance(value, Applied) or is_squashed(value):
        return Squashed(STEPPED, interpreter.at(node))
    return None


def compared(interpreter: Interpreter, node: cst.Comparison, sides: Sequence[Value]) -> Value:
    """``output > number`` of what is computed."""
    if any(isinstance(side, Applied) or is_squashed(side) for side in sides):
        return Squashed(STEPPED, interpreter.at(node))
    return next((side for side in sides if is_cut(side)), UNKNOWN)


def returned(interpreter: Interpreter, value: Value) -> Value:
    """The loss that a framework is given, where it has no graph or a term of it has none."""
    function = interpreter.calls[-1] if interpreter.calls else None
    if not isinstance(function, cst.FunctionDef) or function.name.value != "training_step":
        return UNKNOWN
    first = function.params.params[:1]
    if not first or first[0].name.value != "self" or _goes_backward(function):
        return UNKNOWN  # what is handed back is for the log
    if isinstance(value, DictValue) and value.items is not UNKNOWN:
        value = dict(value.items).get("loss", UNKNOWN)
    return value if is_cut(value) or isinstance(value, Applied) else UNKNOWN


def _goes_backward(function: cst.FunctionDef) -> bool:
    return any(name in {"backward", "manual_backward"} for name in walking.names(function.body))


def _of_loss(
    interpreter: Interpreter, node: cst.Call, callee: Value, arguments: Arguments
) -> Value | None:
    found = next((value for value in arguments.positional if is_cut(value)), None)
    if not isinstance(found, Squashed):
        return None
    known = isinstance(callee, (Layer, Qualified))
    known = known or bool(guessing.WEIGHTLESS.search(guessing.last(node)))
    if found.function == UNTRACKED and not known and not guessing.is_trained(interpreter, found):
        return None  # a loss with weights of its own would be trained all the same
    if any(isinstance(value, Applied) for value in arguments.everything()):
        return None
    others = [
        argument.value
        for argument, value in zip(node.args, arguments.positional, strict=False)
        if not is_cut(value)
    ]
    return found if data.are_data(interpreter, others) else None
