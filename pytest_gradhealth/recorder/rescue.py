"""Remedies that look at the data: layer-sequential scaling, residuals, standardised inputs."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from pytest_gradhealth.recorder.batch import Objective
from pytest_gradhealth.recorder.surgery import affine_layers, orthogonal, reinitialise, replace

_NEGLIGIBLE = 1e-12  # a deviation that division must not blow up
_OFF_CENTRE, _OFF_SCALE = 0.5, 2.0  # of a feature's mean and deviation: standardised is 0 and 1


class Residual(nn.Module):
    """``x + layer(x)`` (He et al. 2016, Deep Residual Learning, section 3.1)."""

    def __init__(self, layer: nn.Module) -> None:
        super().__init__()
        self.layer = layer

    def forward(self, values: Tensor) -> Tensor:
        """The layer's output added to its input, of the same shape."""
        result: Tensor = values + self.layer(values)
        return result


def scale_by_data(model: nn.Module, paths: Sequence[str], objective: Objective, seed: int) -> bool:
    """Orthogonal weights, then each layer divided by its output's deviation on the batch, in order.

    Layer-sequential unit variance (Mishkin and Matas 2016, arXiv 1511.06422, algorithm 1) with one
    iteration a layer, which is exact for layers without bias.
    """
    if not reinitialise(model, paths, orthogonal):
        return False

    def on_output(module: nn.Module, _inputs: Any, output: Tensor) -> Tensor:
        deviation = output.detach().float().std().clamp(min=_NEGLIGIBLE).to(output.dtype)
        weight = module.weight
        assert isinstance(weight, Tensor)
        weight.div_(deviation)
        return output / deviation

    handles = [m.register_forward_hook(on_output) for _, m in affine_layers(model, paths)]
    try:
        with torch.no_grad():
            objective(model, seed)
    finally:
        for handle in handles:
            handle.remove()
    return True


def add_residuals(model: nn.Module, paths: Sequence[str]) -> bool:
    """A residual around every named layer that keeps its input's shape; whether there is one."""
    fitting = [(path, m) for path, m in affine_layers(model, paths) if path and _keeps_shape(m)]
    for path, module in fitting:
        replace(model, path, Residual(module))
    return bool(fitting)


def standardised(objective: Objective) -> Objective | None:
    """The objective with every float input's features at mean 0 and deviation 1 over the batch.

    ``None`` where all of them are near that already.
    """
    inputs = {id(t) for t in objective.inputs() if t.is_floating_point() and _is_off(t)}
    if not inputs:
        return None

    def changed(value: Any) -> Any:
        if isinstance(value, Tensor):
            return _standard(value) if id(value) in inputs else value
        if isinstance(value, Mapping):
            return {key: changed(item) for key, item in value.items()}
        if type(value) in {list, tuple}:
            return type(value)(map(changed, value))
        return value

    return dataclasses.replace(objective, batch=changed(objective.batch))


def _is_off(tensor: Tensor) -> bool:
    if tensor.dim() < 2 or tensor.shape[0] < 2:  # noqa: PLR2004  # (samples, features)
        return False
    values = tensor.detach().float()
    deviation = float(values.std())
    mean = abs(float(values.mean()))
    return not 1 / _OFF_SCALE <= deviation <= _OFF_SCALE or mean > _OFF_CENTRE * deviation


def _standard(tensor: Tensor) -> Tensor:
    axes = [axis for axis in range(tensor.dim()) if axis != 1]
    values = tensor.detach().float()
    deviation = values.std(dim=axes, keepdim=True).clamp(min=_NEGLIGIBLE)
    result = (values - values.mean(dim=axes, keepdim=True)) / deviation
    return result.to(tensor.dtype)


def _keeps_shape(module: nn.Linear | nn.Conv1d) -> bool:
    if isinstance(module, nn.Linear):
        return module.in_features == module.out_features
    reach = [
        2 * pad == step * (size - 1)
        for pad, step, size in zip(
            module.padding if not isinstance(module.padding, str) else (),
            module.dilation,
            module.kernel_size,
            strict=False,
        )
    ]
    same = module.padding == "same" or (bool(reach) and all(reach))
    channels = module.in_channels == module.out_channels
    return channels and same and all(step == 1 for step in module.stride)
