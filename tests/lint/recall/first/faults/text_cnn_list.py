"""Convolutions kept in a Python list: neither moved to the GPU nor trained.

Report: https://github.com/pytorch/pytorch/issues/1053
"""
import torch as th
import torch.nn.functional as F


class config:
    WORD_VEC_SIZE = 300
    N_FILTERS = 100
    KERNELS = (3, 4, 5)


class TextCNN(th.nn.Module):
    def __init__(self, vocab, n_class):
        super(TextCNN, self).__init__()
        self.embed = th.nn.Embedding(vocab, config.WORD_VEC_SIZE)
        self.conv1d = [
            th.nn.Conv1d(config.WORD_VEC_SIZE, config.N_FILTERS, k) for k in config.KERNELS
        ]
        self.drop = th.nn.Dropout(0.5)
        self.fc = th.nn.Linear(config.N_FILTERS * len(config.KERNELS), n_class)

    def forward(self, x):
        x = self.embed(x).transpose(1, 2)
        feats = [F.relu(conv(x)).max(dim=2)[0] for conv in self.conv1d]
        return self.fc(self.drop(th.cat(feats, dim=1)))


def train(train_iter, vocab, n_class, epochs=5):
    model = TextCNN(vocab, n_class)
    opt = th.optim.Adam(model.parameters(), lr=1e-3)
    for _ in range(epochs):
        for batch, label in train_iter:
            opt.zero_grad()
            loss = F.cross_entropy(model(batch), label)
            loss.backward()
            opt.step()
    return model
