"""What is measured: ten real architectures on batches people train with, and chains of layers."""

from __future__ import annotations

import functools
import importlib
import warnings
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tests.faults.standard.entry import Standard
from tests.faults.standard.hugging_face import standard
from tests.faults.standard.torch_images import UNet
from tests.runtime import torchvision_operators

CLASSES, VOCABULARY, LENGTH = 100, 8000, 128


class Tagger(nn.Module):
    """Two bidirectional LSTM layers over embedded tokens; (samples, steps) to a class a sample."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Embedding(VOCABULARY, 128)
        self.lstm = nn.LSTM(128, 256, num_layers=2, batch_first=True, bidirectional=True)
        self.head = nn.Linear(512, CLASSES)

    def forward(self, tokens: Tensor) -> Tensor:
        states, _ = self.lstm(self.embed(tokens))
        return self.head(states.mean(1))  # type: ignore[no-any-return]


def _timm(name: str, options: dict[str, Any]) -> nn.Module:
    torchvision_operators.declare()
    with warnings.catch_warnings():  # timm imports names that newer Pythons and torches deprecate
        warnings.simplefilter("ignore")
        model = importlib.import_module("timm").create_model(name, num_classes=CLASSES, **options)
    assert isinstance(model, nn.Module)
    return model.train()


def _images(count: int, size: int) -> tuple[Tensor, Tensor]:
    return torch.randn(count, 3, size, size), torch.randint(0, CLASSES, (count,))


def _classifier(name: str, count: int, size: int, **options: Any) -> Standard:
    build = functools.partial(_timm, name, options)
    batch = functools.partial(_images, count, size)
    return Standard(f"{name}, {count} x {size}px", "timm", build, batch, F.cross_entropy)


def _text(count: int) -> dict[str, Tensor]:
    tokens = torch.randint(5, VOCABULARY, (count, LENGTH))
    return {"input_ids": tokens, "attention_mask": torch.ones_like(tokens), "labels": tokens}


def _documents() -> tuple[Tensor, Tensor]:
    return torch.randint(0, VOCABULARY, (32, LENGTH)), torch.randint(0, CLASSES, (32,))


def _masks() -> tuple[Tensor, Tensor]:
    return torch.randn(4, 3, 128, 128), torch.randint(0, 4, (4, 128, 128))


_BERT = {
    "vocab_size": VOCABULARY,
    "hidden_size": 512,
    "num_hidden_layers": 4,
    "num_attention_heads": 8,
    "intermediate_size": 2048,
}
_GPT = {"vocab_size": VOCABULARY, "n_positions": LENGTH}  # the rest as GPT-2 small has it

ARCHITECTURES: tuple[Standard, ...] = (
    _classifier("resnet18", 16, 112),
    _classifier("resnet50", 8, 112),
    _classifier("mobilenetv3_small_100", 32, 112),
    _classifier("efficientnet_b0", 16, 112),
    _classifier("convnext_atto", 16, 112),
    _classifier("vit_tiny_patch16_224", 8, 224),
    standard("BertForMaskedLM", "BertConfig", functools.partial(_text, 8), _BERT, note="4 x 512"),
    standard("GPT2LMHeadModel", "GPT2Config", functools.partial(_text, 4), _GPT, note="12 x 768"),
    Standard("bidirectional LSTM, 2 x 256", "torch.nn", Tagger, _documents, F.cross_entropy),
    Standard("U-Net, 4 x 128px", "torch.nn", functools.partial(UNet, 32), _masks, F.cross_entropy),
)

DEPTHS = (10, 100, 1000)


def _chain(depth: int) -> nn.Module:
    layers: list[nn.Module] = []
    for _ in range(depth):
        linear = nn.Linear(256, 256)
        nn.init.kaiming_normal_(linear.weight, nonlinearity="relu")
        layers += [linear, nn.ReLU()]
    return nn.Sequential(*layers)


def _vectors() -> tuple[Tensor, Tensor]:
    return torch.randn(64, 256), torch.randn(64, 256)


#: The cost of a layer alone, with hardly any arithmetic in it: whether depth costs linearly.
CHAINS: tuple[Standard, ...] = tuple(
    Standard(
        f"{depth} x (Linear, ReLU)",
        "torch.nn",
        functools.partial(_chain, depth),
        _vectors,
        F.mse_loss,
    )
    for depth in DEPTHS
)
