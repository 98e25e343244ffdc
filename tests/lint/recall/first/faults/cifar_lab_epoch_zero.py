"""zero_grad once per epoch, step once per batch.

Report: https://github.com/heartcored98/Standalone-DeepLearning/issues/11
"""
import argparse

import torch
import torch.nn as nn
import torch.optim as optim


class CNN(nn.Module):
    def __init__(self, n_class=10):
        super(CNN, self).__init__()
        self.layer = nn.Sequential(
            nn.Conv2d(3, 32, 3, padding=1), nn.BatchNorm2d(32), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(32, 64, 3, padding=1), nn.BatchNorm2d(64), nn.ReLU(), nn.MaxPool2d(2),
        )
        self.fc = nn.Linear(64 * 8 * 8, n_class)

    def forward(self, x):
        x = self.layer(x)
        return self.fc(x.view(x.size(0), -1))


def train(net, trainloader, optimizer, criterion, args):
    net.train()
    train_loss, correct, total = 0, 0, 0
    optimizer.zero_grad()
    for i, (inputs, labels) in enumerate(trainloader):
        inputs, labels = inputs.cuda(), labels.cuda()
        outputs = net(inputs)
        loss = criterion(outputs, labels)
        loss.backward()
        optimizer.step()
        train_loss += loss.item()
        _, predicted = torch.max(outputs.data, 1)
        total += labels.size(0)
        correct += (predicted == labels).sum().item()
    return train_loss / len(trainloader), 100 * correct / total


def experiment(loader):
    args = argparse.Namespace(epoch=10, lr=0.001)
    net = CNN().cuda()
    criterion = nn.CrossEntropyLoss()
    optimizer = optim.Adam(net.parameters(), lr=args.lr)
    for epoch in range(args.epoch):
        print(epoch, train(net, loader, optimizer, criterion, args))
