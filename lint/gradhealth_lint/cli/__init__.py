"""The command line: gradhealth-lint [check] PATHS, baseline, predict, facts, rule CODE, rules.

Exit codes: 0 clean, 1 findings, 2 could not run. Nothing here or at import time loads libcst:
that happens when the first file passes the screen. What is surely clean loads next to nothing.
"""

from __future__ import annotations

import os
import sys

from gradhealth_lint import quick

TYPE_CHECKING = False  # typing itself takes 4 ms to load
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Final

#: The module of this folder that has the function ``run`` of each command.
_MODULES: Final = {
    "check": "check",
    "baseline": "baseline",
    "predict": "predict",
    "facts": "facts",
    "rule": "rule",
    "rules": "rules",
}
#: Trees are many small objects without circles: Python's own thresholds have the collector go
#: through them again and again, for a tenth of a run.
_THRESHOLDS: Final = (50_000, 20, 20)


def main(given: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit code.

    Raises:
        SystemExit: from argparse, with 2 for bad options and 0 for --help and --version.
    """
    words = list(sys.argv[1:] if given is None else given)
    try:
        if quick.is_clean(words):
            sys.stdout.write(quick.ANSWER)
            sys.stdout.flush()
            return 0
    except BrokenPipeError:
        return _deaf()
    return _run(words)


def _run(words: list[str]) -> int:
    import gc
    import io
    from importlib import import_module

    from gradhealth_lint.cli import arguments
    from gradhealth_lint.cli.console import complain
    from gradhealth_lint.errors import UsageError

    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A name the terminal cannot show must not end the run.
            stream.reconfigure(errors="backslashreplace")
    options = arguments.parse(words)
    module = import_module(f"gradhealth_lint.cli.{_MODULES[options.command]}")
    before = gc.get_threshold()
    gc.set_threshold(*_THRESHOLDS)
    try:
        code: int = module.run(options)
        sys.stdout.flush()
    except BrokenPipeError:
        return _deaf()
    except KeyboardInterrupt:
        return complain("interrupted")
    except UsageError as error:
        return complain(str(error))
    finally:
        gc.set_threshold(*before)
    return code


def _deaf() -> int:
    """Nobody reads the output any more: end quietly, also when Python flushes at its end."""
    from gradhealth_lint.cli.console import COULD_NOT_RUN

    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return COULD_NOT_RUN
