"""Parameters made by hand as facts: how each was set last, and what is multiplied by it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import libcst as cst

from gradhealth_lint.semantics.domain.graph import (
    HARMLESS,
    NORM,
    SCALE,
    Node,
    reachable,
)
from gradhealth_lint.semantics.domain.torch_values import Drawn, InitCall
from gradhealth_lint.semantics.domain.values import ClassValue
from gradhealth_lint.semantics.layer_facts import init_from
from gradhealth_lint.semantics.parameter_facts import HandMade
from gradhealth_lint.semantics.python import classes
from gradhealth_lint.semantics.pytorch import making, modules, tensors

if TYPE_CHECKING:
    from collections.abc import Callable

    from gradhealth_lint.semantics.domain.values import Instance
    from gradhealth_lint.semantics.places import Anchor
    from gradhealth_lint.semantics.python.interpreter import Interpreter
    from gradhealth_lint.semantics.python.roots import Runs

#: What in a class says that ``self.name`` is set, and anywhere that another object's is.
_SET: Final = (
    r"\.{name}\b(\.data)?\s*(\[[^\]]*\]\s*)?(=[^=]|[-+*/]=|\.\w+_\()"
    r"|(init|normal|uniform|zeros|ones|constant|kaiming|xavier|glorot|orthogonal|reset|fill|load"
    r"|copy|weight)\w*\([^()]*\.{name}\b"
)
#: What a file says that loads its weights, or is part of a package in which others may set them.
_SET_BY_OTHERS: Final = re.compile(
    r"PreTrained|ModelMixin|from_pretrained|state_dict|load_weights|^\s*from\s+\.", re.MULTILINE
)
_SET_ELSEWHERE: Final = r"[\"']{name}[\"']|\b(?!self\b)\w+\.{name}\b"


def hand_made(
    interpreter: Interpreter, runs: Runs, code: str, anchor: Callable[[cst.CSTNode], Anchor]
) -> tuple[HandMade, ...]:
    """Every trained tensor made by hand in this file, each once."""
    owners = _owners(interpreter)
    products = _products(interpreter, runs)
    found: dict[HandMade, None] = {}
    named = {id(one.fields): one for one in interpreter.drawn}
    named |= {id(one.fields): one for one in interpreter.drawn if one.text}
    for key, tensor in named.items():
        init = tensor.fields["init"]
        known = isinstance(init, InitCall)
        node = init.node if known else tensor.node
        if tensor.fields["trained"] is not True or id(node) in interpreter.sites:
            continue
        owner = owners.get(key)
        fans = products.get(key)
        made = HandMade(
            anchor(node),
            "" if owner is None else owner[0].cls.name,
            tensor.text or ("" if owner is None else f"self.{owner[1]}"),
            init_from(init) if known else None,
            None if tensor.shape is None else len(tensor.shape),
            *(fans or (None, None)),
            multiplies=fans is not None,
            rescaled=key in interpreter.rescaled,
            overseen=owner is not None
            and known
            and init.name == making.UNSET
            and _is_overseen(interpreter, *owner, code),
        )
        found[made] = None
    return tuple(found)


def _owners(interpreter: Interpreter) -> dict[int, tuple[Instance, str]]:
    """The module that holds each, and under what name, by the identity of its fields."""
    found: dict[int, tuple[Instance, str]] = {}
    for instance in interpreter.instances:
        for name, one in modules.made_by_hand(instance):
            if not instance.cls.foreign:
                found.setdefault(id(one.fields), (instance, name))
    return found


def _products(interpreter: Interpreter, runs: Runs) -> dict[int, tuple[int | None, int | None]]:
    """The fans of each tensor's first product; what rescales a result is noted."""
    in_graphs: dict[int, bool] = {}
    for _, outputs in runs.outputs:
        for node in reachable(outputs):
            in_graphs.setdefault(id(node), False)
            for source in node.inputs:
                start = _before_harmless(source)
                if _rescales(node):
                    in_graphs[id(start)] = True
    found: dict[int, tuple[int | None, int | None]] = {}
    for tensor, fans, result in interpreter.products:
        if isinstance(result, Node):
            if id(result) not in in_graphs:
                continue
            if in_graphs[id(result)] or any(_rescales(_before_harmless(n)) for n in result.inputs):
                interpreter.rescaled.add(id(tensor.fields))
        found.setdefault(id(tensor.fields), fans)
    return found


def _before_harmless(node: Node) -> Node:
    while node.operation == HARMLESS and len(node.inputs) == 1:
        node = node.inputs[0]
    return node


def _rescales(node: Node) -> bool:
    """Whether a node takes a factor out, or multiplies by zeros as LoRA's second matrix does."""
    weight = node.arguments.get("weight") if node.label == "matmul" else None
    if isinstance(weight, Drawn):
        return tensors.constant(weight) == 0
    factor = node.label.startswith(("multiply", "divide", "mul", "div", "normalize"))
    return factor or node.operation in {SCALE, NORM}


def _is_overseen(interpreter: Interpreter, owner: Instance, name: str, code: str) -> bool:
    """Whether nothing out of view sets it: all bases are known, and no text says that it is set.

    The text is asked as well, for the interpretation may have missed something.
    """
    if _SET_BY_OTHERS.search(code):
        return False
    bases = classes.linear_bases(owner.cls)
    if not classes.is_in_view(owner.cls):
        return False
    name = re.escape(name)
    if len(re.findall(_SET_ELSEWHERE.format(name=name), code)) > len(
        re.findall(rf"register_parameter\(\s*[\"']{name}[\"']", code)
    ):
        return False
    derived = any(
        isinstance(value, ClassValue) and value is not owner.cls and owner.cls in value.bases
        for value in interpreter.module.fields.values()
    )
    own = [base for base in bases if isinstance(base, ClassValue)]
    text = code if derived else "".join(cst.Module([]).code_for_node(one.node) for one in own)
    return len(re.findall(_SET.format(name=name), text)) <= 1  # where it is made
