"""SARIF 2.1.0, which GitHub's code scanning and many viewers read.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from gradhealth_lint.formats.fingerprints import fingerprints
from gradhealth_lint.formats.place import prefix
from gradhealth_lint.formats.sarif_places import ROOT, fixes, location
from gradhealth_lint.formats.sarif_rules import LEVELS, descriptors

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gradhealth_lint.formats.format import Context
    from gradhealth_lint.violation import Violation

_SCHEMA: Final = "https://json.schemastore.org/sarif-2.1.0.json"


def violations(found: Sequence[Violation], context: Context) -> str:
    """A log of one run, with the rules that have results."""
    from gradhealth_lint import __version__

    rules = descriptors(found)
    numbers = {rule["id"]: number for number, rule in enumerate(rules)}
    known_by = fingerprints(found, context)
    run = {
        "tool": {
            "driver": {"name": "gradhealth-lint", "version": __version__, "rules": rules},
        },
        "invocations": [_invocation(context.failures)],
        "originalUriBaseIds": {ROOT: {"description": {"text": "the working directory"}}},
        "columnKind": "unicodeCodePoints",
        "results": [
            _result(one, numbers[one.code], known)
            for one, known in zip(found, known_by, strict=True)
        ],
    }
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2) + "\n"


def _invocation(failures: Sequence[str]) -> dict[str, Any]:
    if not failures:
        return {"executionSuccessful": True}
    notes = [{"level": "error", "message": {"text": sentence}} for sentence in failures]
    return {"executionSuccessful": False, "toolExecutionNotifications": notes}


def _result(violation: Violation, rule: int, fingerprint: str) -> dict[str, Any]:
    text = f"{prefix(violation)}{violation.message}\n{violation.remedy}"
    return {
        "ruleId": violation.code,
        "ruleIndex": rule,
        "level": LEVELS[violation.severity],
        "message": {"text": text},
        "locations": [location(violation)],
        "partialFingerprints": {"gradhealthLint/v1": fingerprint},
        **fixes(violation),
    }
