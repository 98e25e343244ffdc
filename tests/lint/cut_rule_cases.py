"""More examples for the rules on losses that are cut off from the model, as people write them."""

from __future__ import annotations

from gradhealth_lint.violation import Example

GOOD: dict[str, tuple[Example, ...]] = {
    "GRD310": (
        Example(
            "latent-found-again",
            """
            import torch
            import torch.nn.functional as F

            def invert(net, generator, image):
                w = net(image).detach().clone().requires_grad_(True)
                optimizer = torch.optim.Adam([w], lr=0.01)
                for _ in range(100):
                    optimizer.zero_grad()
                    loss = F.mse_loss(generator(w), image) + 0.1 * w.pow(2).mean()
                    loss.backward()
                    optimizer.step()
                return w
            """,
        ),
        Example(
            "image-is-what-learns",
            """
            import torch
            import torch.nn.functional as F

            def smooth(photo, target):
                image = torch.tensor(photo, requires_grad=True)
                optimizer = torch.optim.LBFGS([image])
                loss = F.mse_loss(image, target)
                loss.backward()
                return image.grad
            """,
        ),
        Example(
            "distilled",
            """
            import torch
            import torch.nn.functional as F

            def train(model, teacher_model, loader, optimizer):
                for x, y in loader:
                    with torch.no_grad():
                        soft = teacher_model(x)
                    out = model(x)
                    loss = F.mse_loss(soft, out) + F.cross_entropy(out, y)
                    optimizer.zero_grad()
                    loss.backward()
                    optimizer.step()
            """,
        ),
        Example(
            "probe-on-frozen-features",
            """
            import torch
            from torch import nn

            def probe(model, head, loader, optimizer):
                criterion = nn.CrossEntropyLoss()
                for x, y in loader:
                    with torch.no_grad():
                        features = model(x)
                    loss = criterion(head(features), y)
                    optimizer.zero_grad()
                    loss.backward()
                    optimizer.step()
            """,
        ),
        Example(
            "loss-with-weights-of-its-own",
            """
            import torch

            def train(model, criterion, loader, optimizer):
                for x, labels in loader:
                    with torch.no_grad():
                        embedding = model(x)
                    loss = criterion(embedding, labels)
                    loss.backward()
                    optimizer.step()
                    optimizer.zero_grad()
            """,
        ),
        Example(
            "advantages",
            """
            import torch
            import torch.nn.functional as F

            def update(policy, value_net, optimizer, states, actions, returns):
                values = value_net(states).squeeze(-1)
                advantage = (returns - values).detach()
                log_prob = policy(states).log_prob(actions)
                loss = -(log_prob * advantage).mean() + F.mse_loss(values, returns)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
            """,
        ),
        Example(
            "numbers-for-the-bar",
            """
            import torch
            from torch import nn

            def train(model, loader, optimizer, bar):
                criterion = nn.CrossEntropyLoss()
                total = 0.0
                for x, y in loader:
                    out = model(x)
                    loss = criterion(out, y)
                    optimizer.zero_grad()
                    loss.backward()
                    optimizer.step()
                    total += loss.item()
                    right = (out.detach().argmax(1) == y).float().mean().item()
                    bar.set_postfix(loss=total, accuracy=right)
            """,
        ),
        Example(
            "weight-by-the-detached-loss",
            """
            import torch
            import torch.nn.functional as F

            def focal(model, x, y, optimizer):
                out = model(x)
                ce = F.cross_entropy(out, y, reduction="none")
                weight = (1 - torch.exp(-ce.detach())) ** 2
                loss = (weight * ce).mean()
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
            """,
        ),
    ),
}

