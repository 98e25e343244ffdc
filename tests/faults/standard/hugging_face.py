"""How a transformers model is made from a random small config; nothing is ever downloaded."""

from __future__ import annotations

import functools
import importlib
import warnings
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from tests.faults.standard.entry import Standard
from tests.runtime import torchvision_operators

#: Smaller than every vocabulary below and above every special token.
_FIRST_TOKEN, _LAST_TOKEN = 5, 100
ROWS, LENGTH = 3, 16

#: The sizes most configs know by these names.
SIZES = {
    "hidden_size": 64,
    "num_hidden_layers": 4,
    "num_attention_heads": 4,
    "intermediate_size": 128,
}
TEXT = {"vocab_size": 120, "max_position_embeddings": 64}
PATCHES = {"image_size": 32, "patch_size": 8}
ENCODER_DECODER = {
    "d_model": 64,
    "encoder_layers": 2,
    "decoder_layers": 2,
    "encoder_attention_heads": 4,
    "decoder_attention_heads": 4,
    "encoder_ffn_dim": 128,
    "decoder_ffn_dim": 128,
}


def _transformers() -> Any:
    torchvision_operators.declare()
    library = importlib.import_module("transformers")
    library.logging.set_verbosity_error()  # default special tokens lie outside small vocabularies
    return library


def _create(architecture: str, config: str, options: dict[str, Any]) -> nn.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        library = _transformers()
        options = {
            key: getattr(library, value[0])(**value[1]) if key == "backbone_config" else value
            for key, value in options.items()
        }
        model = getattr(library, architecture)(getattr(library, config)(**options))
    assert isinstance(model, nn.Module)
    return model.train()


def standard(
    architecture: str,
    config: str,
    batch: Callable[[], Any],
    *parts: dict[str, Any],
    note: str = "",
    step: Callable[[Any, Any], Tensor] | None = None,
    idle: tuple[str, ...] = (),
    **options: Any,
) -> Standard:
    """One architecture; its config is what ``parts`` and ``options`` say, else the default."""
    chosen = {key: value for part in parts for key, value in part.items()} | options
    build = functools.partial(_create, architecture, config, chosen)
    name = f"{architecture} {note}".strip()
    return Standard(name, "transformers", build, batch, step=step, idle=idle)


def _ids() -> Tensor:
    return torch.randint(_FIRST_TOKEN, _LAST_TOKEN, (ROWS, LENGTH))


def text() -> dict[str, Tensor]:
    """Tokens, of which the first row is half padding."""
    ids = _ids()
    mask = torch.ones_like(ids)
    mask[0, LENGTH // 2 :] = 0
    return {"input_ids": ids, "attention_mask": mask}


def own_labels() -> dict[str, Tensor]:
    """Tokens that are their own labels: the next one, or the masked one."""
    batch = text()
    return {**batch, "labels": batch["input_ids"]}


def unmasked() -> dict[str, Tensor]:
    """The same, for what takes no attention mask."""
    ids = _ids()
    return {"input_ids": ids, "labels": ids}


def classes() -> dict[str, Tensor]:
    """Tokens, and one of two classes a row."""
    return {**text(), "labels": torch.arange(ROWS) % 2}


def unmasked_classes() -> dict[str, Tensor]:
    """The same without a mask."""
    return {"input_ids": _ids(), "labels": torch.arange(ROWS) % 2}


def replaced() -> dict[str, Tensor]:
    """Tokens, and whether each was replaced."""
    return {**text(), "labels": torch.randint(0, 2, (ROWS, LENGTH))}


def images(size: int = 32) -> dict[str, Tensor]:
    """Images, and one of two classes each."""
    return {"pixel_values": torch.randn(ROWS, 3, size, size), "labels": torch.arange(ROWS) % 2}


def pixels() -> dict[str, Tensor]:
    """Images alone."""
    return {"pixel_values": torch.randn(ROWS, 3, 32, 32)}
