"""JUnit's XML, which most CI servers show as failed tests: a suite a file, a test a finding."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Final
from xml.etree import ElementTree as ET

from gradhealth_lint.formats.place import place, within
from gradhealth_lint.formats.printable import printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gradhealth_lint.formats.format import Context
    from gradhealth_lint.violation import Violation

_NAME: Final = "gradhealth-lint"


def violations(found: Sequence[Violation], context: Context) -> str:
    """The report; a run without findings is one test that passes."""
    root = ET.Element("testsuites", name=_NAME)
    for path, ones in groupby(found, key=lambda one: one.path):
        suite = ET.SubElement(root, "testsuite", name=printable(path))
        for one in ones:
            _case(suite, one)
    _failures(root, context.failures)
    if not len(root):
        suite = ET.SubElement(root, "testsuite", name=_NAME)
        ET.SubElement(suite, "testcase", name="no findings", classname=_NAME)
    for element in (*root, root):
        _count(element)
    ET.indent(root)
    text: bytes = ET.tostring(root, encoding="us-ascii", xml_declaration=True)
    return text.decode() + "\n"


def _case(suite: ET.Element, violation: Violation) -> None:
    name = f"{violation.code} {violation.name} at {within(violation)}"
    path = printable(violation.path)
    case = ET.SubElement(suite, "testcase", name=name, classname=path)
    message = printable(violation.message)
    failure = ET.SubElement(case, "failure", type=violation.severity, message=message)
    failure.text = f"{place(violation)}: {message}\n{printable(violation.remedy)}"


def _failures(root: ET.Element, failures: Sequence[str]) -> None:
    """The files on which the linter itself failed."""
    if failures:
        suite = ET.SubElement(root, "testsuite", name=_NAME)
        for number, sentence in enumerate(map(printable, failures), start=1):
            name = f"failure {number}"
            case = ET.SubElement(suite, "testcase", name=name, classname=_NAME)
            ET.SubElement(case, "error", type="internal", message=sentence)


def _count(element: ET.Element) -> None:
    for attribute, tag in (("tests", "testcase"), ("failures", "failure"), ("errors", "error")):
        element.set(attribute, str(sum(1 for _ in element.iter(tag))))
