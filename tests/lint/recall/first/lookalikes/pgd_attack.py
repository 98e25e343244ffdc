"""Fine: gradients with respect to the input; the attack detaches, signs and resets on purpose."""
import torch
import torch.nn as nn
import torch.nn.functional as F


def pgd_attack(model, x, y, eps=8 / 255, alpha=2 / 255, steps=10):
    was_training = model.training
    model.eval()
    delta = torch.zeros_like(x).uniform_(-eps, eps).requires_grad_(True)
    for _ in range(steps):
        loss = F.cross_entropy(model(x + delta), y)
        loss.backward()
        delta.data = (delta + alpha * delta.grad.detach().sign()).clamp(-eps, eps)
        delta.data = (x + delta.data).clamp(0, 1) - x
        delta.grad.zero_()
    if was_training:
        model.train()
    return (x + delta).detach()


def train_adversarial(model, loader, epochs=20, device="cuda"):
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9, weight_decay=5e-4)
    scheduler = torch.optim.lr_scheduler.MultiStepLR(optimizer, milestones=[10, 15])
    criterion = nn.CrossEntropyLoss()
    for epoch in range(epochs):
        model.train()
        robust = n = 0
        for x, y in loader:
            x, y = x.to(device), y.to(device)
            x_adv = pgd_attack(model, x, y)
            optimizer.zero_grad()
            logits = model(x_adv)
            loss = criterion(logits, y)
            loss.backward()
            optimizer.step()
            robust += (logits.argmax(1) == y).sum().item()
            n += len(y)
        scheduler.step()
        print(f"epoch {epoch}: robust train acc {robust / n:.3f}")
