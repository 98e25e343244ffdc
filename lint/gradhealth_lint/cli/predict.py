"""gradhealth-lint predict PATHS."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from gradhealth_lint import formats, prediction_run
from gradhealth_lint.cli import project
from gradhealth_lint.cli.console import CLEAN, COULD_NOT_RUN, complain

if TYPE_CHECKING:
    import argparse


def run(options: argparse.Namespace) -> int:
    """Print the prediction of every stack found."""
    asked = project.of(options)
    found, troubles = prediction_run.run(asked.files(), asked.limits)
    sys.stdout.write(formats.load_listing(options.output_format).predictions(found))
    troubles += asked.scope.failures
    for trouble in troubles:
        complain(trouble)
    return COULD_NOT_RUN if troubles else CLEAN
