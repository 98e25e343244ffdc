"""torch.log of a softmax, written out, before the NLL.

Report: https://github.com/skorch-dev/skorch/issues/481
"""
import torch
import torch.nn as nn


class ClassifierModule(nn.Module):
    def __init__(self, num_units=10, nonlin=nn.functional.relu, n_in=20):
        super().__init__()
        self.dense0 = nn.Linear(n_in, num_units)
        self.nonlin = nonlin
        self.dropout = nn.Dropout(0.5)
        self.dense1 = nn.Linear(num_units, 10)
        self.output = nn.Linear(10, 2)

    def forward(self, X):
        X = self.nonlin(self.dense0(X))
        X = self.dropout(X)
        X = self.nonlin(self.dense1(X))
        return torch.softmax(self.output(X), dim=-1)


class NeuralNetClassifier:
    def __init__(self, module, criterion=nn.NLLLoss, lr=0.01):
        self.module_ = module()
        self.criterion_ = criterion()
        self.optimizer_ = torch.optim.SGD(self.module_.parameters(), lr=lr)

    def get_loss(self, y_pred, y_true):
        if isinstance(self.criterion_, nn.NLLLoss):
            y_pred = torch.log(y_pred)
        return self.criterion_(y_pred, y_true)

    def train_step(self, Xi, yi):
        self.module_.train()
        self.optimizer_.zero_grad()
        loss = self.get_loss(self.module_(Xi), yi)
        loss.backward()
        self.optimizer_.step()
        return loss


net = NeuralNetClassifier(ClassifierModule)
