"""Training loops that get one sample at a time, over models with batch norms."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import libcst as cst

from gradhealth_lint.semantics.data_facts import SingleBatch
from gradhealth_lint.semantics.domain import walking
from gradhealth_lint.semantics.domain.names import dotted
from gradhealth_lint.semantics.domain.torch_values import is_module
from gradhealth_lint.semantics.pytorch import events, modules

if TYPE_CHECKING:
    from collections.abc import Callable

    from gradhealth_lint.semantics.domain.torch_values import Layer
    from gradhealth_lint.semantics.domain.values import Value
    from gradhealth_lint.semantics.places import Anchor
    from gradhealth_lint.semantics.python.interpreter import Interpreter
    from gradhealth_lint.semantics.python.roots import Run, Runs

#: The loader is torch's own, and not a library's that packs a whole graph into a sample.
_TORCH: Final = re.compile(
    r"from torch\.utils\.data(\.dataloader)? import "
    r"(\([^)]*\bDataLoader\b|[^\n(]*(\bDataLoader\b|\*))|"
    r"torch\.utils\.data\.DataLoader|\bdata\.DataLoader"
)
#: Items that are batches themselves, and norms that are not to follow the batch.
_BATCHED: Final = re.compile(
    r"torch_geometric|squeeze\(\s*(dim\s*=\s*)?0\s*\)|SyncBatchNorm|freeze_bn|track_running_stats|"
    r"batch_sampler|collate_fn"
)
_WRAPPING: Final = frozenset({"enumerate", "tqdm", "iter", "track", "trange", "progress_bar"})
_NORM: Final = re.compile(r"BatchNorm[123]d$")


def single_batches(
    interpreter: Interpreter,
    runs: Runs,
    tree: cst.Module,
    code: str,
    anchor: Callable[[cst.CSTNode], Anchor],
) -> tuple[SingleBatch, ...]:
    """Every loader of single samples that such a model is trained on, each once."""
    if "DataLoader" not in code or not _TORCH.search(code) or _BATCHED.search(code):
        return ()
    loaders = _loaders(tree, code)
    if not loaders:
        return ()
    found: dict[int, SingleBatch] = {}
    for run in runs.roots:
        for event in run.events:
            if event.kind != events.STEP:
                continue
            for loop in event.loops:
                call = _loader_of(loop, loaders) if isinstance(loop, cst.For) else None
                model = _normed(run, event) if call is not None else None
                if call is None or model is None or id(loop) in interpreter.sites:
                    continue
                name, norm, flat = model
                told = _size(call) is not None
                text = " ".join(cst.Module([]).code_for_node(call).split())
                found.setdefault(id(call), SingleBatch(anchor(call), text, told, name, norm, flat))
    return tuple(found.values())


def _loaders(tree: cst.Module, code: str) -> dict[str, cst.Call]:
    """The loaders of single samples by what they are called, ``""`` and a number without a name."""
    made: dict[str, list[cst.Call | None]] = {}
    for node in walking.nodes_within(tree, cst.Assign):
        for target in node.targets:
            name = dotted(target.target)
            if name:
                made.setdefault(name, []).append(_single(node.value, tree, code))
    loaders = {name: calls[0] for name, calls in made.items() if len(calls) == 1}
    for loop in walking.nodes_within(tree, cst.For):
        call = _single(_unwrapped(loop.iter), tree, code)
        if call is not None:
            loaders[f" {id(call)}"] = call
    return {name: call for name, call in loaders.items() if call is not None}


def _single(node: cst.CSTNode, tree: cst.Module, code: str) -> cst.Call | None:
    """A call of ``DataLoader`` that gives one sample at a time."""
    if not isinstance(node, cst.Call) or dotted(node.func).rpartition(".")[2] != "DataLoader":
        return None
    if any(one.star for one in node.args) or not node.args:
        return None
    size = _size(node)
    if size is None:
        return node  # the default is 1
    return node if _number(size, tree, code) == 1 else None


def _size(node: cst.Call) -> cst.BaseExpression | None:
    """What ``batch_size`` is given, ``None`` for nothing."""
    for place, one in enumerate(node.args):
        named = one.keyword.value if one.keyword is not None else ""
        if named == "batch_size" or (not named and place == 1):
            return one.value
    return None


def _number(node: cst.BaseExpression, tree: cst.Module, code: str) -> int | None:
    """An integer, a name that is given one once, or an option whose default is one."""
    if isinstance(node, cst.Integer):
        return node.evaluated_value
    name = dotted(node)
    if isinstance(node, cst.Name):
        values = [
            one.value
            for one in walking.nodes_within(tree, cst.Assign)
            if any(dotted(target.target) == name for target in one.targets)
        ]
        parameters = [
            one for one in walking.nodes_within(tree, cst.Param) if one.name.value == name
        ]
        if len(values) == 1 and not parameters and isinstance(values[0], cst.Integer):
            return values[0].evaluated_value
        return None
    owner, _, option = name.rpartition(".")
    if not owner or f"{name} =" in code or f"{name}=" in code:
        return None
    told = re.compile(
        rf"add_argument\([^()]*[\"']--{option.replace('_', '[-_]')}[\"'][^()]*default\s*=\s*(\d+)"
    )
    defaults = {int(match.group(1)) for match in told.finditer(code)}
    return defaults.pop() if len(defaults) == 1 else None


def _unwrapped(node: cst.BaseExpression) -> cst.BaseExpression:
    while isinstance(node, cst.Call) and node.args:
        if dotted(node.func).rpartition(".")[2] not in _WRAPPING:
            break
        node = node.args[0].value
    return node


def _loader_of(loop: cst.For, loaders: dict[str, cst.Call]) -> cst.Call | None:
    over = _unwrapped(loop.iter)
    return loaders.get(f" {id(over)}") or loaders.get(dotted(over) or "-")


def _normed(run: Run, step: events.Event) -> tuple[str, str, bool] | None:
    """The name of a model that the step trains, one of its batch norms, and whether it is flat."""
    owners = [one for one in step.owners if is_module(one)]
    for event in run.events:
        if event.kind == events.EVAL and not event.text:
            return None
        if event.kind == events.FORWARD and event.loops[: len(step.loops)] == step.loops:
            owners += [event.receiver] if is_module(event.receiver) and not owners else []
    for owner in owners:
        norms = [one for one in modules.layers(owner) if _NORM.search(one.kind)]
        if norms:
            flat = _flat(owner)
            return step.model or "the model", f"nn.{(flat or norms[0]).kind}", flat is not None
    return None


def _flat(model: Value) -> Layer | None:
    """A batch norm that follows a ``Linear`` of as many outputs: it sees one value per channel."""
    before: Layer | None = None
    for layer in modules.layers(model):
        if layer.kind == "BatchNorm1d" and before is not None and before.kind == "Linear":
            features = layer.fields.get("num_features")
            if features is not None and features == before.fields.get("out_features"):
                return layer
        before = layer
    return None
