"""The order rules' further examples: each fault in five styles of writing, and healthy loops."""

from __future__ import annotations

import re
from textwrap import indent

from gradhealth_lint.violation import Example

#: The body of a loop over ``x, y in loader`` goes where ``{body}`` stands.
STYLES = {
    "script-with-epochs": """
import torch
import torch.nn as nn
from torch.nn.utils import clip_grad_norm_
from torch.optim.lr_scheduler import StepLR

model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 1)).to(device)
criterion = nn.MSELoss()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
scheduler = StepLR(optimizer, 1000)
{scaler}
for epoch in range(epochs):
    for i, (x, y) in enumerate(loader):
{body2}
    print(epoch)
""",
    "function": """
import torch as th
import torch
from torch import nn, optim
from torch.nn.utils import clip_grad_norm_
from torch.optim.lr_scheduler import StepLR
{scaler_import}

def train(loader, device, accumulation=4):
    model = nn.Linear(8, 1).to(device)
    optimizer = optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    scheduler = StepLR(optimizer, step_size=1000)
    criterion = nn.MSELoss()
    {scaler}
    model.train()
    for i, (x, y) in enumerate(loader):
        x, y = x.to(device), y.to(device)
{body2}
    return model
""",
    "class": """
import torch
from torch import nn
from torch.nn.utils import clip_grad_norm_

class Trainer:
    def __init__(self, model, lr=1e-3):
        self.model = model
        self.optimizer = torch.optim.AdamW(self.model.parameters(), lr=lr)
        self.scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(self.optimizer, 100)
        self.scaler = torch.amp.GradScaler("cuda")

    def fit(self, loader, criterion):
        for i, (x, y) in enumerate(loader):
{selfbody}
        return self
""",
    "while-true": """
import torch
from torch import nn
from torch.nn.utils import clip_grad_norm_

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(8, 1)

    def forward(self, x):
        return self.fc(x)

def main():
    model = Net()
    criterion = nn.L1Loss()
    optimizer = torch.optim.RMSprop(model.parameters(), lr=1e-3)
    scheduler = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.999)
    {scaler}
    i = 0
    while True:
        x, y = next(batches)
{body2}
        i += 1
        if i > 1000:
            break

if __name__ == "__main__":
    main()
""",
    "flat": """
import torch
from torch import nn
from torch.nn.utils import clip_grad_norm_

model = nn.Linear(8, 1)
criterion = nn.functional.mse_loss
optimizer = torch.optim.NAdam(model.parameters())
scheduler = torch.optim.lr_scheduler.LinearLR(optimizer)
{scaler}
for i, (x, y) in enumerate(loader):
{body1}
""",
}
SCALER = 'scaler = torch.amp.GradScaler("cuda")'


def _written(style: str, body: str) -> str:
    own = re.sub(r"\b(model|optimizer|scheduler|scaler)\b", r"self.\1", body)
    text = STYLES[style]
    scaled = "scaler" in body
    for hole, filling in {
        "{scaler_import}": "",
        "{scaler}": SCALER if scaled else "",
        "{body1}": indent(body, " " * 4),
        "{body2}": indent(body, " " * 8),
        "{selfbody}": indent(own, " " * 12),
    }.items():
        text = text.replace(hole, filling)
    return text


def _in_all_styles(name: str, *lines: str) -> tuple[Example, ...]:
    body = "\n".join(lines)
    return tuple(Example(f"{name}-{style}", _written(style, body)) for style in STYLES)


_LOSS = "loss = criterion(model(x), y)"
_MARK = "  # <- here"
_AMP_LOSS = 'with torch.autocast("cuda"):\n    loss = criterion(model(x), y)'

