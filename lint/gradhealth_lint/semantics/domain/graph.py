"""The dataflow graph of a forward pass: one node an operation on tensors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from gradhealth_lint.semantics.domain.torch_values import Layer

INPUT: Final = "input"
AFFINE: Final = "affine"
ACTIVATION: Final = "activation"
NORM: Final = "norm"
#: Dropout, reshapes, casts, pooling: does not change what a chain of layers is.
HARMLESS: Final = "harmless"
ADD: Final = "add"
MULTIPLY: Final = "multiply"
CONCATENATE: Final = "concatenate"
#: A tensor times a number, or over one: ``parameters`` holds the factor.
SCALE: Final = "scale"
#: Anything else that depends on its inputs.
OPAQUE: Final = "opaque"


class Node:
    """The result of one operation.

    ``label`` names the operation; ``parameters`` are its numbers if it is an
    activation or a scale, None if they are not known; ``arguments`` are those of its call, or of
    the constructor of its ``layer``; ``notes`` say what was assumed about how often it runs.
    ``origins`` is the set of graph inputs it depends on, as the bits of a number.
    """

    __slots__ = (
        "arguments", "inputs", "label", "layer", "notes", "operation", "origins", "parameters",
    )  # fmt: skip

    def __init__(
        self,
        operation: str,
        inputs: tuple[Node, ...] = (),
        *,
        label: str = "",
        parameters: tuple[float, ...] | None = (),
        layer: Layer | None = None,
        notes: tuple[str, ...] = (),
        arguments: dict[str, Any] | None = None,
    ) -> None:
        self.operation = operation
        self.inputs = inputs
        self.label = label
        self.parameters = parameters
        self.layer = layer
        self.notes = notes
        if arguments is None:
            arguments = {} if layer is None else layer.arguments
        self.arguments = arguments
        self.origins = 0
        for source in inputs:
            self.origins |= source.origins

    def __repr__(self) -> str:
        return f"<{self.operation} {self.label}>"


def joined(left: Node, right: Node) -> Node:
    """The value after two branches: one of the two, which the source does not tell.

    If one is the other plus harmless operations (a dropout behind a flag) it stands for both;
    else nothing is known but that it depends on both.
    """
    if left is right or _leads_harmlessly(left, right):
        return right
    if _leads_harmlessly(right, left):
        return left
    return Node(OPAQUE, (left, right), label="branch")


def _leads_harmlessly(start: Node, end: Node) -> bool:
    while end is not start:
        if end.operation != HARMLESS or len(end.inputs) != 1:
            return False
        end = end.inputs[0]
    return True


def reachable(outputs: list[Node]) -> list[Node]:
    """Every node an output depends on, inputs before their users."""
    order: list[Node] = []
    seen: set[int] = set()
    stack = [(node, False) for node in outputs]
    while stack:
        node, done = stack.pop()
        if done:
            order.append(node)
        elif id(node) not in seen:
            seen.add(id(node))
            stack.append((node, True))
            stack.extend((source, False) for source in node.inputs)
    return order
