"""How a model and a batch become a loss: the conventions, in one place.

In this order: ``step(model, batch)`` is the loss. Otherwise a mapping calls ``model(**batch)``; a
tuple or list calls ``model(*batch[:-1])`` where ``loss_fn`` is given (its last item is the target)
and ``model(*batch)`` where not; anything else calls ``model(batch)``. Then ``loss_fn``; else the
output's own ``.loss`` or ``["loss"]``; else a scalar output; else a random cotangent over every
differentiable tensor in the output.
"""

from __future__ import annotations

import copy
import dataclasses
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence

from pytest_gradhealth.errors import ProbeError

LossFunction = Callable[..., Tensor]
Step = Callable[[Any, Any], Tensor]

#: Names under which mappings commonly hold the target.
_TARGETS = frozenset({"label", "labels", "target", "targets", "y", "next_sentence_label"})

_FEW, _MANY = 3, 512  # steps of a sequence that is looked at step by step
_NESTING_LIMIT = 8  # outputs nest a few levels deep; a cycle must not hang the walk


@dataclass(frozen=True, slots=True)
class Objective:
    """A model's loss on a batch, as a function to call.

    Attributes:
        batch: The user's batch; a copy of it is given to the model at every call.
        loss_fn: ``loss_fn(output, target)``, ``loss_fn(output, batch)`` for mappings or
            ``loss_fn(output)`` for a lone tensor.
        step: ``step(model, batch) -> scalar loss``; used as it is.
    """

    batch: Any
    loss_fn: LossFunction | None = None
    step: Step | None = None

    def __call__(self, model: nn.Module, seed: int) -> tuple[Tensor, str]:
        """The scalar loss and how it came about; ``seed`` fixes a random cotangent.

        Raises:
            ProbeError: No scalar loss comes out of the conventions.
        """
        batch = copied(self.batch)
        torch.clear_autocast_cache()  # inside the caller's autocast: casts of other weights
        if self.step is not None:
            return _scalar(self.step(model, batch), "step(model, batch)"), "step"
        output = _call(model, batch, has_target=self.loss_fn is not None)
        if self.loss_fn is not None:
            return _scalar(_with_loss_fn(self.loss_fn, output, batch), "loss_fn"), "loss_fn"
        own = output.get("loss") if isinstance(output, Mapping) else getattr(output, "loss", None)
        if isinstance(own, Tensor) and own.numel() == 1:
            return own.reshape(()), "output.loss"
        if isinstance(output, Tensor) and output.numel() == 1 and output.dim() == 0:
            return output, "scalar output"
        return _against_cotangent(output, seed), "random cotangent"

    def inputs(self) -> list[Tensor]:
        """The batch's tensors without its target, as far as the conventions tell it."""
        batch = self.batch
        if isinstance(batch, Mapping):
            batch = [value for key, value in batch.items() if str(key) not in _TARGETS]
        elif self.has_target():
            batch = batch[:-1]
        return list(tensors_in(batch))

    def has_target(self) -> bool:
        """Whether the batch is known to hold a target apart from the inputs."""
        if isinstance(self.batch, Mapping):
            return any(str(key) in _TARGETS for key in self.batch)
        spread = _is_spread(self.batch) and len(self.batch) > 1
        return spread and (self.loss_fn is not None or self.step is not None)

    def target(self) -> Tensor | None:
        """The target where the batch holds one tensor as such."""
        if not self.has_target():
            return None
        batch = self.batch
        if isinstance(batch, Mapping):
            named = (value for key, value in batch.items() if str(key) in _TARGETS)
            last = next(named, None)
        else:
            last = batch[-1]
        return last if isinstance(last, Tensor) else None

    def samples(self) -> int | None:
        """How many samples lie along axis 0; ``None`` for one, and where no tensor tells."""
        sizes = [int(t.shape[0]) for t in self.inputs() if t.dim() > 0]
        return sizes[0] if sizes and sizes[0] > 1 else None

    def lengths(self) -> frozenset[int]:
        """Steps of the sequences among the inputs."""
        return frozenset(filter(None, map(steps_of, self.inputs())))


def steps_of(tensor: Tensor) -> int:
    """Steps of a sequence (samples, steps) of tokens or (samples, steps, features); 0 for none."""
    tokens = tensor.dim() == 2 and not tensor.is_floating_point()  # noqa: PLR2004  # axes
    if not tokens and tensor.dim() != 3:  # noqa: PLR2004  # axes
        return 0
    steps = int(tensor.shape[1])
    return steps if _FEW <= steps <= _MANY else 0


