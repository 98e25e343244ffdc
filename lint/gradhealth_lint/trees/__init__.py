"""Trees of libcst's nodes made from CPython's own parse.

libcst's parser takes eleven times as long as CPython's, most of it for white space, which only
findings and fixes ask for. A file is therefore first read without: ``from_syntax`` gives the tree
that libcst would, with layout by default and none of the checks that libcst's constructors run.
Only a file of which a rule has something to say is parsed by libcst as well.

What CPython does not keep is read in one of its ways: adjacent literals as one, ``else: if`` as
``elif``, the statements of a line as lines of their own. ``tests/lint/test_trees.py`` holds the two
trees against each other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradhealth_lint.trees.making import UnknownSyntaxError
from gradhealth_lint.trees.statements import module

if TYPE_CHECKING:
    import ast

    import libcst as cst


def from_syntax(parsed: ast.Module) -> cst.Module | None:
    """The tree of a parsed file, None if something in it is not covered."""
    try:
        return module(parsed)
    except (UnknownSyntaxError, RecursionError):
        return None
