"""More examples of GRD318: optimizers and the models a loss comes from."""

from __future__ import annotations

from textwrap import dedent

from gradhealth_lint.violation import Example

_IMPORTS = """\
import copy
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch import optim

class Net(nn.Module):
    def __init__(self, width=16):
        super().__init__()
        self.body = nn.Linear(8, width)
        self.head = nn.Linear(width, 3)

    def forward(self, x):
        return self.head(torch.relu(self.body(x)))
"""


def _examples(texts: dict[str, str]) -> tuple[Example, ...]:
    return tuple(Example(name, f"{_IMPORTS}\n{dedent(text)}") for name, text in texts.items())


_BAD = {
    "two-experiments": """
        model_a, model_b = Net(), Net(32)
        opt_a = optim.Adam(model_a.parameters())
        opt_b = optim.Adam(model_a.parameters())
        for x, y in loader:
            opt_b.zero_grad()
            loss = F.cross_entropy(model_b(x), y)
            loss.backward()
            opt_b.step()  # <- here
        """,
    "function": """
        def train(loader):
            old = Net()
            new = Net()
            optimizer = optim.SGD(old.parameters(), lr=0.1)
            for epoch in range(3):
                for x, y in loader:
                    optimizer.zero_grad()
                    out = new(x)
                    loss = F.cross_entropy(out, y)
                    loss.backward()
                    optimizer.step()  # <- here
        """,
    "target-network": """
        policy = Net()
        target = copy.deepcopy(policy)
        optimizer = optim.Adam(target.parameters(), lr=1e-3)
        for s, a, r in replay:
            q = policy(s).gather(1, a)
            loss = F.smooth_l1_loss(q, r)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()  # <- here
        """,
    "list-of-parameters": """
        encoder, decoder = nn.Linear(8, 4), nn.Linear(4, 8)
        other = nn.Linear(8, 8)
        optimizer = optim.Adam(list(other.parameters()), lr=1e-3)
        for x in loader:
            optimizer.zero_grad()
            loss = F.mse_loss(decoder(encoder(x)), x)
            loss.backward()
            optimizer.step()  # <- here
        """,
}
_GOOD = {
    "two-players": """
        gen, disc = nn.Linear(4, 8), nn.Linear(8, 1)
        opt_g, opt_d = optim.Adam(gen.parameters()), optim.Adam(disc.parameters())
        for real in loader:
            fake = gen(torch.randn(len(real), 4))
            opt_d.zero_grad()
            (disc(fake.detach()).mean() - disc(real).mean()).backward()
            opt_d.step()
            opt_g.zero_grad()
            (-disc(fake).mean()).backward()
            opt_g.step()
        """,
    "part-of-the-model": """
        model = Net()
        optimizer = optim.SGD(model.head.parameters(), lr=0.1)
        for x, y in loader:
            optimizer.zero_grad()
            F.cross_entropy(model(x), y).backward()
            optimizer.step()
        """,
    "wrapped-model": """
        net = Net()
        model = nn.DataParallel(net)
        optimizer = optim.SGD(net.parameters(), lr=0.1)
        for x, y in loader:
            optimizer.zero_grad()
            F.cross_entropy(model(x), y).backward()
            optimizer.step()
        """,
    "shared-body": """
        body = nn.Linear(8, 8)
        one, two = nn.Sequential(body, nn.ReLU()), nn.Sequential(body, nn.Linear(8, 3))
        optimizer = optim.SGD(one.parameters(), lr=0.1)
        for x, y in loader:
            optimizer.zero_grad()
            F.cross_entropy(two(x), y).backward()
            optimizer.step()
        """,
    "worker-of-a-shared-model": """
        def share(local, shared):
            for mine, theirs in zip(local.parameters(), shared.parameters()):
                theirs._grad = mine.grad

        shared, local = Net(), Net()
        optimizer = optim.Adam(shared.parameters())
        for x, y in loader:
            local.load_state_dict(shared.state_dict())
            local.zero_grad()
            F.cross_entropy(local(x), y).backward()
            share(local, shared)
            optimizer.step()
        """,
    "unknown-model": """
        def train(model, loader):
            optimizer = optim.SGD(Net().parameters(), lr=0.1)
            for x, y in loader:
                optimizer.zero_grad()
                F.cross_entropy(model(x), y).backward()
                optimizer.step()
        """,
}

GOOD: dict[str, tuple[Example, ...]] = {"GRD318": _examples(_GOOD)}
BAD: dict[str, tuple[Example, ...]] = {"GRD318": _examples(_BAD)}
