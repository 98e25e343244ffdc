"""Fine: the cosine is clamped strictly inside its domain before acos; atan2 needs no guard here."""
import torch
import torch.nn as nn
import torch.nn.functional as F

EPS = 1e-6


def rotation_angle(R1, R2):
    trace = torch.einsum("bij,bij->b", R1, R2)
    cos = ((trace - 1) / 2).clamp(-1 + EPS, 1 - EPS)
    return torch.acos(cos)


def chordal(R1, R2):
    return (R1 - R2).pow(2).sum((1, 2))


class RotationHead(nn.Module):
    """Six numbers to a rotation matrix by Gram-Schmidt."""

    def __init__(self, dim=512):
        super().__init__()
        self.fc = nn.Linear(dim, 6)

    def forward(self, h):
        a, b = self.fc(h).chunk(2, dim=-1)
        x = F.normalize(a, dim=-1, eps=1e-6)
        y = F.normalize(b - (x * b).sum(-1, keepdim=True) * x, dim=-1, eps=1e-6)
        return torch.stack([x, y, torch.linalg.cross(x, y)], dim=-1)


def train_step(backbone, head, optimizer, img, R_gt):
    optimizer.zero_grad()
    R = head(backbone(img))
    loss = rotation_angle(R, R_gt).mean() + 0.1 * chordal(R, R_gt).mean()
    loss.backward()
    optimizer.step()
    return loss.item()


@torch.no_grad()
def median_error_deg(R, R_gt):
    cos = ((torch.einsum("bij,bij->b", R, R_gt) - 1) / 2).clamp(-1, 1)
    return torch.rad2deg(torch.acos(cos)).median().item()
