"""What the rules see of modules and the layers in them: frozen, plain data."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Unregistered:
    """An attribute of a module, of class ``owner``, that holds layers out of its view.

    ``form`` is "list" or "dict" of a plain one, "class" of an attribute of the class itself,
    "object" of an object that is no module; ``kind`` is the first layer's class in torch.nn,
    ``holder`` the object's class, else "".
    """

    anchor: int
    owner: str
    name: str
    form: str
    kind: str
    holder: str = ""


@dataclass(frozen=True, slots=True)
class Loose:
    """An attribute of a module, of class ``owner``, that is trained on and not registered.

    ``form`` is "tensor" of one that asks for a gradient, "result" of one made of an nn.Parameter
    by ``made_by``, "list" or "dict" of several, "class" of an nn.Parameter of the class itself;
    ``parameters`` says that they are nn.Parameter at the root.
    """

    anchor: int
    owner: str
    name: str
    form: str
    made_by: str
    parameters: bool


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
