"""The memory's keys and values are tensors with requires_grad, never registered.

Report: https://github.com/SimonThomine/RememberingNormality/issues/7
"""
import torch
import torch.nn as nn
import torch.nn.functional as F


class NormalityMemory(nn.Module):
    def __init__(self, channel, L=50, device="cuda"):
        super().__init__()
        self.channel = channel
        self.keys = torch.randn(L, channel, device=device, requires_grad=True)
        self.values = torch.randn(L, channel, device=device, requires_grad=True)

    def forward(self, query):
        b, c, h, w = query.shape
        q = query.permute(0, 2, 3, 1).reshape(-1, c)
        sim = F.normalize(q, dim=1) @ F.normalize(self.keys, dim=1).t()
        weights = torch.softmax(sim, dim=1)
        recalled = weights @ F.normalize(self.values, dim=1)
        return query + recalled.view(b, h, w, c).permute(0, 3, 1, 2)


class Student(nn.Module):
    def __init__(self, backbone, channels=(64, 128, 256)):
        super().__init__()
        self.backbone = backbone
        self.memories = nn.ModuleList([NormalityMemory(c) for c in channels])

    def forward(self, x):
        return [m(f) for m, f in zip(self.memories, self.backbone(x))]


def train(student, teacher, loader, lr=1e-3):
    opt = torch.optim.Adam(student.parameters(), lr=lr)
    teacher.eval()
    for image in loader:
        with torch.no_grad():
            feats_t = teacher(image)
        feats_s = student(image)
        loss = sum(1 - F.cosine_similarity(s, t, dim=1).mean() for s, t in zip(feats_s, feats_t))
        opt.zero_grad()
        loss.backward()
        opt.step()
