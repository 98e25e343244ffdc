"""A rule's page in Markdown, as docs/rules has it."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gradhealth_lint.rules.rule import Rule
    from gradhealth_lint.violation import Example

#: The width of running text in docs/.
_WIDTH: Final = 120


def page(rule: Rule) -> str:
    """Everything about one rule."""
    state = "on by default" if rule.on_by_default else f"off; `--extend-select {rule.code}`"
    summary = (rule.__doc__ or "").strip().splitlines()[0]
    parts = [
        f"# {rule.code} {rule.name}",
        f"{rule.severity.capitalize()}, {state}.",
        _wrapped(summary),
        "## Why",
        _wrapped(rule.why),
        "## What it says",
        _wrapped(f"> {rule.message}", "> "),
        _wrapped(f"> {rule.remedy}", "> "),
        "## Reported",
        *(part for example in rule.bad for part in _reported(example)),
        "## Not reported",
        *(part for example in rule.good for part in _shown(example)),
        "## References",
        "\n".join(_wrapped(f"- {reference}", "  ") for reference in rule.references),
        "## To allow it",
        f"On one line, with a reason: `# gradhealth: ignore[{rule.code}] reason`.",
    ]
    return "\n\n".join(parts) + "\n"


def _wrapped(text: str, indent: str = "") -> str:
    return textwrap.fill(
        text, _WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )


def _reported(example: Example) -> Iterator[str]:
    yield from _shown(example)
    if example.fixed is not None:
        yield "After its fix:"
        yield _code(example.fixed)


def _shown(example: Example) -> Iterator[str]:
    yield f"### {example.name.replace('-', ' ')}"
    yield _code(example.text)


def _code(text: str) -> str:
    return f"```python\n{text.rstrip()}\n```"
