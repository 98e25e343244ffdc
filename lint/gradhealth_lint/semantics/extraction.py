"""From the interpreter's values to facts: the only place that turns one into the other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gradhealth_lint.semantics.domain.torch_values import Container, InitCall, Layer, ParameterRef
from gradhealth_lint.semantics.domain.values import MISSING, Instance, Value
from gradhealth_lint.semantics.facts import (
    FileFacts,
    Init,
    InitTarget,
    InitUse,
    Stack,
    StackLayer,
    TrainingLoop,
)
from gradhealth_lint.semantics.layers import Chain, Link, chains
from gradhealth_lint.semantics.loops import StepInLoop, steps
from gradhealth_lint.semantics.pytorch import inits, modules

if TYPE_CHECKING:
    import libcst as cst

    from gradhealth_lint.semantics.facts import Anchor, Argument
    from gradhealth_lint.semantics.python.interpreter import Interpreter
    from gradhealth_lint.semantics.python.roots import Runs


def extract(
    interpreter: Interpreter, runs: Runs, *, differentiates_twice: bool, mentions_clipping: bool
) -> tuple[FileFacts, tuple[cst.CSTNode, ...]]:
    """The facts of a file that has been run, and the nodes its anchors stand for."""
    extractor = _Extractor(interpreter, runs)
    stacks = extractor.stacks()
    facts = FileFacts(
        stacks,
        extractor.inits(),
        extractor.loops(),
        differentiates_twice=differentiates_twice,
        mentions_clipping=mentions_clipping,
    )
    return facts, tuple(extractor.nodes)


#: The owner of a stack that is in no class of the file.
_BARE: Final = "Sequential"


class _Extractor:
    def __init__(self, interpreter: Interpreter, runs: Runs) -> None:
        self.nodes: list[cst.CSTNode] = []
        self._interpreter = interpreter
        self._runs = runs
        self._anchors: dict[int, Anchor] = {}
        #: Layer -> (stack, its activation there); stack -> identity of its layers.
        self._places: dict[int, tuple[int, str]] = {}
        self._members: list[set[int]] = []
        self._held: dict[int, frozenset[int]] = {}

    def anchor(self, node: cst.CSTNode) -> Anchor:
        """The number of a node, a new one if it has none."""
        if id(node) not in self._anchors:
            self._anchors[id(node)] = len(self.nodes)
            self.nodes.append(node)
        return self._anchors[id(node)]

    def stacks(self) -> tuple[Stack, ...]:
        """All stacks, longest reading first where one contains another."""
        found: list[Stack] = []
        seen: dict[Stack, int] = {}
        covered: set[int] = set()
        for module, outputs in self._runs.outputs:
            for chain in chains(outputs):
                members = {id(link.node.layer) for link in chain.links}
                if members <= covered or len(chain.links) < self._smallest:
                    continue
                covered |= members
                stack = self._stack(module, chain)
                index = seen.setdefault(stack, len(found))
                if index == len(found):
                    found.append(stack)
                    self._members.append(set())
                self._members[index] |= members
                for link, layer in zip(chain.links, stack.layers, strict=True):
                    self._places[id(link.node.layer)] = (index, layer.activation)
        return self._without_guesses(found)

    def _without_guesses(self, found: list[Stack]) -> tuple[Stack, ...]:
        """Drop readings under an assumption where the same place has one without."""
        known = {stack.anchor for stack in found if not stack.notes}
        kept = [i for i, s in enumerate(found) if not s.notes or s.anchor not in known]
        number = {old: new for new, old in enumerate(kept)}
        self._members = [self._members[index] for index in kept]
        self._places = {
            layer: (number[index], activation)
            for layer, (index, activation) in self._places.items()
            if index in number
        }
        return tuple(found[index] for index in kept)

    @property
    def _smallest(self) -> int:
        return self._interpreter.limits.smallest_stack

    def _stack(self, module: Value, chain: Chain) -> Stack:
        return Stack(
            self.anchor(self._builder(chain)),
            self._owner(module),
            tuple(_stack_layer(link) for link in chain.links),
            chain.residual,
            chain.notes,
        )

    def _builder(self, chain: Chain) -> cst.CSTNode:
        """The container that holds most of the chain, else its first layer."""
        layers = [link.node.layer for link in chain.links if link.node.layer is not None]
        members = {id(layer) for layer in layers}
        best: tuple[int, int, Container] | None = None
        for container in self._interpreter.containers:
            inside = self._layers_in(container)
            held = len(members.intersection(inside))
            if held >= self._smallest and (best is None or (held, -len(inside)) > best[:2]):
                best = (held, -len(inside), container)
        return layers[0].node if best is None else best[2].node

    def _layers_in(self, container: Container) -> frozenset[int]:
        key = id(container)
        if key not in self._held:
            self._held[key] = frozenset(id(layer) for layer in modules.layers(container))
        return self._held[key]

    def _owner(self, module: Value) -> str:
        if isinstance(module, Instance):
            return module.cls.name
        for instance in self._interpreter.instances:
            if any(value is module for _, value in modules.named_modules(instance)):
                return instance.cls.name
        return _BARE

    def _class_name(self, module: Value) -> str:
        """The model that a module is, or is part of, as messages name it."""
        owner = self._owner(module)
        return f"nn.{module.kind}" if owner == _BARE else owner

    def inits(self) -> tuple[InitUse, ...]:
        """Every init call that is still in force for some parameter."""
        targets: dict[int, list[InitTarget]] = {}
        written: dict[int, InitCall] = {}
        for layer, name, call in self._interpreter.inits:
            if not _in_force(layer.fields.get(name, MISSING), call):
                continue
            written[id(call.node)] = call
            stack, activation = self._places.get(id(layer), (None, None))
            fan_in, fan_out = inits.fans(layer)
            target = InitTarget(
                layer.kind, name, fan_in, fan_out,
                inits.multiplies(ParameterRef(layer, name)), stack, activation,
            )  # fmt: skip
            targets.setdefault(id(call.node), []).append(target)
        return tuple(
            InitUse(
                self.anchor(call.node), _init_of(call), tuple(dict.fromkeys(targets[key])),
                call.target, call.callee,
            )
            for key, call in written.items()
        )  # fmt: skip

    def loops(self) -> tuple[TrainingLoop, ...]:
        """Every optimizer step in a training loop, each place once: the best known reading."""
        best: dict[int, TrainingLoop] = {}
        for recorded in self._runs.events:
            for step in steps(recorded):
                loop = self._loop(step)
                old = best.get(loop.anchor)
                if old is None or (not old.layers and loop.layers):
                    best[loop.anchor] = loop
        return tuple(best.values())

    def _loop(self, step: StepInLoop) -> TrainingLoop:
        layers = [layer for owner in step.owners for layer in modules.layers(owner)]
        members = {id(layer) for layer in layers}
        return TrainingLoop(
            anchor=self.anchor(step.event.node),
            model=next((self._class_name(owner) for owner in step.owners), None),
            layers=frozenset(layer.kind for layer in layers),
            stacks=tuple(index for index, inside in enumerate(self._members) if inside & members),
            clipped=step.clipped,
            scaled=step.scaled,
            unscaled_before=step.unscaled_before,
            framework=step.framework,
            parameters_text=step.parameters_text,
            optimizer_text=step.event.text,
        )


def _in_force(value: Value, call: InitCall) -> bool:
    options = getattr(value, "options", (value,))
    return any(option is call for option in options)


def _stack_layer(link: Link) -> StackLayer:
    layer = link.node.layer
    if layer is None:
        raise AssertionError("an affine node has a layer")
    fan_in, fan_out = inits.fans(layer)
    activation = link.activation
    parameters = () if activation is None else activation.parameters or ()
    return StackLayer(
        layer.kind,
        fan_in,
        fan_out,
        _init(layer, "weight"),
        _init(layer, "bias") if "bias" in inits.parameter_names(layer) else Init("zeros_"),
        "identity" if activation is None else activation.label,
        parameters,
        link.normalised or layer.fields.get("reparametrised") is True,
        bool(layer.notes or link.node.notes),
    )


def _init(layer: Layer, name: str) -> Init | None:
    value = layer.fields.get(name, MISSING)
    if value is MISSING:
        return Init("default")
    return _init_of(value) if isinstance(value, InitCall) else None


def _init_of(call: InitCall) -> Init:
    return Init(
        call.name,
        tuple((key, _argument(value)) for key, value in call.arguments if key != "generator"),
    )


def _argument(value: Value) -> Argument:
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    return str(value) if isinstance(value, str) else float(value)
