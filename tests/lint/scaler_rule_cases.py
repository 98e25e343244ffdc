"""More examples of GRD309: what a GradScaler is asked for twice, too early or too rarely."""

from __future__ import annotations

from textwrap import dedent

from gradhealth_lint.violation import Example

_IMPORTS = """\
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.nn.utils import clip_grad_norm_
"""


def _examples(texts: dict[str, str]) -> tuple[Example, ...]:
    return tuple(Example(name, f"{_IMPORTS}\n{dedent(text)}") for name, text in texts.items())


_BAD = {
    "unscaled-for-the-log-too": """
        class Runner:
            def __init__(self, model, optimizer):
                self.model, self.optimizer = model, optimizer
                self.scaler = torch.amp.GradScaler("cuda")

            def run(self, loader):
                for step, (x, y) in enumerate(loader):
                    with torch.autocast("cuda", dtype=torch.float16):
                        loss = F.mse_loss(self.model(x), y)
                    self.optimizer.zero_grad()
                    self.scaler.scale(loss).backward()
                    if step % 20 == 0:
                        self.scaler.unscale_(self.optimizer)
                        print(grad_norm(self.model))
                    self.scaler.unscale_(self.optimizer)  # <- here
                    clip_grad_norm_(self.model.parameters(), 1.0)
                    self.scaler.step(self.optimizer)
                    self.scaler.update()
        """,
    "unscaled-in-a-helper-too": """
        def clip(scaler, optimizer, model):
            scaler.unscale_(optimizer)  # <- here
            clip_grad_norm_(model.parameters(), 1.0)

        def fit(model, loader):
            scaler = torch.amp.GradScaler("cuda")
            optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
            for x, y in loader:
                optimizer.zero_grad()
                with torch.autocast("cuda", dtype=torch.float16):
                    loss = F.mse_loss(model(x), y)
                scaler.scale(loss).backward()
                scaler.unscale_(optimizer)
                clip(scaler, optimizer, model)
                scaler.step(optimizer)
                scaler.update()
        """,
    "updated-before-the-step": """
        def train(model, loader, optimizer, scaler):
            for x, y in loader:
                optimizer.zero_grad()
                with torch.autocast("cuda", dtype=torch.float16):
                    loss = F.mse_loss(model(x), y)
                scaler.scale(loss).backward()
                scaler.unscale_(optimizer)
                clip_grad_norm_(model.parameters(), 1.0)
                scaler.update()  # <- here
                scaler.step(optimizer)
        """,
    "updated-once-an-epoch": """
        model = nn.Linear(8, 1)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        scaler = torch.amp.GradScaler("cuda")
        for epoch in range(10):
            for x, y in loader:
                optimizer.zero_grad()
                with torch.autocast("cuda", dtype=torch.float16):
                    loss = F.mse_loss(model(x), y)
                scaler.scale(loss).backward()
                scaler.unscale_(optimizer)
                clip_grad_norm_(model.parameters(), 1.0)
                scaler.step(optimizer)  # <- here
            scaler.update()
        """,
    "updated-on-every-micro-batch": """
        def train(model, loader, optimizer, scaler, accum):
            for i, (x, y) in enumerate(loader):
                with torch.autocast("cuda", dtype=torch.float16):
                    loss = F.mse_loss(model(x), y) / accum
                scaler.scale(loss).backward()
                if (i + 1) % accum == 0:
                    scaler.unscale_(optimizer)
                    clip_grad_norm_(model.parameters(), 1.0)
                    scaler.step(optimizer)
                    optimizer.zero_grad()
                scaler.update()  # <- here
        """,
}

