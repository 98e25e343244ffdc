"""From the facts of a network to the steps of the theory: every number filled in, or a reason."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal

from gradhealth_lint.activations import Activation, is_known
from gradhealth_lint.fluctuations import BATCH
from gradhealth_lint.networks import geometry
from gradhealth_lint.networks.shape import Shape, UnknownPieceError, WrongSizeError
from gradhealth_lint.networks.steps import (
    Affine,
    Curve,
    Dropout,
    Norm,
    Parallel,
    Pool,
    Scale,
    Step,
)
from gradhealth_lint.stack_inits import distribution

if TYPE_CHECKING:
    from gradhealth_lint.initializers import Distribution
    from gradhealth_lint.limits import Limits
    from gradhealth_lint.semantics.network_facts import Init, Piece, StackLayer, Window

#: Activations that never fall: the largest of several outputs comes from the largest input.
_RISING: Final = frozenset(
    {
        "celu", "elu", "hardsigmoid", "hardtanh", "identity", "leaky_relu", "logsigmoid", "prelu",
        "relu", "relu6", "selu", "sigmoid", "softplus", "softsign", "tanh", "threshold",
    }
)  # fmt: skip
_OVER_SAMPLES: Final = ("BatchNorm", "SyncBatchNorm", "LazyBatchNorm")
_FUNCTIONAL_GATES: Final = frozenset({"glu"})


@dataclass(slots=True)
class Builder:
    """Builds steps for images of one side."""

    limits: Limits
    side: int
    #: Whether the side, or a width, was used where the source does not tell it.
    assumed_side: bool = False
    assumed_width: bool = False
    #: Whether a Linear told how large the images are.
    told: bool = False
    _runs: dict[tuple[tuple[int, ...], Window], int] = field(default_factory=dict)

    def build(self, pieces: tuple[Piece, ...], shape: Shape) -> tuple[tuple[Step, ...], Shape]:
        """The steps for these pieces, and the shape of what comes out.

        Raises:
            UnknownPieceError: a piece cannot be followed.
            WrongSizeError: the images are too small, or not what a Linear expects.
        """
        steps: list[Step] = []
        for piece in _pooled_first(pieces):
            step, shape = self._step(piece, shape)
            if step is not None:
                steps.append(step)
        return tuple(steps), shape

    def _step(self, piece: Piece, shape: Shape) -> tuple[Step | None, Shape]:
        if piece.kind == "affine" and piece.layer is not None:
            return self._affine(piece.layer, shape)
        if piece.kind in {"add", "concatenate", "multiply"}:
            return self._parallel(piece, shape)
        if piece.kind == "pool":
            return self._pool(piece, shape)
        if piece.kind == "resize":
            return self._resize(piece, shape)
        if piece.kind == "reshape":
            return self._reshape(piece, shape)
        if piece.kind == "norm":
            return self._norm(piece, shape), shape
        numbers = tuple(number for number in piece.numbers if number is not None)
        if len(numbers) < len(piece.numbers):
            raise UnknownPieceError(f"a number of {piece.label or 'a factor'} is not known")
        if piece.kind == "scale":
            return Scale(numbers[0]), shape
        if piece.kind == "dropout":
            return Dropout(min(max(numbers[0], 0.0), 1.0), "Alpha" in piece.label), shape
        if piece.label in _FUNCTIONAL_GATES:
            return Curve(Activation(piece.label)), Shape(max(shape.units // 2, 1), shape.sides)
        if not is_known(piece.label):
            raise UnknownPieceError(f"{piece.label} is not covered yet")
        return Curve(Activation(piece.label, numbers)), shape

    def _affine(self, layer: StackLayer, shape: Shape) -> tuple[Step, Shape]:
        if layer.normalised:
            raise UnknownPieceError("a weight is reparametrised")
        if layer.window is not None:
            return self._convolution(layer, layer.window, shape)
        fan_in = shape.units if layer.fan_in is None else layer.fan_in
        if shape.sides is not None and layer.fan_in is not None and fan_in != shape.units:
            if fan_in != shape.units * shape.positions:
                raise WrongSizeError
            self.told = True
        units = self._width(layer.fan_out)
        weight, bias = self._drawn(layer, fan_in, units)
        return Affine(fan_in, fan_in, units, weight, bias), Shape(units)

    def _convolution(self, layer: StackLayer, window: Window, shape: Shape) -> tuple[Step, Shape]:
        seen = geometry.taps(window)
        if seen is None or not window.groups:
            raise UnknownPieceError("a kernel, stride or number of groups is not known")
        channels = shape.units if window.inputs is None else window.inputs
        units = self._width(window.outputs)
        if window.sides is None:
            raise UnknownPieceError("a kernel is not known")
        kernel = math.prod(window.sides)
        # torch reads the fans of a transposed convolution off its weight, (in, out / groups, ...).
        inner, outer = (units, channels) if window.transposed else (channels, units)
        weight, bias = self._drawn(layer, inner // window.groups * kernel, outer * kernel)
        sides = shape.sides or (self.side,) * len(window.sides)
        after = geometry.made(window, sides)
        if after is None:
            raise WrongSizeError
        times = self._runs.get((sides, window), 0)
        self._runs[sides, window] = times + 1
        inside = geometry.share_inside(window, sides, times)
        self.assumed_side = self.assumed_side or inside < 1.0
        seen *= channels / window.groups * inside
        return Affine(seen, channels * kernel, units, weight, bias), Shape(units, after)

    def _drawn(
        self, layer: StackLayer, fan_in: int, fan_out: int
    ) -> tuple[Distribution, Distribution]:
        if layer.weight is None or layer.bias is None:
            raise UnknownPieceError("an initialiser is not known")
        weight = self._one(layer.weight, fan_in, fan_out, bias=False)
        return weight, self._one(layer.bias, fan_in, fan_out, bias=True)

    def _one(self, init: Init, fan_in: int, fan_out: int, *, bias: bool) -> Distribution:
        drawn = distribution(init, fan_in, fan_out, bias=bias)
        if drawn is None:
            raise UnknownPieceError(f"{init.name} is not covered, or its arguments are not known")
        if drawn.mean != 0.0 and not bias:
            raise UnknownPieceError("weights with a mean are covered in plain stacks only")
        return drawn

    def _width(self, width: int | None) -> int:
        if width is None:
            self.assumed_width = True
            return self.limits.assumed_width
        return width

    def _norm(self, piece: Piece, shape: Shape) -> Step:
        gamma, beta, groups = piece.numbers
        if gamma is None or beta is None:
            raise UnknownPieceError(f"the initialiser of {piece.label} is not known")
        if piece.label.startswith(_OVER_SAMPLES):
            self.assumed_side = self.assumed_side or shape.sides is not None
            return Norm("samples", float(BATCH * shape.positions), gamma, beta)
        if "InstanceNorm" in piece.label:
            if shape.sides is None:
                raise UnknownPieceError(f"{piece.label} without an image")
            self.assumed_side = True
            return Norm("samples", float(shape.positions), gamma, beta)
        if piece.label == "GroupNorm":
            if not groups:
                raise UnknownPieceError("the number of groups is not known")
            size = shape.units * shape.positions / groups
            return Norm("units", size, gamma, beta)
        if piece.label in {"LayerNorm", "RMSNorm"}:
            size = float(shape.units * shape.positions)
            return Norm("units" if piece.label == "LayerNorm" else "square", size, gamma, beta)
        raise UnknownPieceError(f"{piece.label} is not covered yet")

    def _pool(self, piece: Piece, shape: Shape) -> tuple[Step, Shape]:
        dimensions = int(piece.label[-2])
        sides = shape.sides or (self.side,) * dimensions
        if piece.window is None:
            (side,) = piece.numbers
            if side is None:
                raise UnknownPieceError("the size of a pool is not known")
            if min(sides) < side:
                raise WrongSizeError
            self.assumed_side = True
            after = (int(side),) * len(sides)
            count = math.prod(sides) / math.prod(after)
        else:
            made = geometry.made(piece.window, sides)
            if piece.window.sides is None or made is None:
                raise WrongSizeError
            after, count = made, float(math.prod(piece.window.sides))
        how: Literal["mean", "largest"] = "mean" if "Avg" in piece.label else "largest"
        return Pool(how, count), Shape(shape.units, after)

    def _resize(self, piece: Piece, shape: Shape) -> tuple[Step | None, Shape]:
        (scale,) = piece.numbers
        if scale is None or shape.sides is None or piece.label != "nearest":
            raise UnknownPieceError("resizing other than to the nearest is not covered yet")
        return None, Shape(shape.units, tuple(int(side * scale) for side in shape.sides))

    def _reshape(self, piece: Piece, shape: Shape) -> tuple[None, Shape]:
        return None, shape

    def _parallel(self, piece: Piece, shape: Shape) -> tuple[Step, Shape]:
        built = []
        for index, arm in enumerate(piece.arms):
            steps, after = self.build(arm, shape)
            if piece.label == "minus" and index > 0:
                steps = (*steps, Scale(-1.0))
            built.append((steps, after))
        if sum(not any(_is_affine(s) for s in steps) for steps, _ in built) > 1:
            raise UnknownPieceError("two ways without a layer meet")
        units = [after.units for _, after in built]
        if piece.kind == "concatenate":
            if not all(units):
                raise UnknownPieceError("the widths of what is concatenated are not known")
            whole = Shape(sum(units), built[0][1].sides)
            return Parallel("concatenate", tuple(steps for steps, _ in built)), whole
        how: Literal["add", "multiply"] = "add" if piece.kind == "add" else "multiply"
        return Parallel(how, tuple(steps for steps, _ in built)), Shape(
            max(units), built[0][1].sides
        )


def _is_affine(step: Step) -> bool:
    if isinstance(step, Parallel):
        return any(_is_affine(inner) for arm in step.arms for inner in arm)
    return isinstance(step, Affine)


def _pooled_first(pieces: tuple[Piece, ...]) -> tuple[Piece, ...]:
    """Maximum pools before the rising activation they follow: the result is the same.

    That way the slope is taken where the largest are, which alone the gradient passes.
    """
    ordered = list(pieces)
    for index in range(len(ordered) - 1, 0, -1):
        pool, curve = ordered[index], ordered[index - 1]
        if (
            pool.kind == "pool"
            and "Max" in pool.label
            and curve.kind == "activation"
            and curve.label in _RISING
        ):
            ordered[index - 1], ordered[index] = pool, curve
    return tuple(ordered)
