"""Layers of torch.nn on numbers."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from gradhealth_lint.semantics.domain import catalogue
from gradhealth_lint.semantics.numbers import halves, operations
from gradhealth_lint.semantics.numbers.number import LEARNED, Number, made, unknown
from gradhealth_lint.semantics.pytorch import inits

if TYPE_CHECKING:
    from gradhealth_lint.semantics.domain.torch_values import Layer
    from gradhealth_lint.semantics.numbers.scope import State

#: Layers that do what a function does.
_LAYERS: Final = {
    "Sigmoid": "sigmoid", "Softmax": "softmax", "Softmax2d": "softmax", "Tanh": "tanh",
    "LogSoftmax": "log_softmax", "LogSigmoid": "logsigmoid", "Softplus": "softplus",
    "ReLU": "relu", "ReLU6": "relu6", "Hardsigmoid": "hardsigmoid", "MSELoss": "mse_loss",
    "L1Loss": "l1_loss", "SmoothL1Loss": "smooth_l1_loss", "HuberLoss": "huber_loss",
    "CosineSimilarity": "cosine_similarity", "PairwiseDistance": "pairwise_distance",
    "Identity": "reshape", "Flatten": "flatten", "Dropout": "reshape",
}  # fmt: skip
_FREE: Final = catalogue.AFFINE_KINDS | {"Embedding", "Bilinear"}


def apply(state: State, layer: Layer, given: list[Number]) -> Number:
    """``layer(...)``."""
    name = _LAYERS.get(layer.kind)
    if name is not None:
        result = operations.apply(name, given, {}) or unknown(*given)
        return halves.computed(state, name, result)
    result = unknown(*given)
    if state.gradless:
        return result
    if layer.kind in _FREE:
        result = made(-math.inf, math.inf, *given, kind="affine")
        result = replace(result, half=bool(state.casts or state.lowered))
    owns = layer.kind in _FREE or bool(inits.parameter_names(layer))
    return replace(result, learns=LEARNED) if owns else result
