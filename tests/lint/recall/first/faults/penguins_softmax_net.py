"""Three-layer tabular net with softmax on top, trained by nn.CrossEntropyLoss.

Report: https://github.com/MicrosoftDocs/ml-basics/issues/48
"""
import torch
import torch.nn as nn
import torch.nn.functional as F
import torch.utils.data as td

hl = 10


class PenguinNet(nn.Module):
    def __init__(self, n_features=4, n_classes=3):
        super(PenguinNet, self).__init__()
        self.fc1 = nn.Linear(n_features, hl)
        self.fc2 = nn.Linear(hl, hl)
        self.fc3 = nn.Linear(hl, n_classes)

    def forward(self, x):
        x = F.relu(self.fc1(x))
        x = F.relu(self.fc2(x))
        x = torch.softmax(self.fc3(x), dim=1)
        return x


model = PenguinNet()
loss_criteria = nn.CrossEntropyLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=0.001)


def train(model, data_loader, optimizer):
    model.train()
    train_loss = 0
    for batch, tensor in enumerate(data_loader):
        data, target = tensor
        optimizer.zero_grad()
        out = model(data)
        loss = loss_criteria(out, target)
        train_loss += loss.item()
        loss.backward()
        optimizer.step()
    avg_loss = train_loss / (batch + 1)
    print("Training set: Average loss: {:.6f}".format(avg_loss))
    return avg_loss


def loaders(x, y):
    ds = td.TensorDataset(torch.Tensor(x), torch.LongTensor(y))
    return td.DataLoader(ds, batch_size=20, shuffle=False, num_workers=1)
