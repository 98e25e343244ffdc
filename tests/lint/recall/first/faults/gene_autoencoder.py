"""Sigmoid as the hidden activation of a shallow autoencoder: it stays near a constant.

Report: https://github.com/MollyZhang/Multi-task-TCGA-learning/issues/15
"""
import torch
import torch.nn as nn


class AutoEncoder(nn.Module):
    def __init__(self, n_genes=5000, n_code=100):
        super(AutoEncoder, self).__init__()
        self.enc1 = nn.Linear(n_genes, 500)
        self.enc2 = nn.Linear(500, n_code)
        self.dec1 = nn.Linear(n_code, 500)
        self.dec2 = nn.Linear(500, n_genes)
        self.sigmoid = nn.Sigmoid()

    def encode(self, x):
        x = self.sigmoid(self.enc1(x))
        return self.sigmoid(self.enc2(x))

    def decode(self, z):
        z = self.sigmoid(self.dec1(z))
        return self.dec2(z)

    def forward(self, x):
        return self.decode(self.encode(x))


if __name__ == "__main__":
    import numpy as np

    expr = np.load("tcga_rnaseq.npy").astype("float32")
    expr = (expr - expr.mean(0)) / (expr.std(0) + 1e-6)
    data = torch.from_numpy(expr)

    ae = AutoEncoder(n_genes=data.shape[1])
    opt = torch.optim.Adam(ae.parameters(), lr=1e-3)
    mse = nn.MSELoss()
    for epoch in range(50):
        perm = torch.randperm(len(data))
        for i in range(0, len(data), 64):
            batch = data[perm[i:i + 64]]
            opt.zero_grad()
            loss = mse(ae(batch), batch)
            loss.backward()
            opt.step()
        print("epoch", epoch, "recon", float(loss))
