"""A shared parameter_update helper clips scaled gradients.

Report: https://github.com/TorchSSL/TorchSSL/pull/59
"""
import torch
import torch.nn.functional as F
from torch.cuda.amp import GradScaler, autocast


class FixMatch:
    def __init__(self, model, num_classes, lambda_u=1.0, p_cutoff=0.95):
        self.model = model
        self.num_classes = num_classes
        self.lambda_u = lambda_u
        self.p_cutoff = p_cutoff
        self.scaler = GradScaler()

    def set_optimizer(self, optimizer, scheduler=None):
        self.optimizer = optimizer
        self.scheduler = scheduler

    def parameter_update(self, loss, clip):
        self.scaler.scale(loss).backward()
        if clip > 0:
            torch.nn.utils.clip_grad_norm_(self.model.parameters(), clip)
        self.scaler.step(self.optimizer)
        self.scaler.update()
        self.scheduler.step()
        self.model.zero_grad()

    def train(self, loader_lb, loader_ulb, clip=5.0):
        self.model.train()
        for (x_lb, y_lb), (x_w, x_s) in zip(loader_lb, loader_ulb):
            with autocast():
                logits = self.model(torch.cat((x_lb, x_w, x_s)))
                logits_lb = logits[: len(x_lb)]
                logits_w, logits_s = logits[len(x_lb):].chunk(2)
                sup = F.cross_entropy(logits_lb, y_lb)
                with torch.no_grad():
                    prob, pseudo = torch.softmax(logits_w, dim=-1).max(dim=-1)
                    mask = prob.ge(self.p_cutoff).float()
                unsup = (F.cross_entropy(logits_s, pseudo, reduction="none") * mask).mean()
                loss = sup + self.lambda_u * unsup
            self.parameter_update(loss, clip)
