"""A gradient step by hand: in-place arithmetic on a leaf that requires grad.

Report: https://github.com/BaiTheBest/SparseLLM/issues/13
"""
import torch
import torch.nn.functional as F


def prune_ffn(X, up_weight, down_weight, alpha=5.0, lr=0.01, iters=50, chunk=512):
    """Fit the intermediate activations of one feed-forward block, chunk by chunk."""
    hidden = F.relu(X @ up_weight.t())
    target = hidden @ down_weight.t()
    s = hidden.clone()
    for start in range(0, s.shape[1], chunk):
        block = slice(start, start + chunk)
        s_batch = s[:, block].detach().clone().requires_grad_(True)
        for i in range(iters):
            rest = s.clone()
            full = torch.cat([rest[:, :start], s_batch, rest[:, start + chunk:]], dim=1)
            fit = F.mse_loss(full @ down_weight.t(), target)
            prior = F.mse_loss(s_batch, hidden[:, block])
            loss = alpha * fit + prior
            loss.backward()
            s_batch -= lr * s_batch.grad
            s_batch.grad.zero_()
        s[:, block] = s_batch.detach()
    return s


if __name__ == "__main__":
    torch.manual_seed(0)
    d, h = 64, 1024
    X = torch.randn(256, d)
    up = torch.randn(h, d) / d ** 0.5
    down = torch.randn(d, h) / h ** 0.5
    print(prune_ffn(X, up, down).shape)
