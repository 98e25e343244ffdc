"""One file's facts: parse, interpret, extract."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import libcst as cst

from gradhealth_lint.semantics import extraction
from gradhealth_lint.semantics.python import roots
from gradhealth_lint.semantics.python.interpreter import Interpreter

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gradhealth_lint.limits import Limits
    from gradhealth_lint.semantics.facts import Anchor, FileFacts
    from gradhealth_lint.source import Source

#: Names under which clipping goes, in calls, arguments and settings.
_CLIPPING: Final = re.compile(
    r"clip[\w-]*grad|grad[\w-]*clip|max_grad_norm|gradient_penalty|grad\.(data\.)?clamp",
    re.IGNORECASE,
)
#: A hook that bounds what passes through it.
_HOOK: Final = re.compile(r"register\w*_hook")
_BOUND: Final = re.compile(r"clamp|clip")
_COMMENT: Final = re.compile(r"#.*")
_TWICE: Final = re.compile(r"create_graph\s*=\s*True")


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

    def positions(self, anchors: Iterable[Anchor]) -> dict[Anchor, Span]:
        """The places of these constructs. Costs about as much as parsing, whatever their number."""
        wanted = set(anchors)
        if not wanted:
            return {}
        from libcst.metadata import MetadataWrapper, PositionProvider

        wrapper = MetadataWrapper(self.tree, unsafe_skip_copy=True)
        ranges = wrapper.resolve(PositionProvider)
        found = {}
        for anchor in wanted:
            place = ranges[self.nodes[anchor]]
            found[anchor] = Span(
                place.start.line, place.start.column + 1, place.end.line, place.end.column + 1
            )
        return found


def read(source: Source, limits: Limits, *, stacks: bool = True) -> FileReading:
    """Interpret one file; without ``stacks`` its forward passes only where an init needs it.

    Raises:
        libcst.ParserSyntaxError: libcst cannot parse what CPython could.
    """
    tree = cst.parse_module(source.text)
    interpreter = Interpreter(limits)
    runs = roots.run(interpreter, tree, trace=stacks)
    code = _COMMENT.sub("", source.text)
    facts, nodes = extraction.extract(
        interpreter,
        runs,
        differentiates_twice=bool(_TWICE.search(code)),
        mentions_clipping=_mentions_clipping(code),
    )
    return FileReading(facts, tree, nodes)


def _mentions_clipping(code: str) -> bool:
    hooked = _HOOK.search(code) is not None and _BOUND.search(code) is not None
    return hooked or _CLIPPING.search(code) is not None
