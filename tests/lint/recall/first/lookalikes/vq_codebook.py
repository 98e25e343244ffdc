"""Fine: argmin picks codes, and the detaches are the commitment loss and the straight-through step."""
import torch
import torch.nn as nn
import torch.nn.functional as F


class VectorQuantizer(nn.Module):
    def __init__(self, n_codes=512, dim=64, beta=0.25):
        super().__init__()
        self.beta = beta
        self.codebook = nn.Embedding(n_codes, dim)
        nn.init.uniform_(self.codebook.weight, -1.0 / n_codes, 1.0 / n_codes)

    def forward(self, z):
        flat = z.permute(0, 2, 3, 1).reshape(-1, z.size(1))
        dist = (
            flat.pow(2).sum(1, keepdim=True)
            - 2 * flat @ self.codebook.weight.t()
            + self.codebook.weight.pow(2).sum(1)
        )
        idx = dist.argmin(1)
        q = self.codebook(idx).view(z.size(0), z.size(2), z.size(3), -1).permute(0, 3, 1, 2)
        loss = F.mse_loss(q, z.detach()) + self.beta * F.mse_loss(z, q.detach())
        q = z + (q - z).detach()
        return q, loss, idx


class VQVAE(nn.Module):
    def __init__(self, ch=64):
        super().__init__()
        self.enc = nn.Sequential(nn.Conv2d(3, ch, 4, 2, 1), nn.ReLU(), nn.Conv2d(ch, 64, 4, 2, 1))
        self.vq = VectorQuantizer()
        self.dec = nn.Sequential(
            nn.ConvTranspose2d(64, ch, 4, 2, 1), nn.ReLU(), nn.ConvTranspose2d(ch, 3, 4, 2, 1)
        )

    def forward(self, x):
        q, vq_loss, idx = self.vq(self.enc(x))
        x_hat = self.dec(q)
        return F.mse_loss(x_hat, x) + vq_loss, idx


def train_step(model, opt, x):
    opt.zero_grad()
    loss, idx = model(x)
    loss.backward()
    opt.step()
    return loss.item(), idx.unique().numel()
