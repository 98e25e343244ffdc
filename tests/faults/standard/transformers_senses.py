"""Models of transformers for images, sound, several of them at once, and series."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from tests.faults.standard.entry import Standard
from tests.faults.standard.hugging_face import (
    ENCODER_DECODER,
    LENGTH,
    PATCHES,
    ROWS,
    SIZES,
    TEXT,
    images,
    own_labels,
    pixels,
    standard,
    text,
)

_VIDEO = {**SIZES, **PATCHES, "num_frames": 4}
_MAE = {
    "decoder_hidden_size": 32,
    "decoder_num_hidden_layers": 2,
    "decoder_num_attention_heads": 4,
    "decoder_intermediate_size": 64,
}
_PYRAMID = {"hidden_sizes": [16, 32, 48, 64], "depths": [1, 1, 1, 1]}
_SEGMENTS = {"num_attention_heads": [1, 2, 2, 4], "decoder_hidden_size": 32, "num_labels": 4}
_DETR = {
    "use_timm_backbone": False,
    "backbone_config": (
        "ResNetConfig",
        {**_PYRAMID, "embedding_size": 16, "out_features": ["stage4"]},
    ),
    "num_queries": 6,
    "num_labels": 4,
}
_SOUND = {
    "vocab_size": 30,
    "conv_dim": (32,) * 4,
    "conv_stride": (5, 4, 2, 2),
    "conv_kernel": (10, 4, 3, 2),
    "num_feat_extract_layers": 4,
    "num_conv_pos_embeddings": 16,
    "num_conv_pos_embedding_groups": 4,
    "mask_time_length": 2,
    "classifier_proj_size": 32,
}
_NORMED = {"feat_extract_norm": "layer", "do_stable_layer_norm": True}
_WHISPER = {
    "vocab_size": 120,
    "num_mel_bins": 16,
    "max_source_positions": 32,
    "max_target_positions": 32,
    "pad_token_id": 0,
    "bos_token_id": 1,
    "eos_token_id": 2,
    "decoder_start_token_id": 1,
}
_SPEECH = {
    "vocab_size": 120,
    "input_feat_per_channel": 16,
    "max_source_positions": 128,
    "max_target_positions": 32,
    "conv_channels": 64,
}
_PERCEIVER = {
    "vocab_size": 120,
    "num_latents": 16,
    "d_latents": 64,
    "d_model": 48,
    "num_self_attends_per_block": 3,
    "num_self_attention_heads": 4,
    "num_cross_attention_heads": 4,
    "max_position_embeddings": 64,
}
_SERIES = {
    "num_input_channels": 3,
    "context_length": 32,
    "patch_length": 8,
    "patch_stride": 8,
    "prediction_length": 8,
    "d_model": 32,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "ffn_dim": 64,
}
_TOWERS = {"text_config": {**TEXT, **SIZES}, "vision_config": {**SIZES, **PATCHES}}
_CLIP = {
    **_TOWERS,
    "text_config": {**TEXT, **SIZES, "eos_token_id": 2},
    "projection_dim": 32,
}


def _videos() -> dict[str, Tensor]:
    return {"pixel_values": torch.randn(2, 4, 3, 32, 32), "labels": torch.arange(2)}


def _pairs() -> dict[str, Any]:
    return {**text(), **pixels(), "return_loss": True}


def _captions() -> dict[str, Tensor]:
    return {**own_labels(), **pixels()}


def _questions() -> dict[str, Tensor]:
    return {**text(), **pixels(), "labels": torch.rand(ROWS, 3)}


def _maps() -> dict[str, Tensor]:
    return {"pixel_values": torch.randn(2, 3, 64, 64), "labels": torch.randint(0, 4, (2, 64, 64))}


def _scenes() -> tuple[Tensor, Tensor, Tensor]:
    return torch.randn(2, 3, 64, 64), torch.randint(0, 5, (2, 6)), torch.rand(2, 6, 4)


def _detect(model: Any, batch: Any) -> Tensor:
    """Classes and boxes; the matching of queries to objects is left out."""
    scenes, kinds, boxes = batch
    found = model(pixel_values=scenes)
    named = F.cross_entropy(found.logits.flatten(0, 1), kinds.flatten())
    return named + 5 * F.l1_loss(found.pred_boxes, boxes)


def _waves() -> dict[str, Tensor]:
    return {"input_values": torch.randn(2, 4000), "labels": torch.arange(2)}


def _transcribed() -> dict[str, Tensor]:
    return {"input_values": torch.randn(2, 4000), "labels": torch.randint(1, 30, (2, 8))}


def _spectrograms() -> dict[str, Tensor]:
    return {"input_values": torch.randn(2, 64, 32), "labels": torch.arange(2)}


def _whispers() -> dict[str, Tensor]:
    return {"input_features": torch.randn(2, 16, 64), "labels": torch.randint(3, 100, (2, 12))}


def _speech() -> dict[str, Tensor]:
    return {"input_features": torch.randn(2, 64, 16), "labels": torch.randint(3, 100, (2, 12))}


def _inputs() -> dict[str, Tensor]:
    return {"inputs": torch.randint(5, 100, (ROWS, LENGTH)), "labels": torch.arange(ROWS) % 2}


def _series() -> dict[str, Tensor]:
    return {"past_values": torch.randn(4, 32, 3), "future_values": torch.randn(4, 8, 3)}


SENSES: tuple[Standard, ...] = (
    standard(
        "ViTForImageClassification",
        "ViTConfig",
        images,
        SIZES,
        PATCHES,
        num_hidden_layers=12,
        note="12 layers",
    ),
    standard("DeiTForImageClassification", "DeiTConfig", images, SIZES, PATCHES),
    standard("BeitForImageClassification", "BeitConfig", images, SIZES, PATCHES),
    standard("Dinov2ForImageClassification", "Dinov2Config", images, SIZES, PATCHES),
    standard("ViTMAEForPreTraining", "ViTMAEConfig", pixels, SIZES, PATCHES, _MAE),
    standard("SegformerForSemanticSegmentation", "SegformerConfig", _maps, _PYRAMID, _SEGMENTS),
    standard("DetrForObjectDetection", "DetrConfig", _scenes, ENCODER_DECODER, _DETR, step=_detect),
    standard("VideoMAEForVideoClassification", "VideoMAEConfig", _videos, _VIDEO),
    standard("TimesformerForVideoClassification", "TimesformerConfig", _videos, _VIDEO),
    standard("CLIPModel", "CLIPConfig", _pairs, _CLIP),
    standard("SiglipModel", "SiglipConfig", _pairs, _TOWERS),
    standard(
        "GitForCausalLM", "GitConfig", _captions, TEXT, SIZES, vision_config={**SIZES, **PATCHES}
    ),
    standard(
        "ViltForQuestionAnswering", "ViltConfig", _questions, TEXT, SIZES, PATCHES, num_labels=3
    ),
    standard("Wav2Vec2ForCTC", "Wav2Vec2Config", _transcribed, SIZES, _SOUND),
    standard(
        "Wav2Vec2ForSequenceClassification",
        "Wav2Vec2Config",
        _waves,
        SIZES,
        _SOUND,
        _NORMED,
        note="layer norm",
    ),
    standard("HubertForSequenceClassification", "HubertConfig", _waves, SIZES, _SOUND),
    standard("WavLMForSequenceClassification", "WavLMConfig", _waves, SIZES, _SOUND),
    standard(
        "WhisperForConditionalGeneration", "WhisperConfig", _whispers, ENCODER_DECODER, _WHISPER
    ),
    standard(
        "Speech2TextForConditionalGeneration",
        "Speech2TextConfig",
        _speech,
        ENCODER_DECODER,
        _SPEECH,
    ),
    standard(
        "ASTForAudioClassification",
        "ASTConfig",
        _spectrograms,
        SIZES,
        patch_size=8,
        frequency_stride=8,
        time_stride=8,
        max_length=64,
        num_mel_bins=32,
    ),
    standard("PerceiverForSequenceClassification", "PerceiverConfig", _inputs, _PERCEIVER),
    standard("PatchTSTForPrediction", "PatchTSTConfig", _series, _SERIES),
)
