"""Fine: the loss takes logits; the sigmoid is for the metric and the threshold."""
import torch
import torch.nn as nn
import torch.nn.functional as F


class ToxicNet(nn.Module):
    def __init__(self, n_tokens, dim=300, hidden=128, n_labels=6):
        super().__init__()
        self.embedding = nn.Embedding(n_tokens, dim)
        self.lstm = nn.LSTM(dim, hidden, bidirectional=True, batch_first=True)
        self.linear = nn.Linear(4 * hidden, 2 * hidden)
        self.out = nn.Linear(2 * hidden, n_labels)

    def forward(self, x):
        h, _ = self.lstm(self.embedding(x))
        h = torch.cat([h.mean(1), h.max(1)[0]], dim=1)
        return self.out(F.relu(self.linear(h)))


def f_score(logits, target, threshold=0.5):
    pred = (torch.sigmoid(logits) > threshold).float()
    tp = (pred * target).sum()
    return (2 * tp / (pred.sum() + target.sum() + 1e-8)).item()


def train(model, loader, pos_weight, epochs=4):
    criterion = nn.BCEWithLogitsLoss(pos_weight=pos_weight)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    for epoch in range(epochs):
        model.train()
        score = 0.0
        for x, y in loader:
            logits = model(x)
            loss = criterion(logits, y)
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            score += f_score(logits.detach(), y)
        print(epoch, score / len(loader))
