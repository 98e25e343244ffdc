"""All rules. One file a rule, in a folder a family; ``table.py`` lists them.

``LISTED`` has them as the table does; ``ALL_RULES`` loads every one of them on first use.
"""

from __future__ import annotations

from gradhealth_lint.rules.listed import Listed
from gradhealth_lint.rules.table import TABLE

TYPE_CHECKING = False  # typing itself takes 4 ms to load
if TYPE_CHECKING:
    from typing import Final

    from gradhealth_lint.rules.rule import Rule

    ALL_RULES: Final[tuple[Rule, ...]] = ()

__all__ = ["ALL_RULES", "LISTED"]

#: In the order of their codes, as ``ALL_RULES`` are.
LISTED: Final = tuple(Listed(*row) for row in TABLE)


def __getattr__(name: str) -> tuple[Rule, ...]:
    """Load ``ALL_RULES`` on first use (PEP 562)."""
    if name == "ALL_RULES":
        return tuple(one.load() for one in LISTED)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
