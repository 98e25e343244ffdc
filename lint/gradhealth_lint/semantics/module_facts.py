"""What the rules see of modules and the layers in them: frozen, plain data."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Unregistered:
    """An attribute of a module, of class ``owner``, that holds layers out of its view.

    ``form`` is "list" or "dict" of a plain one, "class" of an attribute of the class itself,
    "object" of an object that is no module; ``kind`` is the first layer's class in torch.nn,
    ``holder`` the object's class, else "". ``value`` is the list or dict, if nn.ModuleList or
    nn.ModuleDict can hold what it does.
    """

    anchor: int
    owner: str
    name: str
    form: str
    kind: str
    holder: str = ""
    value: int | None = None


@dataclass(frozen=True, slots=True)
class Remade:
    """``before nn.Parameter(given) after``: "0.02 * " or ".cuda()"."""

    before: str
    given: int
    after: str


@dataclass(frozen=True, slots=True)
class Loose:
    """An attribute of a module, of class ``owner``, that is trained on and not registered.

    ``form`` is "tensor" of one that asks for a gradient, "result" of one made of an nn.Parameter
    by ``made_by``, "list" or "dict" of several, "class" of an nn.Parameter of the class itself;
    ``parameters`` says that they are nn.Parameter at the root. ``value`` is what the attribute is
    assigned, where that is one thing, and ``remade`` its parts where something is done to an
    nn.Parameter.
    """

    anchor: int
    owner: str
    name: str
    form: str
    made_by: str
    parameters: bool
    value: int | None = None
    remade: Remade | None = None


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
