"""Leave no trace: whatever a pass may change is kept, and put back even after an exception."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager

import torch
from torch import Tensor, nn

from pytest_gradhealth.recorder.attributes import held_by, keep_attributes
from pytest_gradhealth.recorder.generators import keep_generators
from pytest_gradhealth.recorder.twins import Twins

#: Before torch 2.6 compiled submodules stay compiled, and so stay silent.
_CAN_FORCE_EAGER = hasattr(torch.compiler, "set_stance")


@contextmanager
def collection_paused() -> Iterator[None]:
    """No garbage collection in the block: a pass makes many small objects that all stay.

    Each collection would walk the whole heap, torch's modules included; on a deep model that takes
    a quarter of the pass.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


@contextmanager
def preserved(model: nn.Module, extra: Iterable[Tensor] = ()) -> Iterator[None]:
    """Run the block on the model with no gradients; on leaving, everything is as it was.

    Bit for bit: values, memory, version, ``.grad`` and ``requires_grad`` of every tensor the
    modules hold and of ``extra``; which tensors and submodules every module holds; train or eval
    mode; hooks; every other attribute, through built-in containers; grad mode, autocast and the
    default dtype; the random generators of torch (each initialised device), numpy and Python.

    The block runs eagerly and may build graphs, whatever mode the caller is in. Optimizers that
    step inside backward do not step.
    """
    with ExitStack() as undo:
        with collection_paused():
            _keep(model, extra, undo)
        try:
            yield
        finally:
            with collection_paused():
                undo.close()


def _keep(model: nn.Module, extra: Iterable[Tensor], undo: ExitStack) -> None:
    modules = list(model.modules())
    held, containers = held_by(modules)
    tensors = {id(tensor): tensor for tensor in (*held, *extra)}
    undo.callback(keep_generators())
    undo.callback(_keep_modes())
    undo.enter_context(torch.inference_mode(mode=False))
    undo.enter_context(torch.enable_grad())
    if _CAN_FORCE_EAGER and any(map(_is_compiled, modules)):
        undo.enter_context(torch.compiler.set_stance("force_eager"))
    twins = Twins()
    undo.callback(twins.release)
    steps: list[Callable[[], None]] = []
    undo.callback(_take, steps)
    steps.extend(_keep_tensor(tensor, twins) for tensor in tensors.values())
    # Last in, first out: modules hold their own tensors again before those get their values.
    undo.callback(keep_attributes(modules, containers))


def _take(steps: list[Callable[[], None]]) -> None:
    """Take every step, the last one first, also after one that fails."""
    try:
        while steps:
            steps.pop()()
    finally:
        if steps:
            _take(steps)


def _keep_tensor(tensor: Tensor, twins: Twins) -> Callable[[], None]:
    grad = tensor.grad if tensor.is_leaf else None
    requires_grad = tensor.requires_grad
    # Optimizers that step inside backward: the pass needs the gradients, and may not train.
    hooks = getattr(tensor, "_post_accumulate_grad_hooks", None) or {}
    suspended = dict(hooks)
    if suspended:
        hooks.clear()
    give_back = twins.stand_in(tensor)
    if grad is not None:
        tensor.grad = None

    def put_back() -> None:
        give_back()
        if tensor.is_leaf:
            tensor.requires_grad_(requires_grad)
            tensor.grad = grad
        if suspended:
            hooks.update(suspended)

    return put_back


def _is_compiled(module: nn.Module) -> bool:
    """By ``torch.compile(module)`` or ``module.compile()``: hooks do not fire in compiled code."""
    return "_orig_mod" in module._modules or module._compiled_call_impl is not None


def _keep_modes() -> Callable[[], None]:
    grad = torch.is_grad_enabled()
    dtype = torch.get_default_dtype()
    autocast = {kind: torch.is_autocast_enabled(kind) for kind in ("cpu", "cuda")}

    def put_back() -> None:
        torch.set_grad_enabled(grad)
        torch.set_default_dtype(dtype)
        for kind, enabled in autocast.items():
            torch.set_autocast_enabled(kind, enabled)
        torch.clear_autocast_cache()  # it may hold casts of trial weights

    return put_back
