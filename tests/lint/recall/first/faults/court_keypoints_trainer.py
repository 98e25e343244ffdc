"""The epoch function of a keypoint detector never clears the gradients.

Report: https://github.com/yastrebksv/TennisCourtDetector/issues/7
"""
import os

import numpy as np
import torch
import torch.nn.functional as F


def train(model, train_loader, optimizer, criterion, device, epoch, max_iters=1000):
    model.train()
    losses = []
    max_iters = min(max_iters, len(train_loader))
    for iter_id, batch in enumerate(train_loader):
        out = model(batch[0].float().to(device))
        gt_hm_hp = batch[1].float().to(device)
        loss = criterion(F.sigmoid(out), gt_hm_hp)

        loss.backward()
        optimizer.step()

        losses.append(loss.item())
        print("train, epoch = {}, iter_id = {}/{}, loss = {}".format(
            epoch, iter_id, max_iters, loss.item()))
        if iter_id > max_iters:
            break
    return np.mean(losses)


def fit(model, train_loader, exp_dir, num_epochs, lr=1e-5):
    device = "cuda"
    model = model.to(device)
    criterion = torch.nn.MSELoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=lr, betas=(0.9, 0.999), weight_decay=0)
    best = float("inf")
    for epoch in range(num_epochs):
        loss = train(model, train_loader, optimizer, criterion, device, epoch)
        if loss < best:
            best = loss
            torch.save(model.state_dict(), os.path.join(exp_dir, "model_best.pt"))
