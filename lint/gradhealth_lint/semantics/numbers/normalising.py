"""A tensor that is divided by its own norm, in one expression: what F.normalize does."""

from __future__ import annotations

from typing import Final

import libcst as cst

from gradhealth_lint.semantics.domain.names import dotted

_FUNCTIONS: Final = frozenset(
    {"torch.norm", "torch.linalg.norm", "torch.linalg.vector_norm", "th.norm", "linalg.norm"}
)
_POWER: Final = frozenset({"p", "ord"})


def parts(node: cst.CSTNode) -> tuple[cst.BaseExpression, str] | None:
    """The tensor and the dimension of ``x / x.norm(dim=d, keepdim=True)``, the Euclidean norm."""
    if not (isinstance(node, cst.BinaryOperation) and isinstance(node.operator, cst.Divide)):
        return None
    call = node.right
    if not isinstance(call, cst.Call):
        return None
    name, arguments = dotted(call.func), list(call.args)
    normed: cst.CSTNode | None = None
    if name in _FUNCTIONS and arguments and arguments[0].keyword is None:
        normed = arguments.pop(0).value
    elif isinstance(call.func, cst.Attribute) and call.func.attr.value == "norm":
        normed = call.func.value
    plain = isinstance(node.left, (cst.Name, cst.Attribute, cst.Subscript))
    if normed is None or not plain or not normed.deep_equals(node.left):
        return None
    given = dict(_named(arguments))
    power = next((given.pop(key) for key in _POWER if key in given), "2")
    if given.keys() != {"dim", "keepdim"} or given["keepdim"] != "True":
        return None
    whole = given["dim"].removeprefix("-").isdigit()
    euclidean = power.strip("\"'") in {"2", "2.0", "fro"}
    return (node.left, given["dim"]) if whole and euclidean else None


def _named(arguments: list[cst.Arg]) -> list[tuple[str, str]]:
    """The arguments after the tensor, by name: (p, dim, keepdim) is their order."""
    order = ("p", "dim", "keepdim")
    found = []
    for place, argument in enumerate(arguments):
        name = argument.keyword.value if argument.keyword is not None else order[min(place, 2)]
        found.append((name, cst.Module([]).code_for_node(argument.value)))
    return found
