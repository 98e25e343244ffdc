"""Regions: the parts of a forward pass with one way in and one way out, as nested parts.

Where ways meet again, in a sum, a concatenation or a product, the node that all of them come from
is their nearest common dominator, and what lies between are arms. Read backward from an output, a
region ends at whatever is not understood, or is used elsewhere too; the next begins there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from gradhealth_lint.semantics.domain.graph import (
    ACTIVATION,
    ADD,
    AFFINE,
    CONCATENATE,
    HARMLESS,
    INPUT,
    MULTIPLY,
    NORM,
    SCALE,
    Node,
    reachable,
)

_SIMPLE: Final = frozenset({AFFINE, ACTIVATION, NORM, HARMLESS, SCALE})
_MEETING: Final = frozenset({ADD, CONCATENATE, MULTIPLY})
#: Parts a region may have; arms that share layers are read once for each.
_LARGEST: Final = 4_000
#: Arms within arms.
_DEEPEST: Final = 100


@dataclass(slots=True)
class Part:
    """A node, and the ways that meet there if it is a sum, a concatenation or a product."""

    node: Node
    arms: tuple[tuple[Part, ...], ...] = ()


class _TooLargeError(Exception):
    """A region has too many parts."""


def regions(outputs: list[Node]) -> list[tuple[Part, ...]]:
    """All regions of the graph of these outputs, in forward order."""
    return _Reader(outputs).regions()


def flat(parts: tuple[Part, ...]) -> list[Node]:
    """All nodes of a region, those of arms before the one they meet in."""
    found: dict[int, Node] = {}
    stack = list(reversed(parts))
    while stack:
        part = stack.pop()
        stack.extend(inner for arm in reversed(part.arms) for inner in reversed(arm))
        found[id(part.node)] = part.node
    return list(found.values())


class _Reader:
    def __init__(self, outputs: list[Node]) -> None:
        self._outputs = list({id(node): node for node in outputs}.values())
        self._order = reachable(self._outputs)
        self._users: dict[int, int] = {}
        for node in self._order:
            for source in {id(node): node for node in node.inputs}.values():
                self._users[id(source)] = self._users.get(id(source), 0) + 1
        for node in self._outputs:
            self._users[id(node)] = self._users.get(id(node), 0) + 1
        self._dominators = self._immediate_dominators()
        self._read = 0

    def regions(self) -> list[tuple[Part, ...]]:
        found: list[tuple[Part, ...]] = []
        waiting = list(self._outputs)
        seen: set[int] = set()
        while waiting:
            node = waiting.pop()
            if id(node) in seen:
                continue
            seen.add(id(node))
            parts, start = self._region(node)
            if parts:
                found.append(parts)
                waiting.append(start)
            else:
                waiting.extend(node.inputs)
        return found[::-1]

    def _region(self, end: Node) -> tuple[tuple[Part, ...], Node]:
        """The parts before ``end``, it included, and the node that they start from."""
        parts: list[Part] = []
        current = end
        self._read = 0
        while True:
            try:
                part, before = self._part(current, 0)
            except (_TooLargeError, RecursionError):
                break
            if part is None:
                break
            parts.append(part)
            current = before
            if self._users[id(before)] > self._uses(part, before):
                break
        return tuple(reversed(parts)), current

    def _part(self, node: Node, depth: int) -> tuple[Part | None, Node]:
        """What ``node`` does, and the node it does that to; None if it is not understood."""
        self._read += 1
        if self._read > _LARGEST or depth > _DEEPEST:
            raise _TooLargeError
        if node.operation in _SIMPLE and len(node.inputs) == 1:
            return Part(node), node.inputs[0]
        if node.operation not in _MEETING:
            return None, node
        meeting = self._dominators[id(node)]
        if meeting is None:
            return None, node
        arms = [self._arm(source, meeting, depth + 1) for source in node.inputs]
        known = tuple(arm for arm in arms if arm is not None)
        part = Part(node, known)
        if len(known) < len(arms) or not self._closed(part, meeting):
            return None, node
        return part, meeting

    def _arm(self, end: Node, start: Node, depth: int) -> tuple[Part, ...] | None:
        parts: list[Part] = []
        current = end
        while current is not start:
            part, current = self._part(current, depth)
            if part is None:
                return None
            parts.append(part)
        return tuple(reversed(parts))

    def _closed(self, part: Part, start: Node) -> bool:
        """Whether nothing outside uses what is inside."""
        inside = {id(node): node for node in flat((part,))}
        uses: dict[int, int] = {}
        for node in inside.values():
            for source in {id(source): source for source in node.inputs}.values():
                uses[id(source)] = uses.get(id(source), 0) + 1
        return all(
            uses.get(key, 0) == self._users[key]
            for key, node in inside.items()
            if node is not part.node and node is not start
        )

    def _uses(self, part: Part, node: Node) -> int:
        """How many nodes of a part use a node."""
        return sum(any(source is node for source in user.inputs) for user in flat((part,)))

    def _immediate_dominators(self) -> dict[int, Node | None]:
        """For each node the last one that every way from the inputs to it goes through.

        The graph has no cycles, so one pass in forward order finds them (Cooper, Harvey and
        Kennedy 2001). None stands for the world outside.
        """
        found: dict[int, Node | None] = {}
        depth: dict[int, int] = {}
        for node in self._order:
            common: Node | None = None
            for index, source in enumerate(node.inputs):
                common = source if index == 0 else _common(common, source, found, depth)
            if node.operation == INPUT:
                common = None
            found[id(node)] = common
            depth[id(node)] = 0 if common is None else depth[id(common)] + 1
        return found


def _common(
    left: Node | None, right: Node | None, found: dict[int, Node | None], depth: dict[int, int]
) -> Node | None:
    while left is not right:
        if left is None or right is None:
            return None
        if depth[id(left)] >= depth[id(right)]:
            left = found[id(left)]
        else:
            right = found[id(right)]
    return left
