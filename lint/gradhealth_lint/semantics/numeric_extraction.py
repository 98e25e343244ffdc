"""From the numbers that tensors can be to facts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import libcst as cst

from gradhealth_lint.semantics.numbers import normalising, starting
from gradhealth_lint.semantics.numeric_facts import Steep, Unit

if TYPE_CHECKING:
    from collections.abc import Callable

    from gradhealth_lint.semantics.numbers.number import Risk
    from gradhealth_lint.semantics.places import Anchor
    from gradhealth_lint.semantics.python.interpreter import Interpreter

#: More of an expression does not fit into a message.
_LONGEST = 60


def steep(
    interpreter: Interpreter,
    tree: cst.Module,
    code: str,
    anchor: Callable[[cst.CSTNode], Anchor],
) -> tuple[Steep, ...]:
    """The operations at risk that this file holds, each once."""
    return tuple(
        Steep(
            anchor(risk.node),
            risk.operation.removeprefix("where "),
            risk.operation.startswith("where "),
            risk.number.kind,
            risk.number.low,
            risk.number.high,
            _text(risk.node),
            _text(risk.operand),
            anchor(risk.operand),
            _unit(risk, anchor),
        )
        for risk in starting.risks(interpreter, tree, code)
    )


def _unit(risk: Risk, anchor: Callable[[cst.CSTNode], Anchor]) -> Unit | None:
    parts = normalising.parts(risk.node)
    return None if parts is None else Unit(anchor(parts[0]), parts[1])


def _text(node: cst.CSTNode) -> str:
    """The code in one line, shortened."""
    text = " ".join(cst.Module([]).code_for_node(node).split())
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."
