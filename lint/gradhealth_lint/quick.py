"""The shortest way to "no findings": plain runs over files of which no rule can say anything.

A pre-commit hook runs on a handful of files, most of which need no rule at all; loading what the
others need takes ten times as long as finding that out. This decides nothing that the long way
would decide otherwise: wherever it is not sure, it says so.
"""

from __future__ import annotations

import os
import warnings

from gradhealth_lint.rules.listed import Mentioned, may_need
from gradhealth_lint.rules.table import TABLE

TYPE_CHECKING = False  # typing itself takes 4 ms to load
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Final

#: What the long way prints then.
ANSWER: Final = "no findings\n"
#: Options that change nothing where there is no finding.
_IDLE: Final = {"--force-exclude", "--fix", "--unsafe-fixes"}
#: More files than this are worth the cache.
_FEW: Final = 12
#: Well under ``Limits.largest_file_bytes``.
_LARGEST: Final = 500_000
_ONLY_AST: Final = 0x400  # ast.PyCF_ONLY_AST


def is_clean(given: Sequence[str]) -> bool:
    """Whether a command line is a plain check that is sure to find nothing."""
    names = [one for one in given[given[:1] == ["check"] :] if one not in _IDLE]
    if not 0 < len(names) <= _FEW or any(name.startswith("-") for name in names):
        return False
    folders = {os.path.dirname(os.path.abspath(name)) for name in names}
    try:
        return not _is_configured({*folders, os.getcwd()}) and all(map(_is_spared, names))
    except (OSError, ValueError, SyntaxError, RecursionError, MemoryError):
        return False


def _is_configured(folders: set[str]) -> bool:
    """Whether a pyproject.toml upwards of any folder mentions us."""
    waiting, seen = [*folders], set[str]()
    while waiting:
        folder = waiting.pop()
        if folder in seen:
            continue
        seen.add(folder)
        waiting.append(os.path.dirname(folder))
        try:
            with open(os.path.join(folder, "pyproject.toml"), "rb") as file:
                if b"gradhealth" in file.read():
                    return True
        except (FileNotFoundError, NotADirectoryError):
            continue
    return False


def _is_spared(name: str) -> bool:
    """Whether a file can be read, and neither a rule nor a comment for us is in it.

    Raises:
        OSError, ValueError, SyntaxError, RecursionError, MemoryError: it cannot be read or parsed.
    """
    if not name.endswith(".py") or not os.path.isfile(name):
        return False
    with open(name, "rb") as file:
        data = file.read(_LARGEST + 1)
    lowered = data.lower()
    if len(data) > _LARGEST or b"\0" in data or b"gradhealth" in lowered or b"grd" in lowered:
        return False
    if any(b"coding" in line for line in data.split(b"\n", 2)[:2]):
        return False
    mentioned = Mentioned(lowered)
    if any(default and may_need(mentions, mentioned) for *_, default, _, mentions in TABLE):
        return False
    text = data.removeprefix(b"\xef\xbb\xbf").decode("utf-8")
    with warnings.catch_warnings():
        # Invalid escapes are none of our business.
        warnings.simplefilter("ignore")
        compile(text, "<source>", "exec", flags=_ONLY_AST, dont_inherit=True)
    return True
