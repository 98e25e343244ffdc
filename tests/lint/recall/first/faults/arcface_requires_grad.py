"""backward raised, so somebody set loss.requires_grad = True: it runs, and learns nothing.

Report: https://github.com/ronghuaiyang/arcface-pytorch/issues/56
"""
import time

import numpy as np
import torch
from torch.nn import CrossEntropyLoss
from torch.utils import data


def train(opt, model, metric_fc, train_dataset):
    device = torch.device("cuda")
    trainloader = data.DataLoader(train_dataset, batch_size=opt.train_batch_size, shuffle=True)
    criterion = CrossEntropyLoss()
    model.to(device)
    metric_fc.to(device)
    optimizer = torch.optim.SGD(
        [{"params": model.parameters()}, {"params": metric_fc.parameters()}],
        lr=opt.lr, weight_decay=opt.weight_decay,
    )
    start = time.time()
    for i in range(opt.max_epoch):
        model.train()
        for ii, (data_input, label) in enumerate(trainloader):
            data_input = data_input.to(device)
            label = label.to(device).long()
            with torch.no_grad():
                feature = model(data_input)
                output = metric_fc(feature, label)
            loss = criterion(output, label)
            optimizer.zero_grad()
            loss.requires_grad = True
            loss.backward()
            optimizer.step()

            if ii % opt.print_freq == 0:
                pred = np.argmax(output.cpu().numpy(), axis=1)
                acc = np.mean((pred == label.cpu().numpy()).astype(int))
                print(f"{time.time() - start:.0f}s epoch {i} iter {ii} loss {loss.item()} acc {acc}")
