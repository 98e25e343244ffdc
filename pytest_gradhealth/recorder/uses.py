"""Matrices that a module multiplies with by itself: each use is a layer of its own.

``x @ self.w_1`` twelve times over in one ``forward`` is a stack of twelve layers, and a cell with
two matrices of its own is as deep as its sequence is long, though only one module is called. Such
modules are watched operation by operation; all others cost nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn
from torch.nn.utils.parametrize import is_parametrized
from torch.overrides import TorchFunctionMode

from pytest_gradhealth.recorder.batch import tensors_in
from pytest_gradhealth.recorder.hooks import Tracer
from pytest_gradhealth.recorder.modules import HOLDERS

_CONVOLUTIONS = tuple(f"conv{how}{n}d" for how in ("", "_transpose") for n in (1, 2, 3))
_SUMS = ("addmm", "addbmm", "baddbmm", "addmv")
_MATRIX_PRODUCTS = ("matmul", "__matmul__", "__rmatmul__", "mm", "bmm", "mv", "einsum", "tensordot")
_PRODUCTS = {*_MATRIX_PRODUCTS, *_SUMS, *_CONVOLUTIONS, "linear", "bilinear", "embedding"}
_TORCH = "torch."


def watched(modules: Mapping[str, nn.Module], tracer: Tracer) -> AbstractContextManager[Any]:
    """A context for the forward pass that records each such product as a call."""
    own = own_matrices(modules)
    return _Uses(own, tracer) if own else nullcontext()


@dataclass(frozen=True, slots=True)
class Own:
    """A matrix that a module multiplies with by itself: its name, and the module."""

    name: str
    path: str
    module: nn.Module


def own_matrices(modules: Mapping[str, nn.Module]) -> dict[Tensor, Own]:
    """Matrices of modules whose one output may stand for several layers.

    Modules of torch itself are layers as they stand, and so is a module with one matrix and no
    children. Tokens and tables of positions, whose first axis has one entry, multiply nothing.
    """
    found: dict[Tensor, Own] = {}
    for path, module in modules.items():
        is_torchs = type(module).__module__.startswith(_TORCH)
        makes_a_weight = "parametrizations" in path.split(".")
        if isinstance(module, HOLDERS) or is_torchs or makes_a_weight or is_parametrized(module):
            continue
        matrices = [(n, p) for n, p in _held(module) if p.dim() > 1 and p.shape[0] > 1]
        if len(matrices) > 1 or (matrices and any(True for _ in module.children())):
            for name, matrix in matrices:
                found.setdefault(matrix, Own(f"{path}.{name}" if path else name, path, module))
    return found


def _held(module: nn.Module) -> list[tuple[str, nn.Parameter]]:
    """A module's own parameters and those in its lists and dicts of parameters."""
    held = list(module.named_parameters(recurse=False))
    for name, child in module.named_children():
        if isinstance(child, nn.ParameterList | nn.ParameterDict):
            held += [(f"{name}.{key}", p) for key, p in child.named_parameters()]
    return held


class _Uses(TorchFunctionMode):
    def __init__(self, own: Mapping[Tensor, Own], tracer: Tracer) -> None:
        super().__init__()
        self._tracer = tracer
        self._own = {id(matrix): entry for matrix, entry in own.items()}
        self._kept = tuple(own)  # so that no other tensor takes an id

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        """Run the operation; a product with one of the matrices is a call."""
        del types
        result = func(*args, **(kwargs or {}))
        if getattr(func, "__name__", "") in _PRODUCTS and isinstance(result, Tensor):
            for tensor in tensors_in([*args, *(kwargs or {}).values()]):
                entry = self._own.get(id(_root(tensor)))
                if entry is not None:
                    self._tracer.used(entry.name, entry.path, entry.module, func.__name__, result)
                    break
        return result


def _root(tensor: Tensor) -> Tensor:
    """What a transposed, sliced or reshaped matrix is a view of."""
    base: Tensor | None = tensor._base
    return tensor if base is None else base
