"""The table of rules, written from their files: ``python -m tests.docs.rule_table``.

A row says what a start needs to know of a rule without loading it. Its ``mentions`` follow from
the rule's ``needs``: of each pattern the literals one of which every match holds, in lower case.
"""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any, Final

FOLDER: Final = Path(__file__).resolve().parents[2] / "lint" / "gradhealth_lint" / "rules"
TABLE: Final = FOLDER / "table.py"
_RULE: Final = re.compile(r"grd\d{3}_\w+")
_HEAD: Final = '''"""What a start needs to know of each rule.

Written by ``python -m tests.docs.rule_table``.
"""

from __future__ import annotations

TYPE_CHECKING = False  # typing itself takes 4 ms to load
if TYPE_CHECKING:
    from typing import Final

#: Code, name, file and class, on by default, reads forward passes, and what a file mentions, in
#: lower case, if the rule can have something to say: one of each group.
TABLE: Final[tuple[tuple[str, str, str, bool, bool, tuple[tuple[bytes, ...], ...]], ...]] = (
'''


def classes() -> list[tuple[str, type[Any]]]:
    """Every class of a rule with its place, in the order of codes."""
    found = []
    for path in FOLDER.rglob("grd*.py"):
        if _RULE.fullmatch(path.stem):
            place = ".".join(path.relative_to(FOLDER).with_suffix("").parts)
            module = import_module(f"gradhealth_lint.rules.{place}")
            (rule,) = (
                one
                for _, one in inspect.getmembers(module, inspect.isclass)
                if one.__module__ == module.__name__ and hasattr(one, "needs")
            )
            found.append((f"{place}:{rule.__name__}", rule))
    return sorted(found, key=lambda one: one[1].code)


def text() -> str:
    """The table's file."""
    rows = "".join(f"{row(place, rule)!r},\n" for place, rule in classes())
    ruff = [sys.executable, "-m", "ruff", "format", "--stdin-filename", str(TABLE), "-"]
    made = subprocess.run(
        ruff, input=f"{_HEAD}{rows})\n", capture_output=True, text=True, check=True
    )
    return made.stdout


def row(place: str, rule: type[Any]) -> tuple[Any, ...]:
    """One line of the table."""
    mentions = tuple(tuple(sorted(literals(pattern))) for pattern in rule.needs)
    return rule.code, rule.name, place, rule.on_by_default, rule.reads_stacks, mentions


def literals(pattern: re.Pattern[bytes]) -> set[bytes]:
    """Strings in lower case, one of which is in the lower case of everything that fits.

    Raises:
        ValueError: there are none; such a pattern would let every file through.
    """
    # The module moved in Python 3.11.
    parser = import_module("re._parser" if sys.version_info >= (3, 11) else "sre_parse")
    found = _required(list(parser.parse(pattern.pattern, pattern.flags)))
    if not found:
        raise ValueError(f"{pattern.pattern!r} fits texts without a letter in common")
    return {one.lower() for one in found if not any(o != one and o in one for o in found)}


def _required(items: list[tuple[Any, Any]]) -> set[bytes] | None:
    """The best of what a sequence requires: that whose shortest string is longest."""
    best: set[bytes] | None = None
    run = b""
    for operation, argument in [*items, (None, None)]:
        name = str(operation)
        if name == "LITERAL":
            run += bytes([argument])
            continue
        options = [{run} if run else None]
        run = b""
        if name == "SUBPATTERN":
            options.append(_required(list(argument[-1])))
        elif name == "BRANCH":
            arms = [_required(list(arm)) for arm in argument[1]]
            options.append(None if None in arms else set[bytes]().union(*(a or () for a in arms)))
        elif name in {"MAX_REPEAT", "MIN_REPEAT"} and argument[0] > 0:
            options.append(_required(list(argument[2])))
        elif name == "IN" and all(str(kind) == "LITERAL" for kind, _ in argument):
            options.append({bytes([value]) for _, value in argument})
        for option in options:
            if option and (best is None or min(map(len, option)) > min(map(len, best))):
                best = option
    return best


if __name__ == "__main__":
    TABLE.write_text(text(), encoding="utf-8")
