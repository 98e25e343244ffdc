"""Where gradients end for good: layers, and arguments of losses, that only cut ways lead to."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import libcst as cst

from gradhealth_lint.semantics.cut_facts import CutOff
from gradhealth_lint.semantics.domain import walking
from gradhealth_lint.semantics.domain.graph import INPUT, Node
from gradhealth_lint.semantics.domain.names import dotted
from gradhealth_lint.semantics.domain.values import ClassValue, Function, Instance, Value
from gradhealth_lint.semantics.python import classes
from gradhealth_lint.semantics.pytorch import freezing, inits, modules

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gradhealth_lint.semantics.places import Anchor
    from gradhealth_lint.semantics.python.interpreter import Interpreter
    from gradhealth_lint.semantics.python.roots import Runs

#: What a class that keeps its gradients to itself mentions.
_ON_PURPOSE: Final = re.compile(
    r"requires_grad|freez|frozen|stop_?grad|teacher|momentum|ema\b|straight|\bste\b|pretrain|eval\b"
    r"|quantiz|codebook|pseudo",
    re.I,
)
#: Parts that others train, by their names, and modules that are not there to be trained.
_RESERVED: Final = re.compile(
    r"backbone|encod|extract|teacher|target|frozen|pretrain|embed|ema|wrapper|infer|predict"
    r"|eval|metric|decod|export|onnx|tokeniz|quant|post|codec|generat|sampl|detect|vocoder",
    re.I,
)
_LOSS: Final = re.compile(r"loss|criterion", re.I)
#: Functions that draw by the reparametrisation trick (Kingma and Welling, 2014, section 2.4).
_DRAWS: Final = re.compile(r"reparam", re.I)
#: Arguments of a loss that a model made.
_MADE: Final = re.compile(r"pred|out|logit|^input|hat|recon|student|score|prob|^x$|^y_pred", re.I)
#: Whole numbers, which no gradient reaches in any case.
_WHOLE: Final = re.compile(
    r"(^|_)(ids?|idx|index|indices|tokens?|labels?|class(es)?|mask)(_|$)", re.I
)
#: Methods that set layers up.
_SETTING_UP: Final = re.compile(r"init|reset|build|extra_repr|device")


def cut_off(
    interpreter: Interpreter, runs: Runs, anchor: Callable[[cst.CSTNode], Anchor]
) -> tuple[CutOff, ...]:
    """Every cut that keeps layers or a loss's argument from any gradient."""
    if not interpreter.cuts.severed:
        return ()
    found: dict[CutOff, None] = {}
    for module, outputs in runs.outputs:
        followed = id(module) not in runs.partly
        if isinstance(module, Instance) and followed and not module.cls.foreign:
            for one in _of_module(interpreter, module, outputs, anchor):
                found[one] = None
    for name, outputs in runs.judged:
        draws = _DRAWS.search(name) is not None
        for one in (_of_draw if draws else _of_loss)(interpreter, name, outputs, anchor):
            found[one] = None
    return tuple(found)


def _of_module(
    interpreter: Interpreter,
    module: Instance,
    outputs: list[Node],
    anchor: Callable[[cst.CSTNode], Anchor],
) -> Iterator[CutOff]:
    name = module.cls.name
    if _LOSS.search(name):
        yield from _of_loss(interpreter, name, outputs, anchor)
    live, cuts = _ways(interpreter, outputs)
    if not cuts or _is_on_purpose(module.cls):
        return
    trained = {id(node.layer) for node in live if node.layer is not None}
    whole = not any(node.layer is not None and _learns(node.layer) for node in live)
    homes = {
        id(layer): attribute
        for attribute, child in modules.children(module)
        for layer in modules.layers(child)
    }
    for cut in cuts:
        behind, _ = _reached(interpreter, [cut], through=True)
        hidden = {
            homes[id(node.layer)]
            for node in behind
            if node.layer is not None
            and id(node.layer) not in trained
            and id(node.layer) in homes
            and _learns(node.layer)
        }
        lost = [name for name in dict.fromkeys(homes.values()) if name in hidden]
        severed = interpreter.cuts.severed[id(cut)]
        if not lost or id(severed.at) in interpreter.sites or _are_elsewhere(module.cls, set(lost)):
            continue
        reserved = any(_RESERVED.search(one) for one in (*lost, name))
        yield CutOff(
            anchor(severed.at), severed.how, name, tuple(lost), whole, reserved, False,
            _text(severed.at),
        )  # fmt: skip


