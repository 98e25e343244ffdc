"""Results for programs: always one JSON array."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gradhealth_lint.formats.format import Context
    from gradhealth_lint.located import LocatedPrediction
    from gradhealth_lint.rules.rule import Rule
    from gradhealth_lint.violation import Fix, Violation


def violations(found: Sequence[Violation], _: Context) -> str:
    """The contract's fields of every finding; ``cell`` of those in notebooks alone."""
    return _dumped([_finding(one) for one in found])


def _finding(one: Violation) -> dict[str, object]:
    fields = {**dataclasses.asdict(one), "fix": _fix(one.fix)}
    if one.cell is None:
        del fields["cell"]
    return fields


def _fix(fix: Fix | None) -> dict[str, object] | None:
    if fix is None:
        return None
    edits = [
        {
            "line": edit.line,
            "column": edit.column,
            "end_line": edit.end_line,
            "end_column": edit.end_column,
            "text": edit.replacement,
            **({} if edit.cell is None else {"cell": edit.cell}),
        }
        for edit in fix.edits
    ]
    return {"applicability": fix.applicability, "edits": edits}


def predictions(found: Sequence[LocatedPrediction]) -> str:
    """The contract's fields of every stack; null where there is no prediction."""
    return _dumped(
        [
            {
                "path": item.path,
                "line": item.line,
                "class": item.owner,
                "depth": item.prediction.depth,
                "width": item.prediction.width,
                "activation": item.prediction.activation,
                "init": item.prediction.init,
                "gain_per_layer": item.prediction.gain_per_layer,
                "total_gain": item.prediction.total_gain,
                "assumed": list(item.prediction.assumed),
                "structure": item.prediction.structure,
                "better_gain": item.prediction.better_gain,
                "better": item.prediction.better,
                **({} if item.cell is None else {"cell": item.cell}),
            }
            for item in found
        ]
    )


def rules(every: Iterable[Rule]) -> str:
    """What there is to know about every rule without its examples."""
    return _dumped(
        [
            {
                "code": rule.code,
                "name": rule.name,
                "severity": rule.severity,
                "on_by_default": rule.on_by_default,
                "summary": (rule.__doc__ or "").strip().splitlines()[0],
                "why": rule.why,
                "references": list(rule.references),
            }
            for rule in every
        ]
    )


def _dumped(rows: list[dict[str, object]]) -> str:
    # Plain ASCII: a terminal of another encoding must not turn it into something else.
    return json.dumps(rows, indent=2) + "\n"
