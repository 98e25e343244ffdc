"""Parameters that are changed by hand: in place while autograd watches, or not at all.

A leaf that asks for a gradient must not be changed in place outside ``torch.no_grad()``: autograd
raises RuntimeError. ``p = p - lr * p.grad`` and ``p.data.sub(lr * p.grad)`` raise nothing and leave
the parameter as it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

import libcst as cst

from gradhealth_lint.semantics.domain import catalogue, walking
from gradhealth_lint.semantics.domain.names import dotted
from gradhealth_lint.semantics.domain.torch_values import Drawn, Leaf, ParameterRef, Squashed
from gradhealth_lint.semantics.domain.values import UNKNOWN, Symbol, Value
from gradhealth_lint.semantics.python.scopes import look_up
from gradhealth_lint.semantics.pytorch import freezing, graphless

if TYPE_CHECKING:
    from gradhealth_lint.semantics.domain.values import Frame
    from gradhealth_lint.semantics.python.interpreter import Interpreter

_IN_PLACE: Final = frozenset(catalogue.METHOD_INITS) | {
    "mul_", "add_", "sub_", "div_", "copy_", "clamp_", "clip_", "addcmul_", "addcdiv_", "lerp_",
    "clamp_min_", "clamp_max_", "abs_", "neg_", "sqrt_", "masked_fill_", "sign_", "round_", "zero_",
    "fill_", "subtract_", "multiply_", "divide_", "pow_", "renorm_",
}  # fmt: skip
_OUT_OF_PLACE: Final = frozenset({"add", "sub", "mul", "div", "addcmul", "addcdiv", "lerp"})
_GIVING: Final = frozenset({"parameters", "named_parameters"})
#: Attributes behind which autograd does not watch.
_UNWATCHED: Final = frozenset({"data", "grad"})
_ASKING: Final = frozenset({"requires_grad", "requires_grad_"})
#: What makes a leaf of the result of an update.
_LEAVES_AGAIN: Final = _ASKING | {"retain_grad", "detach", "detach_", "Variable"}


@dataclass(frozen=True, slots=True)
class Changed:
    """A change by hand of the parameter ``text``; ``form`` as in ``HandUpdate``."""

    node: cst.CSTNode
    form: str
    text: str


@dataclass(frozen=True, slots=True)
class Moved:
    """A step along the gradient of the tensor ``text``, the loops around it and its function."""

    node: cst.CSTNode
    text: str
    loops: tuple[cst.CSTNode, ...]
    turn: int
    function: object


def called(interpreter: Interpreter, node: cst.Call, receiver: Value, frame: Frame) -> None:
    """``parameter.mul_(...)``."""
    func = node.func
    if isinstance(func, cst.Attribute) and func.attr.value in _IN_PLACE:
        _move(interpreter, node, func.value, node)
        _in_place(interpreter, func.value, receiver, node, frame)


def augmented(interpreter: Interpreter, node: cst.AugAssign, old: Value, frame: Frame) -> None:
    """``parameter -= ...``."""
    _move(interpreter, node, node.target, node.value)
    _in_place(interpreter, node.target, old, node, frame)


def set_element(
    interpreter: Interpreter, target: cst.Subscript, receiver: Value, frame: Frame
) -> None:
    """``parameter[index] = ...``."""
    _in_place(interpreter, target.value, receiver, target, frame)


def assigned(interpreter: Interpreter, node: cst.Assign, frame: Frame) -> None:
    """``p = p - lr * p.grad`` of what a loop over parameters gives, or of a leaf in a loop."""
    target = node.targets[0].target
    if target.__class__ is cst.Attribute and target.attr.value == "data":
        _move(interpreter, node, target, node.value)
    if len(node.targets) > 1 or not isinstance(target, cst.Name):
        return
    name = target.value
    if not interpreter.loops or not by_gradient(node.value, name):
        return
    if _loop_over(interpreter, name) is not None:
        _note(interpreter, node, "rebound", name)
    elif _is_watched(interpreter, value := look_up(name, frame), name) or (
        _is_made_a_leaf(value) and not _is_anew(interpreter.loops[-1], name, node)
    ):
        again = _mentions(interpreter.loops[0], _LEAVES_AGAIN) or _mentions(node, _LEAVES_AGAIN)
        if not again:
            _note(interpreter, node, "no leaf", name)


def _move(
    interpreter: Interpreter, node: cst.CSTNode, target: cst.CSTNode, value: cst.CSTNode
) -> None:
    """Note a step along the gradient in a loop of this file, if it is one."""
    if not interpreter.loops or interpreter.site is not None or interpreter.host:
        return
    text = dotted(target) if isinstance(target, (cst.Name, cst.Attribute)) else ""
    text = text.removesuffix(".data")
    if text and f"{text}.grad" in {one.removesuffix(".data") for one in _gradients(value)}:
        function = interpreter.calls[-1] if interpreter.calls else None
        loops = tuple(interpreter.loops)
        interpreter.held.moved.append(Moved(node, text, loops, interpreter.turn, function))


_ARITHMETIC: Final[frozenset[type]] = frozenset({cst.BinaryOperation, cst.Call})


def by_gradient(node: cst.CSTNode, name: str) -> bool:
    """Whether an expression is arithmetic on ``name`` and ``name.grad``."""
    if node.__class__ not in _ARITHMETIC:
        return False
    texts = _gradients(node)
    return f"{name}.grad" in texts or f"{name}.grad.data" in texts


@lru_cache(maxsize=256)
def _gradients(node: cst.CSTNode) -> frozenset[str]:
    """The attributes of an expression that are a gradient's; loops ask again and again."""
    every = map(dotted, walking.nodes_within(node, cst.Attribute))
    return frozenset(text for text in every if ".grad" in text)


