"""What is known of the data that a file trains on."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RawInput:
    """Pictures that go into a model as they were read.

    ``form`` is "bytes" for numbers from 0 to 255, "pretrained" for those from 0 to 1 where a model
    with trained weights expects them normalised. ``text`` is the conversion as the code has it,
    ``source`` what they were read by, ``sink`` where they go.
    """

    anchor: int
    form: str
    text: str
    source: str
    sink: str


@dataclass(frozen=True, slots=True)
class SingleBatch:
    """A loop that trains a model with batch norms on one sample at a time.

    ``loader`` is the loader as the code has it, ``told`` says that its batch size is written out,
    ``model`` the model's name; ``norm`` is one of its batch norms, ``flat`` says that it is certain
    to see one value per channel.
    """

    anchor: int
    loader: str
    told: bool
    model: str
    norm: str
    flat: bool
