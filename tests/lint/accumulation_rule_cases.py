"""More examples of GRD316: what a step over several batches does to the loss."""

from __future__ import annotations

from textwrap import dedent

from gradhealth_lint.violation import Example

_IMPORTS = """\
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch import optim
from torch.cuda.amp import GradScaler, autocast
"""


def _examples(texts: dict[str, str]) -> tuple[Example, ...]:
    return tuple(Example(name, f"{_IMPORTS}\n{dedent(text)}") for name, text in texts.items())


_BAD = {
    "function": """
        def train(model, loader, criterion, optimizer, device, accumulation_steps=4):
            model.train()
            optimizer.zero_grad()
            for i, (inputs, labels) in enumerate(loader):
                inputs, labels = inputs.to(device) / 255.0, labels.to(device)
                outputs = model(inputs)
                loss = criterion(outputs, labels)
                loss.backward()  # <- here
                if (i + 1) % accumulation_steps == 0:
                    optimizer.step()
                    optimizer.zero_grad()
        """,
    "or-the-last-batch": """
        def train(model, loader, criterion, optimizer, args):
            for step, (x, y) in enumerate(loader):
                loss = criterion(model(x), y)
                loss.backward()  # <- here
                if (step + 1) % args.accum_steps == 0 or step + 1 == len(loader):
                    optimizer.step()
                    optimizer.zero_grad()
        """,
    "scaler": """
        scaler = GradScaler()
        def train(model, loader, optimizer, accum_iter):
            for i, (x, y) in enumerate(loader):
                with autocast():
                    loss = F.cross_entropy(model(x), y)
                scaler.scale(loss).backward()  # <- here
                if (i + 1) % accum_iter == 0:
                    scaler.step(optimizer)
                    scaler.update()
                    optimizer.zero_grad()
        """,
    "class": """
        class Trainer:
            def __init__(self, model, loader, config):
                self.model, self.loader, self.config = model, loader, config
                self.optimizer = optim.SGD(model.parameters(), lr=0.1)

            def train_epoch(self):
                for step, batch in enumerate(self.loader):
                    loss = self.model(**batch).loss
                    loss.backward()  # <- here
                    if step % self.config.grad_accum == 0:
                        self.optimizer.step()
                        self.optimizer.zero_grad()
        """,
    "weighted-parts": """
        model = nn.Linear(8, 3)
        optimizer = optim.SGD(model.parameters(), lr=0.1)
        for i, (x, y) in enumerate(loader):
            out = model(x)
            loss = F.cross_entropy(out, y) + 0.1 * out.pow(2).mean()
            loss.backward()  # <- here
            if (i + 1) % 16 == 0:
                optimizer.step()
                optimizer.zero_grad(set_to_none=True)
        """,
    "skipping-the-others": """
        def fit(model, loader, optimizer, criterion, n):
            for i, (x, y) in enumerate(loader):
                loss = criterion(model(x), y)
                loss.backward()  # <- here
                if (i + 1) % n != 0:
                    continue
                optimizer.step()
                optimizer.zero_grad()
        """,
    "cleared-by-the-model": """
        model = nn.Linear(8, 3)
        optimizer = optim.SGD(model.parameters(), lr=0.1)
        for epoch in range(3):
            for i, (x, y) in enumerate(loader):
                F.cross_entropy(model(x), y).backward()  # <- here
                if not (i + 1) % 4:
                    optimizer.step()
                    model.zero_grad()
        """,
}
_GOOD = {
    "divided-in-place": """
        def train(model, loader, criterion, optimizer, accum):
            for i, (x, y) in enumerate(loader):
                loss = criterion(model(x), y)
                loss /= accum
                loss.backward()
                if (i + 1) % accum == 0:
                    optimizer.step()
                    optimizer.zero_grad()
        """,
    "divided-in-the-call": """
        def train(model, loader, criterion, optimizer, accum):
            for i, (x, y) in enumerate(loader):
                loss = criterion(model(x), y)
                (loss / accum).backward()
                if (i + 1) % accum == 0:
                    optimizer.step()
                    optimizer.zero_grad()
        """,
    "divided-by-a-literal": """
        def train(model, loader, criterion, optimizer):
            for i, (x, y) in enumerate(loader):
                loss = criterion(model(x), y) * 0.25
                loss.backward()
                if (i + 1) % 4 == 0:
                    optimizer.step()
                    optimizer.zero_grad()
        """,
    "divided-by-a-helper": """
        def loss_of(model, criterion, x, y, accum):
            return criterion(model(x), y) / accum

        def train(model, loader, criterion, optimizer, accum):
            for i, (x, y) in enumerate(loader):
                loss_of(model, criterion, x, y, accum).backward()
                if (i + 1) % accum == 0:
                    optimizer.step()
                    optimizer.zero_grad()
        """,
    "sum-over-samples": """
        criterion = nn.CrossEntropyLoss(reduction="sum")
        def train(model, loader, optimizer, accum):
            for i, (x, y) in enumerate(loader):
                loss = criterion(model(x), y)
                loss.backward()
                if (i + 1) % accum == 0:
                    optimizer.step()
                    optimizer.zero_grad()
        """,
    "gradients-divided": """
        def train(model, loader, criterion, optimizer, accum):
            for i, (x, y) in enumerate(loader):
                loss = criterion(model(x), y)
                loss.backward()
                if (i + 1) % accum == 0:
                    for p in model.parameters():
                        p.grad /= accum
                    optimizer.step()
                    optimizer.zero_grad()
        """,
    "critic-more-often": """
        def train(gen, critic, loader, opt_g, opt_c, n_critic):
            for i, x in enumerate(loader):
                opt_c.zero_grad()
                loss_c = critic(gen(x).detach()).mean() - critic(x).mean()
                loss_c.backward()
                opt_c.step()
                if (i + 1) % n_critic == 0:
                    opt_g.zero_grad()
                    loss_g = -critic(gen(x)).mean()
                    loss_g.backward()
                    opt_g.step()
        """,
    "accelerate": """
        from accelerate import Accelerator

        accelerator = Accelerator(gradient_accumulation_steps=4)
        def train(model, loader, criterion, optimizer):
            model, optimizer, loader = accelerator.prepare(model, optimizer, loader)
            for x, y in loader:
                with accelerator.accumulate(model):
                    loss = criterion(model(x), y)
                    accelerator.backward(loss)
                    optimizer.step()
                    optimizer.zero_grad()
        """,
}

GOOD: dict[str, tuple[Example, ...]] = {"GRD316": _examples(_GOOD)}
BAD: dict[str, tuple[Example, ...]] = {"GRD316": _examples(_BAD)}
