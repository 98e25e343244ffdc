"""One hooked forward and backward pass, as floats, strings and tuples."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pytest_gradhealth.facts.vocabulary import SCHEMA_VERSION
from pytest_gradhealth.serial import plain


@dataclass(frozen=True, slots=True)
class LayerRecord:
    """One call of one module, as one hooked forward and backward pass saw it.

    Attributes:
        path: Dotted module path, ``""`` for the model itself.
        call: 0 for the module's first call in this pass, 1 for its second, and so on.
        kind: Class name of the module.
        source: ``file:line`` of the module's class, ``""`` where it is not known.
        shape: Shape of the output; of the largest differentiable tensor where there are several.
        dtype: Its dtype, such as ``float32``.
        weighted: Whether the module itself holds a trainable matrix or kernel (two or more axes).
        depth: Weighted layers on the longest way from this output to the loss, this one included;
            ``None`` where the loss does not depend on this output.
        earliest: Whether no weighted layer feeds this one: a stem, an embedding, a side input.
        trunk: Index (into ``Report.layers``) of the next record on the way to the loss that every
            path from here must cross; ``None`` for the last one, or where there is no way.
        reached: Whether the loss depends on this output through the autograd graph.
        differentiable: Whether the output carried a gradient function at all.
        activation_rms: Root mean square of the output's entries.
        gradient_norm: L2 norm of dL/d(output) over batch and units. Scales with the loss. The norm,
            not the rms, since a layer initialised by fan-in keeps it whatever its width.
            ``None`` where no gradient arrived.
        spread: How much the samples of the batch differ here: L2 norm of the output's deviation
            from its mean over axis 0, over the L2 norm of the output; between 0 and 1, on a sample
            of at most 16 rows and 256 columns. ``None`` where nothing can differ: a batch of one,
            an axis 0 that does not hold the samples, an output of zeros, or not looked at.
    """

    path: str
    call: int
    kind: str
    source: str
    shape: tuple[int, ...]
    dtype: str
    weighted: bool
    depth: int | None
    earliest: bool
    trunk: int | None
    reached: bool
    differentiable: bool
    activation_rms: float
    gradient_norm: float | None
    spread: float | None = None

    @property
    def name(self) -> str:
        """The path as a reader would write it, with the call index where it is not the first."""
        path = self.path or "(the model itself)"
        return path if self.call == 0 else f"{path} (call {self.call + 1})"


@dataclass(frozen=True, slots=True)
class ParameterRecord:
    """One trainable parameter and what arrived at it.

    Attributes:
        names: Every dotted name under which the model holds it (several for tied weights).
        owner: Path of the module that holds it under its first name.
        owner_ran: Whether any module that holds it was called in this pass.
        used: Whether any operation of the forward pass took the parameter; ``None`` where a pass
            did not look for it (only passes that found a missing gradient do).
        shape: Its shape.
        dtype: Its dtype.
        value_rms: Root mean square of its entries.
        gradient_rms: Root mean square of its gradient's entries; scales with the loss. ``None``
            where backward left no gradient.
        tied_units: Share of its rows (units) that equal another row; of the first column only in a
            pass that does not look closely. 0.0 for vectors.
        tied_gradients: Share of the rows that equal another row in value and in gradient, with a
            gradient that is not zero: they will stay equal. ``None`` where the pass did not look
            closely.
        tied_to: Name of another parameter of equal value and equal gradient, ``""`` where there is
            none or the pass did not look closely.
    """

    names: tuple[str, ...]
    owner: str
    owner_ran: bool
    used: bool | None
    shape: tuple[int, ...]
    dtype: str
    value_rms: float
    gradient_rms: float | None
    tied_units: float = 0.0
    tied_gradients: float | None = None
    tied_to: str = ""

    @property
    def name(self) -> str:
        """Its first name."""
        return self.names[0]

    @property
    def is_weight(self) -> bool:
        """Whether it is a matrix or kernel: two or more axes."""
        return len(self.shape) > 1


@dataclass(frozen=True, slots=True)
class ActivationRecord:
    """One activation function on the way back, called as a module or as a function.

    Read off the autograd graph, so ``F.relu`` and ``torch.tanh`` are seen like their modules. Calls
    behind the same layer (a cell over time) are taken together.

    Attributes:
        kind: Its name, such as ``ReLU`` or ``Softmax``.
        path: The activation's own module path; the path of the layer that feeds it where it is a
            function call.
        feeds_from: Path of the nearest module with parameters before it (a norm counts), ``""``
            where there is none.
        source: ``file:line`` of the module's class, ``""`` where it is not known.
        units: How many units (features, channels) it has.
        observations: Values looked at per unit, over samples and positions.
        dead: Units that let no gradient through for any observation; ``None`` where the function
            has no such region. Of bounded functions those whose slope is exactly zero.
        flat: Share of the values where its slope is under one hundredth of its steepest;
            ``None`` where it has no flat part.
        sole_way: Whether every way from the layer that feeds it to the loss goes through it.
        on_trunk: Whether every way from the earliest layers to the loss goes through it.
        last: Whether no weighted layer lies between it and the loss.
    """

    kind: str
    path: str
    feeds_from: str
    source: str
    units: int
    observations: int
    dead: int | None
    flat: float | None
    sole_way: bool
    on_trunk: bool
    last: bool

    @property
    def name(self) -> str:
        """What a reader would call it."""
        if self.path != self.feeds_from:
            return f"{self.path or 'the model itself'} ({self.kind})"
        return f"the {self.kind} after {self.path or 'the input'}"


@dataclass(frozen=True, slots=True)
class RecurrenceRecord:
    """How the gradient changes over the time steps of a recurrent module.

    Attributes:
        path: Path of the module.
        kind: Its class.
        steps: Length of the sequence.
        gain_per_step: Geometric mean of the factor by which one step back in time changes the
            gradient at the module's input: over 1 it grows into the past, under 1 it fades.
        range: Largest gradient of a step over the last step's.
        shares: Gradient of each step over the largest of all, first step first.
        cut_off: How many of the first steps the loss does not depend on at all.
        cut_behind: How many of the last ones.
    """

    path: str
    kind: str
    steps: int
    gain_per_step: float
    range: float
    shares: tuple[float, ...] = ()
    cut_off: int = 0
    cut_behind: int = 0


@dataclass(frozen=True, slots=True)
class OperationRecord:
    """One operation of the forward pass that something is blamed on.

    Attributes:
        name: Such as ``detach`` or ``log``.
        line: ``file:line`` in the user's code, ``""`` where none is known.
        after: How many module calls had been recorded before it.
        module: Path of the innermost module that ran it; ``""`` for the model itself or the loss.
    """

    name: str
    line: str
    after: int
    module: str

    def __str__(self) -> str:
        return f"{self.name} at {self.line}" if self.line else self.name


@dataclass(frozen=True, slots=True)
class Report:
    """One hooked forward and backward pass over a real model and a real batch.

    Attributes:
        model: Class name of the model.
        loss: The loss, or the random cotangent's inner product with the output.
        loss_kind: How the loss came about: ``step``, ``loss_fn``, ``output.loss``,
            ``scalar output`` or ``random cotangent``.
        seed: Seed of the pass.
        layers: Module calls in forward order.
        parameters: Trainable parameters in the model's own order.
        frozen: Names of parameters that do not require a gradient.
        silent: Paths of modules that were not seen to run, so that nothing is known of them.
        nonfinite_backward: Where the first NaN or Inf appeared on the way back, in the order of the
            backward pass; ``""`` where none did.
        nonfinite_operation: The first operation forward that made NaN or Inf of finite numbers;
            where there is none, the one whose derivative did. ``None`` where all is finite.
        cuts: Operations that took a tensor with a gradient and gave none, in forward order; only
            where a parameter got no gradient.
        activations: Activation functions in forward order.
        recurrences: Recurrent modules whose gradient over time could be seen.
        reach: The gradient at the steps of the batch's sequence, at the first layer that sees them;
            ``None`` where the batch holds none and where that layer is a recurrent module.
        input_spread: The batch's own ``spread``, the largest over its tensors; ``None`` where it
            has fewer than two samples or none can be told apart.
        blocked_by: Operations whose derivative is zero everywhere (``sign``, ``round``) that cut
            every way to a parameter: its name, the operation, and the module before it.
        absorbed_by: Modules whose output goes straight into an operation that a constant does not
            change: the path, and what it is (``Softmax``, ``BatchNorm``).
    """

    model: str
    loss: float
    loss_kind: str
    seed: int
    layers: tuple[LayerRecord, ...]
    parameters: tuple[ParameterRecord, ...]
    frozen: tuple[str, ...]
    silent: tuple[str, ...]
    nonfinite_backward: str = ""
    nonfinite_operation: OperationRecord | None = None
    cuts: tuple[OperationRecord, ...] = ()
    activations: tuple[ActivationRecord, ...] = ()
    recurrences: tuple[RecurrenceRecord, ...] = ()
    reach: RecurrenceRecord | None = None
    input_spread: float | None = None
    blocked_by: tuple[tuple[str, str, str], ...] = ()
    absorbed_by: tuple[tuple[str, str], ...] = ()

    @property
    def absorbed(self) -> dict[str, str]:
        """``absorbed_by`` as a mapping."""
        return dict(self.absorbed_by)

    def route(self, start: int) -> tuple[LayerRecord, ...]:
        """The trunk from ``layers[start]`` to the loss: the records every path must cross."""
        steps = []
        index: int | None = start
        while index is not None:
            steps.append(self.layers[index])
            index = self.layers[index].trunk
        return tuple(steps)

    def to_dict(self) -> dict[str, Any]:
        """A JSON-ready mapping; non-finite floats become the strings ``nan``, ``inf``, ``-inf``."""
        return {"schema": SCHEMA_VERSION, **plain(self)}
