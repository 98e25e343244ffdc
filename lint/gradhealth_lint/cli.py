"""The command line: gradhealth-lint [check] PATHS, predict PATHS, rule CODE, rules.

Exit codes: 0 clean, 1 findings, 2 could not run. Nothing here or at import time loads libcst:
that happens when the first file passes the screen.
"""

from __future__ import annotations

import argparse
import io
import sys
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gradhealth_lint.formats.format import Format

CLEAN: Final = 0
FINDINGS: Final = 1
COULD_NOT_RUN: Final = 2
_COMMANDS: Final = ("check", "predict", "rule", "rules")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit code.

    Raises:
        SystemExit: from argparse, with 2 for bad options and 0 for --help and --version.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A name the terminal cannot show must not end the run.
            stream.reconfigure(errors="backslashreplace")
    if not given or (given[0] not in _COMMANDS and given[0] not in {"-h", "--help", "--version"}):
        given.insert(0, "check")
    options = _parser().parse_args(given)
    command: int = _RUN[options.command](options)
    return command


def _check(options: argparse.Namespace) -> int:
    from gradhealth_lint import discovery, engine, selection
    from gradhealth_lint.limits import Limits
    from gradhealth_lint.rules import ALL_RULES

    try:
        rules, unreadable = selection.select(
            ALL_RULES, options.select, options.extend_select, options.ignore
        )
        files = discovery.files(options.paths)
    except ValueError as error:
        return _complain(str(error))
    outcome = engine.lint(files, rules, Limits(), report_unreadable=unreadable)
    sys.stdout.write(_format(options).violations(outcome.violations))
    for failure in outcome.failures:
        _complain(failure)
    if outcome.failures:
        return COULD_NOT_RUN
    return FINDINGS if outcome.violations else CLEAN


def _predict(options: argparse.Namespace) -> int:
    from gradhealth_lint import discovery, prediction_run
    from gradhealth_lint.limits import Limits

    try:
        files = discovery.files(options.paths)
    except ValueError as error:
        return _complain(str(error))
    found, troubles = prediction_run.run(files, Limits())
    sys.stdout.write(_format(options).predictions(found))
    for trouble in troubles:
        _complain(trouble)
    return COULD_NOT_RUN if troubles else CLEAN


def _rule(options: argparse.Namespace) -> int:
    from gradhealth_lint.formats import text
    from gradhealth_lint.rules import ALL_RULES

    for rule in ALL_RULES:
        if options.code.upper() in {rule.code, rule.name.upper()}:
            sys.stdout.write(text.page(rule))
            return CLEAN
    valid = ", ".join(rule.code for rule in ALL_RULES)
    return _complain(f"unknown rule {options.code!r}: there are {valid}")


def _rules(options: argparse.Namespace) -> int:
    from gradhealth_lint.rules import ALL_RULES

    sys.stdout.write(_format(options).rules(ALL_RULES))
    return CLEAN


_RUN: Final = {"check": _check, "predict": _predict, "rule": _rule, "rules": _rules}


class _Version(argparse.Action):
    """--version, looked up only when it is asked for."""

    def __init__(self, option_strings: list[str], dest: str, **_: object) -> None:
        super().__init__(option_strings, dest, nargs=0, help="print the version and exit")

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: object,
        option_string: str | None = None,
    ) -> None:
        import gradhealth_lint

        sys.stdout.write(f"gradhealth-lint {gradhealth_lint.__version__}\n")
        parser.exit(CLEAN)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="gradhealth-lint",
        description="Find what makes gradients vanish, explode or get lost in PyTorch code.",
        epilog="exit codes: 0 clean, 1 findings, 2 could not run",
    )
    parser.add_argument("--version", action=_Version)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    check = commands.add_parser("check", help="lint files and folders (the default command)")
    check.add_argument("paths", nargs="*", default=["."], metavar="PATH")
    for option, what in (
        ("--select", "run these rules instead of the default ones"),
        ("--extend-select", "run these rules as well"),
        ("--ignore", "do not run these rules"),
    ):
        check.add_argument(
            option, type=_codes, default=[], metavar="CODES", action="extend",
            help=f"{what}: codes or prefixes with commas, or ALL",
        )  # fmt: skip
    check.add_argument("--version", action=_Version)
    predict = commands.add_parser("predict", help="print the predicted gradient gain of each stack")
    predict.add_argument("paths", nargs="*", default=["."], metavar="PATH")
    rule = commands.add_parser("rule", help="print everything about one rule")
    rule.add_argument("code", metavar="CODE")
    rules = commands.add_parser("rules", help="list the rules")
    for command in (check, predict, rules):
        command.add_argument("--output-format", choices=("text", "json"), default="text")
    return parser


def _codes(given: str) -> list[str]:
    return [code.strip().upper() for code in given.split(",") if code.strip()]


def _format(options: argparse.Namespace) -> Format:
    if options.output_format == "json":
        from gradhealth_lint.formats import json_array

        return json_array
    from gradhealth_lint.formats import text

    return text


def _complain(sentence: str) -> int:
    sys.stderr.write(f"gradhealth-lint: {sentence}\n")
    return COULD_NOT_RUN
