"""Words that several rules share in their messages."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gradhealth_lint.semantics.cut_facts import CutOff
    from gradhealth_lint.semantics.network_facts import Stack, StackLayer

#: Attributes that a message names.
_SHOWN = 3
#: How torch.nn spells the activations whose class is not the capitalised name.
_CLASS_NAMES = {
    "relu": "ReLU",
    "relu6": "ReLU6",
    "leaky_relu": "LeakyReLU",
    "prelu": "PReLU",
    "elu": "ELU",
    "celu": "CELU",
    "selu": "SELU",
    "gelu": "GELU",
    "silu": "SiLU",
    "logsigmoid": "LogSigmoid",
}


def class_name(activation: str) -> str:
    """``sigmoid`` as torch.nn spells it: ``Sigmoid``."""
    return _CLASS_NAMES.get(activation, activation.capitalize())


def gain(value: float) -> str:
    """A gain in two digits: 0.14, 8e-18, 3.3e+03."""
    return f"{value:.2g}"


def shape(layer: StackLayer) -> str:
    """``Linear(64, 64)``, ``Conv2d(3, 16)``; a size the source does not tell is a question mark."""
    window = layer.window
    ends = (layer.fan_in, layer.fan_out) if window is None else (window.inputs, window.outputs)
    sizes = ("?" if size is None else str(size) for size in ends)
    return f"{layer.kind}({', '.join(sizes)})"


def stack(value: Stack, activation: str) -> str:
    """``20 x (Linear(64, 64), Sigmoid)``, or the count and the shapes where they differ."""
    hidden = [layer for layer in value.layers if layer.activation == activation]
    inner = hidden[1:] if len(hidden) > 1 else hidden
    block = f"({shape(inner[0])}, {class_name(activation)})" if inner else "()"
    if all(shape(layer) == shape(hidden[0]) for layer in hidden):
        return f"{len(hidden)} x {block}"
    if all(shape(layer) == shape(inner[0]) for layer in inner):
        return f"{shape(hidden[0])} and {len(inner)} x {block}"
    return f"{len(hidden)} x ({value.layers[0].kind}, {class_name(activation)})"


def network(row: Stack, activation: str) -> str:
    """``20 x (Linear(64, 64), ReLU)``, or ``15 layers of Conv2d and Linear with ReLU``."""
    kinds = list(dict.fromkeys(layer.kind for layer in row.layers))
    if activation == "identity":
        return f"{row.depth} layers of {' and '.join(kinds)} without activations"
    if len(kinds) == 1:
        hidden = tuple(layer for layer in row.layers if layer.activation == activation)
        if hidden and len({shape(layer) for layer in hidden[1:]}) <= 1:
            return stack(row, activation)
    return f"{row.depth} layers of {' and '.join(kinds)} with {class_name(activation)}"


def init(described: str) -> str:
    """An init's description inside a sentence."""
    return "PyTorch's default init" if described == "default" else described


def assumptions(notes: tuple[str, ...]) -> str:
    """What a number rests on, in brackets; "" if on nothing but the source."""
    return f" ({'; '.join(notes)})" if notes else ""


def lost(cut: CutOff) -> str:
    """What gets no gradient because of a cut: ``self.conv1, self.conv2 and 3 more``, ``pred``."""
    if cut.is_loss:
        return " and ".join(cut.lost)
    shown = [f"self.{name}" for name in cut.lost[:_SHOWN]]
    rest = len(cut.lost) - len(shown)
    return ", ".join(shown) + (f" and {rest} more" if rest else "")
