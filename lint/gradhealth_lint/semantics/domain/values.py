"""What an expression can evaluate to while a file is interpreted.

Numbers, strings, booleans, None, tuples and ranges are themselves. Everything mutable keeps its
state in a plain dict called ``fields`` with immutable contents, so that the store can undo it.
These objects live inside semantics/ only; what leaves it is facts.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from gradhealth_lint.semantics.domain.graph import Node

if TYPE_CHECKING:
    from pathlib import Path

    import libcst as cst

#: Anything an expression evaluates to.
Value: TypeAlias = Any
#: Set in the fields of an nn.ParameterList or nn.ParameterDict, which are read as Python's own.
REGISTERS: Final = "registers"


class _Mark:
    """A named singleton."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __repr__(self) -> str:
        return self._name

    def __bool__(self) -> bool:
        raise TypeError(f"{self._name} has no truth value: ask folding.truth")


#: A value the source does not tell.
UNKNOWN: Final = _Mark("UNKNOWN")
#: No value at all: a name that is not bound, a key that is not there.
MISSING: Final = _Mark("MISSING")


class Composed(str):
    """A string put together at run time.

    It never names a torch class: the screen could not have seen that name in the file.
    """

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Qualified:
    """Something imported, by its canonical dotted name: ``torch.nn.Linear``."""

    name: str


