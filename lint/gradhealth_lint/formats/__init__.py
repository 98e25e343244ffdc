"""How results are written; the only place with layout."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Final, cast

if TYPE_CHECKING:
    from gradhealth_lint.formats.format import Format, Listing, Pages

#: Names for --output-format, and the modules that write them.
MODULES: Final = {
    "text": "text",
    "concise": "concise",
    "json": "json_array",
    "sarif": "sarif",
    "github": "github",
    "gitlab": "gitlab",
    "junit": "junit",
}
NAMES: Final = tuple(MODULES)
#: Those that can also write predictions, the list of rules and counts.
LISTINGS: Final = ("text", "json")
#: Those that can write a rule's page.
PAGES: Final = ("text", "markdown")


def load(name: str) -> Format:
    """The format of a name."""
    return cast("Format", import_module(f"gradhealth_lint.formats.{MODULES[name]}"))


def load_listing(name: str) -> Listing:
    """The format of one of the names in ``LISTINGS``."""
    return cast("Listing", load(name))


def load_pages(name: str) -> Pages:
    """The format of one of the names in ``PAGES``."""
    return cast("Pages", import_module(f"gradhealth_lint.formats.{name}"))
