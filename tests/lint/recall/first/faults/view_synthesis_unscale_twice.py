"""Gradients are unscaled for the log and once more for the clip.

Report: https://github.com/Haian-Jin/LVSM/pull/19
"""
import torch


def global_norm(parameters):
    norms = [p.grad.norm() for p in parameters if p.grad is not None]
    return torch.linalg.vector_norm(torch.stack(norms))


class Runner:
    def __init__(self, model, optimizer, scheduler, max_norm=1.0):
        self.model, self.optimizer, self.scheduler = model, optimizer, scheduler
        self.max_norm = max_norm
        self.scaler = torch.amp.GradScaler("cuda")

    def run(self, loader, total_steps):
        step = 0
        while step < total_steps:
            for batch in loader:
                images = batch["image"].cuda()
                target = batch["target"].cuda()
                with torch.autocast("cuda", dtype=torch.float16):
                    pred = self.model(images, batch["pose"].cuda())
                    loss = (pred - target).square().mean()
                self.optimizer.zero_grad(set_to_none=True)
                self.scaler.scale(loss).backward()

                if step % 20 == 0:
                    self.scaler.unscale_(self.optimizer)
                    print(f"step {step} grad {global_norm(self.model.parameters()):.3f}")

                self.scaler.unscale_(self.optimizer)
                torch.nn.utils.clip_grad_norm_(self.model.parameters(), self.max_norm)
                self.scaler.step(self.optimizer)
                self.scaler.update()
                self.scheduler.step()
                step += 1
