"""Further examples of an eps in float16: where tensors come to be so, and where not."""

from __future__ import annotations

from gradhealth_lint.violation import Example

GOOD: dict[str, tuple[Example, ...]] = {
    "GRD411": (
        Example(
            "norm-under-autocast",
            """
            import torch
            import torch.nn as nn
            from torch.cuda.amp import GradScaler, autocast

            class Net(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.fc = nn.Linear(8, 8)

                @autocast()
                def forward(self, x):
                    z = self.fc(x)
                    return z / (z.norm(dim=1, keepdim=True) + 1e-8)
            """,
        ),
        Example(
            "cast-back-inside",
            """
            import torch
            import torch.nn as nn
            from torch.cuda.amp import GradScaler, autocast

            class Net(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.fc = nn.Linear(8, 8)

                def forward(self, x):
                    with autocast():
                        z = self.fc(x).float()
                        return torch.sqrt(torch.relu(z) + 1e-8)
            """,
        ),
        Example(
            "autocast-switched-off",
            """
            import torch
            import torch.nn as nn
            from torch.cuda.amp import GradScaler, autocast

            class Net(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.fc = nn.Linear(8, 8)

                def forward(self, x):
                    with autocast(enabled=False):
                        return torch.sqrt(torch.relu(self.fc(x)) + 1e-8)
            """,
        ),
        Example(
            "with-a-tensor-of-unknown-dtype",
            """
            import torch
            import torch.nn as nn
            from torch.cuda.amp import GradScaler, autocast

            def root_loss(pred, target):
                distance = (pred.half() - target).abs()
                return torch.sqrt(distance + 1e-10).mean()
            """,
        ),
        Example(
            "eps-not-told",
            """
            import torch
            import torch.nn as nn
            from torch.cuda.amp import GradScaler, autocast

            class Norm(nn.Module):
                def __init__(self, eps):
                    super().__init__()
                    self.eps = eps

                def forward(self, x):
                    x = x.half()
                    return x / (x.abs().mean() + self.eps)
            """,
        ),
        Example(
            "model-of-unknown-dtype",
            """
            import torch
            import torch.nn as nn
            from torch.cuda.amp import GradScaler, autocast

            def train(model, loader):
                optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4, eps=1e-8)
                scaler = GradScaler()
                for x, y in loader:
                    optimizer.zero_grad()
                    with autocast():
                        loss = -(y * torch.log(torch.sigmoid(model(x)) + 1e-8)).mean()
                    scaler.scale(loss).backward()
                    scaler.step(optimizer)
                    scaler.update()
            """,
        ),
        Example(
            "larger-eps-for-the-optimizer",
            """
            import torch
            import torch.nn as nn
            from torch.cuda.amp import GradScaler, autocast

            def train(model, loader):
                model.half()
                optimizer = torch.optim.Adam(model.parameters(), lr=1e-4, eps=1e-4)
                for x, y in loader:
                    optimizer.zero_grad()
                    loss = (model(x.half()) - y.half()).pow(2).mean() * loss_scale
                    loss.backward()
                    optimizer.step()
            """,
        ),
        Example(
            "sgd",
            """
            import torch
            import torch.nn as nn
            from torch.cuda.amp import GradScaler, autocast

            def train(model, loader):
                model.half()
                optimizer = torch.optim.SGD(model.parameters(), lr=1e-4)
                for x, y in loader:
                    optimizer.zero_grad()
                    loss = (model(x.half()) - y.half()).pow(2).mean() * loss_scale
                    loss.backward()
                    optimizer.step()
            """,
        ),
        Example(
            "prediction",
            """
            import torch
            import torch.nn as nn
            from torch.cuda.amp import GradScaler, autocast

            def predict(net, x):
                net.half()
                with torch.no_grad():
                    return torch.log(net(x.half()) + 1e-8)
            """,
        ),
    ),
}
BAD: dict[str, tuple[Example, ...]] = {
    "GRD411": (
        Example(
            "decorated-forward",
            """
            import torch
            import torch.nn as nn
            from torch.cuda.amp import GradScaler, autocast

            class Net(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.fc = nn.Linear(8, 8)

                @autocast()
                def forward(self, x):
                    z = self.fc(x)
                    return z / (z.abs().mean(1, keepdim=True) + 1e-8)  # <- here
            """,
        ),
        Example(
            "autocast-inside-forward",
            """
            import torch
            import torch.nn as nn
            from torch.cuda.amp import GradScaler, autocast

            class Net(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.fc = nn.Linear(8, 8)

                def forward(self, x):
                    with torch.cuda.amp.autocast():
                        z = torch.relu(self.fc(x))
                        return torch.sqrt(z + 1e-8)  # <- here
            """,
        ),
        Example(
            "to-dtype",
            """
            import torch
            import torch.nn as nn
            from torch.cuda.amp import GradScaler, autocast

            def root_loss(pred, target):
                distance = (pred.to(torch.float16) - target.half()).abs()
                return torch.sqrt(distance + 1e-10).mean()  # <- here
            """,
        ),
        Example(
            "eps-as-an-argument",
            """
            import torch
            import torch.nn as nn
            from torch.cuda.amp import GradScaler, autocast

            def nll_loss(pred, target, eps=1e-8):
                p = torch.sigmoid(pred.type(torch.float16))
                return -torch.log(p + eps).mean()  # <- here
            """,
        ),
        Example(
            "function-add",
            """
            import torch
            import torch.nn as nn
            from torch.cuda.amp import GradScaler, autocast

            def nll_loss(pred, target):
                p = torch.sigmoid(pred.half())
                return -torch.log(torch.add(p, 1e-9)).mean()  # <- here
            """,
        ),
        Example(
            "clamp",
            """
            import torch
            import torch.nn as nn
            from torch.cuda.amp import GradScaler, autocast

            def nll_loss(pred, target):
                p = torch.sigmoid(pred.to(dtype=torch.half))
                return -torch.log(torch.clamp(p, 1e-8, 1.0)).mean()  # <- here
            """,
        ),
        Example(
            "one-minus",
            """
            import torch
            import torch.nn as nn
            from torch.cuda.amp import GradScaler, autocast

            def negative_loss(pred):
                p = torch.sigmoid(pred.half())
                return -torch.log(1 - p + 1e-8).mean()  # <- here
            """,
        ),
        Example(
            "model-made-half",
            """
            import torch
            import torch.nn as nn
            from torch.cuda.amp import GradScaler, autocast

            def train(model, loader):
                model.half()
                optimizer = torch.optim.SGD(model.parameters(), lr=1e-4)
                for x, y in loader:
                    optimizer.zero_grad()
                    p = torch.sigmoid(model(x.half()))
                    loss = -torch.log(p + 1e-8).mean() * loss_scale  # <- here
                    loss.backward()
                    optimizer.step()
            """,
        ),
        Example(
            "adamw-of-half",
            """
            import torch
            import torch.nn as nn
            from torch.cuda.amp import GradScaler, autocast

            def train(model, loader):
                model.half()
                optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4, eps=1e-8)  # <- here
                for x, y in loader:
                    optimizer.zero_grad()
                    loss = (model(x.half()) - y.half()).pow(2).mean() * loss_scale
                    loss.backward()
                    optimizer.step()
            """,
        ),
    ),
}
