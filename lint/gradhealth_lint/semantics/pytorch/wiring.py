"""What a loss or a logarithm is given: the last operation on its input, through models and calls.

Outside a forward pass tensors are not followed; only the one fact is carried along that a tensor
is the result of a squashing function, or of a model whose forward pass tells the rest when it is
asked for.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import libcst as cst

from gradhealth_lint.semantics.domain import catalogue, walking
from gradhealth_lint.semantics.domain.graph import AFFINE, HARMLESS, INPUT, Node
from gradhealth_lint.semantics.domain.torch_values import (
    Applied,
    Container,
    Layer,
    Squashed,
    is_module,
)
from gradhealth_lint.semantics.domain.values import (
    UNKNOWN,
    Arguments,
    Function,
    Instance,
    Qualified,
    Symbol,
    Value,
)
from gradhealth_lint.semantics.pytorch import (
    adding,
    combining,
    cutting,
    graphless,
    severing,
    shaping,
)

if TYPE_CHECKING:
    from gradhealth_lint.semantics.python.interpreter import Interpreter

_SQUASHING: Final = catalogue.SQUASHING_FUNCTIONS | catalogue.SQUASHING_LAYERS
#: Told apart from those: a loss may have one on its way without being given its result.
_RECTIFYING: Final = {
    **{name: name for name in catalogue.RECTIFYING},
    **{f"{name}_": name for name in catalogue.RECTIFYING},
    **catalogue.RECTIFYING_LAYERS,
}
#: What has an opinion on its first argument, in its two forms.
_ASKING: Final = {
    "cross_entropy": "cross_entropy",
    "CrossEntropyLoss": "cross_entropy",
    "binary_cross_entropy": "bce",
    "BCELoss": "bce",
    "binary_cross_entropy_with_logits": "bce_with_logits",
    "BCEWithLogitsLoss": "bce_with_logits",
    "nll_loss": "nll",
    "NLLLoss": "nll",
    "kl_div": "kl_div",
    "KLDivLoss": "kl_div",
    "log": "log",
}
_MATCHING: Final = shaping.SUBTRACTING | shaping.CLASSIFYING
_DATA: Final = re.compile(r"target|label|teacher|^gt_|_gt$", re.I)
_METHODS: Final = frozenset({"softmax", "log_softmax", "sigmoid", "log", "relu", "tanh"})
_PACKAGES: Final = ("torch.", catalogue.FUNCTIONAL, "torch.special.")
#: The result of a layer of weights and nothing else: logits.
AFFINE_RESULT: Final = "affine"
#: One term of a loss that has lost its graph.
TERM: Final = "term"
_LOSS: Final = re.compile(r"loss|err|cost|obj|total|crit|nll|mse|mean", re.I)
#: Optimizers that are made around a leaf to train it.
_OPTIMIZERS: Final = frozenset({"Adam", "AdamW", "SGD", "LBFGS", "RMSprop", "Adagrad", "Adamax"})


@dataclass(frozen=True, eq=False, slots=True)
class Wired:
    """A loss or logarithm, what its input is the result of, and the model that made it."""

    node: cst.CSTNode
    kind: str
    source: Squashed
    model: Value


def after(
    interpreter: Interpreter,
    node: cst.Call,
    receiver: Value,
    callee: Value,
    arguments: Arguments,
    result: Value,
) -> Value:
    """The result of a call with what is known of how it was made; what it asks for is recorded."""
    if interpreter.forwarding:
        result = severing.after(interpreter, node, receiver, callee, arguments, result)
    if result is UNKNOWN:
        result = cutting.after(interpreter, node, receiver, callee, arguments)
    if result is UNKNOWN:
        result = combining.after(interpreter, node, callee, arguments)
    name, first = _operation(node, receiver, callee, arguments)
    if name in _MATCHING and interpreter.observing and interpreter.site is None:
        _match(interpreter, node, name, arguments)
    if name in _ASKING:
        _ask(interpreter, node, _ASKING[name], first)
    if name in _SQUASHING:
        made = Squashed(_SQUASHING[name], interpreter.at(node))
        if isinstance(result, Node):
            interpreter.squashed[id(result)] = (result, made)
        return made if result is UNKNOWN else result
    if name in _RECTIFYING and isinstance(result, Node):
        made = Squashed(_RECTIFYING[name], interpreter.at(node))
        interpreter.squashed[id(result)] = (result, made)
        return result
    if _named(node) == "requires_grad_" and arguments.everything()[:1] != [False]:
        return require(interpreter, node, receiver) if result is UNKNOWN else result
    if result is UNKNOWN:
        if isinstance(first, (Squashed, Applied)) and name in catalogue.HARMLESS_METHODS:
            return first
        if is_module(callee):
            return Applied(callee)
        followed = cutting.applied(interpreter, node, receiver, callee, arguments)
        if name in _RECTIFYING and (followed is UNKNOWN or isinstance(followed, Applied)):
            return Squashed(_RECTIFYING[name], interpreter.at(node))
        return followed
    return result


def require(interpreter: Interpreter, node: cst.CSTNode, target: Value) -> Value:
    """What a tensor is after ``target.requires_grad = True``."""
    computed = target is UNKNOWN or isinstance(target, (Applied, Squashed))
    made = isinstance(node, cst.Call) and isinstance(node.func, cst.Attribute)
    again = made and graphless.is_cut(target) and not _is_a_loss(node)
    lost = again and not _looks_at_gradients(interpreter)
    function = graphless.REWRAPPED if lost else graphless.REQUIRED
    return Squashed(function, interpreter.at(node)) if computed else target


def _is_a_loss(node: cst.CSTNode) -> bool:
    """Whether what ``requires_grad_()`` is called on is by its name what backward starts from."""
    receiver = getattr(getattr(node, "func", None), "value", None)
    return bool(isinstance(receiver, cst.Name) and _LOSS.search(receiver.value))


def _looks_at_gradients(interpreter: Interpreter) -> bool:
    """Whether the code around reads some ``.grad``, or may train a leaf of its own."""
    around = interpreter.loops[0] if interpreter.loops else None
    if around is None:
        return True
    return any(one in {"grad", "optim"} or one in _OPTIMIZERS for one in walking.names(around))


def backward(interpreter: Interpreter, node: cst.Call, receiver: Value) -> None:
    """``receiver.backward()``, noted where it starts at a tensor with no history, or with part."""
    _start(interpreter, node, receiver)


def _start(interpreter: Interpreter, node: cst.CSTNode, loss: Value) -> None:
    if isinstance(loss, Squashed) and graphless.starts(loss):
        interpreter.wired.append(Wired(interpreter.at(node), "backward", loss, None))
    for term in adding.lost(loss):
        lost = Squashed(TERM, term.node)
        interpreter.wired.append(Wired(interpreter.at(node), "backward", lost, None))


def returned(interpreter: Interpreter, node: cst.CSTNode, value: Value) -> None:
    """``return loss`` to a framework that calls ``backward()`` on it."""
    source = cutting.returned(interpreter, value)
    if source is not UNKNOWN:
        _start(interpreter, node, source)


def _named(node: cst.Call) -> str:
    return node.func.attr.value if isinstance(node.func, cst.Attribute) else ""


def _operation(
    node: cst.Call, receiver: Value, callee: Value, arguments: Arguments
) -> tuple[str, Value]:
    """The name of what torch does here, "" for all else, and the tensor it does it to."""
    if isinstance(callee, Qualified):
        package, _, name = callee.name.rpartition(".")
        return (name, arguments.first("input")) if f"{package}." in _PACKAGES else ("", UNKNOWN)
    if isinstance(callee, Layer):
        return callee.kind, arguments.first("input")
    if isinstance(node.func, cst.Attribute):
        name = node.func.attr.value
        known = isinstance(receiver, (Node, Squashed, Applied))
        if known or (name in _METHODS and isinstance(receiver, Symbol)) or receiver is UNKNOWN:
            telling = name in _METHODS or name in catalogue.HARMLESS_METHODS
            return (name, receiver) if telling else ("", UNKNOWN)
    return "", UNKNOWN


def _ask(interpreter: Interpreter, node: cst.Call, kind: str, given: Value) -> None:
    if interpreter.gradless:
        return
    source = _ending(interpreter, given)
    if source is not None and not (kind == "log" and _is_data(source.node)):
        model = given.module if isinstance(given, Applied) else None
        interpreter.wired.append(Wired(interpreter.at(node), kind, source, model))


def _match(interpreter: Interpreter, node: cst.Call, name: str, arguments: Arguments) -> None:
    """Note a loss whose prediction has another form than it needs."""
    form = shaping.mismatch(interpreter, node, name, arguments, interpreter.frame)
    if form:
        kind = "one_class" if name in shaping.CLASSIFYING else "broadcast"
        given = arguments.bind("input")["input"]
        model = given.module if isinstance(given, Applied) and is_module(given.module) else None
        interpreter.wired.append(Wired(node, kind, Squashed(form, node), model))


def _is_data(made: cst.CSTNode) -> bool:
    """Whether what is squashed is by its name a target, so that no gradient goes back there."""
    given = made.args[0].value if isinstance(made, cst.Call) and made.args else None
    if isinstance(made, cst.Call) and isinstance(made.func, cst.Attribute) and given is None:
        given = made.func.value
    return given is not None and any(
        isinstance(node, cst.Name) and _DATA.search(node.value) for node in walking.within(given)
    )


def _ending(interpreter: Interpreter, value: Value) -> Squashed | None:
    """What a tensor is the result of, None if it is something else or not known."""
    if isinstance(value, Squashed):
        return value
    if isinstance(value, Applied):
        key = id(value.module)
        if key not in interpreter.endings:
            node = output(interpreter, value.module)
            ending = None if node is None else _of_node(interpreter, node)
            interpreter.endings[key] = (value.module, ending)
        return interpreter.endings[key][1]
    return _of_node(interpreter, value) if isinstance(value, Node) else None


def _of_node(interpreter: Interpreter, node: Node) -> Squashed | None:
    pooled = False
    while node.operation == HARMLESS and len(node.inputs) == 1:
        # The mean of rectified scores over an image can be as small as any, as in NiN.
        pooled = pooled or "pool" in node.label.lower() or "mean" in node.label
        node = node.inputs[0]
    if id(node) in interpreter.squashed:
        made = interpreter.squashed[id(node)][1]
        return None if pooled and made.function in catalogue.RECTIFYING else made
    if node.operation == AFFINE and node.layer is not None:
        return Squashed(AFFINE_RESULT, node.layer.node)
    return None


def output(interpreter: Interpreter, module: Value) -> Node | None:
    """A model's output, by its forward pass on a tensor of no shape."""
    from gradhealth_lint.semantics.python import classes, roots
    from gradhealth_lint.semantics.pytorch import modules

    given = Arguments([interpreter.node(INPUT)], {})
    if isinstance(module, Instance):
        forward = classes.find(module.cls, "forward")
        if not isinstance(forward, Function):
            return None
        given = roots.inputs(interpreter, forward)
    elif not isinstance(module, (Layer, Container)):
        return None
    applied, observing = set(interpreter.applied), interpreter.observing
    conditions = len(interpreter.conditions)
    skipped, decided = len(interpreter.skipped), len(interpreter.decided)
    interpreter.forwarding += 1
    interpreter.observing = False
    try:
        result = modules.apply(interpreter, module, given, cst.Call(cst.Name("forward")))
    finally:
        interpreter.forwarding -= 1
        interpreter.observing = observing
        interpreter.applied = applied
        del interpreter.conditions[conditions:]
        del interpreter.skipped[skipped:]
        del interpreter.decided[decided:]
    return result if isinstance(result, Node) else None
