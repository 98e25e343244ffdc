"""What is called on the way from data to a loss, as the text of one function tells it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import libcst as cst

from gradhealth_lint.semantics import loop_syntax
from gradhealth_lint.semantics.domain import walking
from gradhealth_lint.semantics.domain.names import dotted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gradhealth_lint.semantics.loop_syntax import Write

_CUTTING: Final = frozenset({"detach", "detach_", "item", "numpy", "tolist", "data", "shape"})
_METHODS: Final = frozenset(
    {"mean", "sum", "pow", "square", "abs", "log", "exp", "sqrt", "clamp", "neg", "float", "to",
     "cuda", "cpu", "view", "reshape", "squeeze", "unsqueeze", "flatten", "permute", "transpose",
     "contiguous", "gather", "max", "min", "softmax", "log_softmax", "sigmoid", "tanh", "relu",
     "expand_as", "size", "add", "sub", "mul", "div", "scale", "norm", "type", "long", "t"}
)  # fmt: skip
_PACKAGES: Final = ("torch.", "F.", "nn.", "functional.", "np.", "math.", "th.")
_LOSS: Final = re.compile(
    r"^(criterion|loss_?(fn|func|function)?|bce|mse|ce|adversarial_loss)$|Loss$"
)
_DATA: Final = re.compile(
    r"^(x|y|z|s|a|r|real\w*|states?|obs|actions?|rewards?|batch|data|inputs?|images?|labels?|"
    r"targets?|noise|src|trg|true\w*)$"
)
_PLAIN: Final = (
    cst.BinaryOperation, cst.UnaryOperation, cst.Tuple, cst.List, cst.Element, cst.Subscript,
    cst.SubscriptElement, cst.Index, cst.Slice, cst.Arg, cst.BaseNumber, cst.BaseString,
)  # fmt: skip


class UnreadError(Exception):
    """Something on the way may hide a model."""


class Way:
    """The ways to the losses of one function or loop body; ``models`` are known by their texts."""

    def __init__(self, region: cst.BaseSuite, models: frozenset[str]) -> None:
        self._models = models
        self._places = {id(node): place for place, node in enumerate(walking.within(region))}
        self._written = list(loop_syntax.writes(region))

    def models(self, backward: cst.Call) -> frozenset[str]:
        """The models called between data and the loss that a backward pass starts at.

        Raises:
            UnreadError: not everything in between can be told.
        """
        if not isinstance(backward.func, cst.Attribute) or id(backward) not in self._places:
            raise UnreadError
        return frozenset(self._visit(backward.func.value, self._places[id(backward)], frozenset()))

    def _visit(self, node: cst.CSTNode, cut: int, seen: frozenset[int]) -> Iterator[str]:
        if isinstance(node, cst.Call):
            yield from self._call(node, cut, seen)
        elif isinstance(node, (cst.Name, cst.Attribute)):
            yield from self._variable(node, cut, seen)
        elif isinstance(node, _PLAIN):
            for child in walking.children(node):
                if isinstance(child, (*_PLAIN, cst.Call, cst.Name, cst.Attribute)):
                    yield from self._visit(child, cut, seen)
        else:
            raise UnreadError

    def _call(self, node: cst.Call, cut: int, seen: frozenset[int]) -> Iterator[str]:
        func, text = node.func, dotted(node.func)
        last = text.rpartition(".")[2]
        if isinstance(func, cst.Attribute) and func.attr.value in _CUTTING:
            return
        if text in self._models:
            yield text
        elif isinstance(func, cst.Attribute) and func.attr.value in _METHODS:
            if not text.startswith(_PACKAGES):
                yield from self._visit(func.value, cut, seen)
        elif isinstance(func, cst.Call):
            if not dotted(func.func).endswith("Loss"):
                raise UnreadError
        elif not (text.startswith(_PACKAGES) or _LOSS.search(last) or last in {"Variable", "len"}):
            raise UnreadError
        for argument in node.args:
            if argument.keyword is None or argument.keyword.value in {"input", "target"}:
                yield from self._visit(argument.value, cut, seen)

    def _variable(
        self, node: cst.Name | cst.Attribute, cut: int, seen: frozenset[int]
    ) -> Iterator[str]:
        text = dotted(node)
        if isinstance(node, cst.Attribute) and node.attr.value in _CUTTING:
            return
        made = [one for one in self._written if one.name == text and self._at(one) < cut]
        sets = [place for place, one in enumerate(made) if one.form == "set"]
        if not sets or text in self._models:
            if isinstance(node, cst.Name) and (_DATA.search(text) or text in {"True", "None"}):
                return
            if text.startswith(_PACKAGES):
                return
            raise UnreadError
        for one in made[sets[-1] :]:
            if one.gradless or id(one.node) in seen:
                continue
            if isinstance(one.node, cst.For):
                if self._models & loop_syntax.mentioned(one.value):
                    raise UnreadError
                continue
            yield from self._visit(one.value, self._at(one), seen | {id(one.node)})

    def _at(self, write: Write) -> int:
        return self._places.get(id(write.node), -1)
