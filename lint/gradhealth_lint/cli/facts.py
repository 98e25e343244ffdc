"""gradhealth-lint facts PATHS."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from gradhealth_lint import facts_run
from gradhealth_lint.cli import project
from gradhealth_lint.cli.console import CLEAN, COULD_NOT_RUN, complain

if TYPE_CHECKING:
    import argparse


def run(options: argparse.Namespace) -> int:
    """Print what the rules see of every file."""
    asked = project.of(options)
    found, troubles = facts_run.run(asked.files(), asked.limits)
    as_json = options.output_format == "json"
    sys.stdout.write(facts_run.as_json(found) if as_json else facts_run.as_text(found))
    troubles += asked.scope.failures
    for trouble in troubles:
        complain(trouble)
    return COULD_NOT_RUN if troubles else CLEAN
