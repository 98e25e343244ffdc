"""autocast on CUDA is float16 by default, and no scaler is in sight.

Report: https://github.com/engichang1467/Open-Rig3R/issues/35
"""
import torch
from torch import nn
from torch.amp import autocast


class MultiTaskLoss(nn.Module):
    def __init__(self, w_point=1.0, w_ray=0.1):
        super().__init__()
        self.w_point, self.w_ray = w_point, w_ray

    def forward(self, out, gt):
        point = nn.functional.mse_loss(out["pointmap"], gt["pointmap"])
        ray = 1 - nn.functional.cosine_similarity(out["rays"], gt["rays"], dim=-1).mean()
        return self.w_point * point + self.w_ray * ray


def train(model, loader, epochs: int, lr: float = 1e-4, device: torch.device = torch.device("cuda")):
    model = model.to(device)
    optimizer = torch.optim.AdamW(model.parameters(), lr=lr, weight_decay=0.01)
    criterion = MultiTaskLoss()
    for epoch in range(epochs):
        model.train()
        for images, metadata, gt in loader:
            images = images.to(device)
            optimizer.zero_grad()
            with autocast("cuda"):
                outputs = model(images, metadata)
                loss = criterion(outputs, gt)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
        print(f"epoch {epoch}: {loss.item():.4f}")
