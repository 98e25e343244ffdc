"""What machines know a finding by: it stays the same when the finding moves within its file."""

from __future__ import annotations

from collections import Counter
from hashlib import blake2b
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gradhealth_lint.formats.format import Context
    from gradhealth_lint.violation import Violation


def fingerprints(found: Sequence[Violation], context: Context) -> list[str]:
    """For each finding the hash of its path, its code and its line's text without layout.

    Of equal ones each has another, by their order.
    """
    seen: Counter[tuple[str, str, str]] = Counter()
    made = []
    for one in found:
        key = (one.path, one.code, " ".join(context.line(one).split()))
        seen[key] += 1
        text = "\0".join([*key, str(seen[key])])
        made.append(blake2b(text.encode("utf-8", "backslashreplace"), digest_size=16).hexdigest())
    return made
