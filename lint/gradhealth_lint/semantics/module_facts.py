"""What the rules see of modules and the layers in them: frozen, plain data."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Unregistered:
    """An attribute of a module, of class ``owner``, that holds layers in a plain list or dict.

    ``form`` is "list" or "dict", ``kind`` the first layer's class in torch.nn.
    """

    anchor: int
    owner: str
    name: str
    form: str
    kind: str


@dataclass(frozen=True, slots=True)
class Tied:
    """A Linear that was given the weight of an nn.Embedding, which keeps torch's N(0, 1).

    ``head`` and ``table`` are the user's names, ``width`` the length of a row, None if not told.
    """

    anchor: int
    head: str
    table: str
    width: int | None


@dataclass(frozen=True, slots=True)
class Made:
    """A layer with parameters that is made in a forward pass, used there and thrown away."""

    anchor: int
    kind: str
