"""A batch for a model nobody gave one: its own example, or what its configuration says."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import torch
from torch import nn

from pytest_gradhealth.errors import ProbeError

_SAMPLES: Final = 8
_TOKENS: Final = 32
_IMAGE: Final = 224  # pixels a side where a configuration does not say

#: A model, its batch (``None`` where nobody asks) and its loss.
Parts = tuple[nn.Module, Any, Callable[..., Any] | None]

#: Attributes under which people keep an example; the last is Lightning's.
_EXAMPLES: Final = ("example_batch", "example_inputs", "example_input_array")

#: Heads in the order tried: the first that knows the configuration has a loss of its own.
_HEADS: Final = (
    "AutoModelForImageClassification",
    "AutoModelForMaskedLM",
    "AutoModelForCausalLM",
    "AutoModelForSeq2SeqLM",
    "AutoModel",
)
_PREDICTS_TOKENS: Final = ("ForMaskedLM", "ForCausalLM", "LMHeadModel", "ForConditionalGeneration")
_CLASSIFIES: Final = ("ForImageClassification", "ForSequenceClassification")


def own_batch(owners: Sequence[Any], name: str) -> Any:
    """The example of the model, its factory or their module, in this order.

    Raises:
        ProbeError: None of them has one.
    """
    for owner in owners:
        for attribute in _EXAMPLES:
            example = getattr(owner, attribute, None)
            if example is not None:
                return example() if inspect.isroutine(example) else example
    msg = (
        f"no batch is known for {name}: give the model, its factory or their module an "
        "example_batch(), let the factory return (model, batch), or pass --gradhealth-batch=EXPR, "
        "such as 'torch.randn(8, 3, 32, 32)'"
    )
    raise ProbeError(msg)


def of_timm(timm: Any, name: str, keywords: dict[str, Any], *, ask: bool) -> Parts:
    """A timm model with random weights, random images of its own size and random classes.

    Raises:
        ProbeError: timm has no such model.
    """
    if not timm.is_model(name):
        close = ", ".join(timm.list_models(f"*{name}*")[:5])
        msg = f"timm has no model {name!r}" + (f"; it has {close}" if close else "")
        raise ProbeError(msg)
    model = timm.create_model(name, **{"pretrained": False, **keywords})
    if not ask:
        return (model, None, None)
    config = getattr(model, "pretrained_cfg", None) or model.default_cfg
    size = tuple(config.get("input_size", (3, _IMAGE, _IMAGE)))
    channels = keywords.get("in_chans", size[0])
    side = keywords.get("img_size", size[1:])
    side = (side, side) if isinstance(side, int) else tuple(side)
    images = torch.randn(_SAMPLES, channels, *side)
    classes = getattr(model, "num_classes", 0)
    if not classes:
        return (model, images, None)
    target = torch.randint(classes, (_SAMPLES,))
    return (model, (images, target), nn.functional.cross_entropy)


def of_transformers(
    library: Any,
    root: Path,
    name: str,
    keywords: dict[str, Any],
    *,
    ask: bool,
) -> Parts:
    """A transformers model from a configuration, with random weights and random inputs.

    Raises:
        ProbeError: There is no such configuration, or its inputs are of an unknown kind.
    """
    path = root / name
    if path.exists():
        config = library.AutoConfig.from_pretrained(str(path), local_files_only=True, **keywords)
    elif name.endswith("Config") and hasattr(library, name):
        config = getattr(library, name)(**keywords)
    else:
        msg = (
            f"hf:{name} is neither a configuration class of transformers nor a file or folder here"
        )
        raise ProbeError(msg)
    named = next(iter(getattr(config, "architectures", None) or ()), "")
    if hasattr(library, named):
        model = getattr(library, named)(config)
    else:
        heads = (getattr(library, head) for head in _HEADS)
        model = next(head for head in heads if type(config) in head._model_mapping).from_config(
            config
        )
    return (model, _by_configuration(model, config, name) if ask else None, None)


def _by_configuration(model: Any, config: Any, name: str) -> dict[str, torch.Tensor]:
    kind, main = type(model).__name__, model.main_input_name
    text = config.get_text_config() if hasattr(config, "get_text_config") else config
    batch: dict[str, torch.Tensor] = {}
    if main == "input_ids" and getattr(text, "vocab_size", None):
        length = min(_TOKENS, getattr(text, "max_position_embeddings", None) or _TOKENS)
        batch["input_ids"] = torch.randint(text.vocab_size, (_SAMPLES, length))
        if kind.endswith(_PREDICTS_TOKENS):
            batch["labels"] = batch["input_ids"].clone()
        elif getattr(config, "is_encoder_decoder", False):
            batch["decoder_input_ids"] = batch["input_ids"].clone()
    elif main == "pixel_values":
        side = getattr(config, "image_size", _IMAGE)
        side = (side, side) if isinstance(side, int) else tuple(side)
        batch["pixel_values"] = torch.randn(_SAMPLES, getattr(config, "num_channels", 3), *side)
    else:
        msg = f"no batch is known for hf:{name}, which takes {main}: pass --gradhealth-batch=EXPR"
        raise ProbeError(msg)
    if kind.endswith(_CLASSIFIES):
        batch["labels"] = torch.randint(config.num_labels, (_SAMPLES,))
    return batch
