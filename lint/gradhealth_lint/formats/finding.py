"""One finding for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradhealth_lint.formats.excerpt import excerpt
from gradhealth_lint.formats.place import place
from gradhealth_lint.formats.printable import printable
from gradhealth_lint.formats.style import Style

if TYPE_CHECKING:
    from gradhealth_lint.formats.format import Context
    from gradhealth_lint.violation import Violation


def finding(violation: Violation, context: Context) -> str:
    """The fact, the source line with marks under what it is about, and what to write instead."""
    style = Style(colour=context.colour)
    kind = style(violation.severity, f"{violation.code} {violation.severity}")
    where = style("bold", place(violation))
    lines = [f"{where}: {kind} {violation.name}: {printable(violation.message)}"]
    line = context.line(violation)
    if line.strip():
        several = violation.end_line > violation.line
        end = len(line) + 1 if several else violation.end_column
        code, marks = excerpt(line, violation.column, end)
        number = str(violation.line).rjust(5)
        lines.append(f"{style('faint', f'{number} |')} {code}")
        margin = style("faint", f"{' ' * len(number)} |")
        lines.append(f"{margin} {style(violation.severity, marks)}")
    lines.append(f"    {printable(violation.remedy)}")
    if violation.fix is not None:
        more = "" if violation.fix.applicability == "safe" else " --unsafe-fixes"
        lines.append(f"    written by --fix{more}")
    return "\n".join(lines) + "\n"
