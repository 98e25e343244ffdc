"""arccos of a clamped trace: clamping to exactly [-1, 1] keeps the infinite slope.

Report: https://github.com/geoopt/geoopt/pull/79
"""
import torch
import torch.nn as nn
import torch.nn.functional as F


def compute_rotation_matrix_from_ortho6d(poses):
    x_raw, y_raw = poses[:, 0:3], poses[:, 3:6]
    x = F.normalize(x_raw, dim=1)
    z = F.normalize(torch.cross(x, y_raw, dim=1), dim=1)
    y = torch.cross(z, x, dim=1)
    return torch.stack((x, y, z), dim=2)


def geodesic_distance(m1, m2):
    m = torch.bmm(m1, m2.transpose(1, 2))
    cos = (m[:, 0, 0] + m[:, 1, 1] + m[:, 2, 2] - 1) / 2
    cos = torch.clamp(cos, -1.0, 1.0)
    return torch.acos(cos)


class PointNetPose(nn.Module):
    def __init__(self):
        super().__init__()
        self.feat = nn.Sequential(
            nn.Conv1d(6, 64, 1), nn.BatchNorm1d(64), nn.LeakyReLU(),
            nn.Conv1d(64, 256, 1), nn.BatchNorm1d(256), nn.LeakyReLU(),
            nn.AdaptiveMaxPool1d(1),
        )
        self.mlp = nn.Linear(256, 6)

    def forward(self, pts_a, pts_b):
        x = torch.cat([pts_a, pts_b], dim=1)
        return compute_rotation_matrix_from_ortho6d(self.mlp(self.feat(x).squeeze(-1)))


def train_one_iteration(model, optimizer, pts_a, pts_b, gt_rmat):
    optimizer.zero_grad()
    out_rmat = model(pts_a, pts_b)
    loss = geodesic_distance(gt_rmat, out_rmat).mean()
    loss.backward()
    optimizer.step()
    return loss.item()
