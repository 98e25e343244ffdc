"""Fine: tanh is the vector field of an ODE; every Euler step is x + dt * f(x)."""
import torch
import torch.nn as nn


class ODEFunc(nn.Module):
    def __init__(self, dim=2, hidden=50):
        super(ODEFunc, self).__init__()
        self.net = nn.Sequential(nn.Linear(dim, hidden), nn.Tanh(), nn.Linear(hidden, dim))
        for m in self.net.modules():
            if isinstance(m, nn.Linear):
                nn.init.normal_(m.weight, mean=0, std=0.1)
                nn.init.constant_(m.bias, val=0)

    def forward(self, t, y):
        return self.net(y ** 3)


def odeint_euler(func, y0, t):
    ys = [y0]
    for t0, t1 in zip(t[:-1], t[1:]):
        y = ys[-1]
        ys.append(y + (t1 - t0) * func(t0, y))
    return torch.stack(ys)


def get_batch(true_y, t, batch_time=10, batch_size=20):
    s = torch.randint(0, len(t) - batch_time, (batch_size,))
    batch_y = torch.stack([true_y[s + i] for i in range(batch_time)], dim=0)
    return true_y[s], t[:batch_time], batch_y


def main(true_y, t, niters=2000):
    func = ODEFunc()
    optimizer = torch.optim.RMSprop(func.parameters(), lr=1e-3)
    for itr in range(1, niters + 1):
        optimizer.zero_grad()
        y0, bt, by = get_batch(true_y, t)
        pred_y = odeint_euler(func, y0, bt)
        loss = torch.mean(torch.abs(pred_y - by))
        loss.backward()
        optimizer.step()
        if itr % 100 == 0:
            print("Iter {:04d} | Loss {:.6f}".format(itr, loss.item()))
