"""Fine: the small eps is added after the cast to float32, so half precision does not swallow it."""
import torch
import torch.nn as nn
import torch.nn.functional as F


class Float32RMSNorm(nn.Module):
    def __init__(self, dim, eps=1e-8):
        super().__init__()
        self.eps = eps
        self.scale = nn.Parameter(torch.ones(dim))

    def forward(self, x):
        dtype = x.dtype
        x = x.float()
        x = x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + self.eps)
        return (x * self.scale).to(dtype)


def soft_dice(logits, target, eps=1e-6):
    p = torch.sigmoid(logits.float())
    inter = (p * target).flatten(1).sum(1)
    total = p.flatten(1).sum(1) + target.flatten(1).sum(1)
    return 1 - ((2 * inter + eps) / (total + eps)).mean()


class PatchSeg(nn.Module):
    def __init__(self, dim=192):
        super().__init__()
        self.embed = nn.Conv2d(3, dim, 8, 8)
        self.norm = Float32RMSNorm(dim)
        self.mix = nn.Linear(dim, dim)
        self.out = nn.Linear(dim, 64)

    def forward(self, x):
        h = self.embed(x).permute(0, 2, 3, 1)
        h = h + F.gelu(self.mix(self.norm(h)))
        return F.pixel_shuffle(self.out(h).permute(0, 3, 1, 2), 8)


def train(loader):
    model = PatchSeg().cuda()
    opt = torch.optim.AdamW(model.parameters(), lr=1e-3)
    scaler = torch.amp.GradScaler("cuda")
    for x, y in loader:
        opt.zero_grad(set_to_none=True)
        with torch.autocast("cuda", dtype=torch.float16):
            loss = soft_dice(model(x.cuda()), y.cuda())
        scaler.scale(loss).backward()
        scaler.unscale_(opt)
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        scaler.step(opt)
        scaler.update()
