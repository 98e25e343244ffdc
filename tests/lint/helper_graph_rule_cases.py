"""Graphs kept by evaluations and methods, float16 in helpers, and look-alikes."""

from __future__ import annotations

from gradhealth_lint.violation import Example

GOOD: dict[str, tuple[Example, ...]] = {
    "GRD312": (
        Example(
            "evaluation-without-gradients",
            """
            import torch

            def validate(model, loader, criterion):
                model.eval()
                val_loss = 0
                with torch.no_grad():
                    for x, y in loader:
                        val_loss += criterion(model(x), y)
                return val_loss / len(loader)
            """,
        ),
        Example(
            "decorated-evaluation",
            """
            import torch

            @torch.no_grad()
            def validate(model, loader, criterion):
                model.eval()
                val_loss = 0
                for x, y in loader:
                    loss = criterion(model(x), y)
                    val_loss += loss
                return val_loss / len(loader)
            """,
        ),
        Example(
            "evaluation-whose-caller-switches-off",
            """
            import torch

            def validate(model, loader, criterion):
                model.eval()
                total = 0
                for x, y in loader:
                    total += criterion(model(x), y)
                return total / len(loader)

            def main(model, loader, criterion):
                with torch.no_grad():
                    print(validate(model, loader, criterion))
            """,
        ),
        Example(
            "model-runs-without-gradients",
            """
            import torch

            def validate(model, loader, criterion):
                model.eval()
                losses = []
                for x, y in loader:
                    with torch.no_grad():
                        out = model(x)
                    losses.append(criterion(out, y))
                return sum(losses)
            """,
        ),
        Example(
            "numbers-of-an-evaluation",
            """
            import torch

            def validate(model, loader, criterion):
                model.eval()
                total = 0.0
                for x, y in loader:
                    loss = criterion(model(x), y)
                    total += loss.item() * len(x)
                return total
            """,
        ),
        Example(
            "attack",
            """
            import torch

            def attack(model, loader, criterion):
                model.eval()
                total = 0.0
                for x, y in loader:
                    total += criterion(model(x), y)
                total.backward()
            """,
        ),
        Example(
            "numbers-in-a-history",
            """
            import torch

            class T:
                def step(self, x):
                    self.opt.zero_grad()
                    loss = self.model(x).mean()
                    loss.backward()
                    self.opt.step()
                    self.history.append(loss.item())
                    self.last_loss = loss.detach()
            """,
        ),
        Example(
            "training-in-eval-mode",
            """
            import torch

            def tune(model, loader, criterion, optimizer):
                model.eval()
                total = 0
                for x, y in loader:
                    loss = criterion(model(x), y)
                    optimizer.zero_grad()
                    loss.backward()
                    optimizer.step()
                    total += float(loss)
            """,
        ),
    ),
    "GRD315": (
        Example(
            "bfloat16-in-a-method",
            """
            import torch

            class T:
                def __init__(self, model):
                    self.model = model
                    self.opt = torch.optim.Adam(model.parameters())

                def compute_loss(self, x, y):
                    with torch.autocast("cuda", dtype=torch.bfloat16):
                        return torch.nn.functional.cross_entropy(self.model(x), y)

                def fit(self, loader):
                    for x, y in loader:
                        loss = self.compute_loss(x, y)
                        self.opt.zero_grad()
                        loss.backward()
                        self.opt.step()
            """,
        ),
        Example(
            "teacher-in-a-method",
            """
            import torch

            class T:
                def teacher_logits(self, x):
                    with torch.no_grad(), torch.autocast("cuda", dtype=torch.float16):
                        return self.teacher(x)

                def fit(self, loader):
                    for x in loader:
                        wanted = self.teacher_logits(x)
                        loss = torch.nn.functional.mse_loss(self.student(x), wanted)
                        self.opt.zero_grad()
                        loss.backward()
                        self.opt.step()
            """,
        ),
        Example(
            "scaled-behind-a-helper",
            """
            import torch

            def forward_pass(model, x):
                with torch.autocast("cuda", dtype=torch.float16):
                    out = model(x)
                return out.float().mean()

            def train(model, loader, opt, scaler):
                for x in loader:
                    loss = forward_pass(model, x)
                    scaler.scale(loss).backward()
                    scaler.step(opt)
                    scaler.update()
                    opt.zero_grad()
            """,
        ),
    ),
}

