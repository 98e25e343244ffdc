"""Facts of optimizers, states and graphs in training code."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gradhealth_lint.semantics import (
    accumulating,
    carrying,
    halving,
    modes,
    rates,
    retaining,
    straying,
)
from gradhealth_lint.semantics.training_facts import StaleOptimizer

if TYPE_CHECKING:
    from collections.abc import Callable

    import libcst as cst

    from gradhealth_lint.semantics.places import Anchor
    from gradhealth_lint.semantics.python.interpreter import Interpreter
    from gradhealth_lint.semantics.python.roots import Runs


def training(
    interpreter: Interpreter, runs: Runs, code: str, anchor: Callable[[cst.CSTNode], Anchor]
) -> dict[str, Any]:
    """The fields of a file's facts that are about them."""
    return {
        "stale_optimizers": _stale(interpreter, anchor),
        "retained": retaining.retained(interpreter, runs, code, anchor),
        "carried": carrying.carried(interpreter, runs, anchor),
        "accumulations": accumulating.accumulated(runs, code, anchor),
        "rates": rates.rates(interpreter, code, anchor),
        "left_in_evaluation": modes.left_in_evaluation(interpreter, runs, code, anchor),
        "strayed": straying.strayed(interpreter, runs, code, anchor),
        "halved": halving.halved(interpreter, runs, code, anchor),
    }


def _stale(
    interpreter: Interpreter, anchor: Callable[[cst.CSTNode], Anchor]
) -> tuple[StaleOptimizer, ...]:
    """Optimizers of this file that do not own what is trained, each once."""
    found: dict[tuple[int, str], StaleOptimizer] = {}
    for one in interpreter.ownership.found:
        if id(one.node) not in interpreter.sites:
            fact = StaleOptimizer(anchor(one.node), one.form, one.name, one.optimizer)
            found.setdefault((fact.anchor, fact.form), fact)
    return tuple(found.values())
