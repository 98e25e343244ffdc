"""A photograph of everything a probe could leave a trace in, compared bit for bit."""

from __future__ import annotations

import pickle
import random
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

_CONTAINERS = (dict, list, set, tuple)


def photograph(model: nn.Module, *tensors: Tensor) -> dict[str, Any]:
    """Everything observable about the model, extra tensors, generators and modes, by name."""
    seen: dict[str, Any] = {
        "torch generator": torch.get_rng_state().tolist(),
        "numpy generator": pickle.dumps(np.random.get_state()),
        "python generator": random.getstate(),
        "grad mode": torch.is_grad_enabled(),
        "inference mode": torch.is_inference_mode_enabled(),
        "default dtype": torch.get_default_dtype(),
        "autocast": (torch.is_autocast_enabled("cpu"), torch.get_autocast_dtype("cpu")),
    }
    for path, module in model.named_modules(remove_duplicate=False):
        seen[f"module {path}"] = id(module), type(module).__name__, module.training
        for name, value in vars(module).items():
            _describe(f"{path}.{name}", value, seen)
    for index, tensor in enumerate(tensors):
        _describe(f"extra {index}", tensor, seen)
    return seen


def _describe(name: str, value: Any, seen: dict[str, Any]) -> None:
    seen[name] = id(value)
    if isinstance(value, Tensor):
        seen[f"{name} (tensor)"] = _tensor(value)
    elif isinstance(value, _CONTAINERS):
        items = value.items() if isinstance(value, dict) else enumerate(value)
        seen[f"{name} (keys)"] = (
            [key for key, _ in items] if isinstance(value, dict) else len(value)
        )
        for key, item in items:
            _describe(f"{name}[{key!r}]", item, seen)
    elif isinstance(value, int | float | str | bool | None):
        seen[f"{name} (value)"] = value


def _tensor(tensor: Tensor) -> tuple[Any, ...]:
    grad = tensor.grad if tensor.is_leaf else None
    return (
        tensor.data_ptr(),
        tensor.untyped_storage()._cdata,
        tensor._version,
        tensor.requires_grad,
        tensor.is_leaf,
        tensor.dtype,
        tuple(tensor.shape),
        tensor.stride(),
        _bits(tensor),
        None if grad is None else (id(grad), grad.data_ptr(), grad._version, _bits(grad)),
    )


def _bits(tensor: Tensor) -> bytes:
    values = tensor.detach().clone().reshape(-1)
    return bytes(values.view(torch.uint8).tolist())
