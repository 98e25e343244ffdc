"""zero_grad stands in the float32 branch only; with bfloat16 gradients pile up.

Report: https://github.com/facebookresearch/nwm/issues/16
"""
import torch


def diffusion_loss(model, diffusion, x, t, cond):
    noise = torch.randn_like(x)
    x_t = diffusion.q_sample(x, t, noise)
    return (model(x_t, t, cond) - noise).pow(2).mean()


def train_loop(model, ema, diffusion, loader, device, bfloat_enable=True, grad_clip=10.0):
    opt = torch.optim.AdamW(model.parameters(), lr=8e-5, weight_decay=0)
    scaler = torch.amp.GradScaler(enabled=bfloat_enable)
    running_loss, log_steps = 0.0, 0
    for x, y, rel_t in loader:
        x = x.to(device, non_blocking=True)
        y = y.to(device, non_blocking=True)
        t = torch.randint(0, diffusion.num_timesteps, (x.shape[0],), device=device)
        with torch.amp.autocast("cuda", enabled=bfloat_enable, dtype=torch.bfloat16):
            loss = diffusion_loss(model, diffusion, x, t, (y, rel_t.to(device)))
        if not bfloat_enable:
            opt.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), grad_clip)
            opt.step()
        else:
            scaler.scale(loss).backward()
            scaler.unscale_(opt)
            torch.nn.utils.clip_grad_norm_(model.parameters(), grad_clip)
            scaler.step(opt)
            scaler.update()
        ema.update(model)
        running_loss += loss.detach().item()
        log_steps += 1
    return running_loss / log_steps
