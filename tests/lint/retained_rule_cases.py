"""More examples of GRD312 and GRD317: what outlives a turn of a training loop."""

from __future__ import annotations

from textwrap import dedent

from gradhealth_lint.violation import Example

_IMPORTS = """\
import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
import torch.optim as optim
from torch.cuda.amp import GradScaler, autocast

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(8, 16, batch_first=True)
        self.fc = nn.Linear(16, 3)

    def forward(self, x, state=None):
        out, state = self.lstm(x, state)
        return self.fc(out), state
"""


def _examples(texts: dict[str, str]) -> tuple[Example, ...]:
    return tuple(Example(name, f"{_IMPORTS}\n{dedent(text)}") for name, text in texts.items())


_BAD_KEPT = {
    "function-running-loss": """
        def train_one_epoch(model, loader, criterion, optimizer, device):
            model.train()
            running_loss = 0.0
            for inputs, labels in loader:
                inputs, labels = inputs.to(device), labels.to(device)
                optimizer.zero_grad()
                outputs = model(inputs)
                loss = criterion(outputs, labels)
                loss.backward()
                optimizer.step()
                running_loss += loss  # <- here
            return running_loss / len(loader)
        """,
    "times-batch-size": """
        model = nn.Linear(8, 3)
        criterion = nn.CrossEntropyLoss()
        optimizer = optim.Adam(model.parameters())
        for epoch in range(5):
            train_loss = 0
            for i, (x, y) in enumerate(loader):
                optimizer.zero_grad()
                loss = criterion(model(x), y)
                loss.backward()
                optimizer.step()
                train_loss += loss * x.size(0)  # <- here
        """,
    "written-out-sum": """
        model = nn.Linear(8, 3)
        optimizer = optim.SGD(model.parameters(), lr=0.01)
        epoch_loss = 0
        for x, y in loader:
            loss = F.cross_entropy(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            epoch_loss = epoch_loss + loss  # <- here
        """,
    "attribute-of-trainer": """
        class Trainer:
            def __init__(self, model, loader):
                self.model = model
                self.loader = loader
                self.optimizer = optim.Adam(model.parameters())
                self.history = []

            def fit(self, epochs):
                for _ in range(epochs):
                    for x, y in self.loader:
                        self.optimizer.zero_grad()
                        loss = F.mse_loss(self.model(x), y)
                        loss.backward()
                        self.optimizer.step()
                        self.history.append(loss)  # <- here
        """,
    "mixed-precision": """
        def train(model, loader, optimizer, scaler):
            total_loss = 0
            for x, y in loader:
                optimizer.zero_grad()
                with autocast():
                    loss = F.cross_entropy(model(x), y)
                scaler.scale(loss).backward()
                scaler.step(optimizer)
                scaler.update()
                total_loss += loss  # <- here
            return total_loss
        """,
    "part-of-the-loss": """
        def train(model, loader, optimizer):
            kl_loss_sum = 0.0
            for x, y in loader:
                out, mu = model(x)
                rec_loss = F.mse_loss(out, y)
                kl_loss = mu.pow(2).mean()
                loss = rec_loss + 0.1 * kl_loss
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                kl_loss_sum += kl_loss  # <- here
        """,
    "cpu-keeps-the-graph": """
        def train(model, loader, optimizer):
            losses = []
            for x, y in loader:
                optimizer.zero_grad()
                loss = F.mse_loss(model(x), y)
                loss.backward()
                optimizer.step()
                losses.append(loss.cpu())  # <- here
        """,
    "given-back-by-a-step": """
        def train_step(model, x, y, optimizer, criterion):
            optimizer.zero_grad()
            loss = criterion(model(x), y)
            loss.backward()
            optimizer.step()
            return loss

        def train(model, loader, optimizer, criterion):
            total = 0
            for x, y in loader:
                total += train_step(model, x, y, optimizer, criterion)  # <- here
            return total
        """,
    "in-a-dict": """
        def train(model, loader, optimizer, criterion):
            history = {"loss": []}
            for x, y in loader:
                optimizer.zero_grad()
                loss = criterion(model(x), y)
                loss.backward()
                optimizer.step()
                history["loss"].append(loss)  # <- here
            return history
        """,
    "retained-by-a-function": """
        def train_epoch(model, loader, criterion, optimizer):
            for data, target in loader:
                optimizer.zero_grad()
                output = model(data)
                loss = criterion(output, target)
                loss.backward(retain_graph=True)  # <- here
                optimizer.step()
        """,
}
_GOOD_KEPT = {
    "detached-sum": """
        def train(model, loader, criterion, optimizer):
            running = 0.0
            for x, y in loader:
                optimizer.zero_grad()
                loss = criterion(model(x), y)
                loss.backward()
                optimizer.step()
                running += loss.detach()
        """,
    "number-first": """
        def train(model, loader, criterion, optimizer):
            total = 0.0
            for x, y in loader:
                optimizer.zero_grad()
                loss = criterion(model(x), y)
                loss.backward()
                optimizer.step()
                loss = loss.item()
                total += loss
        """,
    "float-of-it": """
        def train(model, loader, criterion, optimizer):
            history = []
            for x, y in loader:
                optimizer.zero_grad()
                loss = criterion(model(x), y)
                loss.backward()
                optimizer.step()
                history.append(float(loss))
        """,
    "number-given-back-by-a-step": """
        def train_step(model, x, y, optimizer, criterion):
            optimizer.zero_grad()
            loss = criterion(model(x), y)
            loss.backward()
            optimizer.step()
            return loss.item()

        def train(model, loader, optimizer, criterion):
            total = 0
            for x, y in loader:
                total += train_step(model, x, y, optimizer, criterion)
            return total
        """,
    "no-grad-evaluation": """
        def train(model, loader, test_loader, criterion, optimizer):
            for epoch in range(3):
                for x, y in loader:
                    optimizer.zero_grad()
                    loss = criterion(model(x), y)
                    loss.backward()
                    optimizer.step()
                test_loss = 0
                with torch.no_grad():
                    for x, y in test_loader:
                        test_loss += criterion(model(x), y)
        """,
    "sum-of-steps": """
        def train(model, loader, criterion, optimizer):
            for x, y in loader:
                optimizer.zero_grad()
                loss = 0
                for t in range(x.size(1)):
                    step_loss = criterion(model(x[:, t]), y[:, t])
                    loss += step_loss
                loss.backward()
                optimizer.step()
        """,
    "list-then-stack": """
        def train(model, loader, criterion, optimizer):
            for batch in loader:
                losses = []
                for x, y in batch:
                    loss = criterion(model(x), y)
                    losses.append(loss)
                optimizer.zero_grad()
                torch.stack(losses).mean().backward()
                optimizer.step()
        """,
    "several-backward-passes": """
        def train(model, loader, optimizer):
            for x, y in loader:
                optimizer.zero_grad()
                out = model(x)
                losses = [F.mse_loss(out, y), out.abs().mean()]
                for loss in losses:
                    loss.backward(retain_graph=True)
                optimizer.step()
        """,
    "penalty-after": """
        def train(model, loader, optimizer):
            for x, y in loader:
                optimizer.zero_grad()
                loss = F.mse_loss(model(x), y)
                loss.backward(retain_graph=True)
                grads = torch.autograd.grad(loss, list(model.parameters()))
                optimizer.step()
        """,
    "gradient-given": """
        def cached(reps, dims, weights, fn):
            loss = 0.0
            for dim, weight in zip(dims, weights):
                cut = [r[..., :dim] for r in reps]
                leaves = [c.detach().requires_grad_() for c in cut]
                weight = weight * 1.0
                loss += weight * fn(leaves)
                for c, leaf in zip(cut, leaves):
                    c.backward(weight * leaf.grad)
            return loss
        """,
    "several-games": """
        def train(policy, optimizer, env):
            for episode in range(100):
                log_probs, rewards = [], []
                state = env.reset()
                for t in range(200):
                    action, log_prob = policy.act(state)
                    state, reward, done, _ = env.step(action)
                    log_probs.append(log_prob)
                    rewards.append(reward)
                policy_loss = torch.cat([-lp * r for lp, r in zip(log_probs, rewards)]).sum()
                optimizer.zero_grad()
                policy_loss.backward()
                optimizer.step()
        """,
}
_BAD_CARRIED = {
    "language-model": """
        model = Net()
        optimizer = optim.Adam(model.parameters())
        hidden = None
        for x, y in loader:
            optimizer.zero_grad()
            out, hidden = model(x, hidden)  # <- here
            loss = F.cross_entropy(out.view(-1, 3), y.view(-1))
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
        """,
    "retained": """
        def train(rnn, optimizer, criterion, loader):
            h = torch.zeros(1, 20, 16)
            for x, y in loader:
                optimizer.zero_grad()
                output, h = rnn(x, h)  # <- here
                loss = criterion(output, y)
                loss.backward(retain_graph=True)
                optimizer.step()
        """,
    "tuple-of-two": """
        lstm = nn.LSTM(8, 16)
        head = nn.Linear(16, 1)
        optimizer = optim.Adam([*lstm.parameters(), *head.parameters()])
        hx, cx = torch.zeros(1, 4, 16), torch.zeros(1, 4, 16)
        for x, y in loader:
            optimizer.zero_grad()
            out, (hx, cx) = lstm(x, (hx, cx))  # <- here
            loss = F.mse_loss(head(out), y)
            loss.backward()
            nn.utils.clip_grad_norm_(lstm.parameters(), 1.0)
            optimizer.step()
        """,
    "once-an-epoch": """
        def train(model, loader, criterion, optimizer, epochs):
            for epoch in range(epochs):
                state = model.init_hidden(20)
                for x, y in loader:
                    optimizer.zero_grad()
                    pred, state = model(x, state)  # <- here
                    loss = criterion(pred, y)
                    loss.backward()
                    optimizer.step()
        """,
    "kept-by-a-tagger": """
        class Tagger(nn.Module):
            def __init__(self):
                super().__init__()
                self.lstm = nn.LSTM(8, 16)
                self.fc = nn.Linear(16, 3)
                self.hidden = (torch.zeros(1, 1, 16), torch.zeros(1, 1, 16))

            def forward(self, x):
                out, self.hidden = self.lstm(x, self.hidden)  # <- here
                return self.fc(out)

        model = Tagger()
        optimizer = optim.SGD(model.parameters(), lr=0.1)
        for x, y in data:
            optimizer.zero_grad()
            loss = F.cross_entropy(model(x), y)
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
        """,
    "character-steps": """
        def train(rnn_cell, decoder, optimizer, criterion, text):
            hidden = torch.zeros(1, 16)
            for i in range(1000):
                optimizer.zero_grad()
                hidden = rnn_cell(text[i], hidden)  # <- here
                loss = criterion(decoder(hidden), text[i + 1])
                loss.backward()
                optimizer.step()
        """,
}
_GOOD_CARRIED = {
    "data-of-each": """
        def train(model, loader, criterion, optimizer):
            h = model.init_hidden(20)
            for x, y in loader:
                h = tuple([each.data for each in h])
                optimizer.zero_grad()
                out, h = model(x, h)
                criterion(out, y).backward()
                optimizer.step()
        """,
    "detached-in-place": """
        def train(model, loader, criterion, optimizer):
            state = torch.zeros(1, 20, 16)
            for x, y in loader:
                optimizer.zero_grad()
                out, state = model(x, state)
                criterion(out, y).backward()
                state.detach_()
                optimizer.step()
        """,
    "detached-on-the-way-in": """
        def train(model, loader, criterion, optimizer):
            hidden = torch.zeros(1, 20, 16)
            for x, y in loader:
                optimizer.zero_grad()
                out, hidden = model(x, hidden.detach())
                criterion(out, y).backward()
                optimizer.step()
        """,
    "new-each-batch": """
        def train(model, loader, criterion, optimizer):
            for x, y in loader:
                hidden = model.init_hidden(x.size(0))
                optimizer.zero_grad()
                out, hidden = model(x, hidden)
                criterion(out, y).backward()
                optimizer.step()
        """,
    "both-parts-apart": """
        def train(lstm, loader, criterion, optimizer):
            h = c = torch.zeros(1, 20, 16)
            for x, y in loader:
                optimizer.zero_grad()
                out, (h, c) = lstm(x, (h, c))
                criterion(out, y).backward()
                optimizer.step()
                h, c = h.detach(), c.detach()
        """,
    "reset-in-the-module": """
        class Tagger(nn.Module):
            def __init__(self):
                super().__init__()
                self.lstm = nn.LSTM(8, 16)
                self.fc = nn.Linear(16, 3)
                self.hidden = self.init_hidden()

            def init_hidden(self):
                return (torch.zeros(1, 1, 16), torch.zeros(1, 1, 16))

            def forward(self, x):
                out, self.hidden = self.lstm(x, self.hidden)
                return self.fc(out)

        model = Tagger()
        optimizer = optim.SGD(model.parameters(), lr=0.1)
        for x, y in data:
            model.hidden = model.init_hidden()
            optimizer.zero_grad()
            loss = F.cross_entropy(model(x), y)
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
        """,
    "time-steps-then-backward": """
        def train(cell, head, loader, criterion, optimizer):
            for xs, y in loader:
                h = torch.zeros(xs.size(0), 16)
                for t in range(xs.size(1)):
                    h = cell(xs[:, t], h)
                optimizer.zero_grad()
                criterion(head(h), y).backward()
                optimizer.step()
        """,
    "game": """
        def train(policy, env, optimizer):
            state = env.reset()
            for step in range(1000):
                action, value = policy(state)
                state, reward, done, info = env.step(action)
                optimizer.zero_grad()
                (value - reward).pow(2).mean().backward()
                optimizer.step()
        """,
    "state-not-taken-back": """
        def train(model, loader, criterion, optimizer):
            h0 = torch.zeros(1, 20, 16)
            for x, y in loader:
                optimizer.zero_grad()
                out, hidden = model(x, h0)
                criterion(out, y).backward()
                optimizer.step()
        """,
}

GOOD: dict[str, tuple[Example, ...]] = {
    "GRD312": _examples(_GOOD_KEPT),
    "GRD317": _examples(_GOOD_CARRIED),
}
BAD: dict[str, tuple[Example, ...]] = {
    "GRD312": _examples(_BAD_KEPT),
    "GRD317": _examples(_BAD_CARRIED),
}
