"""Parameters of torch's layers: which there are, their shapes, and what initialises them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from gradhealth_lint.semantics.domain import catalogue, folding
from gradhealth_lint.semantics.domain.names import dotted
from gradhealth_lint.semantics.domain.torch_values import (
    Copied,
    Drawn,
    InitCall,
    Layer,
    ParameterRef,
)
from gradhealth_lint.semantics.domain.values import MISSING, UNKNOWN, Arguments, Either, Value
from gradhealth_lint.semantics.pytorch import parts

if TYPE_CHECKING:
    import libcst as cst

    from gradhealth_lint.semantics.python.interpreter import Interpreter

_GATES: Final = {"RNN": 1, "LSTM": 4, "GRU": 3, "RNNCell": 1, "LSTMCell": 4, "GRUCell": 3}
#: Inits that give all entries one number, known by their name.
_CONSTANTS: Final = {"zeros_": 0.0, "ones_": 1.0}
#: In-place tensor methods that change a parameter in a way that is not followed.
_OTHER_CHANGES: Final = frozenset(
    {"copy_", "mul_", "div_", "add_", "sub_", "clamp_", "set_", "erfinv_", "bernoulli_",
     "log_normal_", "exponential_", "cauchy_", "resize_", "clamp_min_", "clamp_max_"}
)  # fmt: skip


def parameter_names(layer: Layer, *, biased: bool = False) -> tuple[str, ...]:
    """The layer's own parameters; ``biased`` counts a bias even if it was switched off."""
    kind = layer.kind
    if kind in catalogue.NORMS:
        affine = layer.arguments.get("affine", layer.arguments.get("elementwise_affine", True))
        if affine is False or (affine is True and kind.startswith("Instance")):
            return ()
        return ("weight",) if kind == "RMSNorm" else ("weight", "bias")
    has_bias = biased or layer.arguments.get("bias", True) is not False
    if kind in catalogue.AFFINE_KINDS or kind == "Bilinear":
        return ("weight", "bias") if has_bias else ("weight",)
    if kind in catalogue.EMBEDDINGS or kind == "PReLU":
        return ("weight",)
    if kind == "MultiheadAttention":
        return ("in_proj_weight", "in_proj_bias") if has_bias else ("in_proj_weight",)
    if kind in catalogue.RECURRENT:
        return _recurrent_names(layer, has_bias)
    return ()


def _recurrent_names(layer: Layer, has_bias: bool) -> tuple[str, ...]:
    parts = ("weight_ih", "weight_hh", *(("bias_ih", "bias_hh") if has_bias else ()))
    if layer.kind.endswith("Cell"):
        return parts
    count = folding.whole(layer.arguments.get("num_layers", 1)) or 1
    two_ways = folding.truth(layer.arguments.get("bidirectional", False)) or False
    return tuple(
        f"{part}_l{index}{direction}"
        for index in range(min(count, 64))
        for direction in (("", "_reverse") if two_ways else ("",))
        for part in parts
    )


def fans(layer: Layer) -> tuple[int | None, int | None]:
    """Inputs and outputs that one unit of the layer's weight is connected to; None if unknown."""
    get = layer.arguments.get
    if layer.kind in catalogue.LINEAR:
        return folding.whole(get("in_features")), folding.whole(get("out_features"))
    if layer.kind in catalogue.CONVOLUTION:
        field = _kernel(layer)
        groups = folding.whole(get("groups", 1))
        inside, outside = folding.whole(get("in_channels")), folding.whole(get("out_channels"))
        if "Transpose" in layer.kind:
            # torch stores (in, out / groups, ...), and its init reads the fans off that shape
            inside, outside = outside, inside
        known = field is not None and bool(groups)
        fan_in = inside // groups * field if known and inside is not None else None  # type: ignore[operator]
        fan_out = outside * field if known and outside is not None else None  # type: ignore[operator]
        return fan_in, fan_out
    if layer.kind in catalogue.RECURRENT:
        hidden = folding.whole(get("hidden_size"))
        return hidden, hidden
    return None, None