def _of_loss(
    interpreter: Interpreter,
    name: str,
    outputs: list[Node],
    anchor: Callable[[cst.CSTNode], Anchor],
) -> Iterator[CutOff]:
    live, cuts = _ways(interpreter, outputs)
    trained = {id(node) for node in live}
    for cut in cuts:
        behind, _ = _reached(interpreter, [cut], through=True)
        lost = [
            node.label
            for node in behind
            if node.operation == INPUT
            and id(node) not in trained
            and _MADE.search(node.label)
            and not _WHOLE.search(node.label)
        ]
        severed = interpreter.cuts.severed[id(cut)]
        # A loss that some other argument still trains may hold this one fixed on purpose.
        others = any(node.operation == INPUT and _MADE.search(node.label) for node in live)
        if lost and not others and id(severed.at) not in interpreter.sites:
            yield CutOff(
                anchor(severed.at), severed.how, name, tuple(lost[:1]), True, False, True,
                _text(severed.at),
            )  # fmt: skip


def _of_draw(
    interpreter: Interpreter,
    name: str,
    outputs: list[Node],
    anchor: Callable[[cst.CSTNode], Anchor],
) -> Iterator[CutOff]:
    """Cuts in the reparametrisation trick, which is there to hand its arguments a gradient."""
    live, cuts = _ways(interpreter, outputs)
    trained = {id(node) for node in live}
    for cut in cuts:
        behind, _ = _reached(interpreter, [cut], through=True)
        given = [node for node in behind if node.operation == INPUT]
        labels = [node.label for node in given if node.label and id(node) not in trained]
        lost = tuple(reversed(labels))
        severed = interpreter.cuts.severed[id(cut)]
        if lost and id(severed.at) not in interpreter.sites:
            text = _text(severed.at)
            yield CutOff(anchor(severed.at), severed.how, name, lost, True, False, True, text)


def _ways(interpreter: Interpreter, outputs: list[Node]) -> tuple[list[Node], list[Node]]:
    """What a gradient may come to, from the outputs or unseen, and the cuts behind the outputs."""
    live, cuts = _reached(interpreter, outputs)
    unseen, _ = _reached(interpreter, interpreter.cuts.given_away)
    return [*live, *unseen], cuts


def _reached(
    interpreter: Interpreter, outputs: list[Node], *, through: bool = False
) -> tuple[list[Node], list[Node]]:
    """What a gradient from the outputs comes to, and the cuts it ends at."""
    live: list[Node] = []
    cuts: list[Node] = []
    seen: set[int] = set()
    waiting = list(outputs)
    while waiting:
        node = waiting.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        if not through and id(node) in interpreter.cuts.severed:
            cuts.append(node)
            continue
        live.append(node)
        waiting.extend(node.inputs)
    return live, cuts


def _learns(layer: Value) -> bool:
    return bool(inits.parameter_names(layer)) and not freezing.may_be_frozen(layer)


def _is_on_purpose(cls: ClassValue) -> bool:
    return any(_ON_PURPOSE.search(name) for name in walking.names(cls.node))


def _are_elsewhere(cls: ClassValue, attributes: set[str]) -> bool:
    """Whether a method that forward does not call uses these parts: it may train them."""
    methods = {
        name: value.node
        for base in classes.linear_bases(cls)
        if isinstance(base, ClassValue)
        for name, value in base.fields.items()
        if isinstance(value, Function) and isinstance(value.node, cst.FunctionDef)
    }
    called, waiting = {"forward", "__init__"}, ["forward"]
    while waiting:
        node = methods.get(waiting.pop())
        for name in _own(node) if node is not None else ():
            if name in methods and name not in called:
                called.add(name)
                waiting.append(name)
    return any(
        attributes.intersection(_own(node))
        for name, node in methods.items()
        if name not in called and not _SETTING_UP.search(name)
    )


def _own(node: cst.CSTNode) -> Iterator[str]:
    """The attributes of ``self`` that code mentions."""
    for one in walking.nodes_within(node, cst.Attribute):
        if dotted(one.value) == "self":
            yield one.attr.value


def _text(node: cst.CSTNode) -> str:
    named = node.func if isinstance(node, cst.Call) else node
    if isinstance(named, cst.Attribute):
        return dotted(named) or named.attr.value
    return dotted(named) if isinstance(named, cst.Name) else ""
