"""Fine: kl_div gets log-probabilities first, and probabilities or log_target second."""
import torch
import torch.nn.functional as F
from torch import nn


class KDLoss(nn.Module):
    def __init__(self, T: float = 4.0):
        super().__init__()
        self.T = T
        self.kl = nn.KLDivLoss(reduction="batchmean", log_target=True)

    def forward(self, student, teacher):
        log_s = F.log_softmax(student / self.T, dim=-1)
        log_t = F.log_softmax(teacher.detach() / self.T, dim=-1)
        return self.kl(log_s, log_t) * self.T ** 2


def compute_rdrop_loss(logits1, logits2, label, alpha=4.0):
    ce = 0.5 * (F.cross_entropy(logits1, label) + F.cross_entropy(logits2, label))
    p = F.kl_div(F.log_softmax(logits1, dim=-1), F.softmax(logits2, dim=-1), reduction="batchmean")
    q = F.kl_div(F.log_softmax(logits2, dim=-1), F.softmax(logits1, dim=-1), reduction="batchmean")
    return ce + alpha * 0.5 * (p + q)


class SmallMLP(nn.Module):
    def __init__(self, n_in=784, n_out=10, p=0.3):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(n_in, 256), nn.ReLU(), nn.Dropout(p), nn.Linear(256, n_out))

    def forward(self, x):
        return self.net(x.flatten(1))


def train(student, teacher, loader, lr=1e-3):
    opt = torch.optim.Adam(student.parameters(), lr=lr)
    kd = KDLoss()
    for x, y in loader:
        with torch.no_grad():
            t = teacher(x)
        s1, s2 = student(x), student(x)
        loss = compute_rdrop_loss(s1, s2, y) + kd(s1, t)
        opt.zero_grad()
        loss.backward()
        opt.step()