@dataclass(eq=False, slots=True)
class Symbol:
    """An argument nobody gives. ``fields["value"]`` appears once it is used as a count."""

    name: str
    fields: dict[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ClassOf:
    """``symbol.__class__``; with ``named`` its ``__name__``."""

    symbol: Symbol
    named: bool = False


@dataclass(frozen=True, slots=True)
class Shifted:
    """A symbol plus a whole number: ``num_layers - 1``."""

    symbol: Symbol
    offset: int


@dataclass(frozen=True, slots=True)
class LengthOf:
    """``len(symbol) + offset`` of a sequence nobody gives."""

    symbol: Symbol
    offset: int = 0


@dataclass(frozen=True, slots=True)
class Assumed:
    """A known number of repeats that is only assumed, with the sentence that says so."""

    items: tuple[Value, ...]
    note: str


@dataclass(eq=False, slots=True)
class Frame:
    """The names of one running function, class body or module."""

    fields: dict[str, Value]
    parent: Frame | None = None
    owner: ClassValue | None = None
    #: Names declared global or nonlocal, and where they live.
    elsewhere: dict[str, Frame] = field(default_factory=dict)
    returned: list[Value] = field(default_factory=list)
    yielded: list[Value] | None = None
    stars: tuple[str, ...] = ()
    #: Which variables are known to be columns or flat; see ``pytorch/shaping.py``.
    forms: dict[str, Value] = field(default_factory=dict)
    is_class: bool = False
    is_comprehension: bool = False
    #: What ``self`` or ``cls`` is, for ``super()``.
    receiver: Value = None
    #: Of a module: the file it is, None for the one that is being read.
    file: Path | None = None

    @property
    def module(self) -> Frame:
        """The module this is part of."""
        frame = self
        while frame.parent is not None:
            frame = frame.parent
        return frame


@dataclass(eq=False, slots=True)
class Function:
    """A def or lambda with its surroundings and the values of its defaults."""

    name: str
    node: cst.FunctionDef | cst.Lambda
    frame: Frame
    owner: ClassValue | None
    defaults: dict[str, Value]
    kind: str = "plain"


@dataclass(frozen=True, slots=True)
class Bound:
    """A function of the file with its first argument."""

    function: Function
    receiver: Value


@dataclass(frozen=True, slots=True)
class Super:
    """``super()``: the receiver, seen from the classes above ``owner``."""

    owner: ClassValue
    receiver: Value


@dataclass(frozen=True, slots=True)
class Method:
    """A method that the interpreter itself knows, on a value."""

    receiver: Value
    name: str


@dataclass(frozen=True, slots=True)
class Partial:
    """functools.partial."""

    function: Value
    positional: tuple[Value, ...]
    keywords: tuple[tuple[str, Value], ...]


@dataclass(eq=False, slots=True)
class ClassValue:
    """A class of the file."""

    name: str
    node: cst.ClassDef
    bases: tuple[Value, ...]
    fields: dict[str, Value]
    is_dataclass: bool = False
    #: It stands in another file of the project.
    foreign: bool = False


@dataclass(eq=False, slots=True)
class Instance:
    """An object of a class of the file; its attributes are ``fields``, in order of assignment."""

    cls: ClassValue
    fields: dict[str, Value]
    node: cst.CSTNode = field(repr=False)
    is_module: bool
    notes: tuple[str, ...] = ()
    #: Under which names add_module or setattr put children is part of ``fields`` as well.


@dataclass(eq=False, slots=True)
class ArgumentParser:
    """An argparse.ArgumentParser; ``fields`` are the defaults of its arguments."""

    fields: dict[str, Value]


@dataclass(eq=False, slots=True)
class Namespace:
    """What parse_args() or types.SimpleNamespace gives: an object with these attributes."""

    fields: dict[str, Value]


@dataclass(eq=False, slots=True)
class ListValue:
    """A list or set: ``fields["items"]`` is a tuple, or UNKNOWN."""

    fields: dict[str, Value]

    @property
    def items(self) -> Value:
        """The elements as a tuple, or UNKNOWN."""
        return self.fields["items"]


@dataclass(eq=False, slots=True)
class DictValue:
    """A dict: ``fields["items"]`` is a tuple of (key, value) pairs, or UNKNOWN."""

    fields: dict[str, Value]

    @property
    def items(self) -> Value:
        """The pairs as a tuple, or UNKNOWN."""
        return self.fields["items"]

    def lookup(self, key: Value) -> Value:
        """The value under a key, MISSING if there is none, UNKNOWN if that cannot be told."""
        if self.items is UNKNOWN or not is_constant(key):
            return UNKNOWN
        return next((v for k, v in reversed(self.items) if is_constant(k) and k == key), MISSING)


@dataclass(frozen=True, slots=True)
class Either:
    """One of several values, depending on what the source does not tell."""

    options: tuple[Value, ...]


@dataclass(slots=True)
class Arguments:
    """The evaluated arguments of one call."""

    positional: list[Value]
    keywords: dict[str, Value]
    #: A ``*`` or ``**`` of something unknown: neither count nor names are complete.
    open: bool = False

    def everything(self) -> list[Value]:
        """All values, positional first."""
        return [*self.positional, *self.keywords.values()]

    def first(self, name: str) -> Value:
        """The value of the first parameter, which has this name; UNKNOWN if it was not given."""
        given = self.positional[0] if self.positional else UNKNOWN
        return self.keywords.get(name, given) if self.keywords else given

    def bind(self, *names: str) -> dict[str, Value]:
        """The values by parameter name; names that were not given are absent."""
        bound = dict(zip(names, self.positional, strict=False))
        bound.update(self.keywords)
        return bound


def is_constant(value: Value) -> bool:
    """Whether the value is a plain Python constant."""
    return value is None or isinstance(value, (bool, int, float, str))


def new_list(items: Value) -> ListValue:
    """A list of these elements (any iterable), or of UNKNOWN ones."""
    return ListValue({"items": UNKNOWN if items is UNKNOWN else tuple(items)})


def new_dict(pairs: Value) -> DictValue:
    """A dict of these pairs, or of UNKNOWN ones."""
    return DictValue({"items": UNKNOWN if pairs is UNKNOWN else tuple(pairs)})


#: Values that others can be in.
_HOLDING: Final = frozenset({tuple, ListValue, DictValue, Either})


def tensors_in(values: list[Value] | tuple[Value, ...], depth: int = 3) -> list[Node]:
    """All graph nodes in these values, nested lists, tuples and dicts included."""
    found: list[Node] = []
    for value in values:
        if value.__class__ is Node:
            found.append(value)
        elif depth > 0 and value.__class__ in _HOLDING:
            inner: Value = ()
            if isinstance(value, tuple):
                inner = value
            elif isinstance(value, ListValue):
                inner = value.items
            elif isinstance(value, DictValue) and value.items is not UNKNOWN:
                inner = tuple(pair[1] for pair in value.items)
            elif isinstance(value, Either):
                inner = value.options
            if inner is not UNKNOWN:
                found.extend(tensors_in(inner, depth - 1))
    return found
