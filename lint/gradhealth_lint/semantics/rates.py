"""Learning rates that hold from the first step on, and the networks they are for."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import libcst as cst

from gradhealth_lint.semantics.domain import catalogue, folding, walking
from gradhealth_lint.semantics.domain.torch_values import is_module
from gradhealth_lint.semantics.pytorch import modules, rating
from gradhealth_lint.semantics.training_facts import LearningRate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from gradhealth_lint.semantics.places import Anchor
    from gradhealth_lint.semantics.python.interpreter import Interpreter
    from gradhealth_lint.semantics.pytorch.rating import Rated

#: What gives an optimizer another rate than the one it is made with.
_SCHEDULED: Final = re.compile(
    r"LambdaLR|OneCycle|Cyclic|warm|SequentialLR|LinearLR|ConstantLR|ChainedSched|PolynomialLR|"
    r"get_\w*sched|noam|\[\s*[\"']lr[\"']\s*\]\s*[-+*/]?=(?!=)|lr_?find|range_?test|set_lr|"
    r"(adjust|update|change)_(learning_rate|lr)|lr_lambda",
    re.IGNORECASE,
)
#: What makes a gradient small before it is followed.
_BOUNDED: Final = re.compile(r"clip|normaliz\w*_grad|\.grad\b.*/|\.grad\.div", re.IGNORECASE)
#: Functions that make a deep network, by their names.
_DEEP: Final = re.compile(
    r"\s*=\s*(?:\w+\.)*(\w+\.from_pretrained|create_model|(?:wide_)?resnet\d+\w*|resnext\w+|"
    r"vgg\d+\w*|densenet\d+|mobilenet_\w+|efficientnet_\w+|inception_v3|googlenet|alexnet|"
    r"vit_\w+|swin_\w+|convnext_\w+|squeezenet\w+|shufflenet\w+|regnet\w+)\("
)
#: Modules of torch.nn with several matrices in a row.
_BLOCKS: Final = re.compile(r"^Transformer")
_IN_A_BLOCK: Final = 4


def rates(
    interpreter: Interpreter, code: str, anchor: Callable[[cst.CSTNode], Anchor]
) -> tuple[LearningRate, ...]:
    """The rate of every optimizer that has a known one and keeps it, each place once."""
    if not interpreter.ownership.rated or _SCHEDULED.search(code):
        return ()
    made = {id(one.node): one for one in interpreter.ownership.rated}.values()
    found: dict[int, LearningRate] = {}
    bounded = bool(_BOUNDED.search(code))
    for one in interpreter.ownership.rated:
        rate, momentum = folding.number(one.rate), folding.number(one.momentum)
        written = one.written
        if rate is None or momentum is None or written is None:
            continue
        if not _is_literal(written) and _is_shared(written, made, code):
            continue  # each of several optimizers may mean another value
        source = rating.source(one.node)
        fact = LearningRate(
            anchor(one.node), one.optimizer.kind, _text(written), rate,
            momentum, bool(source or one.optimizer.owners), _depth(one), _network(source, code),
            bounded,
        )  # fmt: skip
        found.setdefault(fact.anchor, fact)
    return tuple(found.values())


def _is_literal(node: cst.BaseExpression) -> bool:
    return not any(
        isinstance(one, (cst.Name, cst.Attribute, cst.Subscript)) for one in walking.within(node)
    )


def _is_shared(written: cst.BaseExpression, made: Iterable[Rated], code: str) -> bool:
    """Whether optimizers of several kinds are given the same setting."""
    text = _text(written)
    using = [one for one in made if one.written is not None and _text(one.written) == text]
    mentions = re.findall(rf"\blr\s*=\s*{re.escape(text)}(?![\w.])", code)
    return len({one.optimizer.kind for one in using}) > 1 or len(mentions) > len(using)


def _text(node: cst.CSTNode) -> str:
    return cst.Module([]).code_for_node(node)


def _depth(rated: Rated) -> int | None:
    """How many matrices the largest model of an optimizer has, None if it is not known."""
    owners = [owner for owner in rated.optimizer.owners if is_module(owner)]
    return max(
        (sum(_matrices(layer.kind) for layer in modules.layers(owner)) for owner in owners),
        default=None,
    )


def _matrices(kind: str) -> int:
    if _BLOCKS.search(kind):
        return _IN_A_BLOCK
    return int(kind in catalogue.AFFINE_KINDS)


def _network(source: str, code: str) -> str:
    """The function that made a model, if that makes deep networks only."""
    found = re.search(rf"(?<![\w.]){re.escape(source)}{_DEEP.pattern}", code) if source else None
    return "" if found is None else found.group(1)
