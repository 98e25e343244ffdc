"""Fine: the last tanh maps to pixels, and N(1, 0.02) goes to the scales of the norms only."""
import torch.nn as nn
import torch.nn.functional as F

nz, ngf, ndf, nc = 100, 64, 64, 3


def weights_init(m):
    classname = m.__class__.__name__
    if classname.find("Conv") != -1:
        nn.init.normal_(m.weight.data, 0.0, 0.02)
    elif classname.find("BatchNorm") != -1:
        nn.init.normal_(m.weight.data, 1.0, 0.02)
        nn.init.constant_(m.bias.data, 0)


class Generator(nn.Module):
    def __init__(self):
        super(Generator, self).__init__()
        self.main = nn.Sequential(
            nn.ConvTranspose2d(nz, ngf * 8, 4, 1, 0, bias=False), nn.BatchNorm2d(ngf * 8), nn.ReLU(True),
            nn.ConvTranspose2d(ngf * 8, ngf * 4, 4, 2, 1, bias=False), nn.BatchNorm2d(ngf * 4), nn.ReLU(True),
            nn.ConvTranspose2d(ngf * 4, ngf * 2, 4, 2, 1, bias=False), nn.BatchNorm2d(ngf * 2), nn.ReLU(True),
            nn.ConvTranspose2d(ngf * 2, ngf, 4, 2, 1, bias=False), nn.BatchNorm2d(ngf), nn.ReLU(True),
            nn.ConvTranspose2d(ngf, nc, 4, 2, 1, bias=False),
            nn.Tanh(),
        )

    def forward(self, z):
        return self.main(z)


class Discriminator(nn.Module):
    def __init__(self):
        super(Discriminator, self).__init__()
        self.c1 = nn.Conv2d(nc, ndf, 4, 2, 1, bias=False)
        self.c2 = nn.Conv2d(ndf, ndf * 2, 4, 2, 1, bias=False)
        self.b2 = nn.BatchNorm2d(ndf * 2)
        self.c3 = nn.Conv2d(ndf * 2, ndf * 4, 4, 2, 1, bias=False)
        self.b3 = nn.BatchNorm2d(ndf * 4)
        self.c4 = nn.Conv2d(ndf * 4, 1, 8, 1, 0, bias=False)

    def forward(self, x):
        x = F.leaky_relu(self.c1(x), 0.2)
        x = F.leaky_relu(self.b2(self.c2(x)), 0.2)
        x = F.leaky_relu(self.b3(self.c3(x)), 0.2)
        return self.c4(x).view(-1)


netG, netD = Generator(), Discriminator()
netG.apply(weights_init)
netD.apply(weights_init)
