"""Calls of torch.utils.checkpoint that record no graph: none of their tensors asks for one."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import libcst as cst

from gradhealth_lint.semantics.domain import walking
from gradhealth_lint.semantics.domain.graph import AFFINE, HARMLESS, INPUT, Node, reachable
from gradhealth_lint.semantics.domain.names import dotted
from gradhealth_lint.semantics.domain.torch_values import is_module
from gradhealth_lint.semantics.domain.values import UNKNOWN, is_constant, tensors_in
from gradhealth_lint.semantics.pytorch import inits, modules

if TYPE_CHECKING:
    from gradhealth_lint.semantics.domain.values import Arguments, Value
    from gradhealth_lint.semantics.python.interpreter import Interpreter

#: How many arguments stand before the tensors.
CHECKPOINTS: Final = {
    "torch.utils.checkpoint.checkpoint": 1,
    "torch.utils.checkpoint.checkpoint_sequential": 2,
}
OPTIONS: Final = frozenset(
    {"use_reentrant", "preserve_rng_state", "context_fn", "determinism_check", "debug"}
)
_SEQUENTIAL: Final = 2
_EMBEDDINGS: Final = frozenset({"Embedding", "EmbeddingBag"})
#: Images and sound have no more channels than these.
_CHANNELS: Final = 4


@dataclass(frozen=True, eq=False, slots=True)
class Checkpointed:
    """A reentrant checkpoint whose tensors are all inputs.

    ``source`` is the input's node, None of what a loop goes over; ``is_raw`` says that by what it
    meets first it is data, and no model's output.
    """

    node: cst.Call = field(repr=False)
    function: str
    tensor: str
    source: Node | None
    is_raw: bool


def observe(
    interpreter: Interpreter, arguments: Arguments, node: cst.Call, result: Value, skipped: int
) -> None:
    """Note a checkpoint that gets nothing but inputs."""
    given = arguments.positional[skipped:]
    reentrant = arguments.keywords.get("use_reentrant")
    if arguments.open or interpreter.site is not None or reentrant not in {None, True}:
        return
    if set(arguments.keywords) - OPTIONS or not given or interpreter.gradless:
        return
    texts = [dotted(argument.value) for argument in node.args[skipped:] if not argument.keyword]
    function, text = dotted(node.args[0].value) or "the function", texts[0] if texts else ""
    if skipped == _SEQUENTIAL:
        if arguments.positional[1] == 1:
            return  # a single segment runs as it is
        function = f"all but the last segment of {function}"
    if interpreter.forwarding:
        sources = [_input(one) for one in given if not is_constant(one)]
        first = sources[0] if sources else None
        if first is None or None in sources or not _trains(arguments.positional[0], result):
            return
        raw = _is_raw(result, first)
        found = Checkpointed(node, function, text or first.label, first, raw)
    else:
        if not _handed(interpreter).issuperset(texts) or len(texts) != len(given):
            return
        if any(one is not UNKNOWN for one in given):
            return
        found = Checkpointed(node, function, text, None, is_raw=True)
    interpreter.cuts.checkpointed.append(found)


def _handed(interpreter: Interpreter) -> set[str]:
    """What running loops take from their data."""
    targets = [one.target for one in interpreter.loops if isinstance(one, cst.For)]
    return {name for target in targets for name in walking.names(target)}


def _input(value: Value) -> Node | None:
    """The input that a tensor is, or is another view of."""
    node = value
    while isinstance(node, Node) and node.operation == HARMLESS and len(node.inputs) == 1:
        if node.layer is not None and inits.parameter_names(node.layer):
            return None
        node = node.inputs[0]
    return node if isinstance(node, Node) and node.operation == INPUT else None


def _trains(function: Value, result: Value) -> bool:
    """Whether there is a parameter in what is checkpointed."""
    layers = modules.layers(function) if is_module(function) else []
    layers += [one.layer for one in reachable(tensors_in([result])) if one.layer is not None]
    return any(inits.parameter_names(layer) for layer in layers)


def _is_raw(result: Value, source: Node) -> bool:
    """Whether the first layer on the way is one for ids, images or sound."""
    for node in reachable(tensors_in([result])):
        layer = node.layer
        if layer is None or not any(_input(one) is source for one in node.inputs):
            continue
        if layer.kind in _EMBEDDINGS:
            return True
        channels = layer.arguments.get("in_channels")
        if node.operation == AFFINE and isinstance(channels, int) and channels <= _CHANNELS:
            return True
    return False
