"""What depends on what: records of the checks that look from outputs back to inputs."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Origin:
    """Where in the model something begins.

    Attributes:
        path: Dotted path of the module; ``""`` for the model itself.
        kind: Its class, ``""`` where nothing was found.
        source: ``file:line`` of that class, ``""`` where it is not known.
        between: Where in its forward, such as ``after attn.qkv and before attn.proj``.
    """

    path: str
    kind: str
    source: str
    between: str


@dataclass(frozen=True, slots=True)
class Mixing:
    """How much the outputs of some samples depend on the inputs of others.

    Attributes:
        dim: The axis of the inputs that the samples lie along.
        samples: How many samples the batch holds.
        looked: The samples whose outputs were looked at.
        share: The largest gradient of one sample's output with respect to another's input, over the
            largest of that output with respect to any sample's (L2 norms); 0.0 where there is none.
        pair: That output's sample, and that input's.
        shares: For each sample looked at, its own such share.
        inputs: What the gradients were taken at.
        outputs: What was judged.
        held: Paths of batch norms that used this batch's statistics as constants.
        skipped: Outputs that were not judged, each with the reason.
        in_eval: Whether it is there in eval mode, too; ``None`` where that was not looked at.
        origin: Where the mixing begins; ``None`` where there is none.
    """

    dim: int
    samples: int
    looked: tuple[int, ...]
    share: float
    pair: tuple[int, int]
    shares: tuple[float, ...]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    held: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()
    in_eval: bool | None = None
    origin: Origin | None = None


@dataclass(frozen=True, slots=True)
class Reaching:
    """How far back over the positions of a sequence gradients go.

    Attributes:
        input: The input whose positions these are.
        output: The output.
        dim: The axis of the positions in the input.
        sources: How many positions the input has.
        targets: How many positions the output has; 1 where it has no such axis.
        looked: The output's positions that were looked at.
        shares: For each of them, the gradient at every position of the input, over the largest at
            any (L2 norms over samples and features); all 0.0 where none arrives.
        depends: Whether the output's values move as the input does where no gradient goes; ``None``
            where that was not looked at.
        origin: Where a leak begins; ``None`` where there is none.
        cut: The operation that cuts the gradient, ``""`` where none is known.
    """

    input: str
    output: str
    dim: int
    sources: int
    targets: int
    looked: tuple[int, ...]
    shares: tuple[tuple[float, ...], ...]
    depends: bool | None = None
    origin: Origin | None = None
    cut: str = ""

    def share(self, target: int, source: int) -> float:
        """The share of one pair; the target is one that was looked at."""
        return self.shares[self.looked.index(target)][source]

    @property
    def given(self) -> str:
        """The input in words; its place in a tuple says nothing."""
        return self.input if self.input and not self.input.isdigit() else "the input"

    @property
    def returned(self) -> str:
        """The output in words."""
        return self.output if self.output and not self.output.isdigit() else "the output"