BAD: dict[str, tuple[Example, ...]] = {
    "GRD310": (
        Example(
            "averaged-numbers",
            """
            import torch
            import torch.nn as nn
            import torch.nn.functional as F
            model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3))
            optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
            criterion = nn.CrossEntropyLoss()
            for x, y in loader:
                optimizer.zero_grad()
                loss_sum = 0.0
                for t in range(5):
                    loss_sum += criterion(model(x[:, t]), y[:, t]).item()  # <- here
                loss = torch.tensor(loss_sum / 5)
                loss.backward()
                optimizer.step()
            """,
        ),
        Example(
            "loss-in-a-method-without-gradient",
            """
            import torch
            from torch import nn
            class Trainer:
                def __init__(self, model, lr):
                    self.model = model
                    self.opt = torch.optim.SGD(model.parameters(), lr=lr)
                    self.loss_fn = nn.MSELoss()
                def compute_loss(self, x, y):
                    with torch.no_grad():
                        pred = self.model(x)  # <- here
                    return self.loss_fn(pred, y)
                def fit(self, loader, epochs):
                    for _ in range(epochs):
                        for x, y in loader:
                            self.opt.zero_grad()
                            loss = self.compute_loss(x, y)
                            loss.backward()
                            self.opt.step()
            """,
        ),
        Example(
            "data-of-the-output",
            """
            import torch
            import torch.nn as nn
            import torch.nn.functional as F
            model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3))
            optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
            criterion = nn.CrossEntropyLoss()
            for x, y in loader:
                optimizer.zero_grad()
                out = model(x)
                loss = criterion(out.data, y)  # <- here
                loss.backward()
                optimizer.step()
            """,
        ),
        Example(
            "detached-in-place",
            """
            import torch
            import torch.nn as nn
            import torch.nn.functional as F
            model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3))
            optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
            criterion = nn.CrossEntropyLoss()
            for x, y in loader:
                optimizer.zero_grad()
                loss = criterion(model(x), y)
                loss.detach_()  # <- here
                loss.backward()
                optimizer.step()
            """,
        ),
        Example(
            "detached-into-the-loss",
            """
            import torch
            import torch.nn as nn
            import torch.nn.functional as F
            model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3))
            optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
            criterion = nn.CrossEntropyLoss()
            for x, y in loader:
                optimizer.zero_grad()
                out = model(x)
                loss = criterion(out.detach(), y)  # <- here
                loss.backward()
                optimizer.step()
            """,
        ),
        Example(
            "detached-before-backward",
            """
            import torch
            import torch.nn as nn
            import torch.nn.functional as F
            model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3))
            optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
            criterion = nn.CrossEntropyLoss()
            for x, y in loader:
                optimizer.zero_grad()
                loss = criterion(model(x), y)
                loss.detach().backward()  # <- here
                optimizer.step()
            """,
        ),
        Example(
            "number-of-the-loss",
            """
            import torch
            import torch.nn as nn
            import torch.nn.functional as F
            model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3))
            optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
            criterion = nn.CrossEntropyLoss()
            for x, y in loader:
                optimizer.zero_grad()
                loss = criterion(model(x), y).item()  # <- here
                loss.backward()
                optimizer.step()
            """,
        ),
        Example(
            "model-without-gradient",
            """
            import torch
            import torch.nn as nn
            import torch.nn.functional as F
            model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3))
            optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
            criterion = nn.CrossEntropyLoss()
            for x, y in loader:
                optimizer.zero_grad()
                with torch.no_grad():
                    out = model(x)  # <- here
                loss = criterion(out, y)
                loss.backward()
                optimizer.step()
            """,
        ),
        Example(
            "through-numpy",
            """
            import torch
            import torch.nn as nn
            import torch.nn.functional as F
            model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3))
            optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
            criterion = nn.CrossEntropyLoss()
            for x, y in loader:
                optimizer.zero_grad()
                out = model(x)
                out = torch.tensor(out.detach().cpu().numpy(), requires_grad=True)  # <- here
                loss = F.mse_loss(out, y)
                loss.backward()
                optimizer.step()
            """,
        ),
        Example(
            "tensor-of-losses",
            """
            import torch
            import torch.nn as nn
            import torch.nn.functional as F
            model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3))
            optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
            criterion = nn.CrossEntropyLoss()
            for x, y in loader:
                optimizer.zero_grad()
                losses = []
                for i in range(3):
                    losses.append(criterion(model(x), y))
                loss = torch.tensor(losses, requires_grad=True).mean()  # <- here
                loss.backward()
                optimizer.step()
            """,
        ),
        Example(
            "tensor-of-the-output",
            """
            import torch
            import torch.nn as nn
            import torch.nn.functional as F
            model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3))
            optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
            criterion = nn.CrossEntropyLoss()
            for x, y in loader:
                optimizer.zero_grad()
                out = model(x)
                out = torch.tensor(out, requires_grad=True)  # <- here
                loss = criterion(out, y)
                loss.backward()
                optimizer.step()
            """,
        ),
    ),
    "GRD311": (
        Example(
            "mean-of-numbers",
            """
            import torch
            import torch.nn as nn
            import torch.nn.functional as F
            model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3))
            optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
            criterion = nn.CrossEntropyLoss()
            for x, y in loader:
                optimizer.zero_grad()
                losses = [criterion(model(x), y).item() for _ in range(3)]
                loss = torch.tensor(losses).mean()
                loss.requires_grad_()  # <- here
                loss.backward()
                optimizer.step()
            """,
        ),
        Example(
            "detached-and-told-to",
            """
            import torch
            from torch import nn
            def train(model, loader, optimizer, device):
                criterion = nn.MSELoss()
                for batch, target in loader:
                    batch, target = batch.to(device), target.to(device)
                    optimizer.zero_grad()
                    prediction = model(batch).detach().cpu()
                    loss = criterion(prediction, target.cpu())
                    loss.requires_grad = True  # <- here
                    loss.backward()
                    optimizer.step()
            """,
        ),
    ),
}
