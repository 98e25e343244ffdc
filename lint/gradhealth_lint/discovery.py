"""Which files a list of paths stands for."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from gradhealth_lint.config_files import Configs
from gradhealth_lint.errors import UsageError
from gradhealth_lint.gitignore import GitIgnore
from gradhealth_lint.globs import Patterns

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gradhealth_lint.config import Config

#: Marks the folder of a virtual environment, whatever its name.
_ENVIRONMENT: Final = "pyvenv.cfg"


class NoSuchPathError(UsageError):
    """A path on the command line that is not there."""


@dataclass(slots=True)
class Scope:
    """What a search takes and leaves out.

    ``excluded`` and ``extend_excluded`` are patterns of the command line, relative to the working
    directory; None lets the configuration decide. ``force_exclude`` holds them, and the
    configuration's, against paths that are named, too. ``failures`` collects folders that cannot
    be read, a sentence each.
    """

    configs: Configs = field(default_factory=Configs)
    excluded: tuple[str, ...] | None = None
    extend_excluded: tuple[str, ...] = ()
    respect_gitignore: bool = True
    force_exclude: bool = False
    failures: list[str] = field(default_factory=list)


def files(paths: Sequence[str], scope: Scope | None = None) -> Iterator[tuple[Path, str]]:
    """Each file once, with its name relative to the working directory, in order.

    A file that is named is always taken, unless the scope forces exclusion; folders are searched.

    Raises:
        NoSuchPathError: before anything is yielded.
        ConfigError: a configuration cannot be used.
    """
    for path in paths:
        if not os.path.exists(path):
            raise NoSuchPathError(f"no such file or directory: {path}")
    return _Search(scope or Scope()).run(paths)


class _Search:
    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._here = os.getcwd()
        self._ignore = GitIgnore() if scope.respect_gitignore else None
        own = (*(scope.excluded or ()), *scope.extend_excluded)
        self._own = Patterns(own) if own else None
        self._patterns: dict[int, tuple[Config, Patterns, Patterns]] = {}

    def run(self, paths: Sequence[str]) -> Iterator[tuple[Path, str]]:
        seen: set[str] = set()
        for path in paths:
            full = os.path.abspath(path)
            if self._scope.force_exclude and self._named_out(full):
                continue
            if os.path.isdir(full):
                if self._ignore is not None:
                    self._ignore.start(full)
                found = self._walk(full)
            else:
                found = iter(((full, _relative(full, self._here)),))
            for file, name in found:
                real = os.path.realpath(file) if os.path.islink(file) else file
                if real not in seen:
                    seen.add(real)
                    yield Path(file), name

    def _walk(self, folder: str) -> Iterator[tuple[str, str]]:
        relative = _relative(folder, self._here)
        shown = "" if relative == "." else relative + "/"
        try:
            with os.scandir(folder) as listing:
                entries = sorted(listing, key=lambda entry: entry.name)
        except OSError as error:
            reason = error.strerror or error
            self._scope.failures.append(f"{relative}: cannot be read: {reason}")
            return
        config, _, included = self._of(folder)
        base = _below(folder, str(config.root))
        folders = []
        for entry in entries:
            name = entry.name
            if entry.is_dir(follow_symlinks=False):
                if not self._leaves_out(folder, name, folder=True):
                    folders.append(name)
            elif (
                included.decide(base + name)
                and not self._leaves_out(folder, name, folder=False)
                and (entry.is_file(follow_symlinks=False) or os.path.isfile(entry.path))
            ):
                yield entry.path, shown + name
        for name in folders:
            inner = os.path.join(folder, name)
            if not os.path.exists(os.path.join(inner, _ENVIRONMENT)):
                yield from self._walk(inner)

    def _leaves_out(self, parent: str, name: str, *, folder: bool) -> bool:
        if self._excluded(parent, name, folder=folder):
            return True
        return self._ignore is not None and self._ignore.leaves_out(parent, name, folder=folder)

    def _excluded(self, parent: str, name: str, *, folder: bool) -> bool:
        config, excluded, _ = self._of(parent)
        if self._own is not None:
            decided = self._own.decide(_below(parent, self._here) + name, folder=folder)
            if decided is not None:
                return decided
        path = _below(parent, str(config.root)) + name
        return excluded.decide(path, folder=folder) is True

    def _named_out(self, full: str) -> bool:
        """Whether a path that is named, or a folder above it in the project, is excluded."""
        folder = os.path.isdir(full)
        top = self._of(os.path.dirname(full))[0].root
        while os.path.dirname(full) != full and full != str(top):
            parent, name = os.path.split(full)
            if self._excluded(parent, name, folder=folder):
                return True
            full, folder = parent, True
        return False

    def _of(self, folder: str) -> tuple[Config, Patterns, Patterns]:
        """The configuration of a folder, what it excludes and what it includes."""
        config = self._scope.configs.of_folder(folder)
        if id(config) not in self._patterns:
            excluded = (*config.exclude, *config.extend_exclude)
            if self._scope.excluded is not None:
                excluded = config.extend_exclude
            self._patterns[id(config)] = (config, Patterns(excluded), Patterns(config.include))
        return self._patterns[id(config)]


def _below(folder: str, base: str) -> str:
    """A folder relative to another, with a slash at its end; all of it if it is not below."""
    if folder == base:
        return ""
    inside = os.path.join(base, "")
    relative = folder[len(inside) :] if folder.startswith(inside) else folder.lstrip(os.sep)
    return relative.replace(os.sep, "/") + "/"


def _relative(full: str, here: str) -> str:
    """The name in findings; a file on another drive keeps its absolute one."""
    try:
        return os.path.relpath(full, here).replace(os.sep, "/")
    except ValueError:
        return full.replace(os.sep, "/")
