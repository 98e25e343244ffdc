"""argparse: what a script's arguments are when nobody gives any."""

from __future__ import annotations

from gradhealth_lint.semantics.domain import folding
from gradhealth_lint.semantics.domain.values import (
    UNKNOWN,
    ArgumentParser,
    Arguments,
    Namespace,
    Value,
)


def call(parser: ArgumentParser, method: str, arguments: Arguments) -> Value:
    """``parser.method(...)``; groups of arguments are the parser itself."""
    if method == "add_argument":
        _add(parser, arguments)
        return UNKNOWN
    if method in {"add_argument_group", "add_mutually_exclusive_group"}:
        return parser
    if method == "set_defaults":
        parser.fields.update(arguments.keywords)
        return None
    if method == "parse_args":
        return Namespace(dict(parser.fields))
    if method == "parse_known_args":
        return (Namespace(dict(parser.fields)), UNKNOWN)
    return UNKNOWN


def _add(parser: ArgumentParser, arguments: Arguments) -> None:
    names = [name for name in arguments.positional if isinstance(name, str)]
    if not names:
        return
    long = next((name for name in names if name.startswith("--")), names[0])
    name = arguments.keywords.get("dest", long.lstrip("-").replace("-", "_"))
    if isinstance(name, str):
        parser.fields[str(name)] = _default(arguments, required=not long.startswith("-"))


def _default(arguments: Arguments, *, required: bool) -> Value:
    action = arguments.keywords.get("action")
    if "default" in arguments.keywords:
        return folding.resolved(arguments.keywords["default"])
    if action in {"store_true", "store_false"}:
        return action == "store_false"
    return UNKNOWN if required or arguments.open else None
