"""Which files a list of paths stands for."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

#: Folders with code that is not the project's own, besides hidden ones.
_SKIPPED: Final = frozenset({"__pycache__", "venv", "node_modules", "build", "dist"})


class NoSuchPathError(ValueError):
    """A path on the command line that is not there."""


def files(paths: Sequence[str]) -> Iterator[tuple[Path, str]]:
    """Each file once, with its name relative to the working directory, in order.

    A file that is named is always taken; folders are searched for ``*.py``.

    Raises:
        NoSuchPathError: before anything is yielded.
    """
    roots = [Path(path) for path in paths]
    for root in roots:
        if not root.exists():
            raise NoSuchPathError(f"no such file or directory: {root}")
    return _each_once(roots)


def _each_once(roots: Sequence[Path]) -> Iterator[tuple[Path, str]]:
    here = Path.cwd()
    seen: set[str] = set()
    for root in roots:
        for file in _walk(root) if root.is_dir() else (root,):
            name = _relative(file, here)
            if name not in seen:
                seen.add(name)
                yield file, name


def _walk(root: Path) -> Iterator[Path]:
    for folder, inner, names in os.walk(root):
        inner[:] = sorted(
            name for name in inner if not name.startswith(".") and name not in _SKIPPED
        )
        for name in sorted(names):
            if name.endswith(".py"):
                yield Path(folder, name)


def _relative(file: Path, here: Path) -> str:
    """The name in findings; a file on another drive keeps its absolute one."""
    try:
        return Path(os.path.relpath(file, here)).as_posix()
    except ValueError:
        return file.resolve().as_posix()
