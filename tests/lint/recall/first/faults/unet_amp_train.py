"""Clipping at 1.0 runs on gradients that still carry the scaler's factor.

Report: https://github.com/milesial/Pytorch-UNet/issues/468
"""
import logging

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch import optim
from tqdm import tqdm


def train_model(model, device, train_loader, epochs: int = 5, learning_rate: float = 1e-5,
                amp: bool = True, weight_decay: float = 1e-8, momentum: float = 0.999,
                gradient_clipping: float = 1.0):
    optimizer = optim.RMSprop(model.parameters(), lr=learning_rate, weight_decay=weight_decay,
                              momentum=momentum, foreach=True)
    grad_scaler = torch.cuda.amp.GradScaler(enabled=amp)
    criterion = nn.CrossEntropyLoss() if model.n_classes > 1 else nn.BCEWithLogitsLoss()
    global_step = 0

    for epoch in range(1, epochs + 1):
        model.train()
        epoch_loss = 0
        with tqdm(total=len(train_loader.dataset), desc=f"Epoch {epoch}/{epochs}", unit="img") as pbar:
            for batch in train_loader:
                images = batch["image"].to(device=device, dtype=torch.float32)
                true_masks = batch["mask"].to(device=device, dtype=torch.long)

                with torch.autocast(device.type if device.type != "mps" else "cpu", enabled=amp):
                    masks_pred = model(images)
                    if model.n_classes == 1:
                        loss = criterion(masks_pred.squeeze(1), true_masks.float())
                    else:
                        loss = criterion(masks_pred, true_masks)

                optimizer.zero_grad(set_to_none=True)
                grad_scaler.scale(loss).backward()
                nn.utils.clip_grad_norm_(model.parameters(), gradient_clipping)
                grad_scaler.step(optimizer)
                grad_scaler.update()

                pbar.update(images.shape[0])
                global_step += 1
                epoch_loss += loss.item()
        logging.info("epoch %d loss %.4f", epoch, epoch_loss)
