"""Fine: the two backwards of a discriminator add up on purpose before its one step."""
import torch
import torch.nn as nn
from torch.nn.utils import clip_grad_norm_
from torch.nn.utils.parametrizations import spectral_norm


class Critic(nn.Module):
    def __init__(self, ch=64):
        super().__init__()
        self.c1 = spectral_norm(nn.Conv2d(3, ch, 4, 2, 1))
        self.c2 = spectral_norm(nn.Conv2d(ch, 2 * ch, 4, 2, 1))
        self.c3 = spectral_norm(nn.Conv2d(2 * ch, 1, 8))

    def forward(self, x):
        h = nn.functional.leaky_relu(self.c1(x), 0.2)
        h = nn.functional.leaky_relu(self.c2(h), 0.2)
        return self.c3(h).flatten(1).squeeze(1)


def train(netG, netD, dataloader, nz=100, num_epochs=5, device="cuda"):
    criterion = nn.BCEWithLogitsLoss()
    optimizerD = torch.optim.Adam(netD.parameters(), lr=2e-4, betas=(0.5, 0.999))
    optimizerG = torch.optim.Adam(netG.parameters(), lr=2e-4, betas=(0.5, 0.999))
    for epoch in range(num_epochs):
        for i, (real, _) in enumerate(dataloader):
            netD.zero_grad()
            real = real.to(device)
            label = torch.ones(real.size(0), device=device)
            errD_real = criterion(netD(real), label)
            errD_real.backward()
            fake = netG(torch.randn(real.size(0), nz, 1, 1, device=device))
            errD_fake = criterion(netD(fake.detach()), torch.zeros_like(label))
            errD_fake.backward()
            clip_grad_norm_(netD.parameters(), 1.0)
            optimizerD.step()

            netG.zero_grad()
            errG = criterion(netD(fake), label)
            errG.backward()
            clip_grad_norm_(netG.parameters(), 1.0)
            optimizerG.step()
        print(epoch, (errD_real + errD_fake).item(), errG.item())
