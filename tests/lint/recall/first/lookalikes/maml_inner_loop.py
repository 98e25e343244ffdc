"""Fine: the inner loop takes gradients by autograd.grad; one meta step follows several tasks."""
import torch
import torch.nn as nn
import torch.nn.functional as F


class SineNet(nn.Module):
    def __init__(self, hidden=40):
        super().__init__()
        self.l1, self.l2, self.l3 = nn.Linear(1, hidden), nn.Linear(hidden, hidden), nn.Linear(hidden, 1)

    def forward(self, x, params=None):
        if params is None:
            params = dict(self.named_parameters())
        h = F.relu(F.linear(x, params["l1.weight"], params["l1.bias"]))
        h = F.relu(F.linear(h, params["l2.weight"], params["l2.bias"]))
        return F.linear(h, params["l3.weight"], params["l3.bias"])


def adapt(net, x, y, inner_lr=0.01, steps=5):
    params = dict(net.named_parameters())
    for _ in range(steps):
        loss = F.mse_loss(net(x, params), y)
        grads = torch.autograd.grad(loss, list(params.values()), create_graph=True)
        params = {k: p - inner_lr * g for (k, p), g in zip(params.items(), grads)}
    return params


def meta_train(net, sample_tasks, iterations=60000, tasks_per_batch=25, meta_lr=1e-3):
    opt = torch.optim.Adam(net.parameters(), lr=meta_lr)
    for it in range(iterations):
        opt.zero_grad()
        outer = 0.0
        for x_s, y_s, x_q, y_q in sample_tasks(tasks_per_batch):
            fast = adapt(net, x_s, y_s)
            loss = F.mse_loss(net(x_q, fast), y_q) / tasks_per_batch
            loss.backward()
            outer += loss.item()
        nn.utils.clip_grad_norm_(net.parameters(), 10.0)
        opt.step()
        if it % 1000 == 0:
            print(it, outer)
