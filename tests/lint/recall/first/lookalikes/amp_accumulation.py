"""Fine: micro-batches are scaled and divided; unscale_, clip and update wait for the last of them."""
import contextlib
import math

import torch

batch_size, micro_steps = 12, 5
learning_rate, min_lr, warmup, max_iters = 6e-4, 6e-5, 200, 6000
grad_clip = 1.0
dtype = "float16"
ctx = torch.amp.autocast(device_type="cuda", dtype=torch.float16) if torch.cuda.is_available() else contextlib.nullcontext()
scaler = torch.cuda.amp.GradScaler(enabled=(dtype == "float16"))


def get_lr(it):
    if it < warmup:
        return learning_rate * (it + 1) / (warmup + 1)
    ratio = (it - warmup) / (max_iters - warmup)
    return min_lr + 0.5 * (1 + math.cos(math.pi * ratio)) * (learning_rate - min_lr)


def train(model, get_batch):
    optimizer = torch.optim.AdamW(model.parameters(), lr=learning_rate, betas=(0.9, 0.95))
    X, Y = get_batch("train")
    for iter_num in range(max_iters):
        for group in optimizer.param_groups:
            group["lr"] = get_lr(iter_num)
        for _ in range(micro_steps):
            with ctx:
                logits, loss = model(X, Y)
                loss = loss / micro_steps
            X, Y = get_batch("train")
            scaler.scale(loss).backward()
        if grad_clip != 0.0:
            scaler.unscale_(optimizer)
            torch.nn.utils.clip_grad_norm_(model.parameters(), grad_clip)
        scaler.step(optimizer)
        scaler.update()
        optimizer.zero_grad(set_to_none=True)
        if iter_num % 10 == 0:
            print(f"iter {iter_num}: loss {loss.item() * micro_steps:.4f}")
