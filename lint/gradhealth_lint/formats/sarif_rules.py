"""What a SARIF log tells about rules."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from gradhealth_lint.selection import UNREADABLE, UNUSED

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gradhealth_lint.rules.rule import Rule
    from gradhealth_lint.violation import Violation

#: What the engine reports by itself: a summary and more words, for which GitHub asks of all.
_OWN: Final = {
    UNUSED: (
        "A comment for the linter that silences nothing, or gives no reason where one is asked.",
        "What a comment silenced may have been mended since; left in place, it would silence the"
        " next fault on that line unseen. Remove it, or give the reason that the configuration"
        " asks for (require-ignore-reason).",
    ),
    UNREADABLE: (
        "A file that is not Python source, or too large or too deeply nested to be read.",
        "Nothing in such a file was checked, so that it has no findings says nothing of it."
        " Correct it, or leave it out of the paths.",
    ),
}
LEVELS: Final = {"error": "error", "warning": "warning", "advice": "note"}
#: GitHub's words.
_SEVERITIES: Final = {"error": "error", "warning": "warning", "advice": "recommendation"}


def descriptors(found: Sequence[Violation]) -> list[dict[str, Any]]:
    """The rules that have findings, by code."""
    from gradhealth_lint.rules import ALL_RULES

    rules = {rule.code: rule for rule in ALL_RULES}
    codes = {one.code: one for one in reversed(found)}
    return [_descriptor(codes[code], rules.get(code)) for code in sorted(codes)]


def _descriptor(violation: Violation, rule: Rule | None) -> dict[str, Any]:
    """A rule by one of its findings; what the engine reports by itself is no rule."""
    made: dict[str, Any] = {
        "id": violation.code,
        "name": violation.name,
        "shortDescription": {"text": violation.name.replace("-", " ")},
        "defaultConfiguration": {"level": LEVELS[violation.severity]},
        "properties": {
            "tags": ["correctness", "pytorch"],
            "problem.severity": _SEVERITIES[violation.severity],
        },
    }
    if rule is None and violation.code not in _OWN:
        return made
    if rule is None:
        summary, why = _OWN[violation.code]
        return made | {
            "shortDescription": {"text": summary},
            "fullDescription": {"text": why},
            "help": {"text": why, "markdown": f"{summary}\n\n{why}\n"},
        }
    summary = (rule.__doc__ or "").strip().splitlines()[0]
    references = "".join(f"- {reference}\n" for reference in rule.references)
    examples = "".join(_code("Reported", example.text) for example in rule.bad[:1])
    examples += "".join(_code("Not reported", example.text) for example in rule.good[:1])
    return made | {
        "shortDescription": {"text": summary},
        "fullDescription": {"text": rule.why},
        "help": {
            "text": f"{rule.why}\n\nReferences:\n{references}",
            "markdown": f"{summary}\n\n{rule.why}\n\n{examples}**References**\n\n{references}",
        },
    }


def _code(title: str, text: str) -> str:
    return f"**{title}**\n\n```python\n{text.rstrip()}\n```\n\n"
