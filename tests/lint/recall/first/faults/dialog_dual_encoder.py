"""The scorer is a Softmax layer, and the loss that comes by default is a cross entropy.

Report: https://github.com/IBM/dstc-noesis/issues/18
"""
import torch
import torch.nn as nn


class DualEncoder(nn.Module):
    def __init__(self, vocab_size, dim=300, hidden=256):
        super(DualEncoder, self).__init__()
        self.embed = nn.Embedding(vocab_size, dim, padding_idx=0)
        self.encoder = nn.LSTM(dim, hidden, batch_first=True)
        self.M = nn.Linear(hidden, hidden, bias=False)
        self.final_layer = nn.Softmax(dim=1)

    def encode(self, ids):
        _, (h, _) = self.encoder(self.embed(ids))
        return h[-1]

    def forward(self, context, responses):
        b, n, t = responses.shape
        c = self.M(self.encode(context))
        r = self.encode(responses.view(b * n, t)).view(b, n, -1)
        logits = torch.einsum("bd,bnd->bn", c, r)
        output = self.final_layer(logits)
        return output


class SupervisedTrainer:
    def __init__(self, model, loss_func=nn.CrossEntropyLoss(), batch_size=64, clip=1.0):
        self.model = model
        self.loss_func = loss_func
        self.batch_size = batch_size
        self.clip = clip
        self.optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)

    def _train_batch(self, context, responses, target):
        scores = self.model(context, responses)
        loss = self.loss_func(scores, target)
        self.optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(self.model.parameters(), self.clip)
        self.optimizer.step()
        return loss.item()


def build_trainer(vocab_size):
    return SupervisedTrainer(DualEncoder(vocab_size))
