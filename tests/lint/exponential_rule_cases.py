"""Further examples of exponentials by hand: other spellings, and what is bounded."""

from __future__ import annotations

from gradhealth_lint.violation import Example

GOOD: dict[str, tuple[Example, ...]] = {
    "GRD410": (
        Example(
            "simclr",
            """
            import torch
            import torch.nn as nn
            import torch.nn.functional as F

            def simclr_loss(z_i, z_j, temperature=0.5):
                z = torch.cat([z_i, z_j])
                e = torch.exp(torch.mm(z, z.t().contiguous()) / temperature)
                pos = torch.exp(torch.sum(z_i * z_j, dim=-1) / temperature)
                return -torch.log(torch.cat([pos, pos]) / (e.sum(1) + 1e-8) + 1e-8).mean()
            """,
        ),
        Example(
            "supervised-contrastive",
            """
            import torch
            import torch.nn as nn
            import torch.nn.functional as F

            class SupCon(nn.Module):
                def forward(self, features, mask):
                    logits = torch.matmul(features, features.T) / 0.07
                    logits_max, _ = torch.max(logits, dim=1, keepdim=True)
                    logits = logits - logits_max.detach()
                    exp_logits = torch.exp(logits) * mask
                    log_prob = logits - torch.log(exp_logits.sum(1, keepdim=True))
                    return -(mask * log_prob).sum(1).mean()
            """,
        ),
        Example(
            "kl-of-a-vae",
            """
            import torch
            import torch.nn as nn
            import torch.nn.functional as F

            def vae_loss(recon, x, mu, logvar):
                kld = -0.5 * torch.sum(1 + logvar - mu.pow(2) - logvar.exp())
                return F.mse_loss(recon, x) + kld
            """,
        ),
        Example(
            "ppo",
            """
            import torch
            import torch.nn as nn
            import torch.nn.functional as F

            def ppo_loss(log_prob, old, adv):
                ratio = torch.exp(log_prob - old)
                return -torch.min(ratio * adv, ratio.clamp(0.8, 1.2) * adv).mean()
            """,
        ),
        Example(
            "multi-similarity",
            """
            import torch
            import torch.nn as nn
            import torch.nn.functional as F

            def ms_loss(pos_pair, neg_pair):
                pos = torch.log(1 + torch.sum(torch.exp(-2.0 * (pos_pair - 0.5)))) / 2.0
                return pos + torch.log(1 + torch.sum(torch.exp(40.0 * (neg_pair - 0.5)))) / 40.0
            """,
        ),
        Example(
            "clamped-argument",
            """
            import torch
            import torch.nn as nn
            import torch.nn.functional as F

            def logistic_loss(out):
                return torch.log(1 + torch.exp(out.clamp(max=20))).mean()
            """,
        ),
        Example(
            "without-gradients",
            """
            import torch
            import torch.nn as nn
            import torch.nn.functional as F

            class Net(nn.Module):
                def forward(self, x):
                    return x


            @torch.no_grad()
            def sigmoid(x):
                return 1 / (1 + torch.exp(-x))
            """,
        ),
        Example(
            "numpy",
            """
            import torch
            import torch.nn as nn
            import torch.nn.functional as F

            import numpy as np


            def softmax(x):
                e = np.exp(x)
                return e / e.sum()


            def report(model, x, loss):
                return softmax(model(x).detach().numpy())
            """,
        ),
        Example(
            "temperature-in-a-setting",
            """
            import torch
            from torch import nn

            class Recommender(nn.Module):
                def ssl_loss(self, emb, centres):
                    own = torch.exp((emb * centres).sum(1) / self.ssl_temp)
                    every = torch.exp(emb @ centres.t() / self.ssl_temp).sum(1)
                    return 1 - (own / every).sum()
            """,
        ),
        Example(
            "snake",
            """
            import torch
            import torch.nn as nn

            class SnakeBeta(nn.Module):
                def __init__(self, features):
                    super().__init__()
                    self.beta = nn.Parameter(torch.zeros(features))

                def forward(self, x):
                    beta = torch.exp(self.beta)
                    return x + 1.0 / (beta + 1e-9) * torch.sin(x).pow(2)
            """,
        ),
        Example(
            "kernel-weights",
            """
            import torch
            import torch.nn as nn
            import torch.nn.functional as F

            def smoothing_loss(pred, centres):
                w = torch.exp(-torch.cdist(pred, centres) ** 2)
                return (w / (w.sum(1, keepdim=True) + 1e-8)).pow(2).mean()
            """,
        ),
        Example(
            "focal",
            """
            import torch
            import torch.nn as nn
            import torch.nn.functional as F

            def focal_loss(inputs, targets):
                ce = F.cross_entropy(inputs, targets, reduction="none")
                pt = torch.exp(-ce)
                return ((1 - pt) ** 2 * ce).mean()
            """,
        ),
    ),
}
BAD: dict[str, tuple[Example, ...]] = {
    "GRD410": (
        Example(
            "attention-scores",
            """
            import torch
            import torch.nn as nn
            import torch.nn.functional as F

            class Attention(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.q, self.k = nn.Linear(4, 4), nn.Linear(4, 4)

                def forward(self, x):
                    e = torch.exp(self.q(x) @ self.k(x).transpose(1, 2))
                    return e / torch.sum(e, dim=-1, keepdim=True)  # <- here
            """,
        ),
        Example(
            "masked-and-eps",
            """
            import torch
            import torch.nn as nn
            import torch.nn.functional as F

            class Pooling(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.score = nn.Linear(4, 1)

                def forward(self, x, mask):
                    w = torch.exp(self.score(x)) * mask
                    w = w / (w.sum(1, keepdim=True) + 1e-10)  # <- here
                    return (w * x).sum(1)
            """,
        ),
        Example(
            "learned-mixture",
            """
            import torch
            import torch.nn as nn
            import torch.nn.functional as F

            class Mixture(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.alpha = nn.Parameter(torch.zeros(3))

                def forward(self, a, b, c):
                    w = self.alpha.exp() / self.alpha.exp().sum()  # <- here
                    return w[0] * a + w[1] * b + w[2] * c
            """,
        ),
        Example(
            "in-a-loss",
            """
            import torch
            import torch.nn as nn
            import torch.nn.functional as F

            def class_loss(output, target):
                p = torch.exp(output) / torch.sum(torch.exp(output), dim=1).view(-1, 1)  # <- here
                return ((p - target) ** 2).sum(1).mean()
            """,
        ),
        Example(
            "log-mean-exp",
            """
            import torch
            import torch.nn as nn
            import torch.nn.functional as F

            def mine_loss(t_joint, t_shuffled):
                return torch.log(torch.exp(t_shuffled).mean()) - t_joint.mean()  # <- here
            """,
        ),
        Example(
            "mixture-of-log-probabilities",
            """
            import torch
            import torch.nn as nn
            import torch.nn.functional as F

            def mixture_loss(log_probs):
                return -torch.log(log_probs.exp().sum(dim=1)).mean()  # <- here
            """,
        ),
        Example(
            "log1p",
            """
            import torch
            import torch.nn as nn
            import torch.nn.functional as F

            def bce_loss(out, y):
                return (torch.log1p(torch.exp(out)) - y * out).mean()  # <- here
            """,
        ),
        Example(
            "bpr",
            """
            import torch
            import torch.nn as nn
            import torch.nn.functional as F

            def bpr_loss(pos, neg):
                return torch.log(1 + torch.exp(neg - pos)).mean()  # <- here
            """,
        ),
        Example(
            "mish",
            """
            import torch
            import torch.nn as nn
            import torch.nn.functional as F

            class Mish(nn.Module):
                def forward(self, x):
                    return x * torch.tanh(torch.log(1 + torch.exp(x)))  # <- here
            """,
        ),
        Example(
            "tanh",
            """
            import torch
            import torch.nn as nn
            import torch.nn.functional as F

            class Tanh(nn.Module):
                def forward(self, x):
                    up, down = torch.exp(x), torch.exp(-x)
                    return (up - down) / (up + down)  # <- here
            """,
        ),
        Example(
            "n-pair",
            """
            import torch
            import torch.nn as nn
            import torch.nn.functional as F

            def npair_loss(anchor, pos, neg):
                gap = torch.matmul(anchor, (neg - pos).t())
                return torch.log(1 + torch.sum(torch.exp(gap), 1)).mean()  # <- here
            """,
        ),
        Example(
            "function-of-a-notebook",
            """
            import torch
            import torch.nn as nn
            import torch.nn.functional as F

            def sigmoid(x):
                return torch.exp(x) / (torch.exp(x) + 1)  # <- here


            w = torch.zeros(8, 1, requires_grad=True)
            for x, y in loader:
                loss = ((sigmoid(x @ w) - y) ** 2).mean()
                loss.backward()
            """,
        ),
        Example(
            "soft-minimum",
            """
            import torch
            import torch.nn as nn
            import torch.nn.functional as F

            def soft_min_loss(dist):
                return -torch.log(torch.sum(torch.exp(-dist), dim=1)).mean()  # <- here
            """,
        ),
        Example(
            "reciprocal",
            """
            import torch
            import torch.nn as nn
            import torch.nn.functional as F

            class Gate(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.layer = nn.Linear(3, 3)

                def forward(self, x):
                    return x * torch.reciprocal(1 + torch.exp(-self.layer(x)))  # <- here
            """,
        ),
    ),
}
