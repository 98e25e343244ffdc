"""Limits from the ini file, ``pyproject.toml`` and markers; the nearest to the test wins."""

from __future__ import annotations

import ast
import importlib
import sys
from typing import TYPE_CHECKING, Any, Final

from pytest_gradhealth.errors import ProbeError
from pytest_gradhealth.limits import Limits

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

#: The tables under ``[tool.gradhealth]``.
_TABLES: Final = ("limits", "lint")


def limits_from(
    lines: Sequence[str], table: Mapping[str, Any], marked: Mapping[str, Any]
) -> Limits:
    """The limits that ini lines, a table of ``pyproject.toml`` and a marker ask for.

    Raises:
        ProbeError: A line is not ``NAME=VALUE``, a name is unknown or a value impossible.
    """
    changes = from_lines(lines)
    for given in (table, marked):
        changes |= {name: tuple(v) if isinstance(v, list) else v for name, v in given.items()}
    return Limits().replace(**changes)


def from_lines(lines: Sequence[str]) -> dict[str, Any]:
    """``NAME=VALUE`` lines as a mapping.

    Raises:
        ProbeError: A line has another form, or its value is not a number.
    """
    changes: dict[str, Any] = {}
    for line in lines:
        name, equals, value = (part.strip() for part in line.partition("="))
        if not equals:
            msg = f"gradhealth_limits takes NAME=VALUE lines, found {line!r}"
            raise ProbeError(msg)
        try:
            changes[name] = ast.literal_eval(value)
        except (ValueError, SyntaxError) as error:
            msg = f"gradhealth_limits: {value!r} is not a number ({name})"
            raise ProbeError(msg) from error
    return changes


def from_pyproject(path: Path) -> dict[str, Any]:
    """The table ``[tool.gradhealth.limits]``; empty where the file or the table is missing.

    Raises:
        ProbeError: The file is not TOML, or a table under ``[tool.gradhealth]`` is unknown.
    """
    toml: Any = importlib.import_module("tomllib" if sys.version_info >= (3, 11) else "tomli")
    try:
        tool = toml.loads(path.read_text(encoding="utf-8")).get("tool", {})
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError, toml.TOMLDecodeError) as error:
        msg = f"{path.name} cannot be read: {error}"
        raise ProbeError(msg) from error
    tables = tool.get("gradhealth", {})
    unknown = sorted(set(tables) - set(_TABLES))
    if unknown:
        known = ", ".join(f"[tool.gradhealth.{name}]" for name in _TABLES)
        msg = f"{path.name}: unknown [tool.gradhealth.{unknown[0]}]; the tables are {known}"
        raise ProbeError(msg)
    return dict(tables.get("limits", {}))
