"""From the interpreter's values to facts: the only place that turns one into the other."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from gradhealth_lint.semantics import (
    checkpoint_extraction,
    cut_extraction,
    frozen_extraction,
    hosted,
    init_extraction,
    loose_extraction,
    lost_extraction,
    numeric_extraction,
    output_extraction,
    parameter_extraction,
    raw_images,
    recurring,
    registration,
    single_batches,
    squashing,
    training_extraction,
    uncleared,
)
from gradhealth_lint.semantics.domain.names import dotted
from gradhealth_lint.semantics.domain.torch_values import Container, Layer
from gradhealth_lint.semantics.domain.values import Instance, Value
from gradhealth_lint.semantics.facts import FileFacts, Wiring
from gradhealth_lint.semantics.init_extraction import Place
from gradhealth_lint.semantics.layer_facts import stack_layer
from gradhealth_lint.semantics.layers import Chain, Link, chains
from gradhealth_lint.semantics.loop_extraction import LoopExtractor
from gradhealth_lint.semantics.network_facts import Stack, StackLayer
from gradhealth_lint.semantics.pytorch import modules

if TYPE_CHECKING:
    import libcst as cst

    from gradhealth_lint.semantics.places import Anchor
    from gradhealth_lint.semantics.python.interpreter import Interpreter
    from gradhealth_lint.semantics.python.roots import Runs


def extract(
    interpreter: Interpreter, runs: Runs, tree: cst.Module, code: str
) -> tuple[FileFacts, tuple[cst.CSTNode, ...]]:
    """The facts of a file that has been run, and the nodes its anchors stand for.

    ``tree`` is the file, ``code`` its text without comments.
    """
    extractor = _Extractor(interpreter, runs)
    stacks = extractor.stacks()
    inits_found = init_extraction.init_uses(interpreter, extractor.places, extractor.anchor)
    loops = extractor.loops()
    facts = FileFacts(
        stacks,
        inits_found,
        differentiates_twice=bool(_TWICE.search(code)),
        weights_loaded=_loaded(code),
        **loops,
        wirings=extractor.wirings(tree),
        early_clips=hosted.early_clips(runs, code, extractor.anchor),
        unregistered=registration.unregistered(interpreter, code, extractor.anchor),
        loose=loose_extraction.loose(interpreter, code, extractor.anchor),
        hand_updates=loose_extraction.hand_updates(interpreter, code, extractor.anchor),
        uncleared=uncleared.uncleared(interpreter, runs, code, extractor.anchor),
        **training_extraction.training(interpreter, runs, code, extractor.anchor),
        lost_checkpoints=checkpoint_extraction.lost(interpreter, runs, code, extractor.anchor),
        frozen=frozen_extraction.frozen(interpreter, tree, code, extractor.anchor),
        made_in_forward=registration.made_in_forward(interpreter, extractor.anchor),
        cut_off=cut_extraction.cut_off(interpreter, runs, extractor.anchor),
        tied=init_extraction.ties(interpreter, extractor.places, extractor.anchor),
        lost_inits=lost_extraction.lost_inits(interpreter, extractor.anchor),
        hand_made=parameter_extraction.hand_made(interpreter, runs, code, extractor.anchor),
        steep=numeric_extraction.steep(interpreter, tree, code, extractor.anchor),
        raw_inputs=raw_images.raw_inputs(tree, code, extractor.anchor),
        single_batches=single_batches.single_batches(
            interpreter, runs, tree, code, extractor.anchor
        ),
        hand_recurrences=recurring.hand_recurrences(interpreter, runs, extractor.anchor),
        **extractor.networks(),
    )
    return facts, tuple(extractor.nodes)


_TWICE: Final = re.compile(r"create_graph\s*=\s*True")
#: Trained weights by their usual names, and those of some file, which a script that trains as well
#: reads to go on or to test.
_PRETRAINED: Final = re.compile(r"load_url|load_state_dict_from_url|pre_?trained|hf_hub_download")
_LOADED: Final = re.compile(r"load_state_dict\(")
_TRAINS: Final = re.compile(r"\.backward\(")
#: The owner of a stack that is in no class of the file.
_BARE: Final = "Sequential"


class _Extractor:
    def __init__(self, interpreter: Interpreter, runs: Runs) -> None:
        self.nodes: list[cst.CSTNode] = []
        self._interpreter = interpreter
        self._runs = runs
        self._anchors: dict[int, Anchor] = {}
        #: Layer -> its place in a stack; stack -> identity of its layers.
        self.places: dict[int, Place] = {}
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
            for chain in chains(outputs, self._interpreter.cuts.severed):
                members = {id(link.node.layer) for link in chain.links}
                self._note_lone(chain)
                if members <= covered or len(chain.links) < self._smallest:
                    continue
                covered |= members
                if id(self._builder(chain)) in self._interpreter.sites:
                    continue  # built in another file, where it is read itself
                stack = self._stack(module, chain)
                index = seen.setdefault(stack, len(found))
                if index == len(found):
                    found.append(stack)
                    self._members.append(set())
                self._members[index] |= members
                pairs = zip(chain.links, stack.layers, strict=True)
                for position, (link, layer) in enumerate(pairs):
                    rescaled = layer.normalised or link.rescaled
                    place = Place(index, position, layer.activation, rescaled)
                    self.places[id(link.node.layer)] = place
        return self._without_guesses(found)

    def _note_lone(self, chain: Chain) -> None:
        """Remember what follows a layer that has no others in its chain."""
        link, layer = chain.links[0], chain.links[0].node.layer
        if len(chain.links) == 1 and layer is not None and id(layer) not in self.places:
            label = "identity" if link.activation is None else link.activation.label
            self.places[id(layer)] = Place(None, 0, label, link.normalised or link.rescaled)

    def _without_guesses(self, found: list[Stack]) -> tuple[Stack, ...]:
        """Drop readings under an assumption where the same place has one without."""
        known = {stack.anchor for stack in found if not stack.notes}
        kept = [i for i, s in enumerate(found) if not s.notes or s.anchor not in known]
        number = {old: new for new, old in enumerate(kept)}
        self._members = [self._members[index] for index in kept]
        self.places = {
            layer: place._replace(stack=None if place.stack is None else number[place.stack])
            for layer, place in self.places.items()
            if place.stack is None or place.stack in number
        }
        return tuple(found[index] for index in kept)

    @property
    def _smallest(self) -> int:
        return self._interpreter.limits.smallest_stack

    def networks(self) -> dict[str, Any]:
        """Networks and recurrences."""
        from gradhealth_lint.semantics.network_extraction import NetworkExtractor

        interpreter = self._interpreter
        extractor = NetworkExtractor(self.anchor, self._place, self._owner, self._smallest)
        return {
            "networks": extractor.networks(self._runs.outputs, interpreter.sites),
            "recurrences": extractor.recurrences(interpreter.recurrent, interpreter.sites),
        }

    def _stack(self, module: Value, chain: Chain) -> Stack:
        return Stack(
            self.anchor(self._builder(chain)),
            self._owner(module),
            tuple(_stack_layer(link) for link in chain.links),
            chain.residual,
            chain.notes,
        )

    def _builder(self, chain: Chain) -> cst.CSTNode:
        return self._place([link.node.layer for link in chain.links if link.node.layer is not None])

    def _place(self, layers: list[Layer]) -> cst.CSTNode:
        """The container that holds most of these layers, else the first of them."""
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

    def wirings(self, tree: cst.Module) -> tuple[Wiring, ...]:
        """What losses and logarithms of this file are given, each once."""
        sites = self._interpreter.sites
        found: dict[Wiring, None] = {}
        ends = output_extraction.rectified(self._interpreter, self._runs)
        inside = output_extraction.hidden(self._interpreter, self._runs)
        for wired in (*self._interpreter.wired, *ends, *inside):
            if id(wired.node) in sites:
                continue  # in another file, where it is read itself
            source = wired.node if id(wired.source.node) in sites else wired.source.node
            wiring = Wiring(
                self.anchor(wired.node),
                wired.kind,
                wired.source.function,
                self.anchor(source),
                "" if wired.model is None else self._class_name(wired.model),
                _called(wired.node),
                _called(wired.source.node),
                None
                if source is wired.node
                else squashing.squashing(wired.node, source, tree, self.anchor),
            )
            found[wiring] = None
        return tuple(found)

    def loops(self) -> dict[str, Any]:
        """Every training loop, here and elsewhere, and what their events are about."""
        extractor = LoopExtractor(
            self.anchor, self._class_name, self._members, self._interpreter.sites
        )
        loops = extractor.loops(self._runs)
        return {
            "loops": loops,
            "loops_elsewhere": extractor.elsewhere,
            "subjects": extractor.subjects(),
        }


def _loaded(code: str) -> bool:
    loaded = _LOADED.search(code) and not _TRAINS.search(code)
    return bool(loaded or _PRETRAINED.search(code))


def _stack_layer(link: Link) -> StackLayer:
    layer = link.node.layer
    if layer is None:
        raise AssertionError("an affine node has a layer")
    return stack_layer(layer, link.node, link.activation, normalised=link.normalised)


def _called(node: cst.CSTNode) -> str:
    """``F.softmax`` of a call, as the user wrote it."""
    return dotted(getattr(node, "func", None))
