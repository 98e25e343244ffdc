"""zero_grad runs for every micro-batch while step waits for the eighth: seven are lost.

Report: https://github.com/bytetriper/RAE/issues/67
"""
import torch
from accelerate.utils import set_seed


def train(model, vae, transport, loader, cfg):
    set_seed(cfg.seed)
    optimizer = torch.optim.AdamW(model.parameters(), lr=cfg.lr, betas=(0.9, 0.95))
    accum = cfg.grad_accum_steps
    step = 0
    running = 0.0
    for epoch in range(cfg.epochs):
        model.train()
        for micro, (x, y) in enumerate(loader):
            x = x.cuda(non_blocking=True)
            with torch.no_grad():
                z = vae.encode(x)
            optimizer.zero_grad(set_to_none=True)
            with torch.autocast("cuda", dtype=torch.bfloat16):
                terms = transport.training_losses(model, z, dict(y=y.cuda()))
                loss = terms["loss"].mean()
            (loss / accum).backward()
            running += loss.item()
            if (micro + 1) % accum == 0:
                torch.nn.utils.clip_grad_norm_(model.parameters(), cfg.clip_grad)
                optimizer.step()
                step += 1
                if step % 100 == 0:
                    print(f"(step={step:07d}) Train Loss: {running / (100 * accum):.4f}")
                    running = 0.0