def copied(batch: Any) -> Any:
    """A deep copy of the batch, so that a model that writes to its input spoils nothing.

    A tensor with a history (another model's output) becomes a leaf, so that no pass runs backward
    into what came before the batch. What cannot be copied (an open handle) is passed as it is.
    """
    try:
        return copy.deepcopy(batch)
    except Exception:  # whatever a foreign class's deepcopy raises, the batch is still usable
        return _copied_by_parts(batch)


def _copied_by_parts(batch: Any) -> Any:
    if isinstance(batch, Tensor):
        return batch.detach().clone().requires_grad_(batch.requires_grad)
    if type(batch) in {list, tuple}:
        return type(batch)(copied(item) for item in batch)
    if type(batch) is dict:
        return {key: copied(item) for key, item in batch.items()}
    return batch


def check_batch(batch: Any) -> None:
    """Refuse a batch without a single sample.

    Raises:
        ProbeError: A tensor in the batch has no element, or the batch is an empty container.
    """
    if isinstance(batch, Mapping | tuple | list) and not batch:
        msg = "the batch is empty, so nothing can be measured; pass at least one sample"
        raise ProbeError(msg)
    for tensor in tensors_in(batch):
        if tensor.numel() == 0:
            msg = (
                f"the batch holds an empty tensor of shape {tuple(tensor.shape)}, "
                "so nothing can be measured; pass at least one sample"
            )
            raise ProbeError(msg)


def tensors_in(value: Any, depth: int = 0) -> Iterator[Tensor]:
    """Every tensor in nested containers, dataclasses and output objects, in their own order."""
    if isinstance(value, Tensor):
        yield value
    elif depth >= _NESTING_LIMIT:
        return
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from tensors_in(item, depth + 1)
    elif isinstance(value, tuple | list):
        for item in value:
            yield from tensors_in(item, depth + 1)
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        for field in dataclasses.fields(value):
            yield from tensors_in(getattr(value, field.name, None), depth + 1)
    elif isinstance(value, _distribution_class()):
        yield from tensors_in(vars(value), depth + 1)


def _distribution_class() -> type | tuple[()]:
    module = sys.modules.get("torch.distributions")
    return module.Distribution if module is not None else ()


def _call(model: nn.Module, batch: Any, *, has_target: bool) -> Any:
    if isinstance(batch, Mapping):
        return model(**batch)
    if _is_spread(batch):
        return model(*(batch[:-1] if has_target else batch))
    return model(batch)


def _is_spread(batch: Any) -> bool:
    """Whether the items are the arguments; a packed sequence is a tuple, yet one argument."""
    return isinstance(batch, tuple | list) and not isinstance(batch, PackedSequence)


def _with_loss_fn(loss_fn: LossFunction, output: Any, batch: Any) -> Any:
    if isinstance(batch, Mapping):
        return loss_fn(output, batch)
    if _is_spread(batch):
        return loss_fn(output, batch[-1])
    return loss_fn(output)


def _scalar(loss: Any, origin: str) -> Tensor:
    if not isinstance(loss, Tensor):
        kind = type(loss).__name__
        msg = f"{origin} must return a scalar tensor to call backward() on; it returned {kind}"
        raise ProbeError(msg)
    if loss.numel() != 1:
        msg = (
            f"{origin} must return a scalar loss; it returned a tensor of shape {tuple(loss.shape)}"
        )
        raise ProbeError(msg)
    return loss.reshape(())


def _against_cotangent(output: Any, seed: int) -> Tensor:
    """The output's inner product with seeded normal noise, each tensor's share of unit variance."""
    every = list(tensors_in(output))
    differentiable = [tensor for tensor in every if tensor.requires_grad and tensor.numel()]
    if not differentiable:
        floating = [tensor for tensor in every if tensor.is_floating_point()]
        if floating:  # a cut graph is a finding of its own, so hand on what there is
            return floating[0].sum()
        msg = (
            f"the model returned {type(output).__name__} without a floating point tensor, "
            "so there is no loss; pass loss_fn= or step="
        )
        raise ProbeError(msg)
    generator = torch.Generator().manual_seed(seed)
    total: Tensor | None = None
    for tensor in differentiable:
        real = torch.view_as_real(tensor) if tensor.is_complex() else tensor
        noise = torch.randn(real.shape, generator=generator, dtype=torch.float32)
        cotangent = noise.to(device=real.device, dtype=real.dtype) / real.numel() ** 0.5
        term = (real * cotangent).sum()
        total = term if total is None else total + term.to(total.device)
    assert total is not None
    return total
