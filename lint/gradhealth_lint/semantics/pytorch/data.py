"""What surely leads to no parameter: numbers, what loops over data give, and what is so named."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import libcst as cst

from gradhealth_lint.semantics.domain import walking

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gradhealth_lint.semantics.python.interpreter import Interpreter

_DATA: Final = re.compile(
    r"target|label|truth|^gt|gt$|^y$|^y_|^ys$|^old_|_old$|^eps$|^(gamma|discount|clip_?eps)$|"
    r"(^|_)(return|reward|action|done|terminal|advantage|adv)s?$",
    re.I,
)


def are_data(interpreter: Interpreter, nodes: Sequence[cst.CSTNode]) -> bool:
    """Whether none of these leads to a parameter: numbers, what loops give, what is so named."""
    given = {
        part.value
        for loop in interpreter.loops
        if isinstance(loop, cst.For)
        for part in walking.within(loop.target)
        if isinstance(part, cst.Name)
    }
    return all(_is_data(node, given) for node in nodes)


def _is_data(node: cst.CSTNode, given: set[str]) -> bool:
    if isinstance(node, cst.BinaryOperation):
        return _is_data(node.left, given) and _is_data(node.right, given)
    if isinstance(node, cst.Attribute) and _DATA.search(node.attr.value):
        return True  # batch.reward, self.gamma
    root = node
    while isinstance(root, (cst.Attribute, cst.Subscript, cst.Call)):
        root = root.func if isinstance(root, cst.Call) else root.value
    if isinstance(root, cst.Name):
        return root.value in given or bool(_DATA.search(root.value))
    return isinstance(root, (cst.Integer, cst.Float, cst.UnaryOperation, cst.SimpleString))
