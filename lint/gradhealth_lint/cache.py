"""Results of earlier runs, by the hash of all they depend on.

One file of JSON holds them: a run reads it once, and writes it back, in one step, if it learned
something. What cannot be read is as good as nothing.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Final

from gradhealth_lint import atomic
from gradhealth_lint.engine import Result
from gradhealth_lint.violation import Edit, Fix, Violation

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from gradhealth_lint.engine import Settings
    from gradhealth_lint.task import Task

FOLDER: Final = ".gradhealth_cache"
_FILE: Final = "results.json"
_VERSION: Final = 4
#: Files that do not exist have this hash.
_MISSING: Final = ""
#: Folders, and files that cannot be read, have this one.
_UNREAD: Final = "?"
_TAG: Final = "Signature: 8a477f597d28d172789f06886806bc55\n# A cache of gradhealth-lint.\n"


class Cache:
    """The results in one folder; ``stamp`` stands for the linter itself."""

    def __init__(self, folder: Path, stamp: Callable[[], str]) -> None:
        self._folder = folder
        self._make_stamp = stamp
        self._stamp = ""
        self._base = os.path.dirname(os.path.abspath(folder))
        self._files: dict[str, Any] | None = None
        self._new: dict[str, Any] = {}
        self._settings: dict[int, tuple[Settings, bytes]] = {}
        self._hashes: dict[str, str] = {}

    def get(self, task: Task) -> Result | None:
        """What is known of a file whose bytes are at hand."""
        if self._files is None:
            self._stamp = self._make_stamp()
            self._files = self._load()
        row = self._files.get(self._name(task))
        try:
            return self._result(row, task)
        except (LookupError, TypeError, ValueError):
            return None

    def put(self, task: Task, result: Result) -> None:
        """Remember what came of a file, unless the linter failed on it."""
        if result.failure is not None:
            return
        row: Any = self._key(task)
        if result.violations or result.resolved or result.notes:
            found = [_row(violation) for violation in result.violations]
            row = [row, result.resolved, found, result.texts, result.notes]
        self._new[self._name(task)] = row

    def save(self) -> None:
        """Write what was learned; a folder that cannot be written is left as it is."""
        if not self._new:
            return
        import json

        # Others may have written meanwhile; what they lose against us they learn again.
        kept = {
            name: row
            for name, row in self._load().items()
            if os.path.exists(os.path.join(self._base, name))
        }
        data = {"version": _VERSION, "stamp": self._stamp, "files": {**kept, **self._new}}
        with contextlib.suppress(OSError):
            self._folder.mkdir(parents=True, exist_ok=True)
            for name, text in ((".gitignore", "*\n"), ("CACHEDIR.TAG", _TAG)):
                if not (self._folder / name).exists():
                    atomic.write(self._folder / name, text.encode())
            atomic.write(self._folder / _FILE, json.dumps(data, separators=(",", ":")).encode())

    def _load(self) -> dict[str, Any]:
        import json

        with contextlib.suppress(OSError, ValueError, LookupError, TypeError, RecursionError):
            read = json.loads((self._folder / _FILE).read_bytes())
            if (read["version"], read["stamp"]) == (_VERSION, self._stamp):
                return dict(read["files"])
        return {}

    def _result(self, row: Any, task: Task) -> Result | None:
        if row is None:
            return None
        alone = isinstance(row, str)
        if (row if alone else row[0]) != self._key(task):
            return None
        if alone:
            return Result()
        _, resolved, found, texts, notes = row
        if any(self._hash(name) != known for name, known in resolved):
            return None
        return Result(
            tuple(_violation(task.path, one) for one in found),
            tuple(map(str, texts)),
            tuple((str(name), str(known)) for name, known in resolved),
            tuple(map(str, notes)),
        )

    def _name(self, task: Task) -> str:
        return os.path.relpath(task.file, self._base)

    def _key(self, task: Task) -> str:
        """The hash of a file's bytes and its settings."""
        assert task.data is not None
        known = self._settings.get(id(task.settings))
        if known is None:
            known = (task.settings, _bytes(task.settings))
            self._settings[id(task.settings)] = known
        return blake2b(task.data, key=known[1], digest_size=16).hexdigest()

    def _hash(self, name: str) -> str:
        if name not in self._hashes:
            try:
                with open(name, "rb") as file:
                    data = file.read()
            except OSError:
                self._hashes[name] = _UNREAD if os.path.exists(name) else _MISSING
            else:
                self._hashes[name] = blake2b(data, digest_size=16).hexdigest()
        return self._hashes[name]


def _bytes(settings: Settings) -> bytes:
    """The hash of what a file's findings depend on besides its contents."""
    rules = [rule.code for rule in settings.rules]
    limits = dataclasses.astuple(settings.limits)
    flags = (settings.report_unreadable, settings.report_unused, settings.require_reason)
    text = repr((rules, limits, flags, sorted(settings.known)))
    return blake2b(text.encode(), digest_size=16).digest()


def _row(violation: Violation) -> list[Any]:
    row: list[Any] = [getattr(violation, name) for name in _FIELDS]
    if violation.fix is None:
        return [*row, None]
    edits = [dataclasses.astuple(edit) for edit in violation.fix.edits]
    return [*row, [violation.fix.applicability, edits]]


def _violation(path: str, row: list[Any]) -> Violation:
    *values, found = row
    fix = None if found is None else Fix(found[0], tuple(Edit(*edit) for edit in found[1]))
    return Violation(path, **dict(zip(_FIELDS, values, strict=True)), fix=fix)


#: All but the path, which is the row's name, and the fix, which comes last.
_FIELDS: Final = tuple(
    item.name for item in dataclasses.fields(Violation) if item.name not in {"path", "fix"}
)


def stamp() -> str:
    """The hash of what the results depend on besides files and settings: linter and Python."""
    import sys
    from importlib.util import find_spec

    parts: list[object] = [sys.version]
    for package in ("gradhealth_lint", "libcst"):
        spec = find_spec(package)
        origin = None if spec is None else spec.origin
        waiting = [] if origin is None else [os.path.dirname(origin)]
        while waiting:
            for entry in sorted(os.scandir(waiting.pop()), key=lambda one: one.name):
                if entry.name.endswith(".py"):
                    state = entry.stat()
                    parts.append((entry.path, state.st_size, state.st_mtime_ns))
                elif package != "libcst" and entry.is_dir() and entry.name != "__pycache__":
                    waiting.append(entry.path)
    return blake2b(repr(parts).encode(), digest_size=16).hexdigest()
