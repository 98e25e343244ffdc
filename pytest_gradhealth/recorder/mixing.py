"""Whether a sample's output depends on another sample's input, by gradients and by values.

The gradient of the output of sample i with respect to the input of sample j is exactly zero where
the samples are apart: that is what is judged. Which entries of an output are sample i's is not
assumed but measured, by a small change of its input. The same changes, followed through the
modules, tell where the mixing begins.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from pytest_gradhealth.errors import ProbeError
from pytest_gradhealth.facts import Mixing, Origin
from pytest_gradhealth.recorder.batch import LossFunction, Objective, Step
from pytest_gradhealth.recorder.crossing import AxisOf, check_entries, cotangents, norms_along
from pytest_gradhealth.recorder.entering import Passage, passage
from pytest_gradhealth.recorder.layout import View, along, batch_axis, tells_axis, view_of
from pytest_gradhealth.recorder.locating import Spread, origin_of
from pytest_gradhealth.recorder.norms import hold_norms
from pytest_gradhealth.recorder.prepared import prepared
from pytest_gradhealth.recorder.state import preserved
from pytest_gradhealth.recorder.waking import wake

_CHANGE = 0.1  # of the root mean square of what is changed
_SEEDS = 3  # all of them must show it


def mixing_of(
    model: nn.Module,
    batch: Any,
    loss_fn: LossFunction | None,
    step: Step | None,
    *,
    dim: int | None,
    most: int,
    limit: float,
    seed: int,
) -> Mixing:
    """Measure it; where samples mix, with further seeds, in eval mode, and where it begins.

    Args:
        model: Left as it was.
        batch: See ``recorder.batch``.
        loss_fn: Tells that the batch's last item is a target; the loss itself plays no part.
        step: The training step, which calls the model.
        dim: The axis of the samples; ``None`` for the one that the batch tells.
        most: How many samples' outputs to look at.
        limit: The share over which samples count as mixed.
        seed: Of the first pass.

    Raises:
        ProbeError: One sample, nothing differentiable, or an axis that cannot be told.
    """
    with prepared(model, batch, loss_fn, step) as (inner, objective):
        axis = batch_axis(inner, objective) if dim is None else dim
        look = _Look(inner, objective, axis, most)
        made = look(seed)
        if made.share <= limit:
            return made
        if dim is None:
            _check_axis(look, made, seed, limit)
        for other in range(seed + 1, seed + _SEEDS):
            made = min(made, look(other), key=lambda one: one.share)
            if made.share <= limit:
                return made
        return look.closely(made, seed, limit)


@dataclass(frozen=True, slots=True)
class _Look:
    model: nn.Module
    objective: Objective
    axis: int
    most: int

    def __call__(self, seed: int) -> Mixing:
        """The gradients of one pass."""
        with preserved(self.model):
            wake(self.model, seed)
            held = hold_norms(self.model, self.objective, seed)
            plain = self._pass(seed)
            count = self._count(plain)
            looked = _spread_out(count, self.most)
            changed = [self._pass(seed, sample=i, count=count) for i in (looked[0], looked[-1])]
            views, skipped = self._views(plain, changed, (looked[0], looked[-1]), count)
            shares, pairs = _shares(plain, views, looked, self._axis_of, count, seed)
        worst = max(range(len(shares)), key=lambda index: shares[index])
        return Mixing(
            dim=self.axis,
            samples=count,
            looked=looked,
            share=shares[worst],
            pair=(looked[worst], pairs[worst]),
            shares=tuple(shares),
            inputs=tuple(dict.fromkeys(entry.name for entry in plain.entries)),
            outputs=tuple(name or "output" for name, _ in views),
            held=held,
            skipped=tuple(skipped),
        )

    def closely(self, made: Mixing, seed: int, limit: float) -> Mixing:
        """The same with where it begins, and whether eval mode has it."""
        with preserved(self.model):
            wake(self.model, seed)
            hold_norms(self.model, self.objective, seed)
            plain = self._pass(seed, closely=True)
            changed = [
                self._pass(seed, sample=i, count=made.samples, closely=True) for i in made.pair
            ]
            origin = origin_of(
                self.model, plain.track, [one.track for one in changed], _apart(made)
            )
        in_eval = None
        if self.model.training:
            with preserved(self.model):
                self.model.eval()
                in_eval = self(seed).share > limit
        return _with(made, origin, in_eval)

    def _pass(
        self, seed: int, *, sample: int | None = None, count: int = 0, closely: bool = False
    ) -> Passage:
        """A forward pass, with the input of one sample changed a little."""
        generator = torch.Generator().manual_seed(seed)

        def change(tensor: Tensor) -> Tensor | None:
            if sample is None or tensor.shape[self._axis_of(tensor)] != count:
                return None
            noise = torch.randn(tensor.shape, generator=generator).to(tensor)
            size = tensor.float().nan_to_num().square().mean().sqrt().item() or 1.0
            rows = along(tensor, self._axis_of(tensor))
            rows[sample] += _CHANGE * size * along(noise, self._axis_of(tensor))[sample]
            return tensor

        return passage(self.model, self.objective, seed, self._carries, change, closely=closely)

    def _carries(self, _name: str, tensor: Tensor) -> bool:
        return tensor.dim() > 0 and (tensor.dim() > self.axis or tensor.dim() == 1)

    def _axis_of(self, tensor: Tensor) -> int:
        """Where the samples lie: one number a sample has one axis only."""
        return self.axis if tensor.dim() > self.axis else 0

    def _count(self, plain: Passage) -> int:
        check_entries(plain)
        entry = max(plain.entries, key=lambda one: one.leaf.dim())
        count = int(entry.leaf.shape[self._axis_of(entry.leaf)])
        if count == 1:
            msg = f"one sample along dim={self.axis}: whether samples mix takes two"
            raise ProbeError(msg)
        return count

    def _views(
        self, plain: Passage, changed: Sequence[Passage], samples: tuple[int, ...], count: int
    ) -> tuple[list[tuple[str, View]], list[str]]:
        """The outputs that hold the samples, each with the samples in front."""
        views: list[tuple[str, View]] = []
        skipped: list[str] = []
        for name, tensor in plain.outputs:
            twins = [dict(one.outputs).get(name) for one in changed]
            moves = [
                (tensor - twin).detach().abs().nan_to_num(0.0, 0.0, 0.0)
                for twin in twins
                if twin is not None and twin.shape == tensor.shape
            ]
            told = name or "output"
            if len(moves) != len(samples):
                skipped.append(f"{told}: its shape depends on the samples")
                continue
            view = view_of(tensor, moves, samples, count, self.axis, plain.inputs)
            if isinstance(view, str):
                skipped.append(f"{told} {tuple(tensor.shape)}: {view}")
            else:
                views.append((name, view))
        if not views:
            reasons = "; ".join(skipped) or "no floating point output depends on its inputs"
            msg = f"no output could be judged: {reasons}"
            raise ProbeError(msg)
        return views, skipped


def _shares(
    plain: Passage,
    views: Sequence[tuple[str, View]],
    looked: Sequence[int],
    axis_of: AxisOf,
    count: int,
    seed: int,
) -> tuple[list[float], list[int]]:
    """For each sample the largest share of another one in its gradient, and which one that is."""
    outputs = dict(plain.outputs)
    entries = [e for e in plain.entries if e.leaf.shape[axis_of(e.leaf)] == count]
    shares, pairs, seen = [], [], False
    for sample in looked:
        total = cotangents(outputs, views, sample, seed + sample)
        share, other, observed = _share(norms_along(total, entries, axis_of), sample)
        seen = seen or observed
        shares.append(share)
        pairs.append(other)
    if not seen:
        msg = (
            "no finite gradient goes from an output back to its input: "
            "see assert_connected and assert_finite"
        )
        raise ProbeError(msg)
    return shares, pairs


def _share(every: list[list[float]], sample: int) -> tuple[float, int, bool]:
    share, other, observed = 0.0, sample, False
    for norms in every:
        # A gradient of zero times an infinite slope is NaN, and no dependence.
        finite = [norm if math.isfinite(norm) else 0.0 for norm in norms]
        largest = max(finite)
        if largest == 0:
            continue
        observed = observed or math.isfinite(norms[sample])
        worst = max((i for i in range(len(finite)) if i != sample), key=finite.__getitem__)
        if finite[worst] / largest > share:
            share, other = finite[worst] / largest, worst
    return share, other, observed


def _spread_out(count: int, most: int) -> tuple[int, ...]:
    """Evenly spread samples, the two ends and the second among them."""
    if count <= most:
        return tuple(range(count))
    even = {round(index * (count - 1) / (most - 2)) for index in range(most - 1)}
    return tuple(sorted({*even, 1}))


def _apart(made: Mixing) -> Spread:
    """Tells changes of two samples that meet, or that leave the samples' own rows."""

    def spread(changes: list[Tensor]) -> bool:
        first, second = changes
        if first.numel() < made.samples:
            return False
        if bool((first & second).any()):
            return True
        if first.dim() <= made.dim or first.shape[made.dim] != made.samples:
            return False
        axes = [axis for axis in range(first.dim()) if first.shape[axis] == made.samples]
        return not any(_inside(changes, made.pair, axis) for axis in axes)

    return spread


