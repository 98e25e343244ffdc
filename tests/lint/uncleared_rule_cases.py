"""More examples of GRD306: cleared in one branch only, or one optimizer of two."""

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
    "cleared-in-the-other-precision": """
        def train(model, loader, half=True):
            opt = torch.optim.AdamW(model.parameters(), lr=1e-4)
            scaler = torch.amp.GradScaler(enabled=half)
            for x, y in loader:
                with torch.amp.autocast("cuda", enabled=half, dtype=torch.bfloat16):
                    loss = F.mse_loss(model(x), y)
                if not half:
                    opt.zero_grad()
                    loss.backward()
                    clip_grad_norm_(model.parameters(), 1.0)
                    opt.step()
                else:
                    scaler.scale(loss).backward()
                    scaler.unscale_(opt)
                    clip_grad_norm_(model.parameters(), 1.0)
                    scaler.step(opt)  # <- here
                    scaler.update()
        """,
    "cleared-where-there-is-no-scaler": """
        def train(model, loader, optimizer, args, scaler):
            for x, y in loader:
                if args.amp:
                    with torch.autocast("cuda", dtype=torch.float16):
                        loss = F.mse_loss(model(x), y)
                    scaler.scale(loss).backward()
                    scaler.unscale_(optimizer)
                    clip_grad_norm_(model.parameters(), 1.0)
                    scaler.step(optimizer)  # <- here
                    scaler.update()
                else:
                    optimizer.zero_grad()
                    loss = F.mse_loss(model(x), y)
                    loss.backward()
                    optimizer.step()
        """,
    "critic-with-a-penalty": """
        def penalty(out, x):
            grad, = torch.autograd.grad(outputs=out.sum(), inputs=x, create_graph=True)
            return grad.pow(2).flatten(1).sum(1).mean()

        def fit(E, D, loader):
            opt_e = torch.optim.Adam(E.parameters(), lr=1e-4)
            opt_d = torch.optim.Adam(D.parameters(), lr=1e-4)
            for x in loader:
                e_loss = F.softplus(-D(E(x))).mean()
                opt_e.zero_grad()
                e_loss.backward()
                opt_e.step()

                x.requires_grad_(True)
                real = D(x)
                d_loss = F.softplus(-real).mean() + F.softplus(D(E(x).detach())).mean()
                d_loss = d_loss + 5.0 * penalty(real, x)
                d_loss.backward()
                opt_d.step()  # <- here
        """,
}

_GOOD = {
    "cleared-in-both-branches": """
        def train(model, loader, half=True):
            opt = torch.optim.AdamW(model.parameters(), lr=1e-4)
            scaler = torch.amp.GradScaler(enabled=half)
            for x, y in loader:
                with torch.amp.autocast("cuda", enabled=half, dtype=torch.bfloat16):
                    loss = F.mse_loss(model(x), y)
                if not half:
                    opt.zero_grad()
                    loss.backward()
                    opt.step()
                else:
                    scaler.scale(loss).backward()
                    scaler.unscale_(opt)
                    clip_grad_norm_(model.parameters(), 1.0)
                    scaler.step(opt)
                    scaler.update()
                    opt.zero_grad()
        """,
    "accumulated-in-one-branch": """
        def train(model, loader, optimizer, accum=4):
            for i, (x, y) in enumerate(loader):
                loss = F.mse_loss(model(x), y) / accum
                loss.backward()
                if (i + 1) % accum == 0:
                    optimizer.step()
                    optimizer.zero_grad()
        """,
    "cleared-by-the-first-of-two-passes": """
        def train(model, loader, optimizer):
            for i, (x, y) in enumerate(loader):
                if i % 2 == 0:
                    optimizer.zero_grad()
                    F.mse_loss(model(x), y).backward()
                    optimizer.step()
                else:
                    F.l1_loss(model(x), y).backward()
                    optimizer.step()
        """,
    "penalty-and-cleared": """
        def fit(D, loader, G):
            opt_d = torch.optim.Adam(D.parameters(), lr=1e-4)
            for x in loader:
                D.zero_grad()
                x.requires_grad_(True)
                real = D(x)
                grad, = torch.autograd.grad(real.sum(), x, create_graph=True)
                loss = F.softplus(-real).mean() + grad.pow(2).sum()
                loss.backward()
                opt_d.step()
        """,
    "cleared-by-a-hook-it-was-given": """
        def fit(D, loader, hooks):
            opt_d = torch.optim.Adam(D.parameters(), lr=1e-4)
            for x in loader:
                loss = F.softplus(-D(x)).mean()
                loss.backward()
                opt_d.step()
                hooks.after_step()
        """,
}

GOOD: dict[str, tuple[Example, ...]] = {"GRD306": _examples(_GOOD)}
BAD: dict[str, tuple[Example, ...]] = {"GRD306": _examples(_BAD)}
