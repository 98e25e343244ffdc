"""Facts of one layer: its inits, its sizes, and the window that a convolution slides."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradhealth_lint.semantics.domain import catalogue, folding
from gradhealth_lint.semantics.domain.torch_values import InitCall, Layer
from gradhealth_lint.semantics.domain.values import MISSING, UNKNOWN, Value
from gradhealth_lint.semantics.network_facts import Init, StackLayer, Window
from gradhealth_lint.semantics.pytorch import inits

if TYPE_CHECKING:
    from gradhealth_lint.semantics.domain.graph import Node
    from gradhealth_lint.semantics.network_facts import Argument


def stack_layer(
    layer: Layer, node: Node, activation: Node | None = None, *, normalised: bool = False
) -> StackLayer:
    """The facts of an affine layer, applied at ``node``, and of the activation after it."""
    fan_in, fan_out = inits.fans(layer)
    parameters = () if activation is None else activation.parameters or ()
    return StackLayer(
        layer.kind,
        fan_in,
        fan_out,
        init_of(layer, "weight"),
        init_of(layer, "bias") if "bias" in inits.parameter_names(layer) else Init("zeros_"),
        "identity" if activation is None else activation.label,
        parameters,
        normalised or layer.fields.get("reparametrised") is True,
        bool(layer.notes or node.notes),
        window(layer.arguments, int(layer.kind[-2]), transposed="Transpose" in layer.kind)
        if layer.kind in catalogue.CONVOLUTION
        else None,
    )


def init_of(layer: Layer, name: str) -> Init | None:
    """How a parameter was set last, None if that is not known."""
    value = layer.fields.get(name, MISSING)
    if value is MISSING:
        return Init("default")
    return init_from(value) if isinstance(value, InitCall) else None


def init_from(call: InitCall) -> Init:
    """An init call as a fact."""
    return Init(
        call.name,
        tuple((key, _argument(value)) for key, value in call.arguments if key != "generator"),
    )


def window(given: dict[str, Value], dimensions: int, *, transposed: bool = False) -> Window:
    """The window of a convolution or a pool with these arguments."""
    get = given.get
    dilation = _sides(get("dilation", 1), dimensions)
    sides = _sides(get("kernel_size", UNKNOWN), dimensions)
    padding = folding.resolved(get("padding", 0))
    if padding == "same" and sides is not None and dilation is not None:
        around: tuple[int, ...] | None = tuple(
            step * (side - 1) // 2 for side, step in zip(sides, dilation, strict=True)
        )
    else:
        around = _sides(0 if padding == "valid" else padding, dimensions)
    return Window(
        folding.whole(get("in_channels")),
        folding.whole(get("out_channels")),
        sides if dilation is not None else None,
        _sides(get("stride", 1), dimensions),
        around,
        dilation or (1,) * dimensions,
        folding.whole(get("groups", 1)),
        transposed,
        get("padding_mode", "zeros") == "zeros",
    )


def _sides(value: Value, dimensions: int) -> tuple[int, ...] | None:
    value = folding.resolved(value)
    if not isinstance(value, tuple):
        value = (value,) * dimensions
    sides = [folding.whole(side) for side in value]
    known = tuple(side for side in sides if side is not None)
    return known if len(known) == len(sides) == dimensions else None


def _argument(value: Value) -> Argument:
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    return str(value) if isinstance(value, str) else float(value)
