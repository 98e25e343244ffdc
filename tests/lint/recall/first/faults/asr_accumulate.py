"""Gradients of several batches add up, and the loss is not divided by their number.

Report: https://github.com/hirofumi0810/neural_sp/issues/168
"""
import argparse

import torch
from torch.nn.utils import clip_grad_norm_


def get_args():
    p = argparse.ArgumentParser()
    p.add_argument("--accum_grad_n_steps", type=int, default=8)
    p.add_argument("--clip_grad_norm", type=float, default=5.0)
    p.add_argument("--lr", type=float, default=1e-3)
    return p.parse_args()


def train(model, train_set, args):
    optimizer = torch.optim.Adam(model.parameters(), lr=args.lr)
    accum_n_steps = 0
    optimizer.zero_grad()
    for batch in train_set:
        accum_n_steps += 1
        loss, observation = model(batch)
        loss.backward()
        if accum_n_steps >= args.accum_grad_n_steps:
            clip_grad_norm_(model.parameters(), args.clip_grad_norm)
            optimizer.step()
            optimizer.zero_grad()
            accum_n_steps = 0
        print({k: round(float(v), 3) for k, v in observation.items()})


if __name__ == "__main__":
    print(vars(get_args()))
