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
