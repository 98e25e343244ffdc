"""The eps is added outside the square root, so the slope at silence is infinite.

Report: https://github.com/mpariente/pytorch_stoi/pull/14
"""
import torch
from torch import nn

EPS = 1e-8


def rms(x, dim=-1):
    return torch.sqrt(torch.sum(x ** 2, dim=dim, keepdim=True)) + EPS


class NegCorrelationLoss(nn.Module):
    """Negative short-time correlation of band envelopes, over frames."""

    def __init__(self, win=256, hop=128, n_fft=512):
        super().__init__()
        self.hop, self.n_fft = hop, n_fft
        self.register_buffer("window", torch.hann_window(win))

    def bands(self, wav):
        spec = torch.stft(wav, self.n_fft, self.hop, self.window.numel(), self.window,
                          return_complex=True)
        return spec.real ** 2 + spec.imag ** 2

    def forward(self, est, ref):
        x, y = self.bands(est), self.bands(ref)
        x = x - x.mean(-1, keepdim=True)
        y = y - y.mean(-1, keepdim=True)
        corr = (x / rms(x)) * (y / rms(y))
        return -corr.sum(-1).mean()


class Enhancer(nn.Module):
    def __init__(self, ch=32):
        super().__init__()
        self.net = nn.Sequential(
            nn.Conv1d(1, ch, 15, padding=7), nn.PReLU(),
            nn.Conv1d(ch, ch, 15, padding=7), nn.PReLU(),
            nn.Conv1d(ch, 1, 15, padding=7),
        )

    def forward(self, noisy):
        return self.net(noisy.unsqueeze(1)).squeeze(1)


def step(net, crit, opt, noisy, clean):
    opt.zero_grad()
    loss = crit(net(noisy), clean)
    loss.backward()
    opt.step()
    return loss.detach()
