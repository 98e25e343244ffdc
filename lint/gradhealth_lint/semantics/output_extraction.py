"""Outputs that are probabilities of rectified logits, of the modules that a file applies last."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gradhealth_lint.semantics.domain import catalogue
from gradhealth_lint.semantics.domain.graph import AFFINE, HARMLESS, NORM, Node
from gradhealth_lint.semantics.pytorch.wiring import Wired

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gradhealth_lint.semantics.domain.torch_values import Squashed
    from gradhealth_lint.semantics.python.interpreter import Interpreter
    from gradhealth_lint.semantics.python.roots import Runs

#: What takes logits. A sigmoid of a rectified map may be a gate, of a row it is a probability.
_OF_LOGITS: Final = {"softmax": ("Linear", "Conv"), "log_softmax": ("Linear", "Conv"),
                     "sigmoid": ("Linear",)}  # fmt: skip


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


def _made(interpreter: Interpreter, node: Node) -> Squashed | None:
    found = interpreter.squashed.get(id(node))
    return None if found is None else found[1]


def _before(node: Node, past: tuple[str, ...] = (HARMLESS,)) -> Node:
    """The node whose numbers these are; a pool, which makes new ones, is not gone past."""
    while node.operation in past and len(node.inputs) == 1 and "pool" not in node.label.lower():
        node = node.inputs[0]
    return node
