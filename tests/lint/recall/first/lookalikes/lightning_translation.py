"""Fine: Lightning runs backward, clipping (gradient_clip_val), step and reset by itself."""
import lightning.pytorch as pl
import torch
from torch import nn
from torch.nn import functional as F


class LitTranslator(pl.LightningModule):
    def __init__(self, n_src: int, n_tgt: int, d: int = 512, lr: float = 5e-4):
        super().__init__()
        self.save_hyperparameters()
        self.src = nn.Embedding(n_src, d, padding_idx=0)
        self.tgt = nn.Embedding(n_tgt, d, padding_idx=0)
        self.transformer = nn.Transformer(d, 8, 4, 4, 4 * d, batch_first=True, norm_first=True)
        self.out = nn.Linear(d, n_tgt)

    def forward(self, src, tgt):
        mask = nn.Transformer.generate_square_subsequent_mask(tgt.size(1), device=tgt.device)
        h = self.transformer(self.src(src), self.tgt(tgt), tgt_mask=mask)
        return self.out(h)

    def training_step(self, batch, batch_idx):
        src, tgt = batch
        logits = self(src, tgt[:, :-1])
        loss = F.cross_entropy(logits.flatten(0, 1), tgt[:, 1:].flatten(), ignore_index=0)
        self.log("train_loss", loss, prog_bar=True)
        return loss

    def validation_step(self, batch, batch_idx):
        src, tgt = batch
        logits = self(src, tgt[:, :-1])
        acc = (logits.argmax(-1) == tgt[:, 1:]).float().mean()
        self.log("val_acc", acc)

    def configure_optimizers(self):
        opt = torch.optim.Adam(self.parameters(), lr=self.hparams.lr, betas=(0.9, 0.98))
        sched = torch.optim.lr_scheduler.LinearLR(opt, 0.01, 1.0, total_iters=4000)
        return {"optimizer": opt, "lr_scheduler": {"scheduler": sched, "interval": "step"}}


def main(dm):
    trainer = pl.Trainer(max_epochs=10, gradient_clip_val=1.0, precision="bf16-mixed")
    trainer.fit(LitTranslator(16000, 16000), datamodule=dm)
