"""The command line: gradhealth-lint [check] PATHS, baseline, predict, facts, rule CODE, rules.

Exit codes: 0 clean, 1 findings, 2 could not run. Nothing here or at import time loads libcst:
that happens when the first file passes the screen.
"""

from __future__ import annotations

import io
import os
import sys
from importlib import import_module
from typing import TYPE_CHECKING, Final

from gradhealth_lint.cli import arguments
from gradhealth_lint.cli.console import COULD_NOT_RUN, complain
from gradhealth_lint.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

#: The module of this folder that has the function ``run`` of each command.
_MODULES: Final = {
    "check": "check",
    "baseline": "baseline",
    "predict": "predict",
    "facts": "facts",
    "rule": "rule",
    "rules": "rules",
}


def main(given: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit code.

    Raises:
        SystemExit: from argparse, with 2 for bad options and 0 for --help and --version.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A name the terminal cannot show must not end the run.
            stream.reconfigure(errors="backslashreplace")
    options = arguments.parse(list(sys.argv[1:] if given is None else given))
    module = import_module(f"gradhealth_lint.cli.{_MODULES[options.command]}")
    try:
        code: int = module.run(options)
        sys.stdout.flush()
    except BrokenPipeError:
        return _deaf()
    except KeyboardInterrupt:
        return complain("interrupted")
    except UsageError as error:
        return complain(str(error))
    return code


def _deaf() -> int:
    """Nobody reads the output any more: end quietly, also when Python flushes at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return COULD_NOT_RUN
