"""What is a model, and a loss, by its name: for code that is handed both.

A name is evidence of a kind, never of a fault: what is so named has a graph where it is called, and
what is done to that graph has to be seen.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final

import libcst as cst

from gradhealth_lint.semantics.domain import catalogue
from gradhealth_lint.semantics.domain.names import called, dotted
from gradhealth_lint.semantics.domain.torch_values import Layer, Squashed
from gradhealth_lint.semantics.domain.values import Qualified, Value
from gradhealth_lint.semantics.pytorch import events
from gradhealth_lint.semantics.pytorch.applying import MODEL

if TYPE_CHECKING:
    from gradhealth_lint.semantics.python.interpreter import Interpreter

#: Losses that by their names hold no weights of their own.
WEIGHTLESS: Final = re.compile(r"^(mse|bce|ce|l1|nll|huber|smooth_l1)_?loss$", re.I)
_LOSS: Final = re.compile(
    r"^((mse|bce|ce|l1|nll|huber|value)_?loss|criterion\w*|loss_?(fn|func|function)?)$", re.I
)
#: More names of what is trained, with what tells several of them apart.
_MODEL: Final = re.compile(
    r"(^|_)((actor|critic|encoder|decoder|student|policy|.*net(work)?)(_(local|online|main))?)\d*$",
    re.I,
)
#: Methods of models that by their names give what a loss is made of.
_COMPUTING: Final = frozenset(
    {"forward", "evaluate", "evaluate_actions", "evaluate_action", "log_prob", "get_log_prob",
     "encode", "decode", "get_value", "get_values", "extract_features", "get_action_and_value"}
)  # fmt: skip


def is_of_a_model(node: cst.Call) -> bool:
    """``policy.evaluate(states)``: a method that computes what a model is trained on."""
    if called(node) not in _COMPUTING:
        return False
    owner = dotted(node.func).rpartition(".")[0]
    return is_a_model(owner.rpartition(".")[2])


def is_a_model(name: str) -> bool:
    """Whether a variable so named holds a model that is trained."""
    return _is_named_model(name)


@lru_cache(maxsize=4096)
def _is_named_model(name: str) -> bool:
    return MODEL.search(name) is not None or _MODEL.search(name) is not None


def is_trained(interpreter: Interpreter, output: Squashed) -> bool:
    """Whether the model that ran was put into training mode before: it is what learns."""
    model = dotted(getattr(output.node, "func", None))
    return bool(model) and any(
        event.kind == events.TRAIN and event.text == model for event in interpreter.events
    )


def is_loss(node: cst.Call, callee: Value) -> bool:
    """Whether a loss is computed: a layer's, a function's, or what is so named."""
    if isinstance(callee, Layer):
        return callee.kind.endswith("Loss")
    if isinstance(callee, Qualified):
        name = callee.name.removeprefix(catalogue.FUNCTIONAL)
        return name.endswith(("_loss", "cross_entropy", "_with_logits", "kl_div"))
    return _is_named_loss(called(node)) and last(node) != ""


@lru_cache(maxsize=4096)
def _is_named_loss(name: str) -> bool:
    return _LOSS.search(name) is not None


def last(node: cst.Call) -> str:
    """``criterion`` of ``self.criterion(...)``; "" where something else is called."""
    return dotted(node.func).rpartition(".")[2]
