"""gradhealth-lint rule CODE."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from gradhealth_lint import formats
from gradhealth_lint.cli.console import CLEAN, complain
from gradhealth_lint.rules import ALL_RULES

if TYPE_CHECKING:
    import argparse


def run(options: argparse.Namespace) -> int:
    """Print a rule's page."""
    for rule in ALL_RULES:
        if options.code.upper() in {rule.code, rule.name.upper()}:
            sys.stdout.write(formats.load_pages(options.output_format).page(rule))
            return CLEAN
    valid = ", ".join(rule.code for rule in ALL_RULES)
    return complain(f"unknown rule {options.code!r}: there are {valid}")
