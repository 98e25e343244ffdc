"""Fine: round and sign are bridged by straight-through estimators."""
import torch
import torch.nn as nn
import torch.nn.functional as F


def round_ste(x):
    return x + (torch.round(x) - x).detach()


class BinarySign(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x.sign()

    @staticmethod
    def backward(ctx, grad_output):
        (x,) = ctx.saved_tensors
        return grad_output * (x.abs() <= 1).to(grad_output.dtype)


class LSQLinear(nn.Linear):
    def __init__(self, in_features, out_features, bits=4):
        super().__init__(in_features, out_features)
        self.qmax = 2 ** (bits - 1) - 1
        self.step = nn.Parameter(2 * self.weight.detach().abs().mean() / self.qmax ** 0.5)

    def forward(self, x):
        w = round_ste((self.weight / self.step).clamp(-self.qmax - 1, self.qmax)) * self.step
        return F.linear(x, w, self.bias)


class QuantMLP(nn.Module):
    def __init__(self, n_in=784, n_out=10):
        super().__init__()
        self.fc1 = LSQLinear(n_in, 256)
        self.bn1 = nn.BatchNorm1d(256)
        self.fc2 = LSQLinear(256, n_out)

    def forward(self, x):
        h = BinarySign.apply(self.bn1(self.fc1(x.flatten(1))))
        return self.fc2(h)


def train(model, loader, lr=1e-3):
    opt = torch.optim.Adam(model.parameters(), lr=lr)
    for x, y in loader:
        loss = F.cross_entropy(model(x), y)
        opt.zero_grad()
        loss.backward()
        opt.step()
