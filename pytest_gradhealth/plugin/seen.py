"""What each test has measured: kept with its item, sent to the main process, told at the end."""

from __future__ import annotations

import json
import os
from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

if TYPE_CHECKING:
    from pytest_gradhealth.facts import Diagnosis
    from pytest_gradhealth.overview import Measured

#: A test's diagnoses as plain mappings: no model is kept, and they can leave the process.
_DIAGNOSES: Final = pytest.StashKey[list[dict[str, Any]]]()

#: In the main process: by test, what its last run measured, and whether that run failed.
_SEEN: Final = pytest.StashKey[dict[str, list[dict[str, Any]]]]()
_FAILED: Final = pytest.StashKey[set[str]]()

#: In the main process: golden profiles that were written; the property they travel as.
_PROFILES: Final = pytest.StashKey[dict[str, None]]()
_WRITTEN: Final = "gradhealth.baseline_written"

#: The attribute of a report that takes them from a worker of pytest-xdist to the main process.
_ATTRIBUTE: Final = "gradhealth"


def remember(item: pytest.Item, diagnoses: tuple[Diagnosis, ...], *, send: bool = True) -> None:
    """Keep what the test measured, for its reports.

    Args:
        item: The test.
        diagnoses: What it measured.
        send: Whether to tell the end of the run; items that share a diagnosis tell it once.
    """
    from pytest_gradhealth.overview import properties

    # A test that is run again has those of its first run.
    item.user_properties[:] = [
        pair for pair in item.user_properties if not pair[0].startswith("gradhealth.")
    ]
    for index, diagnosis in enumerate(diagnoses):
        prefix = "gradhealth." if index == 0 else f"gradhealth.{index + 1}."
        item.user_properties += [(prefix + key, value) for key, value in properties(diagnosis)]
    if send:
        item.stash[_DIAGNOSES] = [diagnosis.to_dict() for diagnosis in diagnoses]


def tell_written(item: pytest.Item, paths: list[str]) -> None:
    """Have the end of the run tell which golden profiles the test wrote."""
    item.user_properties += [(_WRITTEN, path) for path in paths]


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, Any, None]:
    """Put the diagnoses on the test's last report."""
    outcome = yield
    if call.when == "teardown" and _DIAGNOSES in item.stash:
        setattr(outcome.get_result(), _ATTRIBUTE, item.stash[_DIAGNOSES])
        del item.stash[_DIAGNOSES]


class Listener:
    """Takes the reports in; only in the main process."""

    def __init__(self, config: pytest.Config) -> None:
        self.seen: dict[str, list[dict[str, Any]]] = config.stash.setdefault(_SEEN, {})
        self.failed: set[str] = config.stash.setdefault(_FAILED, set())
        self.profiles: dict[str, None] = config.stash.setdefault(_PROFILES, {})

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep the last run of each test."""
        if report.failed:
            self.failed.add(report.nodeid)
        elif report.when == "setup":
            self.failed.discard(report.nodeid)
        self.profiles |= {
            str(path): None for name, path in report.user_properties if name == _WRITTEN
        }
        made = getattr(report, _ATTRIBUTE, None)
        if made:
            self.seen[report.nodeid] = made


def measured(config: pytest.Config) -> list[Measured]:
    """Every diagnosis of the run."""
    from pytest_gradhealth.facts import Diagnosis
    from pytest_gradhealth.overview import Measured

    failed = config.stash[_FAILED]
    models = set(config.getoption("--gradhealth-model"))
    found: dict[str, Measured] = {}
    for nodeid, diagnoses in config.stash[_SEEN].items():
        name = nodeid.rpartition("::")[0]
        of_model = name in models
        for index, data in enumerate(diagnoses):
            title = name if of_model else nodeid + (f" ({index + 1})" if index else "")
            bad = any(n.startswith(f"{name}::") for n in failed) if of_model else nodeid in failed
            found[title] = Measured(title, Diagnosis.from_dict(data), failed=bad)
    return list(found.values())


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """The section on gradient health; silent where nothing was measured, and under ``-q``."""
    for path in config.stash.get(_PROFILES, {}):
        terminalreporter.write_line(f"gradient profile written: {_nearby(config, path)}")
    if _SEEN not in config.stash or not config.stash[_SEEN]:
        return
    from pytest_gradhealth.github import workflow_commands
    from pytest_gradhealth.overview import lines

    every = measured(config)
    if config.get_verbosity() >= 0:
        terminalreporter.section("gradient health")
        for line in lines(every, verbose=config.get_verbosity() > 0):
            terminalreporter.write_line(line)
    for option in ("json", "report"):
        path = config.getoption(f"--gradhealth-{option}")
        if path:
            terminalreporter.write_line(f"gradient health written to {path}")
    if os.environ.get("GITHUB_ACTIONS") == "true":
        for line in workflow_commands(every, config.rootpath):
            terminalreporter.write_line(line)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Write what was asked for."""
    config = session.config
    if _SEEN not in config.stash:
        return
    given = config.getoption("--gradhealth-json")
    if given:
        from pytest_gradhealth.atomic import write_text

        every = [
            {"test": one.test, "failed": one.failed, "diagnosis": one.diagnosis.to_dict()}
            for one in measured(config)
        ]
        text = json.dumps({"schema": 1, "measured": every}, indent=1, allow_nan=False)
        write_text(config.invocation_params.dir / given, text + "\n")
    page = config.getoption("--gradhealth-report")
    if page:
        from pytest_gradhealth.report import Entry, write_page

        entries = [Entry(m.test, m.diagnosis, failed=m.failed) for m in measured(config)]
        write_page(config.invocation_params.dir / page, entries)
    summary = os.environ.get("GITHUB_STEP_SUMMARY")
    if summary and os.environ.get("GITHUB_ACTIONS") == "true" and config.stash[_SEEN]:
        from pytest_gradhealth.overview import markdown

        with Path(summary).open("a", encoding="utf-8") as file:
            file.write(markdown(measured(config)))


def _nearby(config: pytest.Config, path: str) -> str:
    """A path as it is reached from where pytest was started."""
    place, here = Path(path), config.invocation_params.dir
    return str(place.relative_to(here)) if place.is_relative_to(here) else path
