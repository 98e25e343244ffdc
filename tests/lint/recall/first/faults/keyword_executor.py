"""Executor.train of a keyword spotter: backward, clip, step, and no reset.

Report: https://github.com/wenet-e2e/wekws/pull/73
"""
import logging

import torch
from torch.nn.utils import clip_grad_norm_


class Executor:
    def __init__(self):
        self.step = 0

    def train(self, model, optimizer, data_loader, device, writer, args):
        """Train one epoch."""
        model.train()
        clip = args.get("grad_clip", 50.0)
        log_interval = args.get("log_interval", 10)
        epoch = args.get("epoch", 0)

        for batch_idx, batch in enumerate(data_loader):
            key, feats, target, feats_lengths = batch
            feats = feats.to(device)
            target = target.to(device)
            feats_lengths = feats_lengths.to(device)
            if feats_lengths.size(0) == 0:
                continue
            logits = model(feats)
            loss = torch.nn.functional.cross_entropy(logits, target)
            loss.backward()
            grad_norm = clip_grad_norm_(model.parameters(), clip)
            if torch.isfinite(grad_norm):
                optimizer.step()
            if batch_idx % log_interval == 0:
                logging.debug("TRAIN Batch %d/%d loss %.8f", epoch, batch_idx, loss.item())
            self.step += 1

    def cv(self, model, data_loader, device):
        model.eval()
        total, n = 0.0, 0
        with torch.no_grad():
            for _, feats, target, _ in data_loader:
                logits = model(feats.to(device))
                total += torch.nn.functional.cross_entropy(logits, target.to(device)).item()
                n += 1
        return total / max(n, 1)
