"""Which pyproject.toml holds for which file: the nearest upwards that has the linter's table."""

from __future__ import annotations

import os
import re
import sys
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from gradhealth_lint.config import TABLE, Config, ConfigError, parse

if TYPE_CHECKING:
    from collections.abc import Sequence

_NAME: Final = "pyproject.toml"
#: Without one of these in its bytes a file has no such table, and TOML need not be loaded.
_MENTION: Final = re.compile(
    rb"""tool["'\s]*\.\s*["']?gradhealth|^\s*["']?gradhealth["']?\s*[.=]""", re.MULTILINE
)


class Configs:
    """The configurations of a run, each read once.

    ``given`` is the one file that counts for everything (--config); ``isolated`` leaves all
    files unread.
    """

    def __init__(self, given: str | None = None, *, isolated: bool = False) -> None:
        self._folders: dict[str, Config | None] = {}
        self._here = os.getcwd()
        self._default = Config(root=Path(self._here))
        self._only = self._default if isolated else None
        if given is not None:
            self._only = _given(Path(given))

    def of_folder(self, folder: str) -> Config:
        """The configuration of files in an absolute folder.

        Raises:
            ConfigError: the nearest file cannot be used.
        """
        return self._only or self._nearest(folder) or self._default

    def of_run(self, paths: Sequence[str]) -> Config:
        """What holds for the whole run: the working directory's, else the first path's."""
        if self._only is None and self._nearest(self._here) is None and paths:
            first = os.path.abspath(paths[0])
            return self.of_folder(first if os.path.isdir(first) else os.path.dirname(first))
        return self.of_folder(self._here)

    def _nearest(self, folder: str) -> Config | None:
        waiting = []
        while folder not in self._folders:
            waiting.append(folder)
            found = _read(Path(folder, _NAME))
            parent = os.path.dirname(folder)
            if found is not None or parent == folder:
                self._folders[folder] = found
                break
            folder = parent
        config = self._folders[folder]
        self._folders.update(dict.fromkeys(waiting, config))
        return config


def _given(file: Path) -> Config:
    if not file.is_file():
        raise ConfigError(f"{file}: there is no such file (--config)")
    file = Path(os.path.abspath(file))
    data = file.read_bytes()
    table = _table(data, file)
    if table is None and file.name != _NAME:
        # A file of its own may hold the keys at its top.
        table = _toml(data, file)
    if table is None:
        raise ConfigError(f"{file}: there is no table [{TABLE}]")
    return parse(table, file)


def _read(file: Path) -> Config | None:
    try:
        data = file.read_bytes()
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return None
    except OSError as error:
        raise ConfigError(f"{file}: cannot be opened: {error.strerror or error}") from None
    if not _MENTION.search(data):
        return None
    table = _table(data, file)
    return None if table is None else parse(table, file)


def _table(data: bytes, file: Path) -> dict[str, Any] | None:
    inner: Any = _toml(data, file)
    for name in TABLE.split("."):
        inner = inner.get(name) if isinstance(inner, dict) else None
    if inner is not None and not isinstance(inner, dict):
        raise ConfigError(f"{file}: {TABLE} must be a table, not {inner!r}")
    return inner


def _toml(data: bytes, file: Path) -> dict[str, Any]:
    toml = import_module("tomllib" if sys.version_info >= (3, 11) else "tomli")
    try:
        return dict(toml.loads(data.decode("utf-8")))
    except ValueError as error:  # what the decoders of both raise
        raise ConfigError(f"{file}: is not TOML: {error}") from None
