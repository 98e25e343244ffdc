"""The attention loss is detached on its way into the total: it trains nothing.

Report: https://github.com/bboylyg/NAD/issues/8
"""
import torch
import torch.nn as nn
import torch.nn.functional as F


class AT(nn.Module):
    """Attention transfer between a student's and a teacher's feature maps."""

    def __init__(self, p=2):
        super().__init__()
        self.p = p

    def forward(self, fm_s, fm_t):
        return F.mse_loss(self.attention_map(fm_s), self.attention_map(fm_t))

    def attention_map(self, fm, eps=1e-6):
        am = torch.pow(torch.abs(fm), self.p)
        am = torch.sum(am, dim=1, keepdim=True)
        norm = torch.norm(am, dim=(2, 3), keepdim=True)
        return torch.div(am, norm + eps)


def train_step(train_loader, nets, optimizer, betas=(500, 1000, 1000)):
    at = AT()
    ce = nn.CrossEntropyLoss()
    snet, tnet = nets["snet"], nets["tnet"]
    snet.train()
    for img, target in train_loader:
        img, target = img.cuda(), target.cuda()
        a1_s, a2_s, a3_s, output_s = snet(img)
        with torch.no_grad():
            a1_t, a2_t, a3_t, _ = tnet(img)

        cls_loss = ce(output_s, target)
        at3_loss = at(a3_s, a3_t).detach() * betas[2]
        at2_loss = at(a2_s, a2_t).detach() * betas[1]
        at1_loss = at(a1_s, a1_t).detach() * betas[0]
        at_loss = at1_loss + at2_loss + at3_loss + cls_loss

        optimizer.zero_grad()
        at_loss.backward()
        optimizer.step()
