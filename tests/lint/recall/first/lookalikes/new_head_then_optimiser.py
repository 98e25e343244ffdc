"""Fine: the head is replaced and the rest frozen before the optimiser is built."""
import copy

import torch
import torch.nn as nn
from torch.optim import SGD, lr_scheduler
from torchvision import models


def build(num_classes: int, feature_extract: bool = True):
    model = models.resnet50(weights=models.ResNet50_Weights.DEFAULT)
    if feature_extract:
        for param in model.parameters():
            param.requires_grad = False
    model.fc = nn.Linear(model.fc.in_features, num_classes)
    model = model.to("cuda")
    params_to_update = [p for p in model.parameters() if p.requires_grad]
    optimizer = SGD(params_to_update, lr=0.001, momentum=0.9)
    return model, optimizer, lr_scheduler.StepLR(optimizer, step_size=7, gamma=0.1)


def train_model(dataloaders, num_classes, num_epochs=25):
    model, optimizer, scheduler = build(num_classes)
    criterion = nn.CrossEntropyLoss()
    best_acc, best = 0.0, copy.deepcopy(model.state_dict())
    for epoch in range(num_epochs):
        for phase in ["train", "val"]:
            model.train() if phase == "train" else model.eval()
            running_corrects, n = 0, 0
            for inputs, labels in dataloaders[phase]:
                inputs, labels = inputs.to("cuda"), labels.to("cuda")
                optimizer.zero_grad()
                with torch.set_grad_enabled(phase == "train"):
                    outputs = model(inputs)
                    loss = criterion(outputs, labels)
                    if phase == "train":
                        loss.backward()
                        optimizer.step()
                running_corrects += (outputs.argmax(1) == labels).sum().item()
                n += len(labels)
            if phase == "train":
                scheduler.step()
            elif running_corrects / n > best_acc:
                best_acc, best = running_corrects / n, copy.deepcopy(model.state_dict())
    model.load_state_dict(best)
    return model
