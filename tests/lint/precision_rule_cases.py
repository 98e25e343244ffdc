"""More examples of GRD315: float16 with and without loss scaling."""

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
    "scaler-never-used": """
        scaler = GradScaler()
        def train(model, loader, criterion, optimizer):
            for x, y in loader:
                optimizer.zero_grad()
                with torch.cuda.amp.autocast(enabled=True):
                    loss = criterion(model(x), y)
                loss.backward()  # <- here
                optimizer.step()
        """,
    "dtype-by-name": """
        AMP_DTYPE = torch.float16
        model = nn.Linear(8, 3).cuda()
        optimizer = optim.AdamW(model.parameters())
        for x, y in loader:
            with torch.autocast(device_type="cuda", dtype=AMP_DTYPE):
                loss = F.cross_entropy(model(x), y)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()  # <- here
            optimizer.step()
        """,
    "decorated-forward": """
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.fc = nn.Linear(8, 3)

            @autocast()
            def forward(self, x):
                return self.fc(x)

        model = Net().cuda()
        optimizer = optim.SGD(model.parameters(), lr=0.1)
        for x, y in loader:
            optimizer.zero_grad()
            loss = F.cross_entropy(model(x), y)
            loss.backward()  # <- here
            optimizer.step()
        """,
    "half-later": """
        def main(model, loader, criterion):
            model.cuda()
            model.half()
            optimizer = optim.SGD(model.parameters(), lr=1e-2)
            for epoch in range(3):
                for x, y in loader:
                    optimizer.zero_grad()
                    out = model(x.cuda().half())
                    loss = criterion(out, y.cuda())
                    loss.backward()  # <- here
                    optimizer.step()
        """,
    "to-float16": """
        model = nn.Linear(8, 3).to("cuda", dtype=torch.float16)
        optimizer = optim.SGD(model.parameters(), lr=0.1)
        for x, y in loader:
            optimizer.zero_grad()
            F.cross_entropy(model(x), y).backward()  # <- here
            optimizer.step()
        """,
    "trainer-class": """
        class Trainer:
            def __init__(self, net, loader):
                self.net, self.loader = net, loader
                self.opt = optim.SGD(net.parameters(), lr=0.1)

            def run(self):
                for x, y in self.loader:
                    self.opt.zero_grad()
                    with torch.amp.autocast("cuda"):
                        loss = F.cross_entropy(self.net(x), y)
                    loss.backward()  # <- here
                    self.opt.step()
        """,
}
_BAD |= {
    "one-step-function": """
        def train_step(model, x, y, optimizer, criterion):
            optimizer.zero_grad()
            with torch.autocast(device_type="cuda", dtype=torch.float16):
                loss = criterion(model(x), y)
            loss.backward()  # <- here
            optimizer.step()
        """,
    "around-the-loop": """
        def fit(model, loader, optimizer, criterion):
            with torch.autocast("cuda", dtype=torch.float16):
                for x, y in loader:
                    optimizer.zero_grad()
                    loss = criterion(model(x), y)
                    loss.backward()  # <- here
                    optimizer.step()
        """,
}
_GOOD = {
    "scaled-into-master-weights": """
        model = nn.Linear(8, 3).cuda().half()
        master = [p.detach().clone().float().requires_grad_() for p in model.parameters()]
        optimizer = optim.Adam(master, lr=1e-3)
        scale = 1024.0
        for x, y in loader:
            loss = F.cross_entropy(model(x.half()).float(), y)
            model.zero_grad()
            (loss * scale).backward()
            for m, p in zip(master, model.parameters()):
                m.grad = p.grad.float() / scale
            optimizer.step()
        """,
    "scaled-by-a-power-of-two": """
        model = nn.Linear(8, 3).cuda().half()
        optimizer = optim.SGD(model.parameters(), lr=0.1)
        for x, y in loader:
            loss = F.cross_entropy(model(x.half()), y)
            loss = loss * 2.0 ** 10
            optimizer.zero_grad()
            loss.backward()
            for p in model.parameters():
                p.grad.div_(2.0 ** 10)
            optimizer.step()
        """,
    "scaled-ahead-of-the-loss": """
        model = nn.Linear(8, 3).cuda().half()
        optimizer = optim.SGD(model.parameters(), lr=0.1)
        for x, y in loader:
            loss = F.cross_entropy(model(x.half()), y)
            scaled = args.static_scale * loss
            optimizer.zero_grad()
            scaled.backward()
            for p in model.parameters():
                p.grad.mul_(1 / args.static_scale)
            optimizer.step()
        """,
    "on-a-cpu": """
        model = nn.Linear(8, 3)
        optimizer = optim.SGD(model.parameters(), lr=0.1)
        for x, y in loader:
            optimizer.zero_grad()
            with torch.autocast("cpu"):
                loss = F.cross_entropy(model(x), y)
            loss.backward()
            optimizer.step()
        """,
    "switched-off": """
        model = nn.Linear(8, 3)
        optimizer = optim.SGD(model.parameters(), lr=0.1)
        for x, y in loader:
            optimizer.zero_grad()
            with autocast(enabled=False):
                loss = F.cross_entropy(model(x), y)
            loss.backward()
            optimizer.step()
        """,
    "dtype-not-known": """
        def train(model, loader, optimizer, dtype):
            for x, y in loader:
                optimizer.zero_grad()
                with torch.autocast("cuda", dtype=dtype):
                    loss = F.cross_entropy(model(x), y)
                loss.backward()
                optimizer.step()
        """,
    "scaled-if-wanted": """
        def train(model, loader, optimizer, scaler=None):
            for x, y in loader:
                optimizer.zero_grad()
                with autocast(enabled=scaler is not None):
                    loss = F.cross_entropy(model(x), y)
                if scaler is not None:
                    scaler.scale(loss).backward()
                    scaler.step(optimizer)
                    scaler.update()
                else:
                    loss.backward()
                    optimizer.step()
        """,
    "evaluation-only": """
        def train(model, loader, test, optimizer):
            for x, y in loader:
                optimizer.zero_grad()
                F.cross_entropy(model(x), y).backward()
                optimizer.step()
                with torch.no_grad(), autocast():
                    accuracy = (model(test).argmax(1) == 0).float().mean()
        """,
    "half-inputs-of-a-frozen-part": """
        def train(encoder, head, loader, optimizer):
            encoder = encoder.eval().half()
            for x, y in loader:
                with torch.no_grad():
                    features = encoder(x.half())
                optimizer.zero_grad()
                F.cross_entropy(head(features.float()), y).backward()
                optimizer.step()
        """,
    "back-to-float": """
        def train(model, loader, optimizer):
            model.half()
            print(sum(p.numel() * p.element_size() for p in model.parameters()))
            model.float()
            for x, y in loader:
                optimizer.zero_grad()
                F.cross_entropy(model(x), y).backward()
                optimizer.step()
        """,
    "scaled-by-hand": """
        def train(model, loader, optimizer, loss_scale=1024.0):
            model.half()
            for x, y in loader:
                optimizer.zero_grad()
                (F.cross_entropy(model(x), y) * loss_scale).backward()
                for p in model.parameters():
                    p.grad.data.div_(loss_scale)
                optimizer.step()
        """,
}

GOOD: dict[str, tuple[Example, ...]] = {"GRD315": _examples(_GOOD)}
BAD: dict[str, tuple[Example, ...]] = {"GRD315": _examples(_BAD)}
