"""Fine: scale, unscale_, clip, scaler.step, update, in this order."""
import torch
from torch.cuda.amp import GradScaler, autocast
from tqdm import tqdm


class AmpTrainer:
    def __init__(self, model, criterion, lr=1e-3, clip=1.0, use_amp=True):
        self.model = model.cuda()
        self.criterion = criterion
        self.clip = clip
        self.use_amp = use_amp
        self.optimizer = torch.optim.AdamW(self.model.parameters(), lr=lr)
        self.scheduler = torch.optim.lr_scheduler.ExponentialLR(self.optimizer, gamma=0.95)
        self.scaler = GradScaler(enabled=use_amp)

    def train_epoch(self, loader):
        self.model.train()
        total = 0.0
        for images, masks in tqdm(loader):
            images, masks = images.cuda(), masks.cuda()
            self.optimizer.zero_grad()
            with autocast(enabled=self.use_amp):
                out = self.model(images)
                loss = self.criterion(out, masks)
            self.scaler.scale(loss).backward()
            self.scaler.unscale_(self.optimizer)
            torch.nn.utils.clip_grad_norm_(self.model.parameters(), self.clip)
            self.scaler.step(self.optimizer)
            self.scaler.update()
            total += loss.item()
        return total / len(loader)

    def fit(self, loader, epochs):
        for epoch in range(epochs):
            loss = self.train_epoch(loader)
            self.scheduler.step()
            print(f"{epoch}: {loss:.4f} lr {self.scheduler.get_last_lr()[0]:.2e}")
