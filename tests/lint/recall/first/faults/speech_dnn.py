"""Acoustic model: the configured activation is sigmoid, for eight layers of 2048 units.

Report: https://github.com/microsoft/CNTK/issues/476
"""
import torch
import torch.nn as nn
import torch.nn.functional as F

CONFIG = {
    "feat_dim": 440,
    "hidden_dim": 2048,
    "n_hidden": 8,
    "n_pdfs": 3456,
    "activation": "Sigmoid",
    "lr": 0.08,
}


class AcousticDNN(nn.Module):
    def __init__(self, cfg):
        super(AcousticDNN, self).__init__()
        act = getattr(nn, cfg["activation"])
        layers = [nn.Linear(cfg["feat_dim"], cfg["hidden_dim"]), act()]
        for _ in range(cfg["n_hidden"] - 1):
            layers.append(nn.Linear(cfg["hidden_dim"], cfg["hidden_dim"]))
            layers.append(act())
        self.body = nn.Sequential(*layers)
        self.output = nn.Linear(cfg["hidden_dim"], cfg["n_pdfs"])

    def forward(self, feats):
        return self.output(self.body(feats))


def train_one_epoch(model, loader, optimizer):
    model.train()
    n_frames, n_correct = 0, 0
    for feats, pdf_ids in loader:
        feats = feats.cuda(non_blocking=True)
        pdf_ids = pdf_ids.cuda(non_blocking=True)
        logits = model(feats)
        loss = F.cross_entropy(logits, pdf_ids)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        n_frames += pdf_ids.numel()
        n_correct += (logits.argmax(-1) == pdf_ids).sum().item()
    return n_correct / n_frames


if __name__ == "__main__":
    net = AcousticDNN(CONFIG).cuda()
    sgd = torch.optim.SGD(net.parameters(), lr=CONFIG["lr"])
