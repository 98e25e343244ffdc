"""Accepted findings: a file that hides those of yesterday, so that only new ones are reported.

A finding is known by its path, its code and the text of its first line without layout, with a
count; so it may move within its file. The file gets shorter by itself and never longer.
"""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from gradhealth_lint import atomic
from gradhealth_lint.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from gradhealth_lint.violation import Violation

NAME: Final = ".gradhealth-baseline.json"
_VERSION: Final = 1


class BaselineError(UsageError):
    """A baseline file that cannot be used."""


class Key(NamedTuple):
    """What a finding is known by; the path is relative to the baseline's folder."""

    path: str
    code: str
    text: str


class Found(NamedTuple):
    """A finding, and what it is known by."""

    key: Key
    violation: Violation


class Baseline:
    """The accepted findings of one file."""

    def __init__(self, file: Path, accepted: Mapping[Key, int]) -> None:
        self.file = file
        self.accepted = Counter(accepted)

    def key(self, file: Path, code: str, text: str) -> Key:
        """What a finding in a file is known by."""
        return Key(relative(self.file, file), code, text)

    def new(self, found: Sequence[Found]) -> list[Violation]:
        """The findings that are not accepted; of equal ones the first are."""
        left = Counter(self.accepted)
        new = []
        for one in found:
            if left[one.key] > 0:
                left[one.key] -= 1
            else:
                new.append(one.violation)
        return new

    def outlived(
        self, found: Iterable[Found], ran: Mapping[str, frozenset[str]], folders: Sequence[str]
    ) -> Counter[Key]:
        """Accepted findings that are there no more, with their counts.

        ``ran`` are the codes that were looked for in each file; a file that is gone from one of
        the folders has none. Nothing is said about others.
        """
        seen = Counter(one.key for one in found)
        return +Counter(
            {
                key: count - seen[key]
                for key, count in self.accepted.items()
                if key.code in ran.get(key.path, ()) or self._is_gone(key.path, folders)
            }
        )

    def _is_gone(self, path: str, folders: Sequence[str]) -> bool:
        file = Path(os.path.normpath(self.file.parent / path))
        return any(file.is_relative_to(folder) for folder in folders) and not file.exists()

    def write(self) -> None:
        """Write the file, sorted by path, code and text.

        Raises:
            BaselineError: it cannot be written.
        """
        import json

        rows: dict[str, list[dict[str, object]]] = {}
        for key, count in sorted(self.accepted.items()):
            row = {"code": key.code, "count": count, "line": key.text}
            rows.setdefault(key.path, []).append(row)
        text = json.dumps({"version": _VERSION, "findings": rows}, indent=2, ensure_ascii=False)
        try:
            atomic.write(self.file, f"{text}\n".encode("utf-8", "replace"))
        except OSError as error:
            raise BaselineError(
                f"{self.file}: cannot be written: {error.strerror or error}"
            ) from None


def read(file: Path) -> Baseline:
    """The baseline in a file.

    Raises:
        BaselineError: it is not there, broken, or of a newer version.
    """
    import json

    again = "write it anew with: gradhealth-lint baseline"
    try:
        data = json.loads(file.read_bytes())
    except FileNotFoundError:
        raise BaselineError(
            f"{file}: there is no such baseline; accept today's findings with: "
            f"gradhealth-lint baseline --output {file}"
        ) from None
    except OSError as error:
        raise BaselineError(f"{file}: cannot be opened: {error.strerror or error}") from None
    except (ValueError, RecursionError) as error:
        raise BaselineError(f"{file}: is not a baseline: {error}; {again}") from None
    version = data.get("version") if isinstance(data, dict) else None
    if isinstance(version, int) and version > _VERSION:
        raise BaselineError(
            f"{file}: is of version {version}, this gradhealth-lint knows {_VERSION}: upgrade it"
        )
    try:
        return Baseline(file, dict(_rows(data["findings"])))
    except (LookupError, TypeError, ValueError, AttributeError):
        raise BaselineError(f"{file}: is not a baseline of findings; {again}") from None


def _rows(findings: Any) -> Iterable[tuple[Key, int]]:
    for path, rows in findings.items():
        for row in rows:
            yield Key(path, str(row["code"]), str(row["line"])), int(row["count"])


def relative(baseline: Path, file: Path) -> str:
    """A file's name in a baseline."""
    try:
        path = os.path.relpath(file, baseline.parent)
    except ValueError:  # another drive
        path = str(file)
    return path.replace(os.sep, "/")
