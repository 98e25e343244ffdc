"""Lightning module that clips inside training_step: Lightning calls backward only later.

Report: https://github.com/simchowitzlabpublic/nano-world-model/pull/22
"""
import pytorch_lightning as pl
import torch
from torch import nn


class LatentDynamics(pl.LightningModule):
    def __init__(self, latent=64, action=6, hidden=512, lr=3e-4, gradient_clip_norm=0.5):
        super().__init__()
        self.save_hyperparameters()
        self.net = nn.Sequential(
            nn.Linear(latent + action, hidden), nn.LayerNorm(hidden), nn.SiLU(),
            nn.Linear(hidden, hidden), nn.LayerNorm(hidden), nn.SiLU(),
            nn.Linear(hidden, latent),
        )

    def forward(self, z, a):
        return z + self.net(torch.cat([z, a], dim=-1))

    def training_step(self, batch, batch_idx):
        z, a, z_next = batch
        pred = self(z, a)
        loss = nn.functional.mse_loss(pred, z_next)
        self.log("train/loss", loss, prog_bar=True)
        norm = torch.nn.utils.clip_grad_norm_(self.parameters(), self.hparams.gradient_clip_norm)
        self.log("train/grad_norm", norm)
        return loss

    def configure_optimizers(self):
        opt = torch.optim.AdamW(self.parameters(), lr=self.hparams.lr)
        sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, T_max=100)
        return {"optimizer": opt, "lr_scheduler": sched}


if __name__ == "__main__":
    trainer = pl.Trainer(max_epochs=100, accelerator="auto")
