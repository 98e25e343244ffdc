"""Backward passes in float16 whose loss nothing scales."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import libcst as cst

from gradhealth_lint.semantics import loop_syntax
from gradhealth_lint.semantics.domain import names, walking
from gradhealth_lint.semantics.domain.names import dotted
from gradhealth_lint.semantics.domain.values import Function, Instance
from gradhealth_lint.semantics.python import classes
from gradhealth_lint.semantics.pytorch import events
from gradhealth_lint.semantics.training_facts import HalfPrecision

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from gradhealth_lint.semantics.places import Anchor
    from gradhealth_lint.semantics.python.interpreter import Interpreter
    from gradhealth_lint.semantics.python.roots import Runs
    from gradhealth_lint.semantics.pytorch.events import Event

#: The loss is scaled, or what does it is not read.
_SCALES: Final = re.compile(
    r"\.scale\(|scale_loss|loss_?scal|scaled_loss|deepspeed|apex|accelerat|Fabric\(|peft|hivemind",
    re.I,
)
#: ``(loss * scale).backward()`` by hand.
_SCALED: Final = re.compile(
    r"\bloss\w*\s*\*=?\s*(?:[\w.]*scal|\d{3,}|2(?:\.0*)?\s*\*\*)|[\w.]*scal\w*\s*\*\s*[\w.]*loss",
    re.I,
)
_HALF: Final = re.compile(r"(torch\.)?(float16|half)")
_TO_HALF: Final = r"(?:half\(\)|to\([^()\n]*\btorch\.(?:float16|half)\b[^()\n]*\))"
_LOADED_HALF: Final = r"from_pretrained\([^()]*\b(?:torch_)?dtype\s*=\s*torch\.(?:float16|half)\b"


def halved(
    interpreter: Interpreter, runs: Runs, code: str, anchor: Callable[[cst.CSTNode], Anchor]
) -> tuple[HalfPrecision, ...]:
    """Every unscaled backward pass of a loop through float16, each once."""
    found: dict[int, HalfPrecision] = {}
    backward = any(event.kind == events.BACKWARD for run in runs.roots for event in run.events)
    if not backward or _SCALES.search(code) or _SCALED.search(code):
        return ()
    for run in runs.roots:
        for event in run.events:
            if event.kind != events.BACKWARD or event.framework or event.scaler:
                continue
            region = _region(interpreter, event)
            if region is None:
                continue
            inside = [other for other in run.events if other.turn == event.turn]
            if not any(other.kind == events.STEP for other in inside):
                continue
            context = _casting(interpreter, region, event, inside, code)
            model = "" if context else _half_model(region, event, code)
            if context or model:
                name = event.text or "the loss"
                fact = HalfPrecision(anchor(event.node), name, context, model)
                found.setdefault(fact.anchor, fact)
    return tuple(found.values())


def _casting(
    interpreter: Interpreter,
    region: cst.BaseSuite,
    backward: Event,
    inside: Sequence[Event],
    code: str,
) -> str:
    """The float16 autocast that makes the loss, as the code has it; "" if there is none."""
    feeding = _feeding(region, backward)
    for block in walking.nodes_within(region, cst.With):
        context = next((c for item in block.items if (c := half_cast(item.item, code))), "")
        if context:
            written = {write.name for write in loop_syntax.writes(block.body)}
            nodes = {id(node) for node in walking.within(block.body)}
            if written & feeding or id(backward.node) in nodes:
                return context
    for function in _helpers(interpreter, region, feeding):
        context = _made_in(function, code)
        if context:
            return context
    for event in inside:
        receiver = event.receiver
        forward = classes.find(receiver.cls, "forward") if isinstance(receiver, Instance) else None
        if event.kind == events.FORWARD and isinstance(forward, Function):
            for item in _contexts(forward.node):
                context = half_cast(item, code)
                if context:
                    return context
    return ""


def _helpers(
    interpreter: Interpreter, region: cst.BaseSuite, feeding: set[str]
) -> Iterator[cst.FunctionDef]:
    """The functions of the file that a loss comes from."""
    called = {
        dotted(write.value.func).rpartition(".")[2]
        for write in loop_syntax.writes(region)
        if write.name in feeding and isinstance(write.value, cst.Call)
    }
    for function in loop_syntax.functions(interpreter):
        if function.name in called and isinstance(function.node, cst.FunctionDef):
            yield function.node


def _made_in(function: cst.FunctionDef, code: str) -> str:
    """The float16 autocast that makes what a function gives back, "" if there is none."""
    decorators = [one.decorator for one in function.decorators]
    blocks = walking.nodes_within(function.body, cst.With)
    contexts = [*decorators, *(item.item for block in blocks for item in block.items)]
    if any(map(names.stops_gradients, contexts)):
        return ""  # a teacher's answer, or a target
    for item in decorators:
        context = half_cast(item, code)
        if context:
            return context
    given = [one.value for one in walking.nodes_within(function.body, cst.Return) if one.value]
    wanted = set[str]().union(*map(loop_syntax.mentioned, given)) if given else set()
    feeding = loop_syntax.feeding(wanted, list(loop_syntax.writes(function.body)))
    for block in blocks:
        context = next((c for item in block.items if (c := half_cast(item.item, code))), "")
        if not context:
            continue
        written = {write.name for write in loop_syntax.writes(block.body)}
        if written & feeding or walking.nodes_within(block.body, cst.Return):
            return context
    return ""


def _contexts(function: cst.FunctionDef | cst.Lambda) -> list[cst.BaseExpression]:
    """The decorators of a forward pass, and the contexts its whole body stands in."""
    if not isinstance(function, cst.FunctionDef):
        return []
    found = [one.decorator for one in function.decorators]
    for block in function.body.body:
        if isinstance(block, cst.With):
            found.extend(item.item for item in block.items)
    return found


def half_cast(node: cst.BaseExpression, code: str) -> str:
    """An autocast as the code has it, if it surely casts to float16 on a GPU when it is on."""
    call = node if isinstance(node, cst.Call) else None
    name = dotted(call.func if call is not None else node)
    if name.rpartition(".")[2] != "autocast":
        return ""
    text = cst.Module([]).code_for_node(node)
    given = {} if call is None else _arguments(call)
    device = given.get("device_type", given.get("0", ""))
    dtype = given.get("dtype", given.get("1", "") if device[:1] in "\"'" else "")
    if given.get("enabled") == "False" or device == "False" or "cpu" in device:
        return ""
    if dtype:
        return text if _is_half(dtype, code) else ""
    if not device or device == "True" or "cuda" in device or "cuda" in code:
        return text if "bfloat16" not in code else ""
    return ""


def _arguments(call: cst.Call) -> dict[str, str]:
    found = {}
    for place, argument in enumerate(call.args):
        name = str(place) if argument.keyword is None else argument.keyword.value
        found[name] = cst.Module([]).code_for_node(argument.value)
    return found


def _is_half(text: str, code: str) -> bool:
    """Whether a dtype is float16, or a name that is set to nothing else."""
    if _HALF.fullmatch(text):
        return True
    last = re.escape(text.rpartition(".")[2])
    values = re.findall(rf"\b{last}\s*(?::[^=\n]*)?=(?!=)\s*([^\n,)]+)", code)
    values = [value.strip() for value in values if value.strip() != text]
    return bool(values) and all(_HALF.fullmatch(value) for value in values)


def _half_model(region: cst.BaseSuite, backward: Event, code: str) -> str:
    """The model that makes the loss, if all its weights are made float16."""
    feeding = _feeding(region, backward)
    called = {
        dotted(call.func)
        for write in loop_syntax.writes(region)
        if write.name in feeding and not write.gradless
        for call in walking.nodes_within(write.value, cst.Call)
    }
    called |= {dotted(call.func) for call in walking.nodes_within(backward.node, cst.Call)}
    for name in sorted(filter(None, called)):
        model = re.escape(name)
        chain = r"(?:\.\w+\([^()\n]*\))*"
        made = (
            rf"^\s*{model}\s*=[^\n]*\.{_TO_HALF}{chain}\s*$|^\s*{model}\s*=\s*\w+\.{_LOADED_HALF}"
        )
        turned = rf"^\s*{model}{chain}\.{_TO_HALF}"
        back = rf"\b{model}{chain}\.(?:float\(|to\([^()\n]*(?:float32|torch\.float\b|bfloat16))"
        if re.search(rf"{made}|{turned}", code, re.M) and not re.search(back, code):
            return name
    return ""


def _region(interpreter: Interpreter, backward: Event) -> cst.BaseSuite | None:
    """The body of the function a backward pass stands in, else of the loop around it."""
    for function in loop_syntax.functions(interpreter):
        body = function.node.body
        if isinstance(body, cst.BaseSuite) and any(
            one is backward.node for one in walking.within(body)
        ):
            return body
    loops = loop_syntax.in_file(backward.loops)
    return loops[0].body if loops else None


def _feeding(region: cst.BaseSuite, backward: Event) -> set[str]:
    return loop_syntax.feeding(loop_syntax.started(backward), list(loop_syntax.writes(region)))
