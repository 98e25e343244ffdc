"""The trainer's helper steps, and the caller clips once it returns.

Report: https://github.com/awslabs/graphstorm/issues/1366
"""
import time

import torch as th


class NodePredictionTrainer:
    def __init__(self, model, optimizer, device="cuda:0"):
        self._model = model
        self.optimizer = optimizer
        self.device = device

    def _update(self, loss):
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()

    def fit(self, train_loader, num_epochs, max_grad_norm=None, grad_norm_type=2.0):
        model = self._model.to(self.device)
        for epoch in range(num_epochs):
            model.train()
            t0 = time.time()
            for i, (input_nodes, seeds, blocks) in enumerate(train_loader):
                feats = {k: v.to(self.device) for k, v in input_nodes.items()}
                labels = seeds["label"].to(self.device)
                loss = model(blocks, feats, labels)
                self._update(loss)

                if max_grad_norm is not None:
                    th.nn.utils.clip_grad_norm_(model.parameters(), max_grad_norm, grad_norm_type)

                if i % 20 == 0:
                    print("Part {} | Epoch {:05d} | Batch {:03d} | Train Loss: {:.4f} | Time: {:.4f}".format(
                        0, epoch, i, loss.item(), time.time() - t0))
