"""Knowledge distillation: KLDivLoss is given probabilities on both sides.

Report: https://github.com/sebastian-hofstaetter/matchmaker/issues/18
"""
import torch
from torch import nn


class KLDivTeacherList(nn.Module):
    """Listwise loss of student scores against a teacher's, (batch, candidates)."""

    def __init__(self, temperature=1.0):
        super(KLDivTeacherList, self).__init__()
        self.kl = nn.KLDivLoss(reduction="batchmean")
        self.t = temperature

    def forward(self, scores, labels):
        loss = self.kl((scores / self.t).softmax(-1), (labels / self.t).softmax(-1))
        return loss


class DotRanker(nn.Module):
    def __init__(self, dim=128):
        super().__init__()
        self.q = nn.Linear(dim, dim, bias=False)
        self.d = nn.Linear(dim, dim, bias=False)

    def forward(self, query, docs):
        return torch.einsum("bd,bnd->bn", self.q(query), self.d(docs))


def distill(student: DotRanker, batches, lr: float = 1e-4):
    criterion = KLDivTeacherList(temperature=2.0)
    optimizer = torch.optim.Adam(student.parameters(), lr=lr)
    student.train()
    for query, docs, teacher_scores in batches:
        scores = student(query, docs)
        loss = criterion(scores, teacher_scores)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
