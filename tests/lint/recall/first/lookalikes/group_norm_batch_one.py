"""Fine: one volume per batch, but the norm is over groups of channels; the other loader is for evaluation."""
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import DataLoader


class DoubleConv3d(nn.Module):
    def __init__(self, a, b, groups=8):
        super().__init__()
        self.block = nn.Sequential(
            nn.Conv3d(a, b, 3, padding=1, bias=False), nn.GroupNorm(groups, b), nn.ReLU(inplace=True),
            nn.Conv3d(b, b, 3, padding=1, bias=False), nn.GroupNorm(groups, b), nn.ReLU(inplace=True),
        )

    def forward(self, x):
        return self.block(x)


class UNet3D(nn.Module):
    def __init__(self, in_ch=1, n_cls=3, base=16):
        super().__init__()
        self.e1, self.e2 = DoubleConv3d(in_ch, base), DoubleConv3d(base, 2 * base)
        self.d1 = DoubleConv3d(3 * base, base)
        self.out = nn.Conv3d(base, n_cls, 1)

    def forward(self, x):
        a = self.e1(x)
        b = self.e2(F.max_pool3d(a, 2))
        b = F.interpolate(b, scale_factor=2, mode="trilinear", align_corners=False)
        return self.out(self.d1(torch.cat([a, b], dim=1)))


def main(train_set, val_set, epochs=100):
    net = UNet3D().cuda()
    opt = torch.optim.Adam(net.parameters(), lr=2e-4)
    train_loader = DataLoader(train_set, batch_size=1, shuffle=True)
    val_loader = DataLoader(val_set, batch_size=1)
    for epoch in range(epochs):
        net.train()
        for vol, seg in train_loader:
            opt.zero_grad()
            loss = F.cross_entropy(net(vol.cuda()), seg.cuda())
            loss.backward()
            opt.step()
        net.eval()
        with torch.no_grad():
            acc = [(net(v.cuda()).argmax(1) == s.cuda()).float().mean().item() for v, s in val_loader]
        print(epoch, sum(acc) / len(acc))
