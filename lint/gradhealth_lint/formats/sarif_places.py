"""Places in files as SARIF writes them, and fixes, which are replacements of places."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

if TYPE_CHECKING:
    from gradhealth_lint.violation import Edit, Violation

#: What relative paths are relative to; where that is, is for the reader of the report to know.
ROOT: Final = "SRCROOT"


def location(violation: Violation) -> dict[str, Any]:
    """Where a finding is; of a notebook the file and, by name, the cell."""
    cell = violation.cell
    physical = {
        "artifactLocation": _artifact(violation.path),
        "region": _region(violation) if cell is None else {"startLine": 1},
    }
    if cell is None:
        return {"physicalLocation": physical}
    return {"physicalLocation": physical, "logicalLocations": [{"name": f"cell {cell}"}]}


def fixes(violation: Violation) -> dict[str, Any]:
    """The property for the fix, if there is one in terms of the file's own lines."""
    fix = violation.fix
    if fix is None or violation.cell is not None:
        return {}
    replacements = [
        {"deletedRegion": _region(edit), "insertedContent": {"text": edit.replacement}}
        for edit in fix.edits
    ]
    change = {"artifactLocation": _artifact(violation.path), "replacements": replacements}
    description = {"text": f"{violation.remedy} ({fix.applicability})"}
    return {"fixes": [{"description": description, "artifactChanges": [change]}]}


def _region(place: Violation | Edit) -> dict[str, int]:
    return {
        "startLine": place.line,
        "startColumn": place.column,
        "endLine": place.end_line,
        "endColumn": place.end_column,
    }


def _artifact(path: str) -> dict[str, str]:
    """A path below the working directory relative to it, another one absolute."""
    if path.startswith("../") or Path(path).is_absolute():
        return {"uri": Path(path).resolve().as_uri()}
    return {"uri": quote(os.fsencode(path)), "uriBaseId": ROOT}
