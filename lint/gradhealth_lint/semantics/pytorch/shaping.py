"""Columns, (N, 1), and flat tensors, (N,), told by how they are written and by what made them.

Subtracting one from the other gives (N, N): every prediction is compared with every target.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import libcst as cst

from gradhealth_lint.semantics.domain import catalogue, folding
from gradhealth_lint.semantics.domain.graph import ACTIVATION, AFFINE, HARMLESS, Node
from gradhealth_lint.semantics.domain.names import dotted
from gradhealth_lint.semantics.domain.torch_values import Applied, Drawn
from gradhealth_lint.semantics.domain.values import UNKNOWN, Value

if TYPE_CHECKING:
    from gradhealth_lint.semantics.domain.values import Arguments, Frame
    from gradhealth_lint.semantics.python.interpreter import Interpreter

COLUMN: Final = "column"
FLAT: Final = "flat"
#: One channel for each of many places: (N, 1, ...).
MAP: Final = "map"
#: Of another form, or of one that is not told.
UNREAD: Final = "unread"
#: Losses that subtract their two arguments, and those that look for classes in dimension 1.
SUBTRACTING: Final = frozenset(
    {"mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss", "MSELoss", "L1Loss", "SmoothL1Loss",
     "HuberLoss"}
)  # fmt: skip
CLASSIFYING: Final = frozenset({"cross_entropy", "CrossEntropyLoss"})
#: Methods and functions that give a tensor of the form they get.
_FAITHFUL: Final = frozenset(
    {"float", "double", "half", "long", "to", "cuda", "cpu", "type", "type_as", "clone", "detach",
     "contiguous", "requires_grad_", "Dropout", "Identity", "dropout", "pow", "sin", "cos", "exp",
     "log", "sqrt", "abs", "square", "tanh", "sigmoid", "relu"}
)  # fmt: skip
_FORMING: Final = frozenset({"squeeze", "unsqueeze", "view", "reshape", "flatten", "ravel"})
_SIZED: Final = frozenset({"randn", "rand", "zeros", "ones"})
_COUNTING: Final = frozenset({"arange", "linspace", "logspace"})
_LISTED: Final = frozenset({"tensor", "FloatTensor", "Tensor", "as_tensor", "from_numpy"})


def written(interpreter: Interpreter, node: cst.BaseExpression, value: Value, frame: Frame) -> str:
    """The form of what is assigned, where it can be told without running a model."""
    return _of(interpreter, node, value, frame, run=False) if interpreter.observing else ""


def assigned(interpreter: Interpreter, target: cst.CSTNode, form: str, frame: Frame) -> None:
    """Note the form of a variable."""
    if form and isinstance(target, cst.Name):
        scope = frame.elsewhere.get(target.value, frame)
        interpreter.store.write(scope.forms, target.value, form)


def mismatch(
    interpreter: Interpreter, node: cst.Call, name: str, arguments: Arguments, frame: Frame
) -> str:
    """How the prediction that a loss is given does not fit: its form, "" if it may fit."""
    given = arguments.bind("input", "target")
    written = _written(node)
    if "input" not in written or interpreter.gradless or arguments.open:
        return ""
    ours = _of(interpreter, written["input"], given.get("input"), frame)
    if name in CLASSIFYING:
        return ours if ours in {COLUMN, MAP} else ""
    if "target" not in written:
        return ""
    theirs = _of(interpreter, written["target"], given.get("target"), frame)
    return ours if {ours, theirs} == {COLUMN, FLAT} else ""


def _written(node: cst.Call) -> dict[str, cst.BaseExpression]:
    names = ("input", "target")
    written = {}
    for place, argument in enumerate(node.args):
        if argument.keyword is not None:
            written[argument.keyword.value] = argument.value
        elif place < len(names):
            written[names[place]] = argument.value
    return written


def _of(
    interpreter: Interpreter,
    node: cst.BaseExpression,
    value: Value,
    frame: Frame,
    *,
    run: bool = True,
) -> str:
    """The form of a tensor, UNREAD of another one, "" if nothing is known of it."""
    if node.__class__ is cst.Name:
        return _of_name(node.value, frame) or _of_value(interpreter, value, run=run)
    if node.__class__ is cst.Subscript:
        return _of_subscript(node)
    if node.__class__ is cst.BinaryOperation:
        return _of_arithmetic(interpreter, node, frame)
    if node.__class__ is cst.Call:
        name = _called(node)
        inner = _tensor(node)
        if name in _FORMING and inner is not None:
            return _formed(name, _sizes(node, inner))
        if name in _FAITHFUL and inner is not None:
            return _of(interpreter, inner, value, frame, run=run)
        if name in _LISTED and node.args:
            return _of_list(node.args[0].value) or _of_value(interpreter, value, run=run)
        if name in _SIZED | _COUNTING and dotted(node.func) == f"torch.{name}":
            return FLAT if name in _COUNTING else _of_sizes(node)
        if name in catalogue.HARMLESS_METHODS:
            return UNREAD
    return _of_value(interpreter, value, run=run)


def _of_name(name: str, frame: Frame) -> str:
    scope: Frame | None = frame
    while scope is not None:
        if name in scope.fields:
            form = scope.forms.get(name, "")
            return form if isinstance(form, str) else UNREAD
        scope = scope.parent
    return ""


def _of_subscript(node: cst.Subscript) -> str:
    """``y[:, None]``."""
    last = node.slice[-1].slice
    added = isinstance(last, cst.Index) and dotted(last.value) in {"None", "np.newaxis"}
    return COLUMN if added and len(node.slice) > 1 else UNREAD


def _of_arithmetic(interpreter: Interpreter, node: cst.BinaryOperation, frame: Frame) -> str:
    """The form that both sides have, or that one side has beside a number."""
    sides = [one for one in (node.left, node.right) if not isinstance(one, _NUMBERS)]
    forms = {_of(interpreter, one, UNKNOWN, frame) for one in sides}
    return forms.pop() if len(forms) == 1 else UNREAD


_NUMBERS: Final = (cst.Integer, cst.Float, cst.UnaryOperation)


def _called(node: cst.Call) -> str:
    func = node.func.attr if isinstance(node.func, cst.Attribute) else node.func
    return func.value if isinstance(func, cst.Name) else ""


def _tensor(node: cst.Call) -> cst.BaseExpression | None:
    """What a method is called on, or a function of torch is given first."""
    if isinstance(node.func, cst.Attribute):
        if dotted(node.func.value) in {"torch", "th", "F"}:
            return node.args[0].value if node.args else None
        return node.func.value
    return None


def _sizes(node: cst.Call, inner: cst.BaseExpression) -> list[str]:
    """The other arguments as they are written."""
    module = cst.Module([])
    rest = [one.value for one in node.args if one.value is not inner]
    texts: list[str] = []
    for one in rest:
        parts = [e.value for e in one.elements] if isinstance(one, (cst.Tuple, cst.List)) else [one]
        texts += [module.code_for_node(part) for part in parts]
    return texts


def _formed(name: str, sizes: list[str]) -> str:
    if name == "squeeze":
        return FLAT if sizes in ([], ["-1"], ["1"]) else UNREAD
    if name == "unsqueeze":
        return COLUMN if sizes in (["-1"], ["1"]) else UNREAD
    if name in {"flatten", "ravel"}:
        return UNREAD if sizes else FLAT
    if sizes == ["-1"]:
        return FLAT
    return COLUMN if len(sizes) == 2 and sizes[1] == "1" else UNREAD  # noqa: PLR2004 - (N, 1)


def _of_sizes(node: cst.Call) -> str:
    """Of ``torch.randn(100)`` and ``torch.randn(100, 1)``."""
    sizes = [one.value for one in node.args if one.keyword is None]
    if len(sizes) == 1:
        return FLAT if isinstance(sizes[0], cst.Integer) else UNREAD
    is_column = len(sizes) == 2 and isinstance(sizes[1], cst.Integer) and sizes[1].value == "1"  # noqa: PLR2004
    return COLUMN if is_column else UNREAD


def _of_list(node: cst.BaseExpression) -> str:
    """Of ``[1.0, 2.0]`` and ``[[1.0], [2.0]]``, and of one column of a table."""
    if isinstance(node, cst.Call) and _called(node) in {"array", "asarray", "list"} and node.args:
        return _of_list(node.args[0].value)
    table: cst.CSTNode | None = None
    if isinstance(node, cst.Attribute) and node.attr.value == "values":
        table = node.value
    elif isinstance(node, cst.Call) and _called(node) in {"to_numpy", "tolist"}:
        table = _tensor(node)
    if isinstance(table, cst.Subscript) and len(table.slice) == 1:
        key = table.slice[0].slice
        named = isinstance(key, cst.Index) and isinstance(key.value, cst.SimpleString)
        return FLAT if named else ""
    items: list[cst.BaseExpression] = []
    if isinstance(node, cst.List):
        items = [element.value for element in node.elements]
    elif isinstance(node, cst.ListComp):
        items = [node.elt]
    if not items:
        return ""
    if all(isinstance(one, _NUMBERS) for one in items):
        return FLAT
    rows = [len(one.elements) if isinstance(one, cst.List) else 0 for one in items]
    return COLUMN if set(rows) == {1} else ""


def _of_value(interpreter: Interpreter, value: Value, *, run: bool) -> str:
    from gradhealth_lint.semantics.pytorch import wiring

    if isinstance(value, Drawn) and value.shape is not None:
        if len(value.shape) == 1:
            return FLAT
        return COLUMN if value.shape[1:] == (1,) else ""
    if isinstance(value, Applied) and run:
        output = wiring.output(interpreter, value.module)
        return "" if output is None else _of_node(output)
    return _of_node(value) if isinstance(value, Node) else ""


def _of_node(node: Node) -> str:
    """The form of what a layer with one output gives, past what leaves it."""
    if node.operation == AFFINE and node.layer is not None:
        arguments = node.layer.arguments
        if folding.whole(arguments.get("out_features")) == 1:
            return COLUMN
        return MAP if folding.whole(arguments.get("out_channels")) == 1 else ""
    faithful = node.operation == ACTIVATION and node.label.lower() not in {"softmax", "softmin"}
    if len(node.inputs) == 1 and (faithful or node.label in _FAITHFUL):
        return _of_node(node.inputs[0])
    if node.operation == HARMLESS and node.label == "squeeze" and len(node.inputs) == 1:
        return FLAT if _of_node(node.inputs[0]) == COLUMN else ""
    return ""
