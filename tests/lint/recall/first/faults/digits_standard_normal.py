"""Linear layers of 784 and 100 inputs start at N(0, 1): every unit is far out at once.

Report: https://github.com/MichalDanielDobrzanski/DeepLearningPython/issues/13
"""
import torch
import torch.nn as nn


class Network(nn.Module):
    """Port of the book's network.py, sizes=[784, 100, 30, 10], with relu instead."""

    def __init__(self, sizes):
        super().__init__()
        self.num_layers = len(sizes)
        self.sizes = sizes
        self.fc1 = nn.Linear(784, 100)
        self.fc2 = nn.Linear(100, 30)
        self.fc3 = nn.Linear(30, 10)
        for layer in (self.fc1, self.fc2, self.fc3):
            layer.weight.data = torch.randn(layer.weight.shape)
            layer.bias.data = torch.randn(layer.bias.shape)

    def forward(self, a):
        a = torch.relu(self.fc1(a))
        a = torch.relu(self.fc2(a))
        return self.fc3(a)

    def evaluate(self, test_data):
        with torch.no_grad():
            return sum(int(self(x).argmax() == y) for x, y in test_data)


def SGD(net, training_data, epochs, mini_batch_size, eta):
    loss_fn = nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(net.parameters(), lr=eta)
    for j in range(epochs):
        for k in range(0, len(training_data), mini_batch_size):
            chunk = training_data[k:k + mini_batch_size]
            x = torch.stack([c[0] for c in chunk])
            y = torch.tensor([c[1] for c in chunk])
            optimizer.zero_grad()
            loss_fn(net(x), y).backward()
            optimizer.step()
        print("Epoch {} complete".format(j))
