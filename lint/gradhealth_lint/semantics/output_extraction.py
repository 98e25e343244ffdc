"""Squashing functions in odd places of the modules a file applies: on rectified logits, inside."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from gradhealth_lint.semantics.domain import catalogue
from gradhealth_lint.semantics.domain.graph import (
    ACTIVATION,
    AFFINE,
    CONCATENATE,
    HARMLESS,
    INPUT,
    NORM,
    Node,
    reachable,
)
from gradhealth_lint.semantics.pytorch.wiring import Wired

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gradhealth_lint.semantics.domain.torch_values import Squashed
    from gradhealth_lint.semantics.python.interpreter import Interpreter
    from gradhealth_lint.semantics.python.roots import Runs

#: What takes logits. A sigmoid of a rectified map may be a gate, of a row it is a probability.
_OF_LOGITS: Final = {"softmax": ("Linear", "Conv"), "log_softmax": ("Linear", "Conv"),
                     "sigmoid": ("Linear",)}  # fmt: skip


#: What gives a hidden layer its inputs; scores of attention are a product, scaled or shifted.
_OF_UNITS: Final = frozenset({INPUT, ACTIVATION, AFFINE, NORM, CONCATENATE, HARMLESS})
#: softmax(tanh(...)) is how attention scores are kept small.
_RECTIFIERS: Final = catalogue.RECTIFYING - {"tanh", "hardtanh", "softsign"}


def rectified(interpreter: Interpreter, runs: Runs) -> Iterator[Wired]:
    """Every softmax or sigmoid at the end of a module whose logits have passed a rectifier."""
    for module, outputs in runs.outputs:
        if len(outputs) > 1:
            continue
        for output in outputs:
            last = _before(output)
            made = _made(interpreter, last)
            if made is None or made.function not in _OF_LOGITS or len(last.inputs) != 1:
                continue
            inner = _before(last.inputs[0])
            rectifier = _made(interpreter, inner)
            if rectifier is None or rectifier.function not in _RECTIFIERS:
                continue
            source = _before(inner.inputs[0], past=(HARMLESS, NORM))
            if source.operation == AFFINE and source.label.startswith(_OF_LOGITS[made.function]):
                yield Wired(made.node, "output", rectifier, module)


def hidden(interpreter: Interpreter, runs: Runs) -> Iterator[Wired]:
    """The first softmax or sigmoid of each module between two layers, and in no other place."""
    for module, outputs in runs.outputs:
        order = reachable(outputs)
        users = Counter(id(node) for user in order for node in user.inputs)
        users.update(id(node) for node in outputs)
        for node in order:
            inner = _before(node.inputs[0], pools=True) if node.operation == AFFINE else node
            made = _made(interpreter, inner)
            if made is None or made.function not in {"softmax", "sigmoid"} or inner is node:
                continue
            source = _before(inner.inputs[0], past=(HARMLESS, NORM))
            if source.operation != AFFINE or users[id(inner)] > 1:
                continue
            # Attention may mix its heads before the softmax and after it (Shazeer et al. 2020).
            if made.function == "sigmoid" or _before(source.inputs[0]).operation in _OF_UNITS:
                yield Wired(made.node, "hidden", made, module)
                break


def _made(interpreter: Interpreter, node: Node) -> Squashed | None:
    found = interpreter.squashed.get(id(node))
    return None if found is None else found[1]


def _before(node: Node, past: tuple[str, ...] = (HARMLESS,), *, pools: bool = False) -> Node:
    """The node whose numbers these are; a pool, which makes new ones, is not gone past unasked."""
    while node.operation in past and len(node.inputs) == 1:
        if "pool" in node.label.lower() and not pools:
            break
        node = node.inputs[0]
    return node
