"""The options of every command."""

from __future__ import annotations

import argparse
import sys
from typing import Final

from gradhealth_lint import formats

COMMANDS: Final = ("check", "baseline", "predict", "facts", "rule", "rules")
_NOT_CHECK: Final = frozenset({"-h", "--help", "--version"})


def parse(given: list[str]) -> argparse.Namespace:
    """The options of a command line; ``check`` is the default command.

    Raises:
        SystemExit: from argparse, with 2 for bad options and 0 for --help and --version.
    """
    if not given or (given[0] not in COMMANDS and given[0] not in _NOT_CHECK):
        given.insert(0, "check")
    # A path after the bare option is a path, not its reason.
    given = ["--add-ignore=" if one == "--add-ignore" else one for one in given]
    return make_parser().parse_args(given)


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
        parser.exit(0)


def make_parser() -> argparse.ArgumentParser:
    """Commands and options."""
    parser = argparse.ArgumentParser(
        prog="gradhealth-lint",
        description="Find what makes gradients vanish, explode or get lost in PyTorch code.",
        epilog="exit codes: 0 clean, 1 findings, 2 could not run",
    )
    parser.add_argument("--version", action=_Version)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    check = commands.add_parser("check", help="lint files and folders (the default command)")
    check.add_argument("--version", action=_Version)
    _linting(check)
    _check(check)
    accept = commands.add_parser("baseline", help="accept today's findings: only new ones count")
    _linting(accept)
    accept.add_argument("--output", metavar="F", help="write them there")
    predict = commands.add_parser("predict", help="print the predicted gradient gain of each stack")
    facts = commands.add_parser("facts", help="print what the rules see of each file, in order")
    for command in (check, accept, predict, facts):
        _paths(command)
    rule = commands.add_parser("rule", help="print everything about one rule")
    rule.add_argument("code", metavar="CODE")
    rule.add_argument("--output-format", choices=formats.PAGES, default="text")
    rules = commands.add_parser("rules", help="list the rules")
    for command in (predict, facts, rules):
        command.add_argument("--output-format", choices=formats.LISTINGS, default="text")
    return parser


def _linting(parser: argparse.ArgumentParser) -> None:
    """The options of every command that has findings."""
    _selection(parser)
    comments = parser.add_argument_group("comments")
    _switch(comments, "require-ignore-reason", "a comment that silences findings must say why")
    known = parser.add_argument_group("accepted findings")
    known.add_argument("--baseline", metavar="F", help="hide the findings that this file accepts")
    known.add_argument(
        "--no-baseline", action="store_false", dest="baseline", help="hide none of them"
    )
    speed = parser.add_argument_group("speed")
    speed.add_argument(
        "-j", "--jobs", type=_jobs, metavar="N", help="so many processes (auto: one for each core)"
    )
    _switch(speed, "cache", "use the results of earlier runs (the default)")
    speed.add_argument("--cache-dir", metavar="D", help="the folder of those results")
    parser.add_argument("-q", "--quiet", action="store_true", help="results only, no notes")
    parser.add_argument(
        "--stdin-filename", metavar="F", help="the name of what is read from stdin (PATH is -)"
    )


def _check(parser: argparse.ArgumentParser) -> None:
    changing = parser.add_mutually_exclusive_group()
    changing.add_argument("--fix", action="store_true", help="make the fixes that are safe")
    changing.add_argument(
        "--diff", action="store_true", help="print the changes that --fix would make, write none"
    )
    changing.add_argument(
        "--add-ignore", nargs="?", const="", metavar="REASON",
        help="silence today's findings by comments in the files (--add-ignore=REASON)",
    )  # fmt: skip
    parser.add_argument(
        "--unsafe-fixes", action="store_true",
        help="with --fix or --diff: also the fixes that need a look",
    )  # fmt: skip
    known = parser.add_argument_group("new findings")
    _switch(known, "update-baseline", "let the baseline get shorter (the default outside CI)")
    known.add_argument(
        "--diff-base", metavar="REV", help="only findings on lines that changed since REV"
    )
    output = parser.add_argument_group("output")
    output.add_argument(
        "--output-format", choices=formats.NAMES, help="how findings are written (text)"
    )
    output.add_argument("-o", "--output-file", metavar="F", help="write the findings there")
    output.add_argument(
        "--color", choices=("auto", "always", "never"), default="auto",
        help="colours in text (auto: on a terminal, unless NO_COLOR is set)",
    )  # fmt: skip
    output.add_argument(
        "--statistics", action="store_true", help="print the number of findings of each code"
    )
    output.add_argument(
        "-v", "--verbose", action="store_true", help="say what was not understood in each file"
    )
    output.add_argument(
        "--show-files", action="store_true", help="print the files that would be checked, and end"
    )
    output.add_argument(
        "--exit-zero", action="store_true", help="exit 0 even if there are findings"
    )


def _selection(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("rules")
    for option, what in (
        ("--select", "run these rules instead of the default ones"),
        ("--extend-select", "run these rules as well"),
        ("--ignore", "do not run these rules"),
    ):
        group.add_argument(
            option, type=_codes, metavar="CODES", action="extend",
            help=f"{what}: codes or prefixes with commas, or ALL",
        )  # fmt: skip


def _paths(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("paths", nargs="*", default=["."], metavar="PATH")
    group = parser.add_argument_group("files")
    group.add_argument("--config", metavar="F", help="read this file, and no pyproject.toml")
    group.add_argument("--isolated", action="store_true", help="read no configuration at all")
    for option, what in (
        ("--exclude", "leave these out of the search instead of the configured ones"),
        ("--extend-exclude", "leave these out of the search as well"),
    ):
        group.add_argument(
            option, type=_patterns, metavar="PATTERNS", action="extend",
            help=f"{what}: patterns as in .gitignore, with commas",
        )  # fmt: skip
    _switch(group, "force-exclude", "leave them out even if they are named")
    _switch(group, "respect-gitignore", "leave out what .gitignore files do (the default)")


def _switch(group: argparse._ArgumentGroup, name: str, what: str) -> None:
    """An option and its opposite, None where neither is given."""
    dest = name.replace("-", "_")
    group.add_argument(f"--{name}", action="store_true", default=None, help=what)
    group.add_argument(
        f"--no-{name}", action="store_false", dest=dest, default=None, help=argparse.SUPPRESS
    )


def _codes(given: str) -> list[str]:
    return [code.strip().upper() for code in given.split(",") if code.strip()]


def _patterns(given: str) -> list[str]:
    return [pattern.strip() for pattern in given.split(",") if pattern.strip()]


def _jobs(given: str) -> int:
    """The number of processes, 0 for one a core."""
    if given == "auto":
        return 0
    if not given.isdigit() or int(given) < 1:
        raise argparse.ArgumentTypeError(f"{given!r} is neither a whole number from 1 nor auto")
    return int(given)
