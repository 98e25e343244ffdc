"""How results are written; the only place with layout."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Final, cast

if TYPE_CHECKING:
    from gradhealth_lint.formats.format import Format

#: Names for --output-format, and the modules that write them.
MODULES: Final = {"text": "text", "json": "json_array"}
NAMES: Final = tuple(MODULES)


def load(name: str) -> Format:
    """The format of a name."""
    return cast("Format", import_module(f"gradhealth_lint.formats.{MODULES[name]}"))
