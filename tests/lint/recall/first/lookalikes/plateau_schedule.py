"""Fine: ReduceLROnPlateau steps once per epoch, on the validation loss."""
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.optim.lr_scheduler import ReduceLROnPlateau


class TextCNN(nn.Module):
    def __init__(self, vocab_size, n_classes, dim=128, kernels=(2, 3, 4), n_filters=64):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, dim, padding_idx=0)
        self.convs = nn.ModuleList([nn.Conv1d(dim, n_filters, k) for k in kernels])
        self.dropout = nn.Dropout(0.5)
        self.fc = nn.Linear(n_filters * len(kernels), n_classes)

    def forward(self, ids):
        x = self.embedding(ids).transpose(1, 2)
        pooled = [F.relu(conv(x)).amax(dim=-1) for conv in self.convs]
        return self.fc(self.dropout(torch.cat(pooled, dim=1)))


def evaluate(model, loader):
    model.eval()
    total = 0.0
    with torch.no_grad():
        for ids, y in loader:
            total += F.cross_entropy(model(ids), y, reduction="sum").item()
    return total / len(loader.dataset)


def main(train_loader, val_loader, vocab_size, n_classes):
    model = TextCNN(vocab_size, n_classes)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    scheduler = ReduceLROnPlateau(optimizer, mode="min", factor=0.5, patience=2)
    for epoch in range(20):
        model.train()
        for ids, y in train_loader:
            optimizer.zero_grad()
            loss = F.cross_entropy(model(ids), y)
            loss.backward()
            optimizer.step()
        val_loss = evaluate(model, val_loader)
        scheduler.step(val_loss)
        print(f"{epoch:02d} val {val_loss:.4f} lr {optimizer.param_groups[0]['lr']:.1e}")
