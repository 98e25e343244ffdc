"""Architectures nobody here wrote, at random init: none of them is accused."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from pytest_gradhealth import Diagnosis, diagnose
from tests.runtime import torchvision_operators

pytestmark = [
    # Both libraries import names that newer Pythons and torches deprecate.
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
]


def _library(name: str) -> Any:
    if importlib.util.find_spec(name) is None:
        pytest.skip(f"{name} is not installed: pip install 'pytest-gradhealth[dev]'")
    torchvision_operators.declare()
    return importlib.import_module(name)


def _accused_of_nothing(diagnosis: Diagnosis) -> None:
    assert diagnosis.healthy, [finding.message for finding in diagnosis.findings]
    assert diagnosis.verdicts["nonfinite"] == "pass"
    assert diagnosis.verdicts["exploding"] == "pass"
    assert diagnosis.verdicts["vanishing"] in {"pass", "expected"}


TIMM: dict[str, dict[str, Any]] = {
    "resnet18": {},
    "resnet18 zero gamma": {"zero_init_last": True},
    "vit_tiny_patch16_224": {"depth": 6, "img_size": 64},
    "cait_xxs24_224": {"depth": 8, "img_size": 64},
    "mixer_s32_224": {"img_size": 64},
    "convnext_atto": {},
    "mobilenetv3_small_050": {},
    "efficientnet_b0": {},
}


@pytest.mark.parametrize("train", [True, False], ids=["train", "eval"])
@pytest.mark.parametrize("name", TIMM)
def test_timm_classifiers(name: str, train: bool) -> None:
    timm = _library("timm")
    model = timm.create_model(name.partition(" ")[0], num_classes=10, **TIMM[name]).train(train)
    size = TIMM[name].get("img_size", 64)
    batch = torch.randn(4, 3, size, size), torch.arange(4)
    _accused_of_nothing(diagnose(model, batch, F.cross_entropy))


def _tokens(rows: int, length: int, *, labels: bool) -> dict[str, torch.Tensor]:
    ids = torch.randint(0, 100, (rows, length))
    mask = torch.ones_like(ids)
    mask[0, length // 2 :] = 0
    return {"input_ids": ids, "attention_mask": mask} | ({"labels": ids} if labels else {})


SMALL = {"vocab_size": 120, "max_position_embeddings": 32}
BERT = {"hidden_size": 64, "num_hidden_layers": 4, "num_attention_heads": 4}
T5 = {
    "vocab_size": 120,
    "d_model": 64,
    "d_kv": 16,
    "d_ff": 128,
    "num_layers": 3,
    "num_heads": 4,
    "decoder_start_token_id": 0,
}
GPT = {"n_embd": 64, "n_layer": 4, "n_head": 4, "vocab_size": 120, "n_positions": 32}

TRANSFORMERS: dict[str, tuple[str, str, dict[str, Any], bool]] = {
    "bert": ("BertModel", "BertConfig", SMALL | BERT | {"intermediate_size": 128}, False),
    "bert for masked tokens": (
        "BertForMaskedLM",
        "BertConfig",
        SMALL | BERT | {"intermediate_size": 128},
        True,
    ),
    "gpt2": ("GPT2LMHeadModel", "GPT2Config", GPT, True),
    "gpt2 without labels": ("GPT2LMHeadModel", "GPT2Config", GPT, False),
    "llama": (
        "LlamaForCausalLM",
        "LlamaConfig",
        SMALL | BERT | {"intermediate_size": 128, "num_key_value_heads": 2},
        True,
    ),
    "t5": ("T5ForConditionalGeneration", "T5Config", T5, True),
}


def _make(kind: str, config: str, options: dict[str, Any]) -> nn.Module:
    transformers = _library("transformers")
    made: Callable[..., nn.Module] = getattr(transformers, kind)
    return made(getattr(transformers, config)(**options))


@pytest.mark.parametrize("name", TRANSFORMERS)
def test_transformers(name: str) -> None:
    kind, config, options, labels = TRANSFORMERS[name]
    model = _make(kind, config, options).train()
    diagnosis = diagnose(model, _tokens(3, 16, labels=labels))
    _accused_of_nothing(diagnosis)
    assert diagnosis.report.loss_kind == ("output.loss" if labels else "random cotangent")


@pytest.mark.parametrize(
    ("kind", "config"), [("BertModel", "BertConfig"), ("GPT2LMHeadModel", "GPT2Config")]
)
def test_transformers_at_their_real_size(kind: str, config: str) -> None:
    model = _make(kind, config, {}).train()
    diagnosis = diagnose(model, _tokens(1, 8, labels=False))
    _accused_of_nothing(diagnosis)
    assert diagnosis.verdicts["vanishing"] in {"pass", "expected"}
    assert diagnosis.passes == 1
