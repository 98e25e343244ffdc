"""Image classifiers of timm, with its own initialisation, on four small images."""

from __future__ import annotations

import functools
import importlib
import warnings
from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tests.faults.standard.entry import Standard
from tests.runtime import torchvision_operators

IMAGES, CLASSES, SIZE = 4, 10, 64


def _timm() -> Any:
    torchvision_operators.declare()
    with warnings.catch_warnings():  # timm imports names that newer Pythons and torches deprecate
        warnings.simplefilter("ignore")
        return importlib.import_module("timm")


def _create(name: str, options: dict[str, Any]) -> nn.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = _timm().create_model(name, num_classes=CLASSES, **options)
    assert isinstance(model, nn.Module)
    return model.train()


def _images(size: int) -> tuple[Tensor, Tensor]:
    return torch.randn(IMAGES, 3, size, size), torch.randint(0, CLASSES, (IMAGES,))


def _first(output: Any, target: Tensor) -> Tensor:
    """Cross-entropy, without the auxiliary outputs that some return in training."""
    return F.cross_entropy(output[0] if isinstance(output, tuple | list) else output, target)


def _standard(model: str, note: str = "", size: int = SIZE, **options: Any) -> Standard:
    if "img_size" in options:
        size = options["img_size"]
    build: Callable[[], nn.Module] = functools.partial(_create, model, options)
    batch = functools.partial(_images, size)
    return Standard(f"{model} {note}".strip(), "timm", build, batch, _first)


#: Options of those that must know their image's size.
_SMALL: dict[str, Any] = {"img_size": SIZE}
_THIN: dict[str, Any] = {"embed_dim": 96, "num_heads": 3}

TIMM: tuple[Standard, ...] = (
    # Plain and residual convolutions, with and without norms.
    _standard("resnet18", "every gamma one", zero_init_last=False),
    _standard("resnet18", "zero gamma", zero_init_last=True),
    _standard("resnet50"),
    _standard("resnet152", "zero gamma", zero_init_last=True),
    _standard("resnet152", "every gamma one", zero_init_last=False),
    _standard("resnetv2_50"),
    _standard("resnext50_32x4d"),
    _standard("res2net50_14w_8s"),
    _standard("resnest26d"),
    _standard("skresnet18"),
    _standard("ecaresnet26t"),
    _standard("legacy_seresnet18"),
    _standard("vgg11", "narrow head", mlp_ratio=0.125),
    _standard("vgg16", "narrow head", mlp_ratio=0.125),
    _standard("vgg16_bn", "narrow head", mlp_ratio=0.125),
    _standard("densenet121"),
    _standard("inception_v3", size=96),
    _standard("xception41"),
    _standard("dpn68"),
    _standard("dla34"),
    _standard("cspdarknet53"),
    _standard("vovnet39a"),
    _standard("hrnet_w18_small"),
    _standard("regnetx_002"),
    _standard("regnety_002"),
    _standard("repvgg_a0"),
    _standard("nf_resnet26"),
    _standard("nfnet_l0"),
    _standard("dm_nfnet_f0"),
    _standard("lambda_resnet26t"),
    # Small and mobile.
    _standard("efficientnet_b0"),
    _standard("tf_efficientnetv2_b0"),
    _standard("mobilenetv2_100"),
    _standard("mobilenetv3_small_050"),
    _standard("mobilenetv3_large_100"),
    _standard("mobileone_s0"),
    _standard("ghostnet_050"),
    _standard("rexnet_100"),
    _standard("edgenext_xx_small"),
    _standard("repvit_m0_9"),
    _standard("mobilevit_xxs"),
    # Convolutions with layer scale or gates.
    _standard("convnext_atto"),
    _standard("convnext_tiny"),
    _standard("convnextv2_atto"),
    _standard("poolformer_s12"),
    _standard("focalnet_tiny_srf"),
    _standard("mambaout_femto"),
    _standard("starnet_s1"),
    # Attention.
    _standard("vit_tiny_patch16_224", **_SMALL),
    _standard("vit_small_patch16_224", "depth 24", depth=24, **_THIN, **_SMALL),
    _standard("vit_relpos_small_patch16_224", depth=6, **_SMALL),
    _standard("test_vit_relpos", img_size=160),
    _standard("vit_tiny_r_s16_p8_224", **_SMALL),
    _standard("deit3_small_patch16_224", **_SMALL),
    _standard("cait_xxs24_224", **_SMALL),
    _standard("beit_base_patch16_224", "thin", **_THIN, **_SMALL),
    _standard("eva02_tiny_patch14_224", img_size=56),
    _standard("xcit_nano_12_p16_224"),
    _standard("convit_tiny", **_SMALL),
    _standard("pit_ti_224", **_SMALL),
    _standard("tnt_s_patch16_224", **_SMALL),
    _standard("swin_tiny_patch4_window7_224", window_size=4, **_SMALL),
    _standard("swinv2_tiny_window8_256", window_size=4, **_SMALL),
    _standard("twins_svt_small", **_SMALL),
    _standard("pvt_v2_b0"),
    _standard("nest_tiny", **_SMALL),
    _standard("coat_tiny", **_SMALL),
    _standard("coatnet_nano_rw_224", **_SMALL),
    _standard("maxvit_pico_rw_256", **_SMALL),
    _standard("mvitv2_tiny", **_SMALL),
    _standard("hiera_tiny_224", **_SMALL),
    _standard("volo_d1_224", **_SMALL),
    # Neither.
    _standard("mixer_s32_224", **_SMALL),
    _standard("resmlp_12_224", **_SMALL),
    _standard("gmlp_ti16_224", **_SMALL),
    _standard("sequencer2d_s", **_SMALL),
)
