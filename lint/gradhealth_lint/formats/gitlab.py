"""A Code Quality report, which GitLab shows in a merge request.

https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from gradhealth_lint.formats.fingerprints import fingerprints
from gradhealth_lint.formats.place import prefix

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gradhealth_lint.formats.format import Context
    from gradhealth_lint.violation import Violation

_SEVERITIES: Final = {"error": "critical", "warning": "major", "advice": "minor"}


def violations(found: Sequence[Violation], context: Context) -> str:
    """An array with an object for each finding."""
    known_by = fingerprints(found, context)
    rows = [_issue(one, known) for one, known in zip(found, known_by, strict=True)]
    return json.dumps(rows, indent=2) + "\n"


def _issue(violation: Violation, fingerprint: str) -> dict[str, object]:
    where = prefix(violation)
    begin = {"line": violation.line, "column": violation.column}
    end = {"line": violation.end_line, "column": violation.end_column}
    start_of_file = {"line": 1, "column": 1}
    return {
        "description": f"{where}{violation.code} {violation.name}: {violation.message}",
        "check_name": violation.code,
        "fingerprint": fingerprint,
        "severity": _SEVERITIES[violation.severity],
        "location": {
            "path": violation.path,
            "positions": {
                "begin": start_of_file if where else begin,
                "end": start_of_file if where else end,
            },
        },
    }
