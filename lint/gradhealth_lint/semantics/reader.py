"""One file's facts: parse, interpret, extract."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import libcst as cst

from gradhealth_lint import trees
from gradhealth_lint.semantics import extraction
from gradhealth_lint.semantics.project import Project
from gradhealth_lint.semantics.python import roots
from gradhealth_lint.semantics.python.interpreter import Interpreter

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from gradhealth_lint.limits import Limits
    from gradhealth_lint.semantics.facts import FileFacts
    from gradhealth_lint.semantics.places import Anchor
    from gradhealth_lint.semantics.python.roots import Runs
    from gradhealth_lint.source import Source

#: Python frames that fit on a stack of 8 MB, and more than the deepest expression takes.
_FRAMES: Final = 10_000
_COMMENT: Final = re.compile(r"#[^\r\n]*")
#: What a file has that trains or evaluates, and what it has besides if it is a loop's.
_TRAINS: Final = (b"zero_grad", b"clip_grad", b".eval()")
_BACKWARD: Final = re.compile(rb"\.(manual_)?backward\s*\(")
#: What a file has that hands a model and its optimizer to a loop in another one.
_OPTIMIZES: Final = re.compile(rb"\boptim\b")
_HANDS: Final = re.compile(rb"\.parameters\s*\(")
#: What a file has that looks into a PackedSequence.
_PACKS: Final = (b"PackedSequence", b"pack_padded_sequence", b"pack_sequence", b"batch_sizes")
_STEP: Final = re.compile(rb"step\w*\s*\(")


@dataclass(frozen=True, slots=True)
class Span:
    """Where a construct is: lines from 1, columns from 1, the end after its last character."""

    line: int
    column: int
    end_line: int
    end_column: int


@dataclass(frozen=True, slots=True)
class FileReading:
    """A file's facts and the tree to find their places in."""

    facts: FileFacts
    tree: cst.Module
    nodes: tuple[cst.CSTNode, ...]
    #: The other files the facts depend on, with the hashes of their contents.
    resolved: tuple[tuple[str, str], ...] = ()
    #: What was left out, a sentence each.
    notes: tuple[str, ...] = ()
    #: Whether the tree is libcst's own, with the layout that places and texts are taken from.
    exact: bool = True

    def positions(self, anchors: Iterable[Anchor]) -> dict[Anchor, Span]:
        """The places of these constructs. Costs about as much as parsing, whatever their number."""
        wanted = set(anchors)
        if not wanted:
            return {}
        from libcst.metadata import MetadataWrapper, PositionProvider

        wrapper = MetadataWrapper(self.tree, unsafe_skip_copy=True)
        limit = sys.getrecursionlimit()
        # libcst takes six frames for each level of an expression.
        sys.setrecursionlimit(max(limit, _FRAMES))
        try:
            ranges = wrapper.resolve(PositionProvider)
        finally:
            sys.setrecursionlimit(limit)
        found = {}
        for anchor in wanted:
            place = ranges[self.nodes[anchor]]
            found[anchor] = Span(
                place.start.line, place.start.column + 1, place.end.line, place.end.column + 1
            )
        return found


def read(source: Source, limits: Limits, *, stacks: bool = True, exact: bool = True) -> FileReading:
    """Interpret one file; without ``stacks`` its forward passes only where an init needs it.

    What is not read ``exact`` is taken from CPython's parse where that can be done: the facts are
    the same, but the texts in them are not the user's, and nothing has a place.

    Raises:
        libcst.ParserSyntaxError: libcst cannot parse what CPython could.
    """
    light = None if exact or source.parsed is None else trees.from_syntax(source.parsed)
    tree = cst.parse_module(source.text) if light is None else light
    interpreter = Interpreter(limits)
    data = source.data
    goes_backward = _BACKWARD.search(data) is not None
    optimizes = b"optim" in data and _OPTIMIZES.search(data) is not None
    trains = goes_backward and _STEP.search(data) is not None
    trains = trains or (optimizes and _HANDS.search(data) is not None)
    interpreter.observing = goes_backward or optimizes or any(one in data for one in _TRAINS)
    if trains or b".apply(" in data:
        # Other files can add to what is read of this one: its model, or its initialisation.
        interpreter.project = Project(interpreter, Path(source.path), trains=trains)
    interpreter.cuts.packs = any(one in data for one in _PACKS)
    runs = roots.run(interpreter, tree, trace=stacks)
    code = _COMMENT.sub("", source.text)
    facts, nodes = extraction.extract(interpreter, runs, tree, code)
    project = interpreter.project
    return FileReading(
        facts,
        tree,
        nodes,
        () if project is None else tuple(sorted(project.seen().items())),
        tuple(_notes(runs, project)),
        light is None,
    )


def _notes(runs: Runs, project: Project | None) -> Iterator[str]:
    if runs.given_up:
        yield f"{runs.given_up} functions or classes took too many steps and were given up"
    if project is not None and project.left_out:
        yield f"{project.left_out} imported files were too large or too many and were not read"