BAD: dict[str, tuple[Example, ...]] = {
    "GRD302": _in_all_styles(
        "clip-last",
        "optimizer.zero_grad()",
        _LOSS,
        "loss.backward()",
        "optimizer.step()",
        "clip_grad_norm_(model.parameters(), 1.0)" + _MARK,
    ),
    "GRD303": _in_all_styles(
        "no-unscale",
        "optimizer.zero_grad()",
        _AMP_LOSS,
        "scaler.scale(loss).backward()",
        "clip_grad_norm_(model.parameters(), 1.0)" + _MARK,
        "scaler.step(optimizer)",
        "scaler.update()",
    ),
    "GRD304": _in_all_styles(
        "clip-first",
        "optimizer.zero_grad()",
        _LOSS,
        "clip_grad_norm_(model.parameters(), 1.0)" + _MARK,
        "loss.backward()",
        "optimizer.step()",
    ),
    "GRD305": _in_all_styles(
        "negative",
        "optimizer.zero_grad()",
        _LOSS,
        "loss.backward()",
        "clip_grad_norm_(model.parameters(), max_norm=-1)" + _MARK,
        "optimizer.step()",
    ),
    "GRD306": _in_all_styles(
        "never",
        _LOSS,
        "loss.backward()",
        "optimizer.step()" + _MARK,
        "total += loss.item()",
    ),
    "GRD307": _in_all_styles(
        "cleared-too-late",
        _LOSS,
        "loss.backward()",
        "optimizer.zero_grad(set_to_none=True)" + _MARK,
        "optimizer.step()",
    ),
    "GRD308": (
        *_in_all_styles(
            "backward-last",
            "optimizer.zero_grad()",
            _LOSS,
            "optimizer.step()" + _MARK,
            "loss.backward()",
        ),
        *_in_all_styles(
            "forgotten",
            "optimizer.zero_grad()",
            _LOSS,
            "optimizer.step()" + _MARK,
            "total += loss.item()",
        ),
    ),
    "GRD309": (
        *_in_all_styles(
            "ordinary-step",
            "optimizer.zero_grad()",
            _AMP_LOSS,
            "scaler.scale(loss).backward()",
            "optimizer.step()" + _MARK,
            "scaler.update()",
        ),
        *_in_all_styles(
            "never-updated",
            "optimizer.zero_grad()",
            _AMP_LOSS,
            "scaler.scale(loss).backward()",
            "scaler.unscale_(optimizer)",
            "clip_grad_norm_(model.parameters(), 1.0)",
            "scaler.step(optimizer)" + _MARK,
        ),
        *_in_all_styles(
            "stepped-twice",
            "optimizer.zero_grad()",
            _AMP_LOSS,
            "scaler.scale(loss).backward()",
            "scaler.unscale_(optimizer)",
            "clip_grad_norm_(model.parameters(), 1.0)",
            "scaler.step(optimizer)",
            "optimizer.step()" + _MARK,
            "scaler.update()",
        ),
    ),
    "GRD320": _in_all_styles(
        "scheduler-first",
        "scheduler.step()" + _MARK,
        "optimizer.zero_grad()",
        _LOSS,
        "loss.backward()",
        "optimizer.step()",
    ),
    "GRD321": (
        *_in_all_styles(
            "cleared-each-time",
            "optimizer.zero_grad()" + _MARK,
            _LOSS,
            "(loss / 4).backward()",
            "if (i + 1) % 4 == 0:",
            "    optimizer.step()",
        ),
        *_in_all_styles(
            "cleared-at-the-end",
            "loss = criterion(model(x), y) / 4",
            "loss.backward()",
            "if i % 4 == 3 or i == len(loader) - 1:",
            "    optimizer.step()",
            "optimizer.zero_grad()" + _MARK,
        ),
    ),
    "GRD322": tuple(
        Example(
            f"{maker}-{zero}",
            f"""
            import torch
            from torch import nn

            def train(model, loader, criterion):
                optimizer = torch.optim.{maker}(model.parameters(), lr=0.01)
                for epoch in range(20):
                    model.train()
                    {zero}.zero_grad()  # <- here
                    for x, y in loader:
                        loss = criterion(model(x), y)
                        loss.backward()
                        optimizer.step()
                    print(epoch)
            """,
        )
        for maker in ("SGD", "Adam", "AdamW", "Adagrad", "RMSprop")
        for zero in ("optimizer",)
    ),
}

#: Loops that no rule has anything to say about; they are examples of all.
_HEALTHY: tuple[Example, ...] = (
    *_in_all_styles(
        "ordinary",
        "optimizer.zero_grad()", _LOSS, "loss.backward()",
        "clip_grad_norm_(model.parameters(), 1.0)", "optimizer.step()", "scheduler.step()",
    ),
    *_in_all_styles(
        "mixed-precision",
        "optimizer.zero_grad()", _AMP_LOSS, "scaler.scale(loss).backward()",
        "scaler.unscale_(optimizer)", "clip_grad_norm_(model.parameters(), 1.0)",
        "scaler.step(optimizer)", "scaler.update()",
    ),
    *_in_all_styles(
        "accumulation",
        "loss = criterion(model(x), y) / 4", "loss.backward()", "if (i + 1) % 4 == 0:",
        "    clip_grad_norm_(model.parameters(), 1.0)", "    optimizer.step()",
        "    optimizer.zero_grad()", "    scheduler.step()",
    ),
    *_in_all_styles(
        "accumulation-that-clears-first",
        "if i % 4 == 0:", "    optimizer.zero_grad()", _LOSS, "loss.backward()",
        "if i % 4 == 3:", "    optimizer.step()",
    ),
    *_in_all_styles(
        "cleared-behind-the-step",
        _LOSS, "loss.backward()", "optimizer.step()", "model.zero_grad()",
    ),
    *_in_all_styles(
        "two-losses",
        "optimizer.zero_grad()", _LOSS, "loss.backward(retain_graph=True)",
        "penalty = model(x).pow(2).mean()", "penalty.backward()", "optimizer.step()",
    ),
    *_in_all_styles(
        "bad-batches-left-out",
        "optimizer.zero_grad()", _LOSS, "if not torch.isfinite(loss):", "    continue",
        "loss.backward()", "optimizer.step()",
    ),
    *_in_all_styles(
        "helper-out-of-view",
        _LOSS, "loss.backward()", "finish(model, optimizer)", "optimizer.step()",
    ),
    Example(
        "one-step-each",
        """
        import torch

        def compare(model, twin, x):
            first = torch.optim.SGD(model.parameters(), lr=0.1)
            other = torch.optim.SGD(twin.parameters(), lr=0.1)
            for network, chosen in ((model, first), (twin, other)):
                network(x).square().sum().backward()
                chosen.step()
        """,
    ),
    Example(
        "one-step-each-in-a-function",
        """
        import torch

        def one(network, optimizer, x):
            network(x).square().sum().backward()
            optimizer.step()

        def compare(models, x):
            for model in models:
                one(model.net, model.opt, x)

        nets = [torch.nn.Linear(2, 2), torch.nn.Linear(2, 2)]
        pairs = [(net, torch.optim.SGD(net.parameters(), lr=0.1)) for net in nets]
        for net, opt in pairs:
            one(net, opt, torch.randn(3, 2))
        """,
    ),
    Example(
        "agents",
        """
        import torch

        def learn(agents, batch):
            for agent in agents:
                agent.loss(batch).backward()
                agent.optimizer.step()
        """,
    ),
)  # fmt: skip
GOOD: dict[str, tuple[Example, ...]] = dict.fromkeys(BAD, _HEALTHY)
