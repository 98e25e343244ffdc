"""Fine: the loss is divided; clip, step and reset happen once in every accum_steps batches."""
import torch
from torch.nn.utils import clip_grad_norm_


def train_epoch(model, loader, optimizer, scheduler, criterion, accum_steps=4, max_norm=1.0):
    model.train()
    optimizer.zero_grad()
    running = 0.0
    n_batches = len(loader)
    for i, (inputs, targets) in enumerate(loader):
        inputs = inputs.cuda(non_blocking=True)
        targets = targets.cuda(non_blocking=True)
        logits = model(inputs)
        loss = criterion(logits, targets) / accum_steps
        loss.backward()
        running += loss.item() * accum_steps

        if (i + 1) % accum_steps == 0 or (i + 1) == n_batches:
            clip_grad_norm_(model.parameters(), max_norm)
            optimizer.step()
            scheduler.step()
            optimizer.zero_grad()
    return running / n_batches


def fit(model, loader, epochs=3):
    no_decay = ("bias", "LayerNorm.weight")
    groups = [
        {"params": [p for n, p in model.named_parameters() if not any(k in n for k in no_decay)],
         "weight_decay": 0.01},
        {"params": [p for n, p in model.named_parameters() if any(k in n for k in no_decay)],
         "weight_decay": 0.0},
    ]
    optimizer = torch.optim.AdamW(groups, lr=2e-5)
    scheduler = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.0, total_iters=epochs * len(loader) // 4)
    criterion = torch.nn.CrossEntropyLoss()
    for epoch in range(epochs):
        print(epoch, train_epoch(model, loader, optimizer, scheduler, criterion))
