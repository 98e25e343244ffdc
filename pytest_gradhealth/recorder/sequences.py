"""Which axis of an input or output holds the positions of a sequence."""

from __future__ import annotations

import math

from torch import Tensor, nn

from pytest_gradhealth.errors import ProbeError
from pytest_gradhealth.recorder.entering import Entry, Passage
from pytest_gradhealth.recorder.layout import View, along

_SEQUENCE_AXES = 3
_AXES_OF_CLASSES = 2  # (samples, classes)
#: Integer inputs that say something about each position of another one.
_BESIDE = frozenset({"token_type_ids", "position_ids", "segment_ids"})


def input_axis(model: nn.Module, leaf: Tensor, batch_axis: int) -> int:
    """The axis of the positions in an input (samples, positions, features) or its like.

    Where a one-dimensional convolution takes its channels from the axis after the samples, the
    positions are the last one.

    Raises:
        ProbeError: It may be either of two.
    """
    if leaf.dim() > _SEQUENCE_AXES or leaf.dim() <= 1:
        msg = f"an input of shape {tuple(leaf.shape)}: pass dim=, the axis of its positions"
        raise ProbeError(msg)
    axis = 0 if batch_axis == 1 else 1
    first = next((m for m in model.modules() if isinstance(m, nn.Conv1d)), None)
    if leaf.dim() < _SEQUENCE_AXES or first is None:
        return axis
    channels = [number for number in (1, 2) if leaf.shape[number] == first.in_channels]
    if channels == [1, 2]:
        msg = (
            f"positions and channels of an input of shape {tuple(leaf.shape)} cannot be told "
            "apart: pass dim=, the axis of its positions"
        )
        raise ProbeError(msg)
    return 2 if channels == [1] else axis


def one_sequence(model: nn.Module, plain: Passage, name: str, dim: int | None) -> list[Entry]:
    """The entries of one input; those that only go beside it are left out.

    Images are no sequences, unless ``dim`` says so; labels are one only for a decoder.

    Raises:
        ProbeError: There is none of that name, or several and none is named.
    """
    least, most = (1, _SEQUENCE_AXES) if dim is None else (dim, math.inf)
    fit = [e for e in plain.entries if least < e.leaf.dim() <= most and "mask" not in e.name]
    entries = fit if name else [e for e in fit if e.name not in _beside(model)]
    names = list(dict.fromkeys(e.name for e in entries))
    told = ", ".join(repr(one) for one in names) or "none"
    if name:
        chosen = [e for e in entries if e.name == name]
        if not chosen:
            msg = f"no sequence goes into the model as {name!r}; there is: {told}"
            raise ProbeError(msg)
        return chosen
    if len(names) != 1:
        msg = f"which input's positions are meant? There is: {told}; pass input_name="
        raise ProbeError(msg)
    return [e for e in entries if e.name == names[0]]


def _beside(model: nn.Module) -> frozenset[str]:
    own = getattr(getattr(model, "config", None), "is_encoder_decoder", None)
    return _BESIDE | {"labels"} if own is False else _BESIDE


def main_output(plain: Passage, name: str) -> tuple[str, Tensor]:
    """The first output that is no single number, or the one that is named.

    Raises:
        ProbeError: There is none.
    """
    for told, tensor in plain.outputs:
        if tensor.numel() > 1 and name in {"", told}:
            return told, tensor
    known = ", ".join(repr(told) for told, tensor in plain.outputs if tensor.numel() > 1)
    msg = f"no output {name or 'with positions'} depends on the input; there is: {known or 'none'}"
    raise ProbeError(msg)


def output_view(output: Tensor, leaf: Tensor, batch_axis: int, dim: int) -> tuple[View, int]:
    """The output with its positions in front, and their number: 1 where it has no such axis.

    Args:
        output: Of the model.
        leaf: Its input.
        batch_axis: Of the input.
        dim: The axis of the input's positions.
    """
    steps, samples = int(leaf.shape[dim]), int(leaf.shape[batch_axis])
    axes = [a for a in range(output.dim()) if a != batch_axis and output.shape[a] == steps]
    if output.dim() > _AXES_OF_CLASSES and axes:
        axis = dim if dim in axes else axes[0]
        return (lambda t: along(t, axis)), steps
    if output.dim() == _AXES_OF_CLASSES and output.shape[0] == steps * samples:
        if batch_axis == 0:
            return (lambda t: t.reshape(samples, steps, -1).movedim(1, 0)), steps
        return (lambda t: t.reshape(steps, samples, -1)), steps
    if output.dim() == leaf.dim() == _SEQUENCE_AXES and output.shape[dim] > 1:
        return (lambda t: along(t, dim)), int(output.shape[dim])
    return (lambda t: t.unsqueeze(0)), 1
