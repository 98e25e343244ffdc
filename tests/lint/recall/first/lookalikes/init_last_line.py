"""Fine: self.apply comes last, when all layers exist, and fills them in place."""
import torch
import torch.nn as nn


class UNetSmall(nn.Module):
    def __init__(self, in_ch=1, out_ch=2, base=32):
        super(UNetSmall, self).__init__()
        self.enc1 = self.double(in_ch, base)
        self.enc2 = self.double(base, base * 2)
        self.pool = nn.MaxPool2d(2)
        self.up = nn.ConvTranspose2d(base * 2, base, 2, stride=2)
        self.dec1 = self.double(base * 2, base)
        self.head = nn.Conv2d(base, out_ch, 1)
        self.apply(self.init_weights)

    @staticmethod
    def double(a, b):
        return nn.Sequential(
            nn.Conv2d(a, b, 3, padding=1), nn.BatchNorm2d(b), nn.ReLU(inplace=True),
            nn.Conv2d(b, b, 3, padding=1), nn.BatchNorm2d(b), nn.ReLU(inplace=True),
        )

    @staticmethod
    def init_weights(m):
        if isinstance(m, (nn.Conv2d, nn.ConvTranspose2d)):
            nn.init.kaiming_normal_(m.weight, nonlinearity="relu")
            if m.bias is not None:
                nn.init.zeros_(m.bias)
        elif isinstance(m, nn.BatchNorm2d):
            nn.init.ones_(m.weight)
            nn.init.zeros_(m.bias)

    def forward(self, x):
        e1 = self.enc1(x)
        e2 = self.enc2(self.pool(e1))
        return self.head(self.dec1(torch.cat([self.up(e2), e1], dim=1)))
