"""Gradients are clipped after the optimiser has used them.

Report: https://github.com/jongwook/onsets-and-frames/issues/24
"""
from itertools import cycle

import torch
from torch.nn.utils import clip_grad_norm_
from torch.optim.lr_scheduler import StepLR
from torch.utils.data import DataLoader
from tqdm import tqdm


def train(model, dataset, logdir, iterations=500000, batch_size=8, learning_rate=6e-4,
          decay_steps=10000, decay_rate=0.98, clip_gradient_norm=3, resume_iteration=None):
    loader = DataLoader(dataset, batch_size, shuffle=True, drop_last=True)
    optimizer = torch.optim.Adam(model.parameters(), learning_rate)
    start = resume_iteration or 0
    scheduler = StepLR(optimizer, step_size=decay_steps, gamma=decay_rate)

    loop = tqdm(range(start + 1, iterations + 1))
    for i, batch in zip(loop, cycle(loader)):
        predictions, losses = model.run_on_batch(batch)

        loss = sum(losses.values())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        scheduler.step()

        if clip_gradient_norm:
            clip_grad_norm_(model.parameters(), clip_gradient_norm)

        if i % 500 == 0:
            loop.set_postfix(loss=loss.item())
            torch.save(model.state_dict(), f"{logdir}/model-{i}.pt")
