"""The running loss sums tensors with their graphs, a whole epoch long.

Report: https://github.com/BatsResearch/labelmodels/issues/4
"""
import logging

import torch
from torch import nn


class LabelModel(nn.Module):
    def __init__(self, num_classes, num_lfs, init_acc=0.9):
        super().__init__()
        self.class_balance = nn.Parameter(torch.zeros(num_classes))
        self.accuracy = nn.Parameter(torch.full((num_lfs,), init_acc).logit())
        self.propensity = nn.Parameter(torch.zeros(num_lfs))

    def forward(self, votes):
        acc = nn.functional.logsigmoid(self.accuracy)
        prop = nn.functional.logsigmoid(self.propensity)
        fired = (votes != 0).float()
        return (fired @ (acc + prop)) + torch.logsumexp(self.class_balance, 0)

    def do_estimate(self, batches, epochs=5, lr=0.01):
        optimizer = torch.optim.SGD(self.parameters(), lr=lr, momentum=0.9)
        for epoch in range(epochs):
            logging.info("Epoch %d/%d", epoch + 1, epochs)
            self.train()
            running_loss = 0.0
            for i_batch, votes in enumerate(batches):
                optimizer.zero_grad()
                log_likelihood = self(votes)
                loss = -1 * torch.mean(log_likelihood)
                loss.backward()
                optimizer.step()
                running_loss += loss
            epoch_loss = running_loss / (i_batch + 1)
            logging.info("Train Loss: %.6f", epoch_loss)
        return self
