"""Training loops in many styles, and the events read from each (tests/lint/loops/*.txt)."""

from __future__ import annotations

from pathlib import Path

import pytest

from gradhealth_lint.limits import Limits
from gradhealth_lint.semantics import reader
from gradhealth_lint.semantics.python import interpreter
from gradhealth_lint.source import Source
from tests.lint.loop_reading import PRELUDE, compact, facts_of

_RESULT = "# => "


def programs() -> list[object]:
    """Every program: its name stands after ###, its loops in comments at its end."""
    found: list[object] = []
    for file in sorted((Path(__file__).parent / "loops").glob("*.txt")):
        for part in file.read_text(encoding="utf-8").split("### ")[1:]:
            name, _, body = part.partition("\n")
            lines = body.splitlines()
            expected = [line.removeprefix(_RESULT) for line in lines if line.startswith(_RESULT)]
            source = "\n".join(line for line in lines if not line.startswith(_RESULT))
            found.append(pytest.param(source, expected, id=f"{file.stem}-{name}"))
    return found


@pytest.mark.parametrize(("source", "expected"), programs())
def test_events_of_a_program(source: str, expected: list[str]) -> None:
    assert compact(PRELUDE + source) == expected


def test_there_are_many_programs_with_names_of_their_own() -> None:
    names = [program.id for program in programs()]  # type: ignore[attr-defined]
    assert len(names) == len(set(names)) >= 60


GAN = """
G, D = nn.Sequential(nn.Linear(8, 8)), nn.Sequential(nn.Linear(8, 1))
opt_g, opt_d = optim.Adam(G.parameters()), optim.SGD(D.parameters(), 0.1)
for x in loader:
    D(G(x)).mean().backward()
    opt_g.step()
    opt_d.step()
"""


def test_steps_name_the_models_their_optimizers_own() -> None:
    facts = facts_of(PRELUDE + GAN)
    (loop,) = facts.loops
    subjects = {subject.number: subject for subject in facts.subjects}
    steps = [event for event in loop.events if event.kind == "step"]
    owned = [subjects[step.models[0]] for step in steps]
    assert [subjects[step.subject].name for step in steps if step.subject is not None] == [
        "Adam",
        "SGD",
    ]
    assert owned[0] != owned[1]
    forwards = [event.subject for event in loop.events if event.kind == "forward"]
    assert set(forwards) == {owned[0].number, owned[1].number}


def test_conditions_carry_their_text_and_outcome() -> None:
    facts = facts_of(
        PRELUDE
        + """
model = Net()
opt = optim.Adam(model.parameters())
for i, x in enumerate(loader):
    model(x).mean().backward()
    if (i + 1) % n != 0:
        continue
    opt.step()
"""
    )
    step = next(event for event in facts.loops[0].events if event.kind == "step")
    assert [(one.text, one.holds) for one in step.conditions] == [("(i + 1) % n != 0", False)]


def test_the_loop_nest_is_there_outermost_first() -> None:
    facts = facts_of(
        PRELUDE
        + """
model = Net()
opt = optim.Adam(model.parameters())
for epoch in range(3):
    for x in loader:
        model(x).mean().backward()
        opt.step()
    opt.zero_grad()
"""
    )
    (loop,) = facts.loops
    nests = {event.kind: event.loops for event in loop.events}
    assert nests["zero_grad"] == (loop.anchor,)
    assert nests["step"][0] == loop.anchor
    assert len(nests["step"]) == 2


def test_a_file_over_its_budget_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    text = PRELUDE + GAN
    monkeypatch.setattr(interpreter, "BUDGET", 20)
    reading = reader.read(Source("example.py", text, text.encode()), Limits())
    assert any("too many steps" in note for note in reading.notes)
    assert all(not loop.complete for loop in reading.facts.loops)
