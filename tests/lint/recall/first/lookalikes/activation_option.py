"""Fine: sigmoid and tanh are choices of an option; the default is SiLU, with norms in between."""
import argparse

import torch
import torch.nn as nn

ACTIVATIONS = {
    "relu": nn.ReLU,
    "silu": nn.SiLU,
    "tanh": nn.Tanh,
    "sigmoid": nn.Sigmoid,
}


def mlp(sizes, activation=nn.SiLU, norm=nn.LayerNorm):
    layers = []
    for i in range(len(sizes) - 2):
        layers += [nn.Linear(sizes[i], sizes[i + 1]), norm(sizes[i + 1]), activation()]
    layers.append(nn.Linear(sizes[-2], sizes[-1]))
    return nn.Sequential(*layers)


def build_parser():
    p = argparse.ArgumentParser()
    p.add_argument("--act", choices=sorted(ACTIVATIONS), default="silu")
    p.add_argument("--width", type=int, default=200)
    p.add_argument("--depth", type=int, default=5)
    p.add_argument("--lr", type=float, default=1e-3)
    return p


def main(args, x, y):
    net = mlp([x.shape[1]] + [args.width] * args.depth + [y.shape[1]], ACTIVATIONS[args.act])
    opt = torch.optim.Adam(net.parameters(), lr=args.lr)
    for i in range(1000):
        loss = nn.functional.mse_loss(net(x), y)
        opt.zero_grad()
        loss.backward()
        opt.step()
        if i % 100 == 0:
            print(f"{i:5d} {loss.item():.3e}")


if __name__ == "__main__":
    torch.manual_seed(0)
    xs = torch.randn(512, 6)
    main(build_parser().parse_args(), xs, xs[:, :2].sin())
