"""Fine: Adadelta at 1.0 and SGD with momentum at 0.1 are what these optimisers are used with."""
import argparse

import torch
import torch.nn as nn
from torchvision.models import resnet18

parser = argparse.ArgumentParser()
parser.add_argument("--opt", choices=["adadelta", "sgd", "adam", "lamb"], default="sgd")
parser.add_argument("--epochs", type=int, default=90)


def make_optimizer(name, params):
    if name == "adadelta":
        return torch.optim.Adadelta(params, lr=1.0)
    if name == "sgd":
        return torch.optim.SGD(params, lr=0.1, momentum=0.9, weight_decay=1e-4)
    return torch.optim.Adam(params, lr=3e-4)


def main(train_loader):
    args = parser.parse_args()
    model = resnet18(num_classes=100)
    optimizer = make_optimizer(args.opt, model.parameters())
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, args.epochs)
    criterion = nn.CrossEntropyLoss(label_smoothing=0.1)
    for epoch in range(args.epochs):
        model.train()
        for x, y in train_loader:
            loss = criterion(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        schedule.step()
        print(epoch, loss.item(), schedule.get_last_lr())


if __name__ == "__main__":
    main([])
