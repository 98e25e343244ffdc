"""How many findings each code has, the most frequent first."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gradhealth_lint.violation import Violation


def as_text(found: Sequence[Violation]) -> str:
    """One line a code."""
    rows = _rows(found)
    if not rows:
        return "no findings\n"
    width = len(str(rows[0][2]))
    return "".join(f"{count:>{width}}  {code}  {name}\n" for code, name, count in rows)


def as_json(found: Sequence[Violation]) -> str:
    """An array with an object for each code."""
    import json

    rows = [{"code": code, "name": name, "count": count} for code, name, count in _rows(found)]
    return json.dumps(rows, indent=2) + "\n"


def _rows(found: Iterable[Violation]) -> list[tuple[str, str, int]]:
    counted = Counter((one.code, one.name) for one in found)
    order = sorted(counted.items(), key=lambda item: (-item[1], item[0]))
    return [(code, name, count) for (code, name), count in order]
