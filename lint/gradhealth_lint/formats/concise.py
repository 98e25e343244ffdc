"""One line a finding, for editors and for searching; nothing where there is none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradhealth_lint.formats.place import place
from gradhealth_lint.formats.printable import printable
from gradhealth_lint.formats.style import Style

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gradhealth_lint.formats.format import Context
    from gradhealth_lint.violation import Violation


def violations(found: Sequence[Violation], context: Context) -> str:
    """Place, code, a star for a safe fix, and fact."""
    style = Style(colour=context.colour)
    return "".join(
        f"{style('bold', place(v))}: {style(v.severity, v.code)} {_star(v)}{printable(v.message)}\n"
        for v in found
    )


def _star(violation: Violation) -> str:
    fix = violation.fix
    return "[*] " if fix is not None and fix.applicability == "safe" else ""
