"""Fine: OneCycleLR steps per batch after the optimiser, StepLR per epoch after the loop."""
import torch
from torch import nn, optim
from torch.optim.lr_scheduler import OneCycleLR, StepLR


def make_net(n_in, n_out):
    return nn.Sequential(
        nn.Linear(n_in, 256), nn.BatchNorm1d(256), nn.ReLU(), nn.Dropout(0.2),
        nn.Linear(256, 128), nn.BatchNorm1d(128), nn.ReLU(), nn.Linear(128, n_out),
    )


def train_one_cycle(loader, n_in, n_out, epochs=10):
    net = make_net(n_in, n_out)
    opt = optim.AdamW(net.parameters(), lr=1e-3)
    sched = OneCycleLR(opt, max_lr=1e-2, epochs=epochs, steps_per_epoch=len(loader))
    for _ in range(epochs):
        net.train()
        for x, y in loader:
            opt.zero_grad()
            nn.functional.cross_entropy(net(x), y).backward()
            opt.step()
            sched.step()
    return net


def train_step_lr(loader, n_in, n_out, epochs=30):
    net = make_net(n_in, n_out)
    opt = optim.SGD(net.parameters(), lr=0.1, momentum=0.9, nesterov=True, weight_decay=5e-4)
    sched = StepLR(opt, step_size=10, gamma=0.1)
    for epoch in range(epochs):
        net.train()
        for x, y in loader:
            opt.zero_grad()
            loss = nn.functional.cross_entropy(net(x), y)
            loss.backward()
            opt.step()
        sched.step()
        print(epoch, sched.get_last_lr(), loss.item())
    return net
