"""Formats with what only some findings have: a cell of a notebook, a fix."""

from __future__ import annotations

import json
from typing import Any, cast
from xml.etree import ElementTree as ET

import jsonschema
import pytest

from gradhealth_lint import formats
from gradhealth_lint.formats.format import Context
from gradhealth_lint.formats.source_lines import SourceLines
from gradhealth_lint.violation import Applicability, Edit, Fix, Violation
from tests.lint.sarif_schema import SCHEMA


def finding(
    path: str = "a.py",
    cell: int | None = None,
    applicability: Applicability | None = None,
) -> Violation:
    edit = Edit(12, 5, 12, 9, "y = 2\n")
    fix = None if applicability is None else Fix(applicability, (edit,))
    place = (path, 12, 5, 12, 9)
    return Violation(
        *place, "GRD998", "too-deep", "warning", "the fact", "the remedy", fix=fix, cell=cell
    )


def written(name: str, found: Violation) -> str:
    return formats.load(name).violations([found], Context())


def result(found: Violation) -> dict[str, Any]:
    log = json.loads(written("sarif", found))
    jsonschema.validate(log, SCHEMA, jsonschema.Draft7Validator)
    (one,) = log["runs"][0]["results"]
    return cast("dict[str, Any]", one)


CELL = finding("nb.ipynb", cell=3)


@pytest.mark.parametrize("name", ["text", "concise"])
def test_people_read_the_cell(name: str) -> None:
    assert written(name, CELL).startswith("nb.ipynb:cell 3:12:5: GRD998")


def test_reports_about_lines_of_a_file_say_the_cell_in_words() -> None:
    github = written("github", CELL)
    assert github.startswith("::warning title=GRD998 too-deep,file=nb.ipynb::cell 3:12:5: the fact")
    (row,) = json.loads(written("gitlab", CELL))
    assert row["description"] == "cell 3:12:5: GRD998 too-deep: the fact"
    assert row["location"]["positions"]["begin"] == {"line": 1, "column": 1}
    (case,) = ET.fromstring(written("junit", CELL)).iter("testcase")
    assert case.get("name") == "GRD998 too-deep at cell 3:12:5"


def test_sarif_names_the_cell() -> None:
    found = result(finding("nb.ipynb", cell=3, applicability="safe"))
    (location,) = found["locations"]
    assert location["physicalLocation"]["region"] == {"startLine": 1}
    assert location["logicalLocations"] == [{"name": "cell 3"}]
    assert found["message"]["text"].startswith("cell 3:12:5: the fact")
    assert "fixes" not in found  # its lines are those of the cell


@pytest.mark.parametrize("applicability", ["safe", "unsafe"])
def test_sarif_has_fixes(applicability: Applicability) -> None:
    (fix,) = result(finding(applicability=applicability))["fixes"]
    assert fix["description"]["text"] == f"the remedy ({applicability})"
    (change,) = fix["artifactChanges"]
    assert change["artifactLocation"] == {"uri": "a.py", "uriBaseId": "SRCROOT"}
    assert change["replacements"] == [
        {
            "deletedRegion": {"startLine": 12, "startColumn": 5, "endLine": 12, "endColumn": 9},
            "insertedContent": {"text": "y = 2\n"},
        }
    ]
    assert "fixes" not in result(finding())


@pytest.mark.parametrize(
    ("applicability", "line", "star"),
    [
        ("safe", "    written by --fix", True),
        ("unsafe", "    written by --fix --unsafe-fixes", False),
    ],
)
def test_people_read_that_there_is_a_fix(
    applicability: Applicability, line: str, star: bool
) -> None:
    found = finding(applicability=applicability)
    assert line in written("text", found).splitlines()
    assert ("GRD998 [*] the fact" in written("concise", found)) is star
    assert "fix" not in written("text", finding())


def test_json_has_the_edits() -> None:
    (row,) = json.loads(written("json", finding(applicability="unsafe")))
    edit = {"line": 12, "column": 5, "end_line": 12, "end_column": 9, "text": "y = 2\n"}
    assert row["fix"] == {"applicability": "unsafe", "edits": [edit]}


def test_the_line_of_a_cell_is_shown() -> None:
    cells = [
        {"cell_type": "markdown", "source": "# title"},
        {"cell_type": "code", "source": ["x = 1\n", "y = deep(20)"]},
        {"cell_type": "code", "source": "x = 2\ny = deep(30)\n"},
    ]
    notebook = json.dumps({"nbformat": 4, "cells": cells}).encode()
    lines = SourceLines(lambda _: notebook)

    def line(cell: int, number: int) -> str:
        place = ("nb.ipynb", number, 1, number, 2)
        return lines.of(Violation(*place, "GRD998", "x", "error", "x", "x", cell=cell))

    assert line(2, 2) == "y = deep(20)"
    assert line(3, 1) == "x = 2"
    assert line(3, 2) == "y = deep(30)"
    assert line(3, 9) == line(7, 1) == ""


def test_json_has_the_cell_of_findings_in_notebooks_alone() -> None:
    (row,) = json.loads(written("json", CELL))
    assert row["cell"] == 3
    (row,) = json.loads(written("json", finding()))
    assert "cell" not in row
