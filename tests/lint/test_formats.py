"""Every output format: snapshots on awkward findings, and the shape each reader asks for."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree as ET

import jsonschema
import pytest

from gradhealth_lint import __version__, formats
from gradhealth_lint.formats.format import Context
from gradhealth_lint.rules import ALL_RULES
from gradhealth_lint.selection import UNREADABLE, UNUSED
from gradhealth_lint.violation import Severity, Violation
from tests.lint.sarif_schema import SCHEMA

SOURCE = {
    "a,b: 100%.py": ["net = deep(", "    20)", "\tx = '日本'; y = deep(20)", ""],
    "sub/ünï'\"<&>.py": ["y = deep(20)", "y  =  deep(20)"],
    "line\nfeed\x1b[31m.py": ["bell = '\a'; deep(20)"],
}
FIRST, SECOND, THIRD = SOURCE


def violation(
    path: str,
    span: tuple[int, int, int, int],
    code: str = "GRD998",
    severity: Severity = "warning",
    message: str = "the gradient shrinks to 5e-18",
) -> Violation:
    name = {"GRD998": "too-deep", "GRD002": "unreadable-file"}.get(code, "other")
    return Violation(path, *span, code, name, severity, message, "write nn.ReLU() instead")


FOUND = [
    violation(FIRST, (1, 7, 2, 8)),
    violation(FIRST, (3, 16, 3, 24), message='of "x", 100%: a::b\nsecond line, é 日本'),
    violation(FIRST, (4, 1, 4, 1), "GRD002", "error", "the file <is> & broken"),
    violation(THIRD, (1, 13, 1, 21), "GRD999", "advice"),
    violation(SECOND, (1, 5, 1, 13)),
    violation(SECOND, (2, 7, 2, 15)),
]
CONTEXT = Context(
    line=lambda one: SOURCE[one.path][one.line - 1],
    failures=("bad.py: internal error: KeyError: <é>",),
)


def written(name: str, found: list[Violation] = FOUND, context: Context = CONTEXT) -> str:
    return formats.load(name).violations(found, context)


@pytest.mark.parametrize("name", formats.NAMES)
def test_awkward_findings(name: str, snapshot: Callable[[str, str], None]) -> None:
    text = written(name)
    assert text == written(name)
    text.encode("utf-8")
    shown = text.replace(f'"version": "{__version__}"', '"version": "VERSION"')
    snapshot(f"format_{name}", shown.removesuffix("\n"))


@pytest.mark.parametrize("name", formats.NAMES)
def test_no_findings(name: str, snapshot: Callable[[str, str], None]) -> None:
    text = written(name, [], Context())
    snapshot(f"format_{name}_none", text.replace(f'"{__version__}"', '"VERSION"'))


@pytest.mark.parametrize("name", formats.NAMES)
def test_names_that_are_not_unicode(name: str) -> None:
    odd = violation("caf\udce9.py", (1, 1, 1, 2))
    written(name, [odd], Context()).encode("utf-8", "backslashreplace")


@pytest.mark.parametrize("name", ["json", "sarif", "gitlab", "junit"])
def test_what_programs_read_survives_every_encoding_of_a_terminal(name: str) -> None:
    assert written(name).isascii()


@pytest.mark.parametrize("name", ["text", "concise"])
def test_colours_add_nothing_else(name: str) -> None:
    plain = written(name)
    coloured = written(name, context=Context(True, CONTEXT.line))
    assert "\x1b" not in plain
    for code in ("\x1b[0m", "\x1b[1m", "\x1b[2m", "\x1b[1;31m", "\x1b[1;33m", "\x1b[1;36m"):
        coloured = coloured.replace(code, "")
    assert coloured == plain


def test_concise_has_a_line_a_finding() -> None:
    lines = written("concise").splitlines()
    assert len(lines) == len(FOUND)
    assert lines[0] == f"{FIRST}:1:7: GRD998 the gradient shrinks to 5e-18"


def test_sarif_follows_the_schema() -> None:
    jsonschema.Draft7Validator.check_schema(SCHEMA)
    rules = [violation(FIRST, (1, 1, 1, 1), rule.code) for rule in ALL_RULES]
    for found in (FOUND, [], rules):
        log = written("sarif", found)
        jsonschema.validate(json.loads(log), SCHEMA, jsonschema.Draft7Validator)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda run: run.pop("tool"),
        lambda run: run["results"][0].pop("message"),
        lambda run: run["results"][0].update(level="advice"),
        lambda run: run["results"][0].update(rule_id="GRD998"),
        lambda run: run["results"][0]["locations"][0]["physicalLocation"]["region"].update(
            startLine=0
        ),
        lambda run: run["tool"]["driver"]["rules"][0].pop("id"),
    ],
)
def test_the_schema_test_can_fail(wrong: Callable[[object], object]) -> None:
    log = json.loads(written("sarif"))
    wrong(log["runs"][0])
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(log, SCHEMA, jsonschema.Draft7Validator)


def test_sarif_paths_are_relative_unless_they_lead_out(tmp_path: Path) -> None:
    outside = [
        violation(str(tmp_path / "a b.py"), (1, 1, 1, 2)),
        violation("../x.py", (1, 1, 1, 2)),
    ]
    results = json.loads(written("sarif", [FOUND[0], *outside], Context()))["runs"][0]["results"]
    inside, absolute, above = (
        result["locations"][0]["physicalLocation"]["artifactLocation"] for result in results
    )
    assert inside == {"uri": "a%2Cb%3A%20100%25.py", "uriBaseId": "SRCROOT"}
    assert absolute == {"uri": (tmp_path.resolve() / "a b.py").as_uri()}
    assert above["uri"].startswith("file:///")
    assert ".." not in above["uri"]


def test_sarif_tells_of_every_rule_what_github_asks_for() -> None:
    codes = [*(rule.code for rule in ALL_RULES), UNUSED, UNREADABLE]
    found = [dataclasses.replace(FOUND[0], code=code) for code in codes]
    rules = json.loads(written("sarif", found, Context()))["runs"][0]["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == sorted(codes)
    for rule in rules:
        assert rule["fullDescription"]["text"], rule["id"]
        assert rule["help"]["text"], rule["id"]


def test_sarif_rules_are_those_of_the_results() -> None:
    real = violation("z.py", (1, 1, 1, 1), "GRD101")
    run = json.loads(written("sarif", [*FOUND, real], Context()))["runs"][0]
    rules = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == ["GRD002", "GRD101", "GRD998", "GRD999"]
    assert all(rules[one["ruleIndex"]]["id"] == one["ruleId"] for one in run["results"])
    assert "```python" in rules[1]["help"]["markdown"]


def test_fingerprints_are_all_different_and_stay_when_lines_move() -> None:
    def known(found: list[Violation], context: Context) -> list[str]:
        gitlab = [row["fingerprint"] for row in json.loads(written("gitlab", found, context))]
        results = json.loads(written("sarif", found, context))["runs"][0]["results"]
        assert [list(one["partialFingerprints"].values()) for one in results] == [
            [one] for one in gitlab
        ]
        return gitlab

    before = known(FOUND, CONTEXT)
    assert len(set(before)) == len(FOUND)
    twins = FOUND[4:]
    moved = [violation(SECOND, (11, 9, 11, 17)), violation(SECOND, (30, 8, 30, 16))]
    lines = {11: "    y = deep(20)", 30: "y  =  deep(20)"}
    assert known(moved, Context(line=lambda one: lines[one.line])) == known(twins, CONTEXT)


def test_github_escapes_what_would_end_a_command() -> None:
    lines = written("github").splitlines()
    assert len(lines) == len(FOUND)
    assert all(line.split(" ")[0] in {"::error", "::warning", "::notice"} for line in lines)
    properties = lines[1].split("::")[1]
    assert "file=a%2Cb%3A 100%25.py,line=3" in properties
    assert "100%25: a::b%0Asecond line" in lines[1]
    assert "col=" not in lines[0]  # over several lines
    assert "col=16,endColumn=24" in lines[1]


def test_gitlab_has_what_its_report_needs() -> None:
    for row in json.loads(written("gitlab")):
        assert {"description", "check_name", "fingerprint", "severity", "location"} == set(row)
        assert row["severity"] in {"info", "minor", "major", "critical", "blocker"}
        assert not row["location"]["path"].startswith("./")
        assert row["location"]["positions"]["begin"]["line"] >= 1


#: The attributes and children that the schema of Jenkins' xunit plugin has, and what is required.
JUNIT = {
    "testsuites": ({"name", "tests", "failures", "errors"}, set(), {"testsuite"}),
    "testsuite": ({"name", "tests", "failures", "errors"}, {"name", "tests"}, {"testcase"}),
    "testcase": ({"name", "classname", "time"}, {"name", "classname"}, {"failure", "error"}),
    "failure": ({"type", "message"}, {"type"}, set()),
    "error": ({"type", "message"}, {"type"}, set()),
}


def test_junit_follows_the_schema() -> None:
    for text, tests, failures, errors in (
        (written("junit"), len(FOUND) + 1, len(FOUND), 1),
        (written("junit", [], Context()), 1, 0, 0),
    ):
        root = ET.fromstring(text)
        counts = {"tests": str(tests), "failures": str(failures), "errors": str(errors)}
        assert counts.items() <= root.attrib.items()
        for element in root.iter():
            allowed, required, children = JUNIT[element.tag]
            assert required <= set(element.attrib) <= allowed
            assert {child.tag for child in element} <= children
        for suite in root:
            assert suite.get("tests") == str(len(suite))
            names = [(case.get("classname"), case.get("name")) for case in suite]
            assert len(set(names)) == len(names)
