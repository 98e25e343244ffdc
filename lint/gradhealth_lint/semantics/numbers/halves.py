"""float16: where tensors come to be so, and what is too small to be added to them.

Under an autocast matrix products and layers give float16, and a list of functions float32.
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import libcst as cst

from gradhealth_lint.semantics import halving
from gradhealth_lint.semantics.domain.torch_values import Container, Layer
from gradhealth_lint.semantics.domain.values import Instance, Symbol
from gradhealth_lint.semantics.numbers.number import FIXED, LEARNED, Number, Risk, exactly

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from gradhealth_lint.semantics.numbers.scope import Held, State

#: Half of the smallest number of float16: what is below it is rounded to 0.
SMALLEST: Final = 2.0**-25
_HALF: Final = re.compile(r"(\w+\.)?(float16|half)\b")
_DTYPE: Final = re.compile(
    r"(\w+\.)?(bfloat16|float32|float64|float|double|long|int\w*|bool)$|dtype"
)
#: What autocast computes in float32, and what it computes in float16.
_SINGLE: Final = frozenset(
    {"log", "log2", "log10", "log1p", "exp", "expm1", "pow", "norm", "vector_norm", "softmax",
     "log_softmax", "sum", "prod", "cumsum", "cumprod", "cosine_similarity", "cdist", "dist",
     "mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss", "nll_loss", "cross_entropy", "kl_div",
     "binary_cross_entropy_with_logits", "softplus", "rsqrt", "reciprocal", "acos", "asin", "tan",
     "cosh", "sinh", "layer_norm", "group_norm", "logsumexp", "pdist", "renorm"}
)  # fmt: skip
_PRODUCTS: Final = frozenset(
    {"matmul", "mm", "bmm", "mv", "linear", "conv1d", "conv2d", "conv3d", "addmm", "baddbmm"}
)
#: Methods of a model that return it.
_OF_WEIGHTS: Final = frozenset(
    {"half", "float", "double", "bfloat16", "to", "cuda", "cpu", "train", "eval", "type"}
)
#: Optimizers that divide by a root plus their eps, and what that is unless it is told.
_ADAPTIVE: Final = {
    "Adam": 1e-8, "AdamW": 1e-8, "NAdam": 1e-8, "RAdam": 1e-8, "Adamax": 1e-8, "RMSprop": 1e-8,
    "Adagrad": 1e-10,
}  # fmt: skip


def casts(state: State, context: cst.BaseExpression) -> bool:
    """Whether a context or decorator is an autocast to float16."""
    return bool(halving.half_cast(context, state.code))


@contextmanager
def weights(state: State, model: Held) -> Iterator[None]:
    """The forward pass of a model: what its layers give is float16 if their weights are."""
    lowered = _key(model) in state.halved
    state.lowered += lowered
    yield
    state.lowered -= lowered


def computed(state: State, name: str, result: Number) -> Number:
    """The result of a function of torch in the dtype that an autocast gives it."""
    if not state.casts:
        return result
    if name in _SINGLE:
        return replace(result, half=False)
    return replace(result, half=True) if name in _PRODUCTS else result


def cast(name: str, one: Number, arguments: Sequence[cst.Arg]) -> Number | None:
    """``one.half()``, ``one.to(dtype)`` and the like; None for all else."""
    if name == "half":
        return replace(one, half=True)
    if name in {"float", "double", "bfloat16"}:
        return replace(one, half=False)
    if name in {"to", "type", "type_as"}:
        texts = [cst.Module([]).code_for_node(argument.value) for argument in arguments]
        if any(_HALF.fullmatch(text) for text in texts):
            return replace(one, half=True)
        if name != "to" or any(_DTYPE.search(text) for text in texts):
            return replace(one, half=False)
    return None


def model(state: State, name: str, receiver: Held, arguments: Sequence[cst.Arg]) -> Held:
    """``receiver.name(...)`` of a model: what is said of all its weights; None for all else."""
    key = _key(receiver)
    if key is None:
        return None
    if name == "parameters" and key in state.halved:
        return Number(LEARNED, half=True)
    if name not in _OF_WEIGHTS:
        return None
    after = cast(name, Number(half=key in state.halved), arguments)
    if after is not None and after.half:
        state.halved.add(key)
    elif after is not None:
        state.halved.discard(key)
    return receiver


def applied(state: State, callee: Held, result: Held) -> Held:
    """The result of a model, float16 if its weights are."""
    if isinstance(result, Number) and _key(callee) in state.halved:
        return replace(result, half=True)
    return result


def _key(held: Held) -> int | str | None:
    if isinstance(held, Symbol):
        return held.name
    return id(held) if isinstance(held, (Instance, Container, Layer)) else None


def added(state: State, node: cst.CSTNode, one: Number, other: Number) -> frozenset[Risk]:
    """The risk of ``one + other``, if one of them is float16 and the other nothing to it."""
    for tensor, eps in ((one, other), (other, one)):
        if tensor.half and _is_lost(eps.constant):
            return _risk(state, node, tensor, eps)
    return frozenset()


def clamped(
    state: State, node: cst.CSTNode, name: str, one: Number, bounds: Sequence[Number]
) -> frozenset[Risk]:
    """The risk of a clamp of a float16 tensor to a bound that is rounded to 0."""
    for bound in bounds if one.half and name.startswith(("clamp", "clip")) else ():
        if _is_lost(bound.constant):
            return _risk(state, node, one, bound)
    return frozenset()


def optimizer(
    state: State, node: cst.Call, name: str, given: Sequence[Number], named: Mapping[str, Number]
) -> None:
    """An optimizer of float16 weights, whose eps is lost: confirmed at once."""
    package, _, name = name.rpartition(".")
    if package != "torch.optim" or name not in _ADAPTIVE or not (given and given[0].half):
        return
    eps = named.get("eps", exactly(_ADAPTIVE[name]))
    if _is_lost(eps.constant):
        state.confirmed.setdefault(id(node), Risk(node, "lost eps of optimizer", node, eps))


def _is_lost(value: float | None) -> bool:
    return value is not None and 0 < value < SMALLEST


def _risk(state: State, node: cst.CSTNode, one: Number, eps: Number) -> frozenset[Risk]:
    if state.gradless or one.learns == FIXED:
        return frozenset()
    return frozenset({Risk(node, "lost eps", node, replace(eps, half=True))})