def _kernel(layer: Layer) -> int | None:
    size = folding.resolved(layer.arguments.get("kernel_size"))
    dimensions = int(layer.kind[-2])
    if isinstance(size, tuple):
        sides = [folding.whole(side) for side in size]
        return None if None in sides else math.prod(side for side in sides if side is not None)
    side = folding.whole(size)
    return None if side is None else side**dimensions


def shape(parameter: ParameterRef) -> tuple[Value, ...] | None:
    """The parameter's shape, UNKNOWN for sizes that are; None if not even their number is known."""
    layer, name = parameter.layer, parameter.name
    if parameter.part is not None:
        return None
    if "bias" in name and layer.kind in catalogue.RECURRENT:
        hidden = folding.whole(layer.arguments.get("hidden_size"))
        return (UNKNOWN if hidden is None else _GATES[layer.kind] * hidden,)
    if "bias" in name or layer.kind in catalogue.NORMS or layer.kind == "PReLU":
        return (UNKNOWN,)
    if layer.kind in catalogue.LINEAR:
        get = layer.arguments.get
        return (get("out_features", UNKNOWN), get("in_features", UNKNOWN))
    if layer.kind in catalogue.CONVOLUTION:
        return (UNKNOWN,) * (2 + int(layer.kind[-2]))
    if layer.kind in catalogue.EMBEDDINGS or name == "in_proj_weight":
        return (UNKNOWN, UNKNOWN)
    if layer.kind in catalogue.RECURRENT:
        hidden = folding.whole(layer.arguments.get("hidden_size"))
        rows = UNKNOWN if hidden is None else _GATES[layer.kind] * hidden
        return (rows, UNKNOWN if hidden is None or "_ih" in name else hidden)
    return None


def multiplies(parameter: ParameterRef) -> bool:
    """Whether the parameter is a matrix that the signal is multiplied by."""
    kind, name = parameter.layer.kind, parameter.name
    return (
        (kind in catalogue.AFFINE_KINDS and name == "weight")
        or (kind in catalogue.RECURRENT and name.startswith("weight"))
        or name == "in_proj_weight"
    )


def by_function(interpreter: Interpreter, name: str, arguments: Arguments, node: cst.Call) -> Value:
    """``nn.init.name(tensor, ...)``: returns the tensor, as torch does."""
    name = catalogue.INIT_ALIASES.get(name, name)
    target: Value = UNKNOWN
    value: Value
    rest = arguments.positional
    if rest:
        target, rest = rest[0], rest[1:]
    else:
        target = arguments.keywords.pop("tensor", UNKNOWN)
    if isinstance(target, Either):
        options = [option for option in target.options if option is not None]
        target = options[0] if len(options) == 1 else target
    if isinstance(target, Copied):
        return Copied(dotted(node.func))
    if name.startswith("_calculate"):
        return UNKNOWN
    if isinstance(target, Drawn):
        call = _bound(interpreter, name, Arguments(rest, arguments.keywords, arguments.open), node)
        interpreter.activity += 1
        interpreter.store.write(target.fields, "init", call)
    if not isinstance(target, ParameterRef):
        return target
    if name not in catalogue.INIT_SIGNATURES:
        interpreter.store.write(target.layer.fields, target.name, UNKNOWN)
        return target
    if target.part is not None:
        value = _CONSTANTS.get(name, UNKNOWN)
        if name == "constant_":
            value = rest[0] if rest else arguments.keywords.get("val", UNKNOWN)
        parts.set_to(interpreter, target, value)
        return target
    names, defaults = catalogue.INIT_SIGNATURES[name]
    bound = dict(defaults) | Arguments(rest, arguments.keywords).bind(*names)
    if arguments.open:
        bound = dict.fromkeys(names, UNKNOWN)
    given = [one.value for one in node.args if one.keyword is None or one.keyword.value == "tensor"]
    _record(interpreter, target, name, bound, node, given[0] if given else node)
    return target


