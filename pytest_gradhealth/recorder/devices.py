"""Measuring on another device: copies of the model and the batch, the originals stay."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from pytest_gradhealth.errors import ProbeError


def on_device(
    model: nn.Module, batch: Any, loss_fn: Any, device: str
) -> tuple[nn.Module, Any, Any]:
    """The model, the batch and a loss with weights of its own, as copies on the device.

    What is on the device already is used as it is.

    Raises:
        ProbeError: There is no such device here.
    """
    place = find_device(device)
    loss = _module_on(loss_fn, place) if isinstance(loss_fn, nn.Module) else loss_fn
    return _module_on(model, place), batch_on(batch, place), loss


def find_device(name: str) -> torch.device:
    """The device of that name.

    Raises:
        ProbeError: The name is no device, or the device is not available here.
    """
    try:
        place = torch.device(name)
        torch.empty(1, device=place).sum()
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        reason = str(error).splitlines()[0]
        msg = f"device {name!r} cannot be used here: {reason}"
        raise ProbeError(msg) from error
    if place.type == "meta":
        msg = "device 'meta' holds no values, so nothing can be measured there"
        raise ProbeError(msg)
    return place


def batch_on(value: Any, place: torch.device) -> Any:
    """The tensors in a batch on the device: containers anew, other objects by their ``to``."""
    if isinstance(value, Tensor):
        moved = value.detach().to(place)
        return moved.requires_grad_(value.requires_grad)
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value)(*(batch_on(item, place) for item in value))
    if type(value) in {list, tuple}:
        return type(value)(batch_on(item, place) for item in value)
    if type(value) is dict:
        return {key: batch_on(item, place) for key, item in value.items()}
    if isinstance(value, Mapping) or hasattr(value, "to"):
        return copy.copy(value).to(place) if hasattr(value, "to") else value
    return value


def _module_on(module: nn.Module, place: torch.device) -> nn.Module:
    tensors = [*module.parameters(), *module.buffers()]
    if all(tensor.device == torch.empty(0, device=place).device for tensor in tensors):
        return module
    return copy.deepcopy(module).to(place)
