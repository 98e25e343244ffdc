"""Functions that move numbers about, or take nothing but the shape of a tensor."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gradhealth_lint.semantics.domain import catalogue
from gradhealth_lint.semantics.numbers.number import Number, unknown

if TYPE_CHECKING:
    from collections.abc import Sequence

#: What is the same number, in another place or shape.
_SAME: Final = (catalogue.HARMLESS_METHODS | catalogue.HARMLESS_FUNCTIONS) | frozenset(
    {"gather", "index_select", "take_along_dim", "expand", "expand_as", "repeat", "flip", "roll",
     "narrow", "select", "diagonal", "diag", "chunk", "split", "unbind", "take", "masked_select",
     "sort", "topk", "repeat_interleave", "broadcast_to", "to_dense", "ravel", "tril", "triu"}
) - {"dropout", "pad"}  # fmt: skip
#: What is made in the shape of a tensor, or picks entries of it, and is no function of its numbers.
_FRESH: Final = frozenset(
    {"zeros_like", "ones_like", "full_like", "empty_like", "rand_like", "randn_like", "new_zeros",
     "new_ones", "new_full", "new_empty", "new_tensor", "argmax", "argmin", "argsort", "one_hot",
     "isnan", "isinf", "isfinite", "long", "bool", "int"}
)  # fmt: skip
#: (tensor, dimension, index, what is written): nothing depends on the index.
_WRITING: Final = frozenset(
    {"scatter", "scatter_add", "scatter_reduce", "index_add", "index_copy", "index_fill"}
)


def apply(name: str, given: Sequence[Number]) -> Number | None:
    """The result of such a function; None for all others."""
    if name in _FRESH:
        return Number()
    if name in _SAME:
        return given[0]
    if name in _WRITING:
        return unknown(given[0], *given[3:])
    return None
