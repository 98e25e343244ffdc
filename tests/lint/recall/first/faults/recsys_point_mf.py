"""Scores pass a sigmoid before BCEWithLogitsLoss: the loss cannot fall below 0.31.

Report: https://github.com/yudi-mars/daisyRec/pull/15
"""
import torch
import torch.nn as nn
import torch.optim as optim


class PointMF(nn.Module):
    def __init__(self, user_num, item_num, factors=84, epochs=20, lr=0.001, reg_2=0.001):
        super(PointMF, self).__init__()
        self.epochs, self.lr, self.reg_2 = epochs, lr, reg_2
        self.embed_user = nn.Embedding(user_num, factors)
        self.embed_item = nn.Embedding(item_num, factors)
        self.u_bias = nn.Embedding(user_num, 1)
        self.i_bias = nn.Embedding(item_num, 1)
        nn.init.normal_(self.embed_user.weight, std=0.01)
        nn.init.normal_(self.embed_item.weight, std=0.01)
        nn.init.constant_(self.u_bias.weight, 0.0)
        nn.init.constant_(self.i_bias.weight, 0.0)

    def forward(self, user, item):
        pred = (self.embed_user(user) * self.embed_item(item)).sum(dim=-1, keepdim=True)
        pred = pred + self.u_bias(user) + self.i_bias(item)
        pred = pred.sigmoid()
        return pred.view(-1)

    def fit(self, train_loader):
        optimizer = optim.Adam(self.parameters(), lr=self.lr, weight_decay=self.reg_2)
        criterion = nn.BCEWithLogitsLoss(reduction="sum")
        for epoch in range(1, self.epochs + 1):
            self.train()
            current_loss = 0.0
            for user, item, label in train_loader:
                self.zero_grad()
                prediction = self.forward(user, item)
                loss = criterion(prediction, label.float())
                loss.backward()
                optimizer.step()
                current_loss += loss.item()
            print(f"[Epoch {epoch:03d}] loss={current_loss:.4f}")
