"""GRD301's fix: under which names, with which scaler, and where it is left to the user."""

from __future__ import annotations

from textwrap import dedent

import pytest

from gradhealth_lint import engine, fixing, source
from gradhealth_lint.limits import Limits
from gradhealth_lint.rules import ALL_RULES
from tests.lint.editing import changed
from tests.lint.loop_reading import PRELUDE

SETTINGS = engine.Settings(tuple(one for one in ALL_RULES if one.code == "GRD301"), Limits())
SCALER = "model = Net()\nopt = optim.Adam(model.parameters())\nscaler = torch.amp.GradScaler()\n"


def fixed(program: str) -> list[str]:
    """The lines that the fix of the one finding changes."""
    before = source.from_bytes((PRELUDE + dedent(program)).encode(), "a.py")
    (found,) = engine.judge(before, SETTINGS).violations
    text = fixing.fix(before, SETTINGS, unsafe=True).text
    assert (found.fix is not None) is (text != before.text)
    return changed(before.text, text)


NAMES = {
    "parameter of the function": (
        """
        def run(network, loader, opt):
            for x in loader:
                opt.zero_grad()
                network(x).mean().backward()
                opt.step()
        net = Net()
        run(net, data, optim.Adam(net.parameters()))
        """,
        "network",
    ),
    "attribute of the object": (
        """
        class Trainer:
            def __init__(self, model):
                self.net = model
                self.opt = optim.Adam(model.parameters())
            def run(self, loader):
                for x in loader:
                    self.opt.zero_grad()
                    self.net(x).mean().backward()
                    self.opt.step()
        Trainer(Net()).run(data)
        """,
        "self.net",
    ),
    "part of a model": (
        """
        class Both(nn.Module):
            def __init__(self):
                super().__init__()
                self.a, self.b = Net(), Net()
        both = Both()
        opt = optim.Adam(both.a.parameters())
        for x in loader:
            opt.zero_grad()
            both.a(x).mean().backward()
            opt.step()
        """,
        "both.a",
    ),
    "the name that was written": (
        """
        first = model = Net()
        opt = optim.Adam(model.parameters())
        for x in loader:
            opt.zero_grad()
            first(x).mean().backward()
            opt.step()
        """,
        "model",
    ),
    "a helper that steps": (
        """
        def update(opt, net, loss):
            loss.backward()
            opt.step()
        model = Net()
        opt = optim.Adam(model.parameters())
        for x in loader:
            opt.zero_grad()
            update(opt, model, model(x).mean())
        """,
        "net",
    ),
}


@pytest.mark.parametrize("name", NAMES)
def test_the_model_is_called_what_it_is_called_there(name: str) -> None:
    program, model = NAMES[name]
    assert fixed(program) == [f"+ clip_grad_norm_({model}.parameters(), max_norm=1.0)"]


def test_one_line_suites_and_semicolons() -> None:
    clip = "clip_grad_norm_(model.parameters(), max_norm=1.0)"
    head = "model = Net()\nopt = optim.Adam(model.parameters())\nfor i, x in enumerate(loader):\n"
    lines = "    model(x).mean().backward()\n    if i % 4 == 3: opt.step(); opt.zero_grad()\n"
    old = "if i % 4 == 3: opt.step(); opt.zero_grad()"
    assert fixed(head + lines) == [f"- {old}", f"+ {old.replace('opt.step', clip + '; opt.step')}"]


CLIP = "+ clip_grad_norm_(model.parameters(), max_norm=1.0)"
SCALED = {
    "unscaled by the fix": ("", ["+ scaler.unscale_(opt)", CLIP]),
    "unscaled already": ("    scaler.unscale_(opt)\n", [CLIP]),
    "another one is unscaled": ("    scaler.unscale_(other)\n", []),
    "unscaled now and then": ("    if x.log: scaler.unscale_(opt)\n", []),
}


@pytest.mark.parametrize("name", SCALED)
def test_gradients_are_unscaled_before(name: str) -> None:
    between, expected = SCALED[name]
    loop = "for x in loader:\n    scaler.scale(model(x).mean()).backward()\n"
    after = "    scaler.step(opt)\n    scaler.update()\n"
    assert fixed(f"{SCALER}{loop}{between}{after}") == expected


WITHHELD = {
    "a closure steps": """
        model = Net()
        opt = optim.Adam(model.parameters())
        def closure():
            opt.zero_grad()
            loss = model(x).mean()
            loss.backward()
            return loss
        for x in loader:
            opt.step(closure)
        """,
    "several models": """
        a, b = Net(), Net()
        opt = optim.Adam([*a.parameters(), *b.parameters()])
        for x in loader:
            opt.zero_grad()
            (a(x) + b(x)).mean().backward()
            opt.step()
        """,
    "another optimizer in each turn": """
        a, b = Net(), Net()
        for x in loader:
            (a(x) + b(x)).mean().backward()
            for opt in [optim.Adam(a.parameters()), optim.Adam(b.parameters())]:
                opt.step()
        """,
    "parameters in a variable": """
        model = Net()
        parameters = model.parameters()
        opt = optim.Adam(parameters)
        for x in loader:
            opt.zero_grad()
            model(x).mean().backward()
            opt.step()
        """,
    "no name for the model": """
        def train(opt, batches):
            for loss in batches:
                loss.backward()
                opt.step()
        def main():
            model = Net()
            train(optim.Adam(model.parameters()), losses(model))
        main()
        """,
    "stepped in an expression": """
        model = Net()
        opt = optim.Adam(model.parameters())
        for i, x in enumerate(loader):
            model(x).mean().backward()
            done = opt.step() if i % 4 else None
        """,
    "two names in two calls": """
        def update(one, two, opt, loss):
            loss.backward()
            opt.step()
        a, b = Net(), Net()
        first, second = optim.Adam(a.parameters()), optim.Adam(b.parameters())
        for x in loader:
            update(a, b, first, a(x).mean())
            update(a, b, second, b(x).mean())
        """,
}


@pytest.mark.parametrize("name", WITHHELD)
def test_it_is_left_to_the_user(name: str) -> None:
    assert fixed(WITHHELD[name]) == []
