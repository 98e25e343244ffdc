"""Fine: the validation helper leaves the mode as it found it."""
from contextlib import contextmanager

import torch
import torch.nn.functional as F


@contextmanager
def evaluating(net):
    was_training = net.training
    try:
        net.eval()
        yield net
    finally:
        if was_training:
            net.train()


@torch.no_grad()
def validate(net, loader):
    hits = total = 0
    with evaluating(net):
        for x, y in loader:
            hits += (net(x).argmax(1) == y).sum().item()
            total += y.numel()
    return hits / total


def quick_sample(net, x):
    net.eval()
    with torch.no_grad():
        p = net(x).softmax(-1)
    net.train()
    return p


def train(net, train_loader, val_loader, optimizer, max_steps=20000, every=500):
    net.train()
    step, best = 0, 0.0
    while step < max_steps:
        for x, y in train_loader:
            optimizer.zero_grad()
            loss = F.cross_entropy(net(x), y)
            loss.backward()
            optimizer.step()
            step += 1
            if step % every == 0:
                acc = validate(net, val_loader)
                best = max(best, acc)
                print(step, loss.item(), acc, best, quick_sample(net, x[:1]))
