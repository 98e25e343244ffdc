"""Rounds of fixes: what meets waits, what breaks its word is left out, all comes to an end."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest

from gradhealth_lint import fixing, source
from gradhealth_lint.edits.plan import InsertBefore, Name, Plan, Replace
from gradhealth_lint.edits.text import Splice, Text
from gradhealth_lint.engine import Settings
from gradhealth_lint.limits import Limits
from gradhealth_lint.rules.rule import Found, Rule

if TYPE_CHECKING:
    from gradhealth_lint.semantics.facts import FileFacts
    from gradhealth_lint.semantics.network_facts import InitUse
    from gradhealth_lint.violation import Applicability

HEAD = "import torch\nfrom torch import nn\n\nlayer = nn.Linear(4, 4)\n"
Making = Callable[["InitUse"], "Plan | None"]


def rule(make: Making, code: str = "GRD901", init: str = "normal_") -> Rule:
    """A rule that reports every call of one init, with a fix."""

    def check(facts: FileFacts, _: Limits) -> Iterator[Found]:
        for use in facts.inits:
            if use.init.name == init:
                yield Found(use.anchor, f"{init} {use.init.arguments}", "do not", make(use))

    given = {"code": code, "name": "toy", "severity": "advice", "on_by_default": True}
    return cast(
        "Rule",
        SimpleNamespace(**given, check=check, needs=(re.compile(rb"_"),), reads_stacks=False),
    )


def to(name: str, applicability: Applicability = "safe") -> Making:
    """The fix that calls another init."""
    return lambda use: Plan(
        applicability,
        (Replace(use.anchor, (Name(f"torch.nn.init.{name}"), f"({use.target_text})")),),
    )


def fixed(body: str, *rules: Rule, head: str = HEAD, **options: Any) -> tuple[str, dict[str, int]]:
    text = head + body
    read = source.from_bytes(text.encode(), "a.py")
    outcome = fixing.fix(read, Settings(rules, Limits()), **{"unsafe": False, **options})
    assert outcome.text.startswith(head)
    return outcome.text.removeprefix(head), dict(outcome.counts)


ONE = "nn.init.normal_(layer.weight)\n"
TWO = "nn.init.normal_(layer.weight)\nnn.init.normal_(layer.bias)\n"


def test_all_are_fixed_in_one_go() -> None:
    expected = TWO.replace("normal_", "zeros_")
    assert fixed(TWO, rule(to("zeros_"))) == (expected, {"GRD901": 2})


def test_unsafe_fixes_are_made_when_asked_for() -> None:
    unsafe = rule(to("zeros_", "unsafe"))
    assert fixed(ONE, unsafe) == (ONE, {})
    assert fixed(ONE, unsafe, unsafe=True) == (ONE.replace("normal_", "zeros_"), {"GRD901": 1})


def test_only_the_findings_asked_for() -> None:
    one = "nn.init.normal_(layer.weight)\nnn.init.zeros_(layer.bias)\n"
    assert fixed(TWO, rule(to("zeros_")), only={1}) == (one, {"GRD901": 1})
    assert fixed(TWO, rule(to("zeros_")), only=set()) == (TWO, {})


def test_findings_asked_for_are_known_where_they_have_moved_to() -> None:
    """Both insert at the same place: the second waits, and then stands a line lower."""
    body = HEAD + "nn.init.normal_(layer.weight); nn.init.normal_(layer.bias)\n"

    def make(use: InitUse) -> Plan:
        zeros = (Name("torch.nn.init.zeros_"), f"({use.target_text})")
        root = ((Name("math.sqrt"), "(1)"),)
        return Plan("safe", (Replace(use.anchor, zeros), InsertBefore(use.anchor, root)))

    text, counts = fixed(body, rule(make), head="", only={0, 1})
    assert counts == {"GRD901": 2}
    expected = HEAD.replace("nn\n", "nn\nimport math\n", 1)
    expected += "math.sqrt(1)\nnn.init.zeros_(layer.weight); math.sqrt(1); "
    assert text == expected + "nn.init.zeros_(layer.bias)\n"
    assert fixed(body, rule(make), head="", only={1})[1] == {"GRD901": 1}


def test_fixes_that_lead_to_findings_with_fixes() -> None:
    first, second = rule(to("uniform_")), rule(to("zeros_"), "GRD902", "uniform_")
    expected = ONE.replace("normal_", "zeros_")
    assert fixed(ONE, first, second) == (expected, {"GRD901": 1, "GRD902": 1})
    # What comes to light by a fix was not asked for.
    assert fixed(ONE, first, second, only={0}) == (
        ONE.replace("normal_", "uniform_"),
        {"GRD901": 1},
    )


def test_fixes_that_undo_each_other_come_to_an_end() -> None:
    first, second = rule(to("uniform_")), rule(to("normal_"), "GRD902", "uniform_")
    text, counts = fixed(ONE, first, second)
    assert text == ONE
    assert sum(counts.values()) == fixing.MOST_ROUNDS


@pytest.mark.parametrize(
    "code",
    ["nn.init.normal_(layer.weight, 2.0)", "nn.init.normal_(layer.weight)", "1 if", "(" * 300],
    ids=["still reported", "no change", "no Python", "too deep"],
)
def test_a_fix_that_breaks_its_word_is_left_out_and_others_are_made(code: str) -> None:
    def make(use: InitUse) -> Plan | None:
        if use.target_text == "layer.weight":
            return Plan("safe", (Replace(use.anchor, (code,)),))
        return to("zeros_")(use)

    expected = "nn.init.normal_(layer.weight)\nnn.init.zeros_(layer.bias)\n"
    assert fixed(TWO, rule(make)) == (expected, {"GRD901": 1})


def test_a_fault_of_a_rule_on_what_its_fix_made_is_no_fix() -> None:
    def check(facts: FileFacts, _: Limits) -> Iterator[Found]:
        for use in facts.inits:
            if use.init.name == "zeros_":
                raise KeyError("oops")
            yield Found(use.anchor, "", "", to("zeros_")(use))

    broken = cast("Any", rule(to("zeros_")))
    broken.check = check
    assert fixed(ONE, broken) == (ONE, {})


def test_what_a_comment_silences_is_not_fixed() -> None:
    body = ONE.rstrip() + "  # noqa: GRD901\n"
    assert fixed(body, rule(to("zeros_"))) == (body, {})


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_line_ends_stay(newline: str) -> None:
    head = HEAD.replace("\n", newline)
    body = TWO.replace("\n", newline).removesuffix(newline)
    assert fixed(body, rule(to("zeros_")), head=head)[0] == body.replace("normal_", "zeros_")


def test_splices_that_meet() -> None:
    def meet(*two: tuple[int, int]) -> bool:
        first, second = (Splice(*one, "") for one in two)
        assert first.meets(second) is second.meets(first)
        return first.meets(second)

    assert meet((1, 3), (2, 4))
    assert meet((1, 9), (2, 4))
    assert not meet((1, 3), (3, 4))
    assert meet((2, 2), (2, 2))
    assert meet((1, 3), (3, 3))
    assert not meet((1, 3), (4, 4))


def test_places_of_a_text() -> None:
    text = Text("aé\r\nb\rc\n\x0cd")
    assert [text.place(offset) for offset in range(len(text.text) + 1)] == [
        (1, 1), (1, 2), (1, 3), (1, 4), (2, 1), (2, 2), (3, 1), (3, 2), (4, 1), (4, 2), (4, 3),
    ]  # fmt: skip
    assert all(text.offset(*text.place(offset)) == offset for offset in range(11))
    assert [text.newline(offset) for offset in (0, 4, 6, 9)] == ["\r\n", "\r", "\n", "\n"]
    assert text.offset_of_bytes(1, 3) == 2
