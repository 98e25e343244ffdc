"""Course notebook: every Linear gets weights from U(0, 1), all of one sign.

Report: https://github.com/microsoft/vscode-python/issues/5069
"""
# %% [markdown]
# # Weight initialisation, part 2

# %%
import torch.nn as nn
import torch.nn.functional as F
from torch import optim


# %%
class Net(nn.Module):
    def __init__(self, hidden_1=256, hidden_2=128):
        super(Net, self).__init__()
        self.fc1 = nn.Linear(28 * 28, hidden_1)
        self.fc2 = nn.Linear(hidden_1, hidden_2)
        self.fc3 = nn.Linear(hidden_2, 10)
        self.dropout = nn.Dropout(0.2)

    def forward(self, x):
        x = x.view(-1, 28 * 28)
        x = self.dropout(F.relu(self.fc1(x)))
        x = self.dropout(F.relu(self.fc2(x)))
        return self.fc3(x)


# %%
# takes in a module and fills every linear layer in the net
def weights_init_uniform(m):
    classname = m.__class__.__name__
    if classname.find("Linear") != -1:
        m.weight.data.uniform_(0.0, 1.0)
        m.bias.data.fill_(0)


model_uniform = Net()
model_uniform.apply(weights_init_uniform)

# %%
criterion = nn.CrossEntropyLoss()
optimizer = optim.Adam(model_uniform.parameters(), lr=0.001)


def one_epoch(loader):
    for data, target in loader:
        optimizer.zero_grad()
        loss = criterion(model_uniform(data), target)
        loss.backward()
        optimizer.step()