def by_method(
    interpreter: Interpreter, target: ParameterRef, name: str, arguments: Arguments, node: cst.Call
) -> Value:
    """``parameter.normal_(...)`` and other in-place methods; returns the parameter."""
    if target.part is not None and (name in catalogue.METHOD_INITS or name in _OTHER_CHANGES):
        given = arguments.positional[0] if arguments.positional else UNKNOWN
        parts.set_to(interpreter, target, {"zero_": 0.0, "fill_": given}.get(name, UNKNOWN))
        return target
    if name in catalogue.METHOD_INITS:
        init, names, defaults = catalogue.METHOD_INITS[name]
        bound = dict(defaults) | arguments.bind(*names)
        if "to" in bound:
            bound["b"] = bound.pop("to")
        if "value" in bound:
            bound["val"] = bound.pop("value")
        receiver: cst.CSTNode = getattr(node.func, "value", node)
        _record(interpreter, target, init, bound, node, receiver)
        return target
    if name in _OTHER_CHANGES:
        interpreter.activity += 1
        interpreter.store.write(target.layer.fields, target.name, UNKNOWN)
        return target
    if name in {"dim", "ndimension"}:
        known = shape(target)
        return UNKNOWN if known is None else len(known)
    if name == "size":
        known = shape(target)
        axis = folding.whole(arguments.positional[0]) if arguments.positional else None
        if known is not None and axis is not None and -len(known) <= axis < len(known):
            return known[axis]
        return known if known is not None and not arguments.positional else UNKNOWN
    if name == "clone":
        return Copied()
    return target if name in {"detach", "detach_", "view", "requires_grad_"} else UNKNOWN


def _record(
    interpreter: Interpreter,
    target: ParameterRef,
    name: str,
    bound: dict[str, Value],
    node: cst.Call,
    written: cst.CSTNode,
) -> None:
    """Remember that this call set the parameter; a later one takes its place."""
    interpreter.activity += 1
    if not bound.keys() <= set(catalogue.INIT_SIGNATURES[name][0]):
        # torch does not take it either: a newer one may.
        interpreter.store.write(target.layer.fields, target.name, UNKNOWN)
        return
    values = tuple((key, folding.resolved(value)) for key, value in bound.items())
    call = InitCall(name, values, interpreter.at(node), _target_text(written), dotted(node.func))
    interpreter.inits.append((target.layer, target.name, call))
    interpreter.store.write(target.layer.fields, target.name, call)
    parts.forgotten(interpreter, target)


def _bound(interpreter: Interpreter, name: str, arguments: Arguments, node: cst.Call) -> Value:
    """What an init function sets a tensor to, whatever it is part of; UNKNOWN if not known."""
    if name not in catalogue.INIT_SIGNATURES:
        return UNKNOWN
    names, defaults = catalogue.INIT_SIGNATURES[name]
    bound = dict(defaults) | arguments.bind(*names)
    if arguments.open or not bound.keys() <= set(names):
        return UNKNOWN
    values = tuple((key, folding.resolved(value)) for key, value in bound.items())
    return InitCall(name, values, interpreter.at(node), "", dotted(node.func))


def _target_text(node: cst.CSTNode) -> str:
    import libcst as cst

    if isinstance(node, cst.Attribute) and node.attr.value == "data":
        node = node.value
    return dotted(node) if isinstance(node, cst.BaseExpression) else ""


def forget(interpreter: Interpreter, layers: list[Layer]) -> None:
    """Something that is not read may have set all parameters of these layers."""
    for layer in layers:
        for name in parameter_names(layer):
            if layer.fields.get(name, MISSING) is not UNKNOWN:
                interpreter.store.write(layer.fields, name, UNKNOWN)