BAD: dict[str, tuple[Example, ...]] = {
    "GRD312": (
        Example(
            "evaluation",
            """
            import torch

            def validate(model, loader, criterion):
                model.eval()
                val_loss = 0
                for x, y in loader:
                    out = model(x)
                    loss = criterion(out, y)
                    val_loss += loss  # <- here
                return val_loss / len(loader)
            """,
        ),
        Example(
            "history-of-an-object",
            """
            import torch

            class T:
                def __init__(self, model):
                    self.model = model
                    self.opt = torch.optim.Adam(model.parameters())
                    self.history = []

                def step(self, x):
                    self.opt.zero_grad()
                    loss = self.model(x).mean()
                    loss.backward()
                    self.opt.step()
                    self.history.append(loss)  # <- here

                def fit(self, loader):
                    for x in loader:
                        self.step(x)
            """,
        ),
        Example(
            "list-of-an-evaluation",
            """
            import torch

            def evaluate(model, loader):
                model.eval()
                losses = []
                for x, y in loader:
                    loss = torch.nn.functional.cross_entropy(model(x), y)
                    losses.append(loss)  # <- here
                return torch.stack(losses).mean()
            """,
        ),
        Example(
            "functional-loss-of-an-evaluation",
            """
            import torch
            import torch.nn.functional as F

            class T:
                def evaluate(self, loader):
                    self.model.eval()
                    total_loss, correct = 0.0, 0
                    for data, target in loader:
                        data, target = data.to(self.device), target.to(self.device)
                        output = self.model(data)
                        total_loss += F.nll_loss(output, target, reduction="sum")  # <- here
                        correct += output.argmax(1).eq(target).sum().item()
                    return total_loss / len(loader.dataset)
            """,
        ),
        Example(
            "evaluation-in-a-notebook",
            """
            import torch

            net = torch.nn.Linear(3, 1)
            criterion = torch.nn.MSELoss()
            net.eval()
            test_losses = []
            for x, y in test_loader:
                loss = criterion(net(x), y)
                test_losses.append(loss)  # <- here

            print(torch.stack(test_losses).mean())
            """,
        ),
    ),
    "GRD315": (
        Example(
            "loss-method",
            """
            import torch

            class T:
                def __init__(self, model):
                    self.model = model
                    self.opt = torch.optim.Adam(model.parameters())

                def compute_loss(self, x, y):
                    with torch.cuda.amp.autocast():
                        return torch.nn.functional.cross_entropy(self.model(x), y)

                def fit(self, loader):
                    for x, y in loader:
                        loss = self.compute_loss(x, y)
                        self.opt.zero_grad()
                        loss.backward()  # <- here
                        self.opt.step()
            """,
        ),
        Example(
            "forward-function",
            """
            import torch

            def forward_pass(model, x, y):
                with torch.autocast(device_type="cuda", dtype=torch.float16):
                    out = model(x)
                    loss = torch.nn.functional.cross_entropy(out, y)
                return loss, out

            def train(model, loader, opt):
                for x, y in loader:
                    loss, out = forward_pass(model, x, y)
                    loss.backward()  # <- here
                    opt.step()
                    opt.zero_grad()
            """,
        ),
        Example(
            "decorated-helper",
            """
            import torch

            @torch.autocast("cuda", dtype=torch.float16)
            def compute_loss(model, x, y):
                return torch.nn.functional.cross_entropy(model(x), y)

            def train(model, loader, opt):
                for x, y in loader:
                    loss = compute_loss(model, x, y)
                    opt.zero_grad()
                    loss.backward()  # <- here
                    opt.step()
            """,
        ),
    ),
}
