"""Working copies of tensors: a pass reads and writes the twins, the originals lie untouched.

The tensor object stays, since optimizers, hooks and tied modules hold it; only its storage is
exchanged for a twin and put back. A twin is a copy-on-write clone where torch can make one, which
costs nothing until somebody writes.

Why not let the pass write and copy the old values back: under copy-on-write the storage that is
written moves to new memory, and whatever shares the old memory outside torch, such as a NumPy
array, would be left with memory that is no longer its own.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

#: Copy-on-write clones are new and private; an older torch copies at once.
_LAZY = hasattr(torch, "_lazy_clone") and hasattr(torch._C, "_is_cow_tensor")

#: Reference counts of a twin's storage that are ours: the kept tensor and the wrapper asked for it.
_OWN_REFERENCES = 2


class Twins:
    """Exchanges storages; tensors that share one storage share its twin, too."""

    def __init__(self) -> None:
        self._pairs: dict[int, tuple[Tensor, Tensor, bool]] = {}

    def stand_in(self, tensor: Tensor) -> Callable[[], None]:
        """Give the tensor a twin's storage; the returned function gives the original back."""
        original = tensor.data
        if type(original) is not Tensor:  # a subclass keeps its values elsewhere (DTensor)
            return _kept_by_value(tensor)
        # An inference tensor counts no versions.
        version = None if tensor.is_inference() else tensor._version
        tensor.data = self._twin_of(original)

        def put_back() -> None:
            if tensor.is_leaf:
                tensor.grad = None  # of the pass: it may not fit the original's dtype
            tensor.data = original
            if version is not None:
                _set_version(tensor, version)

        return put_back

    def release(self) -> None:
        """Let the twins go, once every tensor has its original back.

        Without it the next write would move the originals' memory.
        """
        while self._pairs:
            _, (original, twin, was_lazy) = self._pairs.popitem()
            if not _is_lazy(original):
                continue
            # Somebody keeps the twin (a graph in an exception), so it gets memory of its own; also
            # in a block within another, whose twin is this block's original.
            if torch._C._storage_Use_Count(twin.untyped_storage()._cdata) > _OWN_REFERENCES:
                twin.data_ptr()
            del twin
            if was_lazy:
                continue
            original.data_ptr()  # the only owner takes the memory back, without a copy

    def _twin_of(self, original: Tensor) -> Tensor:
        if original.layout is not torch.strided or original.is_quantized or original.is_meta:
            return original.clone()
        key = original.untyped_storage()._cdata
        if key not in self._pairs:
            was_lazy = _is_lazy(original)
            twin = _clone(original)
            self._pairs[key] = original, twin, was_lazy
            return twin
        twin = self._pairs[key][1]
        view = torch.empty(0, dtype=original.dtype, device=original.device)
        return view.set_(
            twin.untyped_storage(), original.storage_offset(), original.shape, original.stride()
        )


def _clone(original: Tensor) -> Tensor:
    """The same view of a clone of the original's whole storage."""
    if _LAZY:
        try:
            return torch._lazy_clone(original)
        except (RuntimeError, NotImplementedError):
            pass  # memory that is not torch's own: mapped, shared, NumPy's
    view = torch.empty(0, dtype=original.dtype, device=original.device)
    storage = original.untyped_storage().clone()  # type: ignore[no-untyped-call]
    return view.set_(storage, original.storage_offset(), original.shape, original.stride())


def _is_lazy(tensor: Tensor) -> bool:
    return _LAZY and torch._C._is_cow_tensor(tensor)  # type: ignore[attr-defined]


def _set_version(tensor: Tensor, version: int) -> None:
    """Undo the count of changes: an older graph of the user's holds the values put back."""
    setter = torch._C._autograd._unsafe_set_version_counter
    try:
        setter((tensor,), (version,))
    except TypeError:  # before torch 2.6 it took one tensor
        setter(tensor, version)  # type: ignore[arg-type]


def _kept_by_value(tensor: Tensor) -> Callable[[], None]:
    value = tensor.detach().clone()

    def put_back() -> None:
        with torch.no_grad():
            tensor.detach().copy_(value)

    return put_back
