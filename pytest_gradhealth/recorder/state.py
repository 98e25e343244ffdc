"""Leave no trace: whatever a pass may change is kept, and put back even after an exception."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from pytest_gradhealth.recorder.generators import keep_generators

_BUILTIN_CONTAINERS = (dict, list, set, OrderedDict, deque)


@contextmanager
def preserved(model: nn.Module, extra: Iterable[Tensor] = ()) -> Iterator[None]:
    """Run the block on the model with no gradients; on leaving, everything is as it was.

    Bit for bit: values, ``.grad`` and ``requires_grad`` of parameters, buffers and ``extra``
    tensors; which tensors and submodules every module holds; train or eval mode; hooks; every other
    attribute of every module, one level deep; grad mode, autocast and the default dtype; the random
    generators of torch (each initialised device), numpy and Python.
    """
    tensors = {id(tensor): tensor for tensor in (*model.parameters(), *model.buffers(), *extra)}
    with ExitStack() as undo:
        undo.callback(keep_generators())
        undo.callback(_keep_modes())
        for tensor in tensors.values():
            undo.callback(_keep_tensor(tensor))
        # Last in, first out: modules hold their own tensors again before those get their values.
        for module in model.modules():
            undo.callback(_keep_attributes(module))
        for tensor in tensors.values():
            if tensor.is_leaf:
                tensor.grad = None
        yield


def _keep_tensor(tensor: Tensor) -> Callable[[], None]:
    alias = tensor.detach()  # holds the storage, whatever the block assigns to .data
    value, lazy = _snapshot(alias)
    grad = tensor.grad if tensor.is_leaf else None
    requires_grad = tensor.requires_grad

    def put_back() -> None:
        nonlocal value
        with torch.no_grad():
            if not (lazy and torch._C._is_cow_tensor(alias)):  # type: ignore[attr-defined]
                alias.copy_(value)
            if not _same_view(tensor, alias):
                tensor.data = alias
        del value
        if lazy:
            alias.data_ptr()  # the last owner takes the memory back, without a copy
        if tensor.is_leaf:
            tensor.requires_grad_(requires_grad)
            tensor.grad = grad

    return put_back


def _snapshot(tensor: Tensor) -> tuple[Tensor, bool]:
    """The tensor's value, and whether it is a copy-on-write clone (free until someone writes)."""
    with torch.no_grad():
        try:
            return torch._lazy_clone(tensor), True
        except (AttributeError, RuntimeError, NotImplementedError, TypeError):
            # An older torch, or storage that cannot be shared this way (pinned, mapped, sharded).
            return tensor.clone(), False


def _same_view(left: Tensor, right: Tensor) -> bool:
    try:
        return (
            left.untyped_storage()._cdata == right.untyped_storage()._cdata
            and left.storage_offset() == right.storage_offset()
            and left.shape == right.shape
            and left.stride() == right.stride()
        )
    except (RuntimeError, NotImplementedError):  # a tensor without storage: sparse, subclasses
        return True


def _keep_attributes(module: nn.Module) -> Callable[[], None]:
    attributes = dict(vars(module))
    containers = [value for value in attributes.values() if type(value) in _BUILTIN_CONTAINERS]
    # A module has a dozen containers and most are empty, so a copy of each would be the main cost.
    empty = [container for container in containers if not container]
    filled = [(container, container.copy()) for container in containers if container]

    def put_back() -> None:
        current = vars(module)
        if not _same_items(current, attributes):
            current.clear()
            current.update(attributes)
        for container in empty:
            if container:
                container.clear()
        for container, kept in filled:
            _refill(container, kept)

    return put_back


def _same_items(left: dict[str, Any], right: dict[str, Any]) -> bool:
    return len(left) == len(right) and all(
        key in left and left[key] is value for key, value in right.items()
    )


def _refill(container: Any, kept: Any) -> None:
    """Give a built-in container its former items, touching it only where they differ."""
    if isinstance(container, dict):
        if not _same_items(container, kept) or list(container) != list(kept):
            container.clear()
            container.update(kept)
    elif isinstance(container, set):
        if container != kept:
            container.clear()
            container.update(kept)
    elif len(container) != len(kept) or any(
        now is not then for now, then in zip(container, kept, strict=True)
    ):
        container.clear()
        container.extend(kept)


def _keep_modes() -> Callable[[], None]:
    grad = torch.is_grad_enabled()
    dtype = torch.get_default_dtype()
    autocast = {kind: torch.is_autocast_enabled(kind) for kind in ("cpu", "cuda")}

    def put_back() -> None:
        torch.set_grad_enabled(grad)
        torch.set_default_dtype(dtype)
        for kind, enabled in autocast.items():
            torch.set_autocast_enabled(kind, enabled)

    return put_back
