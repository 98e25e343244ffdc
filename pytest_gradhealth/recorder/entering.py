"""Where a batch enters a model: the tensors that gradients with respect to the input are taken at.

Floating inputs are exchanged for leaves as the model is called. Token ids have no gradient: there
the first floating activation that is made of them, mostly an embedding's output, takes their place.
The parameters are frozen for the pass, so that a tensor with a graph behind it comes from the
batch, and one without does not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from pytest_gradhealth.recorder.batch import Objective, tensors_in
from pytest_gradhealth.recorder.generators import seed_generators
from pytest_gradhealth.recorder.locating import Track, tracked
from pytest_gradhealth.recorder.named import named_tensors, replaced

_INPUTS = "inputs"  # floating inputs, and lookups of integers in an embedding
_TABLE = 2  # axes
_FIRST = "first"  # the first activation that has the axes of an input

#: Chooses among the tensors a model is called with: whether gradients are taken there.
Chosen = Callable[[str, Tensor], bool]
#: What the model goes on with in place of an entry; ``None`` for the entry itself.
Change = Callable[[Tensor], Tensor | None]


@dataclass(frozen=True, slots=True)
class Entry:
    """A leaf that stands for an input of the model.

    Attributes:
        name: Of the input, as the model is called with it.
        leaf: What it holds, or for integers the activation that is made of them; the axes of the
            input are its first.
        call: Which call of the model it belongs to, from 0.
    """

    name: str
    leaf: Tensor
    call: int


@dataclass(slots=True)
class Passage:
    """One forward pass.

    Attributes:
        entries: Where the batch came in, in order.
        outputs: Name and tensor of every floating output that depends on an entry.
        inputs: Name and tensor of everything the model was called with, call by call.
        track: What every module got and gave, where that was asked for.
    """

    entries: list[Entry] = field(default_factory=list)
    outputs: list[tuple[str, Tensor]] = field(default_factory=list)
    inputs: list[list[tuple[str, Tensor]]] = field(default_factory=list)
    track: Track = field(default_factory=Track)


def passage(
    model: nn.Module,
    objective: Objective,
    seed: int,
    chosen: Chosen,
    change: Change | None = None,
    *,
    closely: bool = False,
) -> Passage:
    """Run the model forward once, inside somebody else's ``preserved``.

    Args:
        model: The model; its parameters do not require gradients afterwards.
        objective: What calls it.
        seed: Of dropout and the like.
        chosen: Which inputs to take gradients at.
        change: What to put in their place, for a look at what that changes.
        closely: Keep what every module gets and gives as well.
    """
    try:
        made = _passed(model, objective, seed, chosen, change, _INPUTS, closely=closely)
    except RuntimeError:  # a model that asks for its input's gradient itself: that must be a leaf
        made = Passage()
    if not made.entries:  # no embedding either: one-hot vectors, a lookup by hand
        made = _passed(model, objective, seed, chosen, change, _FIRST, closely=closely)
    return made


def _passed(
    model: nn.Module,
    objective: Objective,
    seed: int,
    chosen: Chosen,
    change: Change | None,
    place: str,
    *,
    closely: bool,
) -> Passage:
    model.requires_grad_(requires_grad=False)
    made = Passage()
    seed_generators(seed)
    gate = _Gate(made, chosen, change, place)
    with _opened(model, gate), torch.enable_grad(), ExitStack() as watching:
        if closely:
            made.track = watching.enter_context(tracked(model))
        objective(model, seed)
    return made


@dataclass(slots=True)
class _Gate:
    made: Passage
    chosen: Chosen
    change: Change | None
    place: str
    given: list[tuple[str, Tensor]] = field(default_factory=list)
    matched: set[str] = field(default_factory=set)

    def called(self, _model: nn.Module, args: Any, kwargs: Any) -> tuple[Any, Any]:
        """Before the model's own forward: floating inputs become leaves."""
        named = [*named_tensors(args), *named_tensors(kwargs)]
        self.made.inputs.append(named)
        self.given = [(name, tensor) for name, tensor in named if tensor.dim()]
        self.matched = set()

        def enter(name: str, tensor: Tensor) -> Tensor:
            wanted = tensor.is_floating_point() and self.chosen(name, tensor)
            return self._entered(name, tensor) if wanted else tensor

        if self.place == _FIRST:
            return args, kwargs
        return replaced(args, enter), replaced(kwargs, enter)

    def ran(self, module: nn.Module, args: Any, kwargs: Any, output: Any) -> Any:
        """After any module's forward: an activation made of an input takes the input's place."""
        first = next(iter(tensors_in(output)), None)
        if first is None or not first.is_floating_point():
            return None
        if self.place == _FIRST:
            source = None if self.made.entries else self._shaped_like(first)
        elif _looks_up(module) and not first.requires_grad:
            source = self._looked_up(module, [*tensors_in(args), *tensors_in(kwargs)], first)
        else:
            return None
        if source is None:
            return None
        name, given = source
        self.matched.add(name)
        if not self.chosen(name, given):
            return None
        turned = _is_turned(first, given)
        return replaced(
            output, lambda _, t: self._entered(name, t, turned=turned) if t is first else t
        )

    def returned(self, _model: nn.Module, _inputs: Any, output: Any) -> None:
        """After the model's own forward."""
        known = {name for name, _ in self.made.outputs}
        call = len(self.made.inputs) - 1
        for name, tensor in named_tensors(output):
            if tensor.is_floating_point() and tensor.requires_grad:
                told = f"{name or 'output'} of call {call}" if name in known else name
                self.made.outputs.append((told, tensor))

    def _entered(self, name: str, tensor: Tensor, *, turned: bool = False) -> Tensor:
        if turned:  # the entry has the input's axes, the model goes on with its own
            return self._entered(name, tensor.transpose(0, 1)).transpose(0, 1)
        call = len(self.made.inputs) - 1
        if tensor.requires_grad:  # somebody differentiates with respect to it: the graph stays
            other = None if self.change is None else self.change(tensor.detach().clone())
            kept = tensor if other is None else tensor + (other - tensor.detach())
            self.made.entries.append(Entry(name, kept, call))
            return kept
        leaf = tensor.detach().clone()
        other = None if self.change is None else self.change(leaf)
        leaf = (leaf if other is None else other).requires_grad_()
        self.made.entries.append(Entry(name, leaf, call))
        return leaf.clone()  # a leaf must not be written to

    def _shaped_like(self, made: Tensor) -> tuple[str, Tensor] | None:
        """The first input with whose axes an activation begins; of vectors and more, but one."""
        for name, tensor in self.given:
            floating = tensor.is_floating_point() and tensor.dim() > 1
            axes = tensor.dim() - 1 if floating else tensor.dim()
            if made.dim() > axes and made.shape[:axes] == tensor.shape[:axes]:
                return name, tensor
            if made.dim() > axes > 1 and _is_turned(made, tensor):
                return name, tensor
        return None

    def _looked_up(
        self, module: nn.Module, given: list[Tensor], made: Tensor
    ) -> tuple[str, Tensor] | None:
        """The model's integer input that an embedding's output is made of, entry for entry.

        The one that the module got, as it is or a part of it; else, since ids are shifted, masked
        and clipped on their way, the first one of its shape that nothing else was made of.
        """
        ids = [t for t in given if not t.is_floating_point() and _is_lookup(module, t, made)]
        integers = [(name, t) for name, t in self.given if not t.is_floating_point()]
        for name, tensor in integers:
            if any(_is_part(t, tensor) for t in ids):
                return name, tensor
        for name, tensor in integers:
            free = name not in self.matched and "mask" not in name
            if free and any(_is_alike(t, tensor) for t in ids):
                return name, tensor
        return None


