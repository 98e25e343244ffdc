"""Fine: the VAE's exponentials are of a log-variance, its loss takes logits, the sigmoid draws pictures."""
import torch
from torch import nn, optim
from torch.nn import functional as F


class VAE(nn.Module):
    def __init__(self, n_in=784, n_hid=400, n_z=20):
        super(VAE, self).__init__()
        self.fc1 = nn.Linear(n_in, n_hid)
        self.fc21 = nn.Linear(n_hid, n_z)
        self.fc22 = nn.Linear(n_hid, n_z)
        self.fc3 = nn.Linear(n_z, n_hid)
        self.fc4 = nn.Linear(n_hid, n_in)

    def encode(self, x):
        h1 = F.relu(self.fc1(x))
        return self.fc21(h1), self.fc22(h1)

    def reparameterize(self, mu, logvar):
        std = torch.exp(0.5 * logvar)
        return mu + torch.randn_like(std) * std

    def decode(self, z):
        return self.fc4(F.relu(self.fc3(z)))

    def forward(self, x):
        mu, logvar = self.encode(x.view(-1, 784))
        return self.decode(self.reparameterize(mu, logvar)), mu, logvar


def loss_function(logits, x, mu, logvar):
    bce = F.binary_cross_entropy_with_logits(logits, x.view(-1, 784), reduction="sum")
    kld = -0.5 * torch.sum(1 + logvar - mu.pow(2) - logvar.exp())
    return bce + kld


def train(model, loader, epochs=10):
    optimizer = optim.Adam(model.parameters(), lr=1e-3)
    for epoch in range(1, epochs + 1):
        model.train()
        train_loss = 0
        for data, _ in loader:
            optimizer.zero_grad()
            logits, mu, logvar = model(data)
            loss = loss_function(logits, data, mu, logvar)
            loss.backward()
            train_loss += loss.item()
            optimizer.step()
        print("====> Epoch: {} Average loss: {:.4f}".format(epoch, train_loss / len(loader.dataset)))


@torch.no_grad()
def sample(model, n=64):
    return torch.sigmoid(model.decode(torch.randn(n, 20))).view(n, 1, 28, 28)
