"""Both layers of a perceptron with a hidden layer start at zero: all units stay the same.

Report: https://github.com/wagonhelm/NaNmnist/issues/2
"""
import torch as th
import torch.nn.functional as F
from torch import nn

N_IN, N_HID, N_OUT = 784, 64, 10


class MLP(nn.Module):
    def __init__(self):
        super().__init__()
        self.hidden = nn.Linear(N_IN, N_HID)
        self.out = nn.Linear(N_HID, N_OUT)
        self.reset()

    def reset(self):
        # a clean start makes the animation look nicer
        nn.init.zeros_(self.hidden.weight)
        nn.init.zeros_(self.hidden.bias)
        nn.init.zeros_(self.out.weight)
        nn.init.zeros_(self.out.bias)

    def forward(self, x):
        return self.out(F.relu(self.hidden(x.flatten(1))))


def run(train_iter, n_steps=1000):
    net = MLP()
    opt = th.optim.SGD(net.parameters(), lr=0.5)
    frames = []
    for step, (x, y) in zip(range(n_steps), train_iter):
        loss = F.cross_entropy(net(x), y)
        opt.zero_grad()
        loss.backward()
        opt.step()
        if step % 10 == 0:
            frames.append(net.hidden.weight.detach().clone().view(-1, 28, 28))
    return frames
