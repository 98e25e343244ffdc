"""Which positions of a sequence the gradient from a position of the output goes back to."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from pytest_gradhealth.errors import ProbeError
from pytest_gradhealth.facts import Origin, Reaching
from pytest_gradhealth.recorder.batch import LossFunction, Objective, Step
from pytest_gradhealth.recorder.crossing import check_entries, cotangents, norms_along
from pytest_gradhealth.recorder.entering import Passage, passage
from pytest_gradhealth.recorder.layout import along, batch_axis
from pytest_gradhealth.recorder.locating import origin_of
from pytest_gradhealth.recorder.norms import hold_norms
from pytest_gradhealth.recorder.operations import Operations
from pytest_gradhealth.recorder.prepared import prepared
from pytest_gradhealth.recorder.sequences import (
    input_axis,
    main_output,
    one_sequence,
    output_view,
)
from pytest_gradhealth.recorder.state import preserved
from pytest_gradhealth.recorder.trace import Trace
from pytest_gradhealth.recorder.waking import wake

_CHANGE = 0.1  # of the root mean square of what is changed
_MOVED = 1e-6  # of the output's size: what moves by less is rounding


@dataclass(frozen=True, slots=True)
class Sought:
    """What to look at.

    Attributes:
        dim: The axis of the input's positions, ``None`` for the one that its shape tells.
        input: The input's name, ``""`` for the only sequence.
        output: The output's name, ``""`` for the first.
        targets: Positions of the output, negative ones from the end.
        most: How many further ones, evenly spread; 0 for none.
    """

    dim: int | None
    input: str
    output: str
    targets: tuple[int, ...]
    most: int


@dataclass(frozen=True, slots=True)
class Looking:
    """A model and batch that can be looked at again and again, inside ``prepared``."""

    model: nn.Module
    objective: Objective
    sought: Sought

    def __call__(self, seed: int) -> Reaching:
        """The gradients of one pass."""
        with preserved(self.model):
            plain = self._pass(seed)
            samples, dim = self._axes(plain)
            entries = one_sequence(self.model, plain, self.sought.input, self.sought.dim)
            leaf = entries[0].leaf
            name, output = main_output(plain, self.sought.output)
            view, targets = output_view(output, leaf, samples, dim)
            looked = self._looked(targets)
            rows = []
            for target in looked:
                total = cotangents({name: output}, [(name, view)], target, seed + target)
                every = norms_along(total, entries, lambda _: dim)
                rows.append(_shares(every, int(leaf.shape[dim])))
        return Reaching(
            input=entries[0].name,
            output=name,
            dim=dim,
            sources=int(leaf.shape[dim]),
            targets=targets,
            looked=looked,
            shares=tuple(rows),
        )

    def cut(self, made: Reaching, target: int, source: int, seed: int) -> Reaching:
        """The same with whether the values depend, and the operation that cuts the gradient."""
        with preserved(self.model):
            operations = Operations((), Trace())
            plain = self._pass(seed, operations=operations)
            name, output = main_output(plain, self.sought.output)
            samples, dim = self._axes(plain)
            leaf = one_sequence(self.model, plain, self.sought.input, self.sought.dim)[0].leaf
            view, _ = output_view(output, leaf, samples, dim)
            other = self._pass(seed, made=made, source=source)
            moved = dict(other.outputs).get(name, output)
            before, after = view(output.detach())[target], view(moved.detach())[target]
            size = float(before.abs().max()) or 1.0
            depends = bool(((after - before).abs() > _MOVED * size).any())
        told = str(operations.cuts[0]) if depends and operations.cuts else ""
        return dataclasses.replace(made, depends=depends, cut=told)

    def leak(self, made: Reaching, source: int, seed: int) -> Origin:
        """Where a change of one position first shows at an earlier one."""
        with preserved(self.model):
            plain = self._pass(seed, closely=True)
            other = self._pass(seed, made=made, source=source, closely=True)

            def earlier(changes: list[Tensor]) -> bool:
                (change,) = changes
                axes = [a for a in range(change.dim()) if change.shape[a] == made.sources]
                return bool(axes) and all(bool(along(change, a)[:source].any()) for a in axes)

            return origin_of(self.model, plain.track, [other.track], earlier)

    def _pass(
        self,
        seed: int,
        *,
        made: Reaching | None = None,
        source: int = 0,
        closely: bool = False,
        operations: Operations | None = None,
    ) -> Passage:
        generator = torch.Generator().manual_seed(seed)

        def change(tensor: Tensor) -> Tensor | None:
            if made is None or tensor.dim() <= made.dim or tensor.shape[made.dim] != made.sources:
                return None
            noise = torch.randn(tensor.shape, generator=generator).to(tensor)
            size = tensor.float().nan_to_num().square().mean().sqrt().item() or 1.0
            along(tensor, made.dim)[source] += _CHANGE * size * along(noise, made.dim)[source]
            return tensor

        def enters(name: str, tensor: Tensor) -> bool:
            return tensor.dim() > 1 and (made is None or made.input == name)

        wake(self.model, seed)
        hold_norms(self.model, self.objective, seed)
        if operations is None:
            plain = passage(self.model, self.objective, seed, enters, change, closely=closely)
        else:
            with operations:
                plain = passage(self.model, self.objective, seed, enters)
        check_entries(plain)
        return plain

    def _axes(self, plain: Passage) -> tuple[int, int]:
        """The axes of samples and of positions in the input."""
        samples = batch_axis(self.model, self.objective)
        if self.sought.dim is not None:
            return (0 if self.sought.dim else 1), self.sought.dim
        entry = one_sequence(self.model, plain, self.sought.input, None)[0]
        return samples, input_axis(self.model, entry.leaf, samples)

    def _looked(self, targets: int) -> tuple[int, ...]:
        for target in self.sought.targets:
            if not -targets <= target < targets:
                msg = f"the output has {targets} positions, so there is no position {target}"
                raise ProbeError(msg)
        asked = {target % targets for target in self.sought.targets}
        most = min(self.sought.most, targets)
        spread = {round(i * (targets - 1) / max(1, most - 1)) for i in range(most)}
        return tuple(sorted(asked | spread))


@contextmanager
def looking(
    model: nn.Module,
    batch: Any,
    loss_fn: LossFunction | None,
    step: Step | None,
    sought: Sought,
) -> Iterator[Looking]:
    """A look at a model, which is left as it was.

    Raises:
        ProbeError: Nothing can be measured.
    """
    with prepared(model, batch, loss_fn, step) as (inner, objective):
        yield Looking(inner, objective, sought)


def _shares(every: Sequence[list[float]], steps: int) -> tuple[float, ...]:
    """Of the gradients at all entries the norm at each position, over the largest."""
    squares = [0.0] * steps
    for norms in every:
        for index, norm in enumerate(norms):
            squares[index] += norm**2 if math.isfinite(norm) else 0.0
    largest = math.sqrt(max(squares))
    return tuple(math.sqrt(one) / largest if largest else 0.0 for one in squares)
