"""Fine: the sigmoid weighs the terms, the cross entropy itself gets the raw logits."""
import torch
import torch.nn as nn
import torch.nn.functional as F


def sigmoid_focal_loss(inputs, targets, alpha: float = 0.25, gamma: float = 2.0):
    p = torch.sigmoid(inputs)
    ce_loss = F.binary_cross_entropy_with_logits(inputs, targets, reduction="none")
    p_t = p * targets + (1 - p) * (1 - targets)
    loss = ce_loss * ((1 - p_t) ** gamma)
    if alpha >= 0:
        alpha_t = alpha * targets + (1 - alpha) * (1 - targets)
        loss = alpha_t * loss
    return loss.sum() / targets.sum().clamp(min=1.0)


class SoftmaxFocalLoss(nn.Module):
    def __init__(self, gamma=2.0):
        super().__init__()
        self.gamma = gamma

    def forward(self, logits, target):
        log_p = F.log_softmax(logits, dim=1)
        weight = (1 - log_p.exp()).pow(self.gamma)
        return F.nll_loss(weight * log_p, target)


class Head(nn.Module):
    def __init__(self, dim=256, n_cls=80):
        super().__init__()
        self.obj, self.cls = nn.Linear(dim, 1), nn.Linear(dim, n_cls)
        self.cls_loss = SoftmaxFocalLoss()

    def forward(self, feats, is_object, label):
        obj = self.obj(feats).squeeze(-1)
        loss = sigmoid_focal_loss(obj, is_object)
        fg = is_object > 0
        if fg.any():
            loss = loss + self.cls_loss(self.cls(feats[fg]), label[fg])
        return loss
