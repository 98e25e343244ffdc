"""Optimizers of models that have been frozen as a whole.

A model whose parts are all in view is judged by its parameters when its optimizer steps. Others are
known by their names: what a scope does to ``model`` from top to bottom.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import libcst as cst

from gradhealth_lint.semantics.domain import walking
from gradhealth_lint.semantics.domain.names import dotted
from gradhealth_lint.semantics.training_facts import FrozenModel

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from gradhealth_lint.semantics.places import Anchor
    from gradhealth_lint.semantics.python.interpreter import Interpreter

#: What lets gradients through again, or may.
_THAWS: Final = re.compile(
    r"\.requires_grad\s*=(?!=|\s*False)|requires_grad_\((?!\s*(requires_grad\s*=\s*)?False)|"
    r"unfreeze|thaw|unlock|setattr\([^)]*requires_grad|peft|\blora",
    re.IGNORECASE,
)
#: What freezes the model that is written before it.
_FREEZES: Final = re.compile(r"\.requires_grad(_\s*\(|\s*=)\s*(requires_grad\s*=\s*)?False")
_OPTIMIZES: Final = re.compile(r"Ada|SGD|RMSprop|Rprop|LBFGS")
_OPTIMIZERS: Final = frozenset(
    {"Adadelta", "Adagrad", "Adam", "AdamW", "Adamax", "ASGD", "LBFGS", "NAdam", "RAdam", "RMSprop",
     "Rprop", "SGD"}
)  # fmt: skip
_MAKES: Final = re.compile(rf"\b({'|'.join(sorted(_OPTIMIZERS))})\s*\(")
#: Methods and functions that leave a model the parameters it has.
_KEEPING: Final = frozenset(
    {"parameters", "named_parameters", "to", "cuda", "cpu", "eval", "train", "half", "float",
     "double", "zero_grad", "state_dict", "load_state_dict", "modules", "children",
     "named_children", "named_modules", "print", "len", "str", "type", "summary", "save", "compile",
     "DataParallel", "DistributedDataParallel", "count_parameters", "next", "isinstance", "tqdm"}
)  # fmt: skip
_PARAMETERS: Final = frozenset({"parameters", "named_parameters"})
_CHILDREN: Final = frozenset({"children", "modules"})
_DEFINED: Final = frozenset({cst.FunctionDef, cst.ClassDef})
_DEFINING: Final = frozenset({*_DEFINED, cst.Lambda})
_FREEZING: Final = frozenset({cst.For, cst.ListComp})
_READ: Final = frozenset({cst.Call, cst.Assign})
_CONDITIONAL: Final = frozenset(
    {cst.If, cst.Try, cst.While, cst.ExceptHandler, cst.IfExp, cst.Match}
)


def frozen(
    interpreter: Interpreter, tree: cst.Module, code: str, anchor: Callable[[cst.CSTNode], Anchor]
) -> tuple[FrozenModel, ...]:
    """Every optimizer that has frozen parameters only, each once."""
    if "requires_grad" not in code or not _OPTIMIZES.search(code):
        return ()
    found = {
        fact.anchor: fact
        for optimizer, node, model in interpreter.ownership.frozen
        for fact in (FrozenModel(anchor(node), optimizer.kind, model),)
    }
    if _MAKES.search(code) and _FREEZES.search(code) and not _THAWS.search(code):
        defined = [one for one in walking.within(tree) if one.__class__ in _DEFINED]
        freezers = frozenset(_freezers(defined))
        for scope in _scopes(tree, defined):
            for node, name, model in _Scope(freezers).read(scope):
                found.setdefault(anchor(node), FrozenModel(anchor(node), name, model))
    return tuple(found.values())


def _scopes(tree: cst.Module, defined: Sequence[cst.CSTNode]) -> Iterator[tuple[cst.CSTNode, ...]]:
    """The module and every function; the constructor of a class goes before its other methods."""
    yield tuple(tree.body)
    for one in defined:
        if isinstance(one, cst.FunctionDef):
            yield (one.body,)
        if isinstance(one, cst.ClassDef):
            methods = [m for m in one.body.body if isinstance(m, cst.FunctionDef)]
            first = [m.body for m in methods if m.name.value == "__init__"]
            yield from ((*first, m.body) for m in methods if first and m.body is not first[0])


def _freezers(defined: Sequence[cst.CSTNode]) -> Iterator[str]:
    """Functions that freeze the model they are given, whatever else they are given."""
    for one in defined:
        if isinstance(one, cst.FunctionDef) and one.params.params:
            first = one.params.params[0].name.value
            scope = _Scope(frozenset())
            list(scope.read((one.body,)))
            if first in scope.frozen:
                yield one.name.value


class _Scope:
    """One scope, read in order; ``frozen`` are the models that are frozen at its end."""

    def __init__(self, freezers: frozenset[str]) -> None:
        self.frozen: set[str] = set()
        self._freezers = freezers
        self._found: list[tuple[cst.CSTNode, str, str]] = []

    def read(self, body: tuple[cst.CSTNode, ...]) -> list[tuple[cst.CSTNode, str, str]]:
        """Optimizers of frozen models, with their class and the model."""
        for node in body:
            self._visit(node, certain=True)
        return self._found

    def _visit(self, node: cst.CSTNode, *, certain: bool) -> None:
        kind = type(node)
        if kind in _DEFINING:
            return
        if kind in _FREEZING:
            model = _looped(node) if isinstance(node, cst.For) else _listed(node)  # type: ignore[arg-type]
            if model:
                self._freeze(model, certain=certain)
                return
        certain = certain and kind not in _CONDITIONAL
        for child in walking.children(node):
            self._visit(child, certain=certain)
        if kind not in _READ:
            return
        if isinstance(node, cst.Call):
            self._call(node, certain=certain)
        elif isinstance(node, cst.Assign):
            for target in node.targets:
                self._assign(target.target, node.value)

    def _freeze(self, model: str, *, certain: bool) -> None:
        if certain:
            self.frozen.add(model)

    def _call(self, node: cst.Call, *, certain: bool) -> None:
        func, name = node.func, _name(node)
        owner = dotted(func.value) if isinstance(func, cst.Attribute) else ""
        if name == "requires_grad_" and owner and node.args:
            self._freeze(owner, certain=certain)
            return
        given = [dotted(argument.value) for argument in node.args]
        if name in self._freezers and given and given[0]:
            self._freeze(given[0], certain=certain)
            return
        if name in _OPTIMIZERS:
            model = _given(node)
            if any(f"{model}.".startswith(f"{one}.") for one in self.frozen):
                self._found.append((node, name, model))
            return
        if name in _KEEPING or not name:
            return
        for text in (owner, *given):
            self._forget(text)

    def _assign(self, target: cst.BaseExpression, value: cst.BaseExpression) -> None:
        if isinstance(target, (cst.Tuple, cst.List)):
            for element in target.elements:
                self._assign(element.value, value)
            return
        while isinstance(target, cst.Subscript):
            target = target.value
        text = dotted(target)
        name = _name(value) if isinstance(value, cst.Call) else ""
        number = isinstance(value, (cst.Integer, cst.Float, cst.SimpleString))
        if text and not number and not (name in _KEEPING and _mentions(value, text)):
            self._forget(text)

    def _forget(self, text: str) -> None:
        """A model, or a part of it, may have other parameters from here on."""
        if text:
            changed = {one for one in self.frozen if f"{text}.".startswith(f"{one}.")}
            self.frozen -= changed
            self._found = [entry for entry in self._found if entry[2] not in changed]


def _name(node: cst.Call) -> str:
    func = node.func.attr if isinstance(node.func, cst.Attribute) else node.func
    return func.value if isinstance(func, cst.Name) else ""


def _looped(node: cst.For) -> str:
    """``model`` of ``for p in model.parameters(): p.requires_grad = False``, "" of other loops."""
    names = set(walking.names(node.target))
    inner = node.body.body[0]
    if isinstance(inner, cst.For) and len(node.body.body) == 1:
        return _source(node.iter, _CHILDREN) if _looped(inner) in names else ""
    statements: list[cst.CSTNode] = []
    for line in node.body.body:
        statements += line.body if isinstance(line, cst.SimpleStatementLine) else (line,)
    if not all(isinstance(one, cst.BaseSmallStatement) for one in statements):
        return ""
    freezing = any(_freezes(one, names) for one in statements)
    return _source(node.iter, _PARAMETERS) if freezing else ""


def _listed(node: cst.ListComp) -> str:
    """``model`` of ``[p.requires_grad_(False) for p in model.parameters()]``."""
    names = set(walking.names(node.for_in.target))
    if node.for_in.ifs or not _freezes(cst.Expr(node.elt), names):
        return ""
    return _source(node.for_in.iter, _PARAMETERS)


def _freezes(statement: cst.CSTNode, names: set[str]) -> bool:
    if isinstance(statement, cst.Assign):
        target = dotted(statement.targets[0].target)
        off = isinstance(statement.value, cst.Name) and statement.value.value == "False"
        return off and target in {f"{name}.requires_grad" for name in names}
    value = statement.value if isinstance(statement, cst.Expr) else None
    if not isinstance(value, cst.Call):
        return False
    return dotted(value.func) in {f"{name}.requires_grad_" for name in names}


def _source(node: cst.BaseExpression, methods: frozenset[str]) -> str:
    """``model`` of ``model.parameters()``, "" of anything else."""
    if isinstance(node, cst.Call) and _name(node) in {"enumerate", "list"} and node.args:
        node = node.args[0].value
    func = node.func if isinstance(node, cst.Call) else None
    if isinstance(func, cst.Attribute) and func.attr.value in methods:
        return dotted(func.value)
    return ""


def _given(node: cst.Call) -> str:
    """The one model whose parameters an optimizer gets, "" if it gets others as well."""
    if not node.args:
        return ""
    sources = [
        _source(one, _PARAMETERS)
        for one in walking.within(node.args[0].value)
        if isinstance(one, cst.Call)
    ]
    others = [
        one
        for one in walking.within(node.args[0].value)
        if isinstance(one, (cst.BinaryOperation, cst.Dict, cst.ListComp, cst.StarredElement))
    ]
    texts = {text for text in sources if text}
    return texts.pop() if len(texts) == 1 and not others else ""


def _mentions(node: cst.CSTNode, text: str) -> bool:
    return any(
        dotted(one) == text
        for one in walking.within(node)
        if isinstance(one, (cst.Name, cst.Attribute))
    )
