"""``[tool.gradhealth.lint]`` of a pyproject.toml: every key, what it may hold, and its default."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from gradhealth_lint.errors import UsageError
from gradhealth_lint.limits import Limits

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

TABLE: Final = "tool.gradhealth.lint"
#: Names and patterns of what is searched, and what is left out of a search.
INCLUDED: Final = ("*.py", "*.ipynb")
EXCLUDED: Final = (
    ".*/", "__pycache__/", "venv/", "node_modules/", "build/", "dist/", "site-packages/",
)  # fmt: skip


class ConfigError(UsageError):
    """A configuration that cannot be used: the file, the key, and what would be valid."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """What one pyproject.toml says, or the defaults; patterns are relative to ``root``."""

    file: Path | None = None
    root: Path
    select: tuple[str, ...] | None = None
    extend_select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    per_file_ignores: tuple[tuple[str, tuple[str, ...]], ...] = ()
    include: tuple[str, ...] = INCLUDED
    exclude: tuple[str, ...] = EXCLUDED
    extend_exclude: tuple[str, ...] = ()
    require_ignore_reason: bool = False
    limits: Limits = dataclasses.field(default_factory=Limits)
    # What follows holds for a whole run, and is read from one file only.
    respect_gitignore: bool = True
    force_exclude: bool = False
    baseline: Path | None = None
    output_format: str | None = None
    #: None stands for the number of cores.
    jobs: int | None = None
    cache: bool = True
    cache_dir: Path | None = None


def parse(table: dict[str, Any], file: Path) -> Config:
    """The configuration that a table holds.

    Raises:
        ConfigError: for an unknown key or a value of the wrong kind.
    """
    root = file.parent
    given: dict[str, Any] = {}
    for key, value in table.items():
        reader = _READERS.get(key)
        if reader is None:
            raise ConfigError(f"{file}: [{TABLE}] {_unknown('key', key, _READERS)}")
        try:
            given[key.replace("-", "_")] = reader(value)
        except ConfigError as error:
            raise ConfigError(f"{file}: [{TABLE}] {key} {error}") from None
    for path in ("baseline", "cache_dir"):
        if path in given:
            given[path] = root / given[path]
    return Config(file=file, root=root, **given)


def _unknown(what: str, name: str, valid: Iterable[str]) -> str:
    import difflib

    known = sorted(valid)
    close = difflib.get_close_matches(name, known, n=1)
    meant = f" (did you mean {close[0]!r}?)" if close else ""
    return f"has no {what} {name!r}{meant}: there are {', '.join(known)}"


def _strings(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise ConfigError(f"must be a list of strings, not {value!r}")
    return tuple(value)


def _codes(value: object) -> tuple[str, ...]:
    return tuple(code.strip().upper() for code in _strings(value))


def _ignores(value: object) -> tuple[tuple[str, tuple[str, ...]], ...]:
    if not isinstance(value, dict):
        raise ConfigError(f"must be a table of a pattern and a list of codes each, not {value!r}")
    return tuple((pattern, _codes_of(pattern, codes)) for pattern, codes in value.items())


def _codes_of(pattern: str, value: object) -> tuple[str, ...]:
    try:
        return _codes(value)
    except ConfigError as error:
        raise ConfigError(f"{pattern!r} {error}") from None


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise ConfigError(f"must be true or false, not {value!r}")
    return value


def _jobs(value: object) -> int | None:
    if value == "auto":
        return None
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise ConfigError(f'must be a whole number from 1 or "auto", not {value!r}')
    return value


def _path(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise ConfigError(f"must be a path, not {value!r}")
    return value


def _output_format(value: object) -> str:
    from gradhealth_lint.formats import NAMES

    if value not in NAMES:
        raise ConfigError(f"must be one of {', '.join(NAMES)}, not {value!r}")
    return str(value)


def _limits(value: object) -> Limits:
    if not isinstance(value, dict):
        raise ConfigError(f"must be a table of names and numbers, not {value!r}")
    return limits(value)


def limits(given: dict[str, object]) -> Limits:
    """The limits with some of them set; names may have dashes for underscores.

    Raises:
        ConfigError: for an unknown name, or a value that is not of the default's kind.
    """
    defaults = {item.name: item.default for item in dataclasses.fields(Limits)}
    chosen: dict[str, Any] = {}
    for key, value in given.items():
        name = key.replace("-", "_")
        if name not in defaults:
            raise ConfigError(_unknown("limit", key, defaults))
        whole = isinstance(defaults[name], int)
        fits = isinstance(value, int if whole else (int, float)) and not isinstance(value, bool)
        if not fits or not value > 0:  # type: ignore[operator]
            kind = "a whole number" if whole else "a number"
            raise ConfigError(f"{key} must be {kind} above 0, not {value!r}")
        chosen[name] = value if whole else float(value)  # type: ignore[arg-type]
    return Limits(**chosen)


_READERS: Final[dict[str, Callable[[object], object]]] = {
    "select": _codes,
    "extend-select": _codes,
    "ignore": _codes,
    "per-file-ignores": _ignores,
    "include": _strings,
    "exclude": _strings,
    "extend-exclude": _strings,
    "require-ignore-reason": _flag,
    "limits": _limits,
    "respect-gitignore": _flag,
    "force-exclude": _flag,
    "baseline": _path,
    "output-format": _output_format,
    "jobs": _jobs,
    "cache": _flag,
    "cache-dir": _path,
}
