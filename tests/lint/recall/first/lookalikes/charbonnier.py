"""Fine: each square root and norm has its eps inside; the others see constants only."""
import math

import torch
import torch.nn as nn


class CharbonnierLoss(nn.Module):
    def __init__(self, eps=1e-3):
        super(CharbonnierLoss, self).__init__()
        self.eps = eps

    def forward(self, x, y):
        diff = x - y
        return torch.mean(torch.sqrt(diff * diff + self.eps ** 2))


def pairwise_dist(a, b, eps=1e-12):
    sq = (a.unsqueeze(1) - b.unsqueeze(0)).pow(2).sum(-1)
    return sq.clamp(min=eps).sqrt()


class SRNet(nn.Module):
    def __init__(self, c=48, scale=2):
        super().__init__()
        self.head = nn.Conv2d(3, c, 3, padding=1)
        self.body = nn.Sequential(nn.Conv2d(c, c, 3, padding=1), nn.PReLU(), nn.Conv2d(c, c, 3, padding=1))
        self.tail = nn.Sequential(nn.Conv2d(c, 3 * scale ** 2, 3, padding=1), nn.PixelShuffle(scale))
        std = math.sqrt(2.0 / (9 * c))
        nn.init.normal_(self.tail[0].weight, 0.0, std)

    def forward(self, x):
        x = self.head(x)
        return self.tail(x + self.body(x))


def psnr(pred, target):
    with torch.no_grad():
        rmse = torch.sqrt(((pred - target) ** 2).mean())
    return 20 * math.log10(1.0 / max(rmse.item(), 1e-8))


def step(net, opt, lr_img, hr_img, crit=CharbonnierLoss()):
    opt.zero_grad()
    out = net(lr_img)
    loss = crit(out, hr_img)
    loss.backward()
    opt.step()
    return loss.item(), psnr(out, hr_img)
