"""Workflow commands, which GitHub shows as annotations on a pull request.

https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gradhealth_lint.formats.place import prefix

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gradhealth_lint.formats.format import Context
    from gradhealth_lint.violation import Violation

_COMMANDS: Final = {"error": "error", "warning": "warning", "advice": "notice"}
_IN_TEXT: Final = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A"})
_IN_PROPERTY: Final = _IN_TEXT | str.maketrans({":": "%3A", ",": "%2C"})


def violations(found: Sequence[Violation], _: Context) -> str:
    """A command for each finding; nothing where there is none."""
    return "".join(map(_command, found))


def _command(violation: Violation) -> str:
    properties: dict[str, object] = {
        "title": f"{violation.code} {violation.name}",
        "file": violation.path,
    }
    where = prefix(violation)
    if not where:
        properties |= {"line": violation.line, "endLine": violation.end_line}
        if violation.line == violation.end_line:
            # Columns are for one line only.
            properties |= {"col": violation.column, "endColumn": violation.end_column}
    given = ",".join(f"{key}={_property(value)}" for key, value in properties.items())
    text = f"{where}{violation.message}\n{violation.remedy}".translate(_IN_TEXT)
    return f"::{_COMMANDS[violation.severity]} {given}::{text}\n"


def _property(value: object) -> str:
    return str(value).translate(_IN_PROPERTY)
