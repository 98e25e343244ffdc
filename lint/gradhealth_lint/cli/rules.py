"""gradhealth-lint rules."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from gradhealth_lint import formats
from gradhealth_lint.cli.console import CLEAN
from gradhealth_lint.rules import ALL_RULES

if TYPE_CHECKING:
    import argparse


def run(options: argparse.Namespace) -> int:
    """Print the list of rules."""
    sys.stdout.write(formats.load_listing(options.output_format).rules(ALL_RULES))
    return CLEAN
