"""A line on the terminal for a measurement that takes more than two seconds."""

from __future__ import annotations

import os
import time
from contextlib import AbstractContextManager, nullcontext
from typing import Final

import pytest

_PATIENCE: Final = 2.0  # seconds


class Line:
    """One line that is written over and gone in the end."""

    def __init__(self, reporter: pytest.TerminalReporter, name: str) -> None:
        self.reporter = reporter
        self.name = name
        self.since: float | None = None
        self.shown = False

    def __call__(self, stage: str) -> None:
        """Show the stage, if enough time has passed; ``""`` takes the line away."""
        now = time.monotonic()
        self.since = now if self.since is None else self.since
        if stage and now - self.since >= _PATIENCE:
            text = f"gradient health of {self.name}: {stage} ({now - self.since:.0f} s)"
            self._write(text[: self.reporter._tw.fullwidth - 1])
        elif not stage:
            if self.shown:
                self._write("")
            self.since, self.shown = None, False

    def _write(self, text: str) -> None:
        """Past pytest's capture, which holds while a test runs."""
        capture = self.reporter.config.pluginmanager.get_plugin("capturemanager")
        with capture.global_and_fixture_disabled() if capture else nullcontext():
            if not self.shown:
                self.reporter.ensure_newline()
                self.shown = True
            self.reporter.rewrite(text, erase=True)
            if not text:
                self.reporter.write("\r")
            self.reporter.flush()


def progress_of(config: pytest.Config, name: str) -> AbstractContextManager[None]:
    """Show a measurement's stages on a terminal; not in logs, under CI, ``-q`` or in workers."""
    from pytest_gradhealth.progress import told_to

    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None or not reporter.isatty or os.environ.get("CI"):
        return nullcontext()
    return nullcontext() if config.get_verbosity() < 0 else told_to(Line(reporter, name))