def _is_lookup(module: nn.Module, ids: Tensor, made: Tensor) -> bool:
    if isinstance(module, nn.EmbeddingBag):
        return ids.dim() > 1 and ids.shape[0] == made.shape[0]
    return made.dim() > ids.dim() > 0 and made.shape[: ids.dim()] == ids.shape


def _is_turned(made: Tensor, given: Tensor) -> bool:
    """Whether an activation has the first two axes of an input the other way round."""
    if given.dim() < _TABLE or made.dim() < _TABLE or given.shape[0] == given.shape[1]:
        return False
    return made.shape[:_TABLE] == (given.shape[1], given.shape[0])


def _is_part(ids: Tensor, whole: Tensor) -> bool:
    """The same memory, or the same numbers, also with the axes turned."""
    if ids.untyped_storage().data_ptr() == whole.untyped_storage().data_ptr():
        return True
    if ids.shape == whole.shape and torch.equal(ids, whole):
        return True
    flat = ids.dim() == whole.dim() == _TABLE
    return flat and ids.shape == whole.T.shape and torch.equal(ids, whole.T)


def _is_alike(ids: Tensor, whole: Tensor) -> bool:
    """The same shape, and not that of a table of distances, (steps, steps)."""
    return ids.shape == whole.shape and len(set(ids.shape)) == ids.dim()


def _looks_up(module: nn.Module) -> bool:
    """Whether it is an embedding of torch, or one made like it: a table and integers in."""
    return isinstance(module, nn.Embedding | nn.EmbeddingBag) or type(module).__name__.endswith(
        "Embedding"
    )


@contextmanager
def _opened(model: nn.Module, gate: _Gate) -> Iterator[None]:
    handles: list[Any] = [model.register_forward_pre_hook(gate.called, with_kwargs=True)]
    handles += [
        module.register_forward_hook(gate.ran, with_kwargs=True)
        for module in model.modules()
        if module is not model
    ]
    handles.append(model.register_forward_hook(gate.returned))
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()
