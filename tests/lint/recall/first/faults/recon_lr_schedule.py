"""The scheduler steps before the optimiser in every epoch: the first rate is never used.

Report: https://github.com/zju3dv/NeuralRecon/issues/51
"""
import bisect

import torch
from torch.optim import Adam
from torch.optim.lr_scheduler import LambdaLR


def milestones_schedule(epochs, lrepochs="12,24,48:2"):
    marks, down = lrepochs.split(":")
    marks = [int(m) for m in marks.split(",")]
    gamma = float(down)
    return lambda epoch: (1 / gamma) ** bisect.bisect_right(marks, epoch)


def train(model, loader, epochs=50, lr=1e-3):
    optimizer = Adam(model.parameters(), lr=lr, betas=(0.9, 0.999))
    lr_scheduler = LambdaLR(optimizer, milestones_schedule(epochs))

    for epoch_idx in range(epochs):
        print("Epoch {}:".format(epoch_idx))
        model.train()
        for sample in loader:
            lr_scheduler.step()
            optimizer.zero_grad()
            outputs, loss_dict = model(sample)
            loss = loss_dict["total_loss"]
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
        torch.save({"model": model.state_dict(), "epoch": epoch_idx}, f"ckpt_{epoch_idx:03d}.pth")
