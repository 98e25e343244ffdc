"""What a standard architecture is: a model that is known to train, as its library builds it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from torch import Tensor, nn

Source = Literal["timm", "transformers", "torch.nn"]


@dataclass(frozen=True, slots=True)
class Standard:
    """One architecture at random init, which no diagnosis should accuse.

    Attributes:
        name: Unique within its source.
        source: Where it comes from; ``torch.nn`` for what is assembled here from torch's parts.
        build: A new model with freshly drawn weights, in training mode; the caller seeds torch.
        batch: A batch as ``diagnose`` takes it; the caller seeds torch.
        loss_fn: As ``diagnose`` takes it; ``None`` where ``step`` is given or the model returns
            its own loss.
        step: As ``diagnose`` takes it.
        idle: Modules that run and feed nothing, by the library's own design: that they are
            disconnected is true, and no false alarm.
    """

    name: str
    source: Source
    build: Callable[[], nn.Module]
    batch: Callable[[], Any]
    loss_fn: Callable[..., Tensor] | None = None
    step: Callable[[Any, Any], Tensor] | None = None
    idle: tuple[str, ...] = ()
