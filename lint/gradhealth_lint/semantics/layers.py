"""Stacks: chains of layers in forward order, cut out of the dataflow graph.

A chain goes from an affine layer through harmless operations, a norm and one activation to the
next affine layer as long as each result has exactly one user. A result with two users is where a
residual, a dense connection or a gate begins, so such things end chains by themselves.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gradhealth_lint.semantics.domain.graph import (
    ACTIVATION,
    ADD,
    AFFINE,
    CONCATENATE,
    HARMLESS,
    MULTIPLY,
    NORM,
    SCALE,
    Node,
    reachable,
)

if TYPE_CHECKING:
    from collections.abc import Container


@dataclass(slots=True)
class Link:
    """An affine node, what happens to its result, and where that goes."""

    node: Node
    activation: Node | None = None
    normalised: bool = False
    #: The next affine node, None if the chain ends here.
    next: Node | None = None
    #: The last node that belongs to this link.
    end: Node | None = None
    #: Whether what goes in or comes out is multiplied by something right there.
    rescaled: bool = False


@dataclass(slots=True)
class Chain:
    """Links in forward order."""

    links: list[Link] = field(default_factory=list)
    residual: bool = False

    @property
    def notes(self) -> tuple[str, ...]:
        """What was assumed about the repeats of its layers, each once."""
        notes: dict[str, None] = {}
        for link in self.links:
            layer = link.node.layer
            notes.update(dict.fromkeys(link.node.notes))
            notes.update(dict.fromkeys(() if layer is None else layer.notes))
        return tuple(notes)


def chains(outputs: list[Node], severed: Container[int] = ()) -> list[Chain]:
    """All maximal chains in the graph of these outputs.

    ``severed`` are nodes, by identity, that no gradient passes: they do not count as users.
    """
    order = reachable(outputs)
    users: dict[int, list[Node | None]] = {}
    for node in order:
        if id(node) in severed:
            continue
        for source in dict.fromkeys(node.inputs):
            users.setdefault(id(source), []).append(node)
    for output in {id(node): node for node in outputs}.values():
        # Whoever gets an output is a user too.
        users.setdefault(id(output), []).append(None)
    links = {id(node): _follow(node, users) for node in order if node.operation == AFFINE}
    continued = {id(link.next) for link in links.values() if link.next is not None}
    found = []
    for key, link in links.items():
        if key in continued:
            continue
        chain = Chain()
        current: Link | None = link
        while current is not None:
            chain.links.append(current)
            current = None if current.next is None else links.get(id(current.next))
        chain.residual = _is_residual(chain, users)
        found.append(chain)
    return found


def _follow(start: Node, users: dict[int, list[Node | None]]) -> Link:
    link = Link(start, end=start, rescaled=_is_rescaled(start, users))
    current = start
    while True:
        using = users.get(id(current), [])
        following = using[0] if len(using) == 1 else None
        if following is None:
            return link
        if following.operation == AFFINE:
            link.next = following
            return link
        if following.operation == ACTIVATION and link.activation is None:
            if following.parameters is None:
                return link
            link.activation = following
        elif following.operation == NORM:
            link.normalised = True
        elif following.operation != HARMLESS:
            return link
        current = link.end = following


def _is_rescaled(node: Node, users: dict[int, list[Node | None]]) -> bool:
    around = [*node.inputs, *users.get(id(node), [])]
    return any(
        one is not None
        and (one.operation in {SCALE, MULTIPLY} or one.label.startswith(("multiply", "divide")))
        for one in around
    )


def _is_residual(chain: Chain, users: dict[int, list[Node | None]]) -> bool:
    """Whether the chain's result meets something that depends on what its own input does.

    A product is a gate: the activation before it is not a hidden one, so it is taken off.
    """
    first, last = chain.links[0].node, chain.links[-1]
    end = last.end
    if end is None:
        return False
    for user in users.get(id(end), []):
        if user is None or user.operation not in {ADD, CONCATENATE, MULTIPLY}:
            continue
        if user.operation == MULTIPLY:
            last.activation = None
        if any(source is not end and source.origins & first.origins for source in user.inputs):
            return True
    return False