def _inside(changes: list[Tensor], pair: tuple[int, int], axis: int) -> bool:
    """Whether each change lies in its own sample's row."""
    rows = [along(change, axis) for change in changes]
    return all(
        int(row.sum()) == int(row[sample].sum()) for row, sample in zip(rows, pair, strict=True)
    )


def _with(made: Mixing, origin: Origin, in_eval: bool | None) -> Mixing:
    return dataclasses.replace(made, origin=origin, in_eval=in_eval)


def _check_axis(look: _Look, made: Mixing, seed: int, limit: float) -> None:
    """Refuse to accuse where the samples may as well lie along the second axis.

    Raises:
        ProbeError: Along that axis they are apart, and nothing tells which of the two it is.
    """
    other = _Look(look.model, look.objective, 1 - look.axis, look.most)
    if look.axis > 1 or not _may_lie_along(look, seed):
        return
    try:
        apart = other(seed).share <= limit
    except ProbeError:
        return
    if apart:
        origin = look.closely(made, seed, limit).origin
        first = f", first at {origin.path or 'the model itself'}" if origin and origin.kind else ""
        msg = (
            f"the samples mix along dim={look.axis} (share {made.share:.2g}{first}) and are apart "
            f"along dim={other.axis}: pass dim=, the axis of the batch. If it is {look.axis}, the "
            f"model takes axis {other.axis} for it, as nn.LSTM, nn.MultiheadAttention and "
            "nn.Transformer do without batch_first=True"
        )
        raise ProbeError(msg)


def _may_lie_along(look: _Look, seed: int) -> bool:
    with preserved(look.model):
        wake(look.model, seed)
        hold_norms(look.model, look.objective, seed)
        plain = look._pass(seed)
        return not tells_axis(plain, look.objective, look.axis)
