"""Notebook cell: clipping comes before backward, so it clips what the last step left.

Report: https://github.com/yandex-research/tabm/issues/20
"""
# %%
import math
import random

import torch
import torch.nn.functional as F
from torch import nn
from tqdm.std import tqdm

task_is_regression = False
batch_size = 256
gradient_clipping_norm = 1.0
device = torch.device("cuda" if torch.cuda.is_available() else "cpu")

model = nn.Sequential(
    nn.Linear(54, 512), nn.BatchNorm1d(512), nn.ReLU(), nn.Dropout(0.1),
    nn.Linear(512, 512), nn.BatchNorm1d(512), nn.ReLU(), nn.Dropout(0.1),
    nn.Linear(512, 7),
).to(device)
optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3, weight_decay=3e-4)


# %%
def train_epoch(x_train, y_train):
    n = len(y_train)
    order = torch.randperm(n, device=device)
    model.train()
    for idx in tqdm(order.split(batch_size), total=math.ceil(n / batch_size)):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x_train[idx]), y_train[idx])
        if gradient_clipping_norm is not None:
            nn.utils.clip_grad_norm_(model.parameters(), gradient_clipping_norm)
        loss.backward()
        optimizer.step()


# %%
random.seed(0)