def discarded(interpreter: Interpreter, node: cst.BaseExpression) -> None:
    """``p.data.sub(lr * p.grad)`` as a statement."""
    func = node.func if isinstance(node, cst.Call) else None
    if not isinstance(func, cst.Attribute) or func.attr.value not in _OUT_OF_PLACE:
        return
    root: cst.BaseExpression = func.value
    while isinstance(root, cst.Attribute) and root.attr.value == "data":
        root = root.value
    if isinstance(root, cst.Name) and _loop_over(interpreter, root.value) is not None:
        _note(interpreter, node, "discarded", root.value)


def _in_place(
    interpreter: Interpreter,
    node: cst.BaseExpression,
    value: Value,
    at: cst.CSTNode,
    frame: Frame,
) -> None:
    while isinstance(node, cst.Subscript):
        node = node.value
        value = interpreter.evaluate(node, frame)
    text = dotted(node)
    if interpreter.gradless or not text or _UNWATCHED.intersection(text.split(".")):
        return
    if isinstance(node, cst.Attribute):
        watched = _is_watched(interpreter, value, text)
    else:
        loop = _loop_over(interpreter, text)
        known = isinstance(value, ParameterRef)
        watched = (
            freezing.asked(value) is True
            if loop is not None and known
            else loop is not None and (value is UNKNOWN or isinstance(value, Symbol))
        ) or _is_watched(interpreter, value, text)
    if watched or (_is_made_a_leaf(value) and _by_own_gradient(interpreter, at, text)):
        _note(interpreter, at, "in place", text)


def _is_anew(loop: cst.CSTNode, name: str, update: cst.Assign) -> bool:
    """Whether each turn of a loop makes the tensor of this name anew, ahead of its update."""
    if isinstance(loop, cst.For) and name in walking.names(loop.target):
        return True
    return any(
        node is not update and name in [dotted(one.target) for one in node.targets]
        for node in walking.nodes_within(loop, cst.Assign)
    )


def _is_made_a_leaf(value: Value) -> bool:
    """Whether it was told to ask for a gradient: ``x.clone().detach().requires_grad_()``."""
    return isinstance(value, Squashed) and value.function in graphless.LEAVES


def _by_own_gradient(interpreter: Interpreter, change: cst.CSTNode, text: str) -> bool:
    """Whether a tensor is moved along its ``.grad``, which only leaves have, and asks for it still.

    Without that it may be no leaf: ``requires_grad_()`` of what has a history changes nothing.
    """
    given = change.value if isinstance(change, cst.AugAssign) else change
    if f"{text}.grad" not in _gradients(given) and f"{text}.grad.data" not in _gradients(given):
        return False
    around = interpreter.calls[-1] if interpreter.calls else interpreter.loops[0:1]
    return isinstance(around, cst.CSTNode) and not _is_let_go(around, text)


def _is_let_go(around: cst.CSTNode, text: str) -> bool:
    """Whether it is told not to ask any more: ``x.requires_grad_(False)``, ``x.detach_()``."""
    for node in walking.within(around):
        if isinstance(node, cst.Call):
            name = dotted(node.func)
            if name == f"{text}.detach_" or (name == f"{text}.requires_grad_" and node.args):
                return True
        elif isinstance(node, cst.Assign) and not _is_true(node.value):
            targets = [dotted(one.target) for one in node.targets]
            if f"{text}.requires_grad" in targets:
                return True
    return False


def _is_true(node: cst.BaseExpression) -> bool:
    return isinstance(node, cst.Name) and node.value == "True"


def _is_watched(interpreter: Interpreter, value: Value, text: str) -> bool:
    """Whether a value, by this name, is a leaf that asks for a gradient.

    Another name may stand for its data.
    """
    if isinstance(value, ParameterRef):
        return "." in text and value.part is None and freezing.asked(value) is True
    if isinstance(value, Leaf):
        return value.is_parameter and not value.made_by and "." in text
    if not isinstance(value, Drawn) or value.made_by or value.fields["trained"] is not True:
        return False
    if value.text != text:
        return False
    return any(one is value for one in interpreter.drawn)


def _loop_over(interpreter: Interpreter, name: str) -> cst.For | None:
    """The innermost running loop, if it is over parameters and gives them this name."""
    loop = interpreter.loops[-1] if interpreter.loops else None
    if not isinstance(loop, cst.For) or not isinstance(loop.iter, cst.Call):
        return None
    over: cst.BaseExpression = loop.iter
    target: cst.CSTNode = loop.target
    counted = dotted(loop.iter.func) == "enumerate" and loop.iter.args
    if counted and isinstance(target, cst.Tuple):
        over, target = loop.iter.args[0].value, target.elements[-1].value
    func = over.func if isinstance(over, cst.Call) else None
    if not isinstance(func, cst.Attribute) or func.attr.value not in _GIVING:
        return None
    if func.attr.value == "named_parameters":
        target = target.elements[-1].value if isinstance(target, cst.Tuple) else target
    given = isinstance(target, cst.Name) and target.value == name
    return loop if given and not _mentions(loop.body, _ASKING) else None


def _mentions(node: cst.CSTNode, attributes: frozenset[str]) -> bool:
    return any(
        isinstance(one, cst.Attribute) and one.attr.value in attributes
        for one in walking.within(node)
    )


def _note(interpreter: Interpreter, node: cst.CSTNode, form: str, text: str) -> None:
    if interpreter.site is None and not interpreter.host:
        interpreter.held.changed.append(Changed(node, form, text))