_GOOD = {
    "unscaled-either-way": """
        def train(model, loader, optimizer, scaler):
            for i, (x, y) in enumerate(loader):
                optimizer.zero_grad()
                with torch.autocast("cuda", dtype=torch.float16):
                    loss = F.mse_loss(model(x), y)
                scaler.scale(loss).backward()
                if i % 20 == 0:
                    scaler.unscale_(optimizer)
                    print(grad_norm(model))
                else:
                    scaler.unscale_(optimizer)
                clip_grad_norm_(model.parameters(), 1.0)
                scaler.step(optimizer)
                scaler.update()
        """,
    "unscaled-unless-it-was": """
        def train(model, loader, optimizer, scaler):
            for i, (x, y) in enumerate(loader):
                optimizer.zero_grad()
                done = False
                with torch.autocast("cuda", dtype=torch.float16):
                    loss = F.mse_loss(model(x), y)
                scaler.scale(loss).backward()
                if i % 20 == 0:
                    scaler.unscale_(optimizer)
                    done = True
                if not done:
                    scaler.unscale_(optimizer)
                clip_grad_norm_(model.parameters(), 1.0)
                scaler.step(optimizer)
                scaler.update()
        """,
    "two-optimizers-one-scaler": """
        def train(G, D, loader):
            g_opt = torch.optim.Adam(G.parameters())
            d_opt = torch.optim.Adam(D.parameters())
            scaler = torch.amp.GradScaler("cuda")
            for x, z in loader:
                d_opt.zero_grad()
                scaler.scale(F.softplus(D(G(z).detach())).mean() - D(x).mean()).backward()
                scaler.unscale_(d_opt)
                clip_grad_norm_(D.parameters(), 1.0)
                scaler.step(d_opt)
                g_opt.zero_grad()
                scaler.scale(-D(G(z)).mean()).backward()
                scaler.unscale_(g_opt)
                clip_grad_norm_(G.parameters(), 1.0)
                scaler.step(g_opt)
                scaler.update()
        """,
    "one-helper-for-both-optimizers": """
        def follow(loss, optimizer, parameters, scaler):
            optimizer.zero_grad()
            scaler.scale(loss).backward()
            scaler.unscale_(optimizer)
            clip_grad_norm_(parameters, 1.0)
            scaler.step(optimizer)

        def train(G, D, g_opt, d_opt, loader, scaler):
            for x, z in loader:
                follow(D(G(z).detach()).mean() - D(x).mean(), d_opt, D.parameters(), scaler)
                follow(-D(G(z)).mean(), g_opt, G.parameters(), scaler)
                scaler.update()
        """,
    "updated-between-two-phases": """
        def train(model, loader, optimizer, scaler):
            for x, y in loader:
                optimizer.zero_grad()
                scaler.scale(F.mse_loss(model(x), y)).backward()
                scaler.unscale_(optimizer)
                clip_grad_norm_(model.parameters(), 1.0)
                scaler.step(optimizer)
                scaler.update()
                optimizer.zero_grad()
                scaler.scale(model(x).pow(2).mean()).backward()
                scaler.unscale_(optimizer)
                clip_grad_norm_(model.parameters(), 1.0)
                scaler.step(optimizer)
                scaler.update()
        """,
    "several-optimizers-then-update": """
        def train(model, loader, optimizers, scaler):
            for x, y in loader:
                for optimizer in optimizers:
                    optimizer.zero_grad()
                scaler.scale(F.mse_loss(model(x), y)).backward()
                for optimizer in optimizers:
                    scaler.unscale_(optimizer)
                clip_grad_norm_(model.parameters(), 1.0)
                for optimizer in optimizers:
                    scaler.step(optimizer)
                scaler.update()
        """,
    "updated-with-the-step": """
        def train(model, loader, optimizer, scaler, accum):
            for i, (x, y) in enumerate(loader):
                scaler.scale(F.mse_loss(model(x), y) / accum).backward()
                if (i + 1) % accum == 0:
                    scaler.unscale_(optimizer)
                    clip_grad_norm_(model.parameters(), 1.0)
                    scaler.step(optimizer)
                    scaler.update()
                    optimizer.zero_grad()
        """,
    "micro-batches-in-an-inner-loop": """
        def train(model, batches, optimizer, scaler):
            for batch in batches:
                optimizer.zero_grad()
                for x, y in batch:
                    scaler.scale(F.mse_loss(model(x), y) / len(batch)).backward()
                scaler.unscale_(optimizer)
                clip_grad_norm_(model.parameters(), 1.0)
                scaler.step(optimizer)
                scaler.update()
        """,
}

GOOD: dict[str, tuple[Example, ...]] = {"GRD309": _examples(_GOOD)}
BAD: dict[str, tuple[Example, ...]] = {"GRD309": _examples(_BAD)}
