"""Fine: F.normalize guards the division, and softmax over similarities is inside the cross entropy."""
import torch
import torch.nn as nn
import torch.nn.functional as F


class SimCLR(nn.Module):
    def __init__(self, encoder, feat_dim=512, proj_dim=128, temperature=0.5):
        super().__init__()
        self.encoder = encoder
        self.projector = nn.Sequential(
            nn.Linear(feat_dim, feat_dim), nn.BatchNorm1d(feat_dim), nn.ReLU(), nn.Linear(feat_dim, proj_dim)
        )
        self.t = temperature

    def info_nce(self, z1, z2):
        z = F.normalize(torch.cat([z1, z2]), dim=1)
        sim = z @ z.t() / self.t
        n = z1.size(0)
        sim = sim.masked_fill(torch.eye(2 * n, dtype=torch.bool, device=z.device), -1e4)
        target = torch.cat([torch.arange(n, 2 * n), torch.arange(0, n)]).to(z.device)
        return F.cross_entropy(sim, target)

    def forward(self, x1, x2):
        return self.info_nce(self.projector(self.encoder(x1)), self.projector(self.encoder(x2)))


class SoftTargetCrossEntropy(nn.Module):
    """For mixup: the targets are probabilities, the inputs are logits."""

    def forward(self, x, target):
        return torch.sum(-target * F.log_softmax(x, dim=-1), dim=-1).mean()


def pretrain(model, loader, epochs=100):
    opt = torch.optim.SGD(model.parameters(), lr=0.06, momentum=0.9, weight_decay=5e-4)
    sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, epochs)
    for epoch in range(epochs):
        model.train()
        for (x1, x2), _ in loader:
            loss = model(x1, x2)
            opt.zero_grad()
            loss.backward()
            opt.step()
        sched.step()
        print(epoch, loss.item())
