"""Textbook remedies, carried out on a copy: new weights, other activations, normalisation."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Sequence

import torch
from torch import Tensor, nn

Initialiser = Callable[[Tensor], Tensor]

_AFFINE = (nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d)
_BOUNDED = (nn.Sigmoid, nn.Tanh, nn.Hardsigmoid, nn.Hardtanh, nn.Softsign, nn.LogSigmoid)


def copied(model: nn.Module) -> nn.Module | None:
    """A deep copy without gradients; ``None`` where the model's class does not allow one."""
    try:
        twin = copy.deepcopy(model)
    except Exception:  # whatever a foreign class's deepcopy raises: no copy, no remedy
        return None
    twin.zero_grad(set_to_none=True)
    return twin


def kaiming(weight: Tensor) -> Tensor:
    """He et al. (2015), section 2.2: variance 2 / fan_in, for rectifiers."""
    return nn.init.kaiming_normal_(weight, nonlinearity="relu")


def xavier(weight: Tensor) -> Tensor:
    """Glorot and Bengio (2010), section 4.2.1, with tanh's gain of 5/3."""
    return nn.init.xavier_normal_(weight, gain=nn.init.calculate_gain("tanh"))


def orthogonal(weight: Tensor) -> Tensor:
    """Saxe et al. (2014), section 4: every singular value 1, times the rectifier's root of 2."""
    return nn.init.orthogonal_(weight, gain=nn.init.calculate_gain("relu"))


def reinitialise(model: nn.Module, paths: Sequence[str], initialiser: Initialiser) -> bool:
    """Draw the named layers' weights anew and zero their biases; whether any layer changed."""
    changed = False
    with torch.no_grad():
        for _, module in affine_layers(model, paths):
            # In float32: half precision has no QR decomposition.
            drawn = initialiser(torch.empty_like(module.weight, dtype=torch.float32))
            module.weight.copy_(drawn)
            if module.bias is not None:
                module.bias.zero_()
            changed = True
    return changed


def swap_bounded_for_relu(model: nn.Module) -> bool:
    """Put ReLU where a bounded activation module is; whether any was."""
    return _swap(model, _BOUNDED, nn.ReLU)


def swap_relu_for_leaky(model: nn.Module) -> bool:
    """Put LeakyReLU where a ReLU module is; whether any was (Maas et al. 2013, section 2)."""
    return _swap(model, (nn.ReLU, nn.ReLU6), nn.LeakyReLU)


def _swap(model: nn.Module, old: tuple[type[nn.Module], ...], new: Callable[[], nn.Module]) -> bool:
    found = [path for path, m in model.named_modules() if path and isinstance(m, old)]
    for path in found:
        replace(model, path, new())
    return bool(found)


def reset(model: nn.Module, paths: Sequence[str]) -> bool:
    """PyTorch's own initialisation for the named layers; whether any changed."""
    wanted, changed = set(paths), False
    for path, module in model.named_modules():
        if path in wanted and callable(draw := getattr(module, "reset_parameters", None)):
            draw()
            changed = True
    return changed


def batch_normalise(model: nn.Module, paths: Sequence[str]) -> bool:
    """Put BatchNorm after the named layers; a Linear's output must be (batch, features)."""
    return _follow(model, paths, _batch_norm)


def layer_normalise(model: nn.Module, paths: Sequence[str]) -> bool:
    """Put LayerNorm after the named Linear and its like, GroupNorm of one group, after kernels.

    A single feature is left alone: normalised by itself it is constant.
    """
    return _follow(model, paths, _layer_norm)


def _follow(
    model: nn.Module,
    paths: Sequence[str],
    norm_for: Callable[[nn.Linear | nn.Conv1d], nn.Module | None],
) -> bool:
    changed = False
    for path, module in list(affine_layers(model, paths)):
        norm = norm_for(module)
        if norm is None or not path:
            continue
        norm = norm.to(device=module.weight.device, dtype=module.weight.dtype)
        replace(model, path, nn.Sequential(module, norm.train(module.training)))
        changed = True
    return changed


def _batch_norm(module: nn.Linear | nn.Conv1d) -> nn.Module:
    kinds: dict[int, type[nn.Module]] = {4: nn.BatchNorm2d, 5: nn.BatchNorm3d}
    return kinds.get(module.weight.dim(), nn.BatchNorm1d)(module.weight.shape[0])


def _layer_norm(module: nn.Linear | nn.Conv1d) -> nn.Module | None:
    features = module.weight.shape[0]
    if isinstance(module, nn.Linear):
        return nn.LayerNorm(features) if features > 1 else None
    return nn.GroupNorm(1, features)


def affine_layers(
    model: nn.Module, paths: Sequence[str]
) -> Iterator[tuple[str, nn.Linear | nn.Conv1d]]:
    """The named layers that are Linear or a convolution, with their paths."""
    wanted = set(paths)
    for path, module in model.named_modules():
        if path in wanted and isinstance(module, _AFFINE):
            yield path, module  # type: ignore[misc]  # the four share weight and bias


def replace(model: nn.Module, path: str, new: nn.Module) -> None:
    """Put another module at a path that is not the model's own."""
    parent, _, name = path.rpartition(".")
    setattr(model.get_submodule(parent), name, new)
