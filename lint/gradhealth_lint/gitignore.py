"""What a repository's .gitignore files leave out."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from gradhealth_lint.globs import Patterns

_NAME: Final = ".gitignore"


class GitIgnore:
    """The .gitignore files from a repository's root down to each folder.

    Outside a repository those of the searched folder and below count. The deepest file that says
    something about a path decides; a folder that is left out is not searched, as git does it.
    """

    def __init__(self) -> None:
        self._chains: dict[str, tuple[tuple[str, Patterns], ...]] = {}

    def start(self, folder: str) -> None:
        """Collect what holds above an absolute folder that a search starts from."""
        above = [folder]
        while not _is_root(above[-1]):
            parent = os.path.dirname(above[-1])
            if parent == above[-1]:
                above = [folder]
                break
            above.append(parent)
        for one in reversed(above):
            self._chain(one)

    def leaves_out(self, parent: str, name: str, *, folder: bool) -> bool:
        """Whether a file or folder in an absolute folder is ignored."""
        path = os.path.join(parent, name)
        for base, patterns in reversed(self._chain(parent)):
            relative = path[len(base) :].replace(os.sep, "/")
            decided = patterns.decide(relative, folder=folder)
            if decided is not None:
                return decided
        return False

    def _chain(self, folder: str) -> tuple[tuple[str, Patterns], ...]:
        if folder not in self._chains:
            root = _is_root(folder)
            above = () if root else self._chains.get(os.path.dirname(folder), ())
            files = [os.path.join(folder, ".git", "info", "exclude")] if root else []
            files.append(os.path.join(folder, _NAME))
            own = [(os.path.join(folder, ""), read) for file in files if (read := _read(file))]
            self._chains[folder] = (*above, *own)
        return self._chains[folder]


def _is_root(folder: str) -> bool:
    return os.path.exists(os.path.join(folder, ".git"))


def _read(file: str) -> Patterns | None:
    try:
        text = Path(file).read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:
        return None
    return Patterns(text.splitlines())
