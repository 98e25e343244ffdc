"""By how much the values of some code depend on a state that it is given."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeGuard

import libcst as cst

from gradhealth_lint.semantics.domain import catalogue, walking
from gradhealth_lint.semantics.domain.names import called, dotted
from gradhealth_lint.semantics.domain.torch_values import Drawn, Layer
from gradhealth_lint.semantics.domain.values import Function, Instance
from gradhealth_lint.semantics.python import classes

if TYPE_CHECKING:
    from collections.abc import Sequence

#: How far the state of one step is behind that of the next: not at all, as it is, by a weight.
NOT, SAME, WEIGHED = range(3)
#: What has no gradient: no state comes through it.
_CUTTING: Final = frozenset(
    {"detach", "detach_", "item", "numpy", "tolist", "argmax", "argmin", "topk", "multinomial",
     "sample", "size", "dim", "len", "zeros_like", "ones_like", "randn_like", "rand_like"}
)  # fmt: skip
_PRODUCTS: Final = frozenset({"matmul", "mm", "bmm", "linear", "addmm"})
#: Methods and modules that are read inside one another.
_DEEPEST: Final = 3


def is_method(value: object) -> TypeGuard[Function]:
    """Whether it is a function with a body that can be read."""
    return isinstance(value, Function) and isinstance(value.node, cst.FunctionDef)


def statements(function: Function) -> Sequence[cst.CSTNode]:
    """The statements of a function."""
    body = function.node.body
    return body.body if isinstance(body, cst.BaseSuite) else ()


class StateReading:
    """Statements read in order: by how much each name depends on a state."""

    def __init__(self, instance: Instance, levels: dict[str, int], depth: int = 0) -> None:
        self.levels = levels
        self.returned: list[cst.BaseExpression] = []
        self.weight = ""
        self._instance = instance
        self._depth = depth

    def run(self, body: Sequence[cst.CSTNode]) -> None:
        """Read statements; both arms of a branch, one after the other."""
        for statement in body:
            if isinstance(statement, cst.SimpleStatementLine):
                self.run(statement.body)
            elif isinstance(statement, cst.Assign):
                for one in statement.targets:
                    self._set(one.target, statement.value)
            elif isinstance(statement, cst.AugAssign):
                name = dotted(statement.target)
                level = max(self.levels.get(name, NOT), self.level(statement.value))
                self.levels[name] = level
            elif isinstance(statement, cst.Return) and statement.value is not None:
                self.returned.append(statement.value)
            elif isinstance(statement, cst.If):
                self.run(statement.body.body)
                if isinstance(statement.orelse, cst.Else):
                    self.run(statement.orelse.body.body)

    def _set(self, target: cst.CSTNode, value: cst.BaseExpression) -> None:
        if isinstance(target, (cst.Tuple, cst.List)):
            several = isinstance(value, cst.Tuple) and len(value.elements) == len(target.elements)
            values = [one.value for one in value.elements] if several else []  # type: ignore[attr-defined]
            levels = [self.level(one) for one in values] or [self.level(value)] * len(
                target.elements
            )
            for part, level in zip(target.elements, levels, strict=True):
                self.levels[dotted(part.value)] = level
        elif isinstance(target, (cst.Name, cst.Attribute)):
            self.levels[dotted(target)] = self.level(value)

    def level(self, node: cst.CSTNode) -> int:
        """By how much an expression depends on the state."""
        if isinstance(node, (cst.Name, cst.Attribute)):
            return max(self.levels.get(dotted(node), NOT), self._of_part(node))
        if isinstance(node, cst.Call):
            return self._of_call(node)
        inside = max(map(self.level, walking.children(node)), default=NOT)
        if inside and isinstance(node, cst.BinaryOperation):
            product = isinstance(node.operator, cst.MatrixMultiply)
            for side in (node.left, node.right):
                if product and self._is_weight(side):
                    return self._weigh(side)
        return inside

    def _of_part(self, node: cst.CSTNode) -> int:
        return self.level(node.value) if isinstance(node, cst.Attribute) else NOT

    def _of_call(self, node: cst.Call) -> int:
        name = called(node)
        if name in _CUTTING:
            return NOT
        given = [self.level(one.value) for one in node.args]
        owner = node.func.value if isinstance(node.func, cst.Attribute) else None
        level = max([*given, NOT if owner is None else self.level(owner)])
        if not level:
            return NOT
        layer = self._attribute(node.func)
        followed = self._follow(layer, node.func, node.args)
        if followed is not None:
            return followed
        if isinstance(layer, Layer) and layer.kind in catalogue.AFFINE_KINDS:
            return self._weigh(node.func)
        if name in _PRODUCTS:
            weight = next((one.value for one in node.args if self._is_weight(one.value)), None)
            return level if weight is None else self._weigh(weight)
        return level

    def _follow(self, module: object, func: cst.CSTNode, given: Sequence[cst.Arg]) -> int | None:
        """The level of a method's result, or of that of a module of the file; None of others."""
        instance = module if isinstance(module, Instance) else self._instance
        name = (
            "forward"
            if isinstance(module, Instance)
            else getattr(getattr(func, "attr", None), "value", "")
        )
        owned = isinstance(func, cst.Attribute) and dotted(func.value) == "self"
        method = classes.find(instance.cls, name) if owned else None
        if not is_method(method) or self._depth >= _DEEPEST:
            return None
        names = [one.name.value for one in method.node.params.params[1:]]
        levels = dict(zip(names, [self.level(one.value) for one in given], strict=False))
        levels |= {one.keyword.value: self.level(one.value) for one in given if one.keyword}
        inner = StateReading(instance, levels, self._depth + 1)
        inner.run(statements(method))
        self.weight = self.weight or inner.weight
        return max(map(inner.level, inner.returned), default=NOT)

    def _is_weight(self, node: cst.CSTNode) -> bool:
        while isinstance(node, cst.Attribute) and node.attr.value in {"T", "mT"}:
            node = node.value
        return isinstance(self._attribute(node), Drawn)

    def _attribute(self, node: cst.CSTNode) -> object:
        plain = isinstance(node, cst.Attribute) and dotted(node.value) == "self"
        return self._instance.fields.get(node.attr.value) if plain else None  # type: ignore[attr-defined]

    def _weigh(self, node: cst.CSTNode) -> int:
        self.weight = self.weight or dotted(node)  # type: ignore[arg-type]
        return WEIGHED
