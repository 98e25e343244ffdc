"""Sources and the stacks that are read from them."""

from __future__ import annotations

from textwrap import dedent
from typing import TYPE_CHECKING

import pytest

from gradhealth_lint.limits import Limits
from gradhealth_lint.semantics.reader import read
from gradhealth_lint.source import from_bytes
from gradhealth_lint.stack_inits import describe
from tests.lint.stack_cases import CASES, StackCase

if TYPE_CHECKING:
    from gradhealth_lint.semantics.network_facts import Stack


def line(stack: Stack) -> str:
    widths = ",".join(str(layer.fan_out) for layer in stack.layers)
    activations = ",".join(layer.activation for layer in stack.layers)
    inits = ",".join(dict.fromkeys(describe(layer.weight) for layer in stack.layers))
    words = [stack.owner, str(stack.depth), widths, activations, inits]
    if stack.residual:
        words.append("residual")
    if any(layer.normalised for layer in stack.layers):
        words.append("norm")
    return " ; ".join([" ".join(words), *stack.notes])


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_stacks(case: StackCase) -> None:
    source = from_bytes(dedent(case.source).encode(), "case.py")
    assert tuple(line(stack) for stack in read(source, Limits()).facts.stacks) == case.stacks
