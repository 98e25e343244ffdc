"""What GitHub's runners read: annotations on lines of the source."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from pytest_gradhealth.overview import Measured


def workflow_commands(measured: Sequence[Measured], root: Path) -> Iterator[str]:
    """A workflow command per finding, at the sick module's class or else at the test's file.

    A finding that no test failed on is a warning.
    """
    for one in measured:
        for finding in one.diagnosis.findings:
            level = "error" if one.failed else "warning"
            place, _, line = finding.source.rpartition(":")
            if not place or not _inside(root, place):
                place, line = one.test.partition("::")[0], "1"
            title = f"{finding.symptom} in {one.test}"
            where = f"file={_value(_relative(root, place))},line={line}"
            yield f"::{level} {where},title={_value(title)}::{_text(finding.message)}"


def _inside(root: Path, place: str) -> bool:
    return (root / place).is_relative_to(root) and (root / place).is_file()


def _relative(root: Path, place: str) -> str:
    path = root / place
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else place


def _text(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _value(text: str) -> str:
    return _text(text).replace(":", "%3A").replace(",", "%2C")
