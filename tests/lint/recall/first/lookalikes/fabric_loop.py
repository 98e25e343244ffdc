"""Fine: Fabric's backward and clip_gradients do the scaling, in the right order."""
import lightning as L
import torch
from torch import nn
from torch.nn import functional as F


class CharGRU(nn.Module):
    def __init__(self, vocab: int = 96, dim: int = 256):
        super().__init__()
        self.emb = nn.Embedding(vocab, dim)
        self.gru = nn.GRU(dim, dim, num_layers=2, batch_first=True, dropout=0.1)
        self.out = nn.Linear(dim, vocab)

    def forward(self, x):
        h, _ = self.gru(self.emb(x))
        return self.out(h)


def main(train_loader, val_loader, epochs: int = 10):
    fabric = L.Fabric(accelerator="auto", devices=1, precision="16-mixed")
    fabric.launch()
    model = CharGRU()
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    model, optimizer = fabric.setup(model, optimizer)
    train_loader, val_loader = fabric.setup_dataloaders(train_loader, val_loader)

    for epoch in range(epochs):
        model.train()
        for x, y in train_loader:
            logits = model(x)
            loss = F.cross_entropy(logits.flatten(0, 1), y.flatten())
            optimizer.zero_grad()
            fabric.backward(loss)
            fabric.clip_gradients(model, optimizer, max_norm=1.0)
            optimizer.step()
        model.eval()
        with torch.no_grad():
            val = torch.stack([F.cross_entropy(model(x).flatten(0, 1), y.flatten()) for x, y in val_loader])
        fabric.print(f"epoch {epoch} val {val.mean():.3f}")
