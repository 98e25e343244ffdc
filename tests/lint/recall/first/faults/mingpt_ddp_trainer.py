"""_run_batch of a GPT trainer: the clip stands between scale().backward() and step, unscaled by nobody.

Report: https://github.com/pytorch/examples/issues/1196
"""
from dataclasses import dataclass
from typing import Any

import torch
from torch.utils.data import DataLoader, Dataset


@dataclass
class TrainerConfig:
    max_epochs: int = 10
    batch_size: int = 64
    grad_norm_clip: float = 1.0
    use_amp: bool = True


class Trainer:
    def __init__(self, config: TrainerConfig, model: Any, optimizer: torch.optim.Optimizer,
                 train_dataset: Dataset, local_rank: int = 0):
        self.config = config
        self.local_rank = local_rank
        self.model = model.to(local_rank)
        self.optimizer = optimizer
        self.train_loader = DataLoader(train_dataset, batch_size=config.batch_size, pin_memory=True)
        if config.use_amp:
            self.scaler = torch.amp.GradScaler("cuda")

    def _run_batch(self, source, targets, train: bool = True) -> float:
        with torch.set_grad_enabled(train), torch.amp.autocast(
            device_type="cuda", dtype=torch.float16, enabled=self.config.use_amp
        ):
            _, loss = self.model(source, targets)
        if train:
            self.optimizer.zero_grad(set_to_none=True)
            if self.config.use_amp:
                self.scaler.scale(loss).backward()
                torch.nn.utils.clip_grad_norm_(self.model.parameters(), self.config.grad_norm_clip)
                self.scaler.step(self.optimizer)
                self.scaler.update()
            else:
                loss.backward()
                torch.nn.utils.clip_grad_norm_(self.model.parameters(), self.config.grad_norm_clip)
                self.optimizer.step()
        return loss.item()

    def train(self):
        for epoch in range(self.config.max_epochs):
            for it, (source, targets) in enumerate(self.train_loader):
                loss = self._run_batch(source.to(self.local_rank), targets.to(self.local_rank))
                if it % 100 == 0:
                    print(f"[GPU{self.local_rank}] Epoch {epoch} | Iter {it} | Loss {loss:.5f}")
