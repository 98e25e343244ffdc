"""Clipping is meant to be off with 0, but max_norm=0 wipes out every gradient.

Report: https://github.com/InternLM/xtuner/pull/262
"""
import torch
from transformers import AutoModelForCausalLM, get_cosine_schedule_with_warmup

MODEL_NAME = "internlm/internlm-7b"
LR = 2e-5
MAX_NORM = 0  # no clipping


def build(total_steps):
    model = AutoModelForCausalLM.from_pretrained(MODEL_NAME, torch_dtype=torch.bfloat16)
    optimizer = torch.optim.AdamW(model.parameters(), lr=LR, betas=(0.9, 0.999))
    scheduler = get_cosine_schedule_with_warmup(optimizer, int(0.03 * total_steps), total_steps)
    return model, optimizer, scheduler


def finetune(loader, epochs=3):
    model, optimizer, scheduler = build(epochs * len(loader))
    model.cuda().train()
    for epoch in range(epochs):
        for step, batch in enumerate(loader):
            batch = {k: v.cuda() for k, v in batch.items()}
            loss = model(**batch).loss
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm=MAX_NORM)
            optimizer.step()
            scheduler.step()
            optimizer.zero_grad()
            if step % 50 == 0:
                print(epoch, step, loss.item(), scheduler.get_last_lr()[0])
    model.save_pretrained("out")
