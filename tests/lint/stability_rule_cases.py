"""Further examples of the rules on rounding and overflow: other spellings, and guards."""

from __future__ import annotations

from gradhealth_lint.violation import Example

GOOD: dict[str, tuple[Example, ...]] = {
    "GRD404": (
        Example(
            "largest-of-a-softmax",
            """
            import torch
            import torch.nn as nn
            import torch.nn.functional as F

            def confidence_loss(logits):
                confidence = F.softmax(logits, dim=1).max(dim=1)[0]
                return -torch.log(confidence).mean()
            """,
        ),
        Example(
            "of-a-mean-of-softmaxes",
            """
            import torch
            import torch.nn as nn
            import torch.nn.functional as F

            def marginal_loss(logits):
                p = torch.softmax(logits, 1).mean(0)
                return (p * p.log()).sum()
            """,
        ),
        Example(
            "not-below-an-eps",
            """
            import torch
            import torch.nn as nn
            import torch.nn.functional as F

            def nll_loss(logits):
                p = torch.maximum(torch.softmax(logits, 1), torch.tensor(1e-8))
                return -torch.log(p).mean()
            """,
        ),
        Example(
            "entropy-of-a-batch-s-targets",
            """
            import torch
            import torch.nn.functional as F
            from torch import nn

            class Criterion(nn.Module):
                def forward(self, model, sample):
                    return self.kl(model(sample["x"]), sample["target"][:, 0])

                def kl(self, logits, target):
                    q = F.softmax(target / 2.0, dim=-1)
                    p = F.log_softmax(logits, dim=-1)
                    return -(q * p - q * q.log()).sum()
            """,
        ),
        Example(
            "teacher",
            """
            import torch
            import torch.nn as nn
            import torch.nn.functional as F

            def distillation_loss(logits, target_logits):
                q = F.softmax(target_logits, dim=1)
                return (q * torch.log(q) - q * F.log_softmax(logits, 1)).sum(1).mean()
            """,
        ),
    ),
    "GRD405": (
        Example(
            "eps-of-a-setting",
            """
            import torch
            from torch import nn

            class FocalLoss(nn.Module):
                def __init__(self, eps):
                    super().__init__()
                    self.eps = eps

                def forward(self, output, target):
                    p = output.clamp(self.eps, 1.0 - self.eps)
                    return -((1 - target) * torch.log(1 - p)).mean()
            """,
        ),
        Example(
            "decoder-told-to-squash",
            """
            import torch
            from torch import nn

            EPS = 1e-15

            class Decoder(nn.Module):
                def forward(self, z, edges, sigmoid=False):
                    value = (z[edges[0]] * z[edges[1]]).sum(dim=1)
                    return torch.sigmoid(value) if sigmoid else value

            class Autoencoder(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.decoder = Decoder()

                def recon_loss(self, z, edges):
                    return -torch.log(self.decoder(z, edges, sigmoid=True) + EPS).mean()
            """,
        ),
        Example(
            "bounds-that-float32-holds",
            """
            import torch

            def bce_loss(logits, y):
                p = torch.clamp(torch.sigmoid(logits), 1e-7, 1 - 1e-7)
                return -(y * torch.log(p) + (1 - y) * torch.log(1 - p)).mean()
            """,
        ),
    ),
    "GRD408": (
        Example(
            "of-the-target",
            """
            import torch
            import torch.nn.functional as F
            from torch import nn

            def scaled_loss(pred, target):
                return torch.norm(pred - target) / torch.norm(target)
            """,
        ),
        Example(
            "larger-of-two",
            """
            import torch
            import torch.nn.functional as F
            from torch import nn

            def angle_loss(pred, target):
                length = torch.max(pred.norm(dim=1, keepdim=True), torch.tensor(1e-6))
                return 1 - (pred / length * target).sum(1).mean()
            """,
        ),
        Example(
            "safe-where",
            """
            import torch
            import torch.nn.functional as F
            from torch import nn

            def angle_loss(pred, target):
                length = pred.norm(dim=1, keepdim=True)
                length = torch.where(length > 1e-6, length, torch.ones_like(length))
                return 1 - (pred / length * target).sum(1).mean()
            """,
        ),
        Example(
            "zeros-replaced",
            """
            import torch
            import torch.nn.functional as F
            from torch import nn

            def angle_loss(pred, target):
                length = pred.norm(dim=1, keepdim=True)
                length[length == 0] = 1
                return 1 - (pred / length * target).sum(1).mean()
            """,
        ),
        Example(
            "tested",
            """
            import torch
            import torch.nn.functional as F
            from torch import nn

            def angle_loss(pred, target):
                length = pred.norm()
                if length < 1e-6:
                    return pred.sum() * 0
                return 1 - (pred / length * target).sum()
            """,
        ),
        Example(
            "detached",
            """
            import torch
            import torch.nn.functional as F
            from torch import nn

            def scaled_loss(pred, target):
                return ((pred - target) / pred.norm(dim=1, keepdim=True).detach()).abs().mean()
            """,
        ),
        Example(
            "limit-over-a-norm",
            """
            import torch
            from torch import nn

            class Limited(nn.Module):
                def forward(self, x):
                    scale = 2.0 / x.norm(dim=-1, keepdim=True)
                    return x * torch.minimum(torch.ones_like(scale), scale)
            """,
        ),
        Example(
            "experts",
            """
            import torch
            from torch import nn

            class Router(nn.Module):
                def forward(self, scores):
                    weights = torch.softmax(scores, dim=1)
                    top, picked = torch.topk(weights, 2, dim=-1)
                    return top / torch.norm(top, p=1, dim=-1, keepdim=True), picked
            """,
        ),
        Example(
            "picked-by-a-mask",
            """
            import torch
            from torch import nn

            class Edges(nn.Module):
                def forward(self, edges, length):
                    mask = length > 0
                    edges[mask] = edges[mask] / torch.norm(edges[mask], dim=1).unsqueeze(1)
                    return edges
            """,
        ),
        Example(
            "of-probabilities",
            """
            import torch
            import torch.nn.functional as F
            from torch import nn

            def overlap_loss(logits, other):
                p = logits.softmax(-1)
                return (p / p.norm(dim=-1, keepdim=True) * other).sum(-1).mean()
            """,
        ),
        Example(
            "index-without-gradients",
            """
            import torch
            import torch.nn.functional as F
            from torch import nn

            @torch.no_grad()
            def embed(model, x):
                z = model(x)
                return z / z.norm(dim=-1, keepdim=True)
            """,
        ),
        Example(
            "std-and-eps",
            """
            import torch
            import torch.nn.functional as F
            from torch import nn

            class Barlow(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.fc = nn.Linear(8, 8)

                def forward(self, x, y):
                    a, b = self.fc(x), self.fc(y)
                    a = (a - a.mean(0)) / (a.std(0) + 1e-5)
                    b = (b - b.mean(0)) / b.std(0).clamp(min=1e-5)
                    return (a.t() @ b).diagonal().sum()
            """,
        ),
        Example(
            "advantages",
            """
            import torch
            import torch.nn.functional as F
            from torch import nn

            def policy_loss(log_probs, advantages):
                advantages = (advantages - advantages.mean()) / advantages.std()
                return -(log_probs * advantages).mean()
            """,
        ),
    ),
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
    "GRD411": (
        Example(
            "norm-under-autocast",
            """
            import torch
            import torch.nn as nn
            from torch.cuda.amp import GradScaler, autocast

            class Net(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.fc = nn.Linear(8, 8)

                @autocast()
                def forward(self, x):
                    z = self.fc(x)
                    return z / (z.norm(dim=1, keepdim=True) + 1e-8)
            """,
        ),
        Example(
            "cast-back-inside",
            """
            import torch
            import torch.nn as nn
            from torch.cuda.amp import GradScaler, autocast

            class Net(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.fc = nn.Linear(8, 8)

                def forward(self, x):
                    with autocast():
                        z = self.fc(x).float()
                        return torch.sqrt(torch.relu(z) + 1e-8)
            """,
        ),
        Example(
            "autocast-switched-off",
            """
            import torch
            import torch.nn as nn
            from torch.cuda.amp import GradScaler, autocast

            class Net(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.fc = nn.Linear(8, 8)

                def forward(self, x):
                    with autocast(enabled=False):
                        return torch.sqrt(torch.relu(self.fc(x)) + 1e-8)
            """,
        ),
        Example(
            "with-a-tensor-of-unknown-dtype",
            """
            import torch
            import torch.nn as nn
            from torch.cuda.amp import GradScaler, autocast

            def root_loss(pred, target):
                distance = (pred.half() - target).abs()
                return torch.sqrt(distance + 1e-10).mean()
            """,
        ),
        Example(
            "eps-not-told",
            """
            import torch
            import torch.nn as nn
            from torch.cuda.amp import GradScaler, autocast

            class Norm(nn.Module):
                def __init__(self, eps):
                    super().__init__()
                    self.eps = eps

                def forward(self, x):
                    x = x.half()
                    return x / (x.abs().mean() + self.eps)
            """,
        ),
        Example(
            "model-of-unknown-dtype",
            """
            import torch
            import torch.nn as nn
            from torch.cuda.amp import GradScaler, autocast

            def train(model, loader):
                optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4, eps=1e-8)
                scaler = GradScaler()
                for x, y in loader:
                    optimizer.zero_grad()
                    with autocast():
                        loss = -(y * torch.log(torch.sigmoid(model(x)) + 1e-8)).mean()
                    scaler.scale(loss).backward()
                    scaler.step(optimizer)
                    scaler.update()
            """,
        ),
        Example(
            "larger-eps-for-the-optimizer",
            """
            import torch
            import torch.nn as nn
            from torch.cuda.amp import GradScaler, autocast

            def train(model, loader):
                model.half()
                optimizer = torch.optim.Adam(model.parameters(), lr=1e-4, eps=1e-4)
                for x, y in loader:
                    optimizer.zero_grad()
                    loss = (model(x.half()) - y.half()).pow(2).mean() * loss_scale
                    loss.backward()
                    optimizer.step()
            """,
        ),
        Example(
            "sgd",
            """
            import torch
            import torch.nn as nn
            from torch.cuda.amp import GradScaler, autocast

            def train(model, loader):
                model.half()
                optimizer = torch.optim.SGD(model.parameters(), lr=1e-4)
                for x, y in loader:
                    optimizer.zero_grad()
                    loss = (model(x.half()) - y.half()).pow(2).mean() * loss_scale
                    loss.backward()
                    optimizer.step()
            """,
        ),
        Example(
            "prediction",
            """
            import torch
            import torch.nn as nn
            from torch.cuda.amp import GradScaler, autocast

            def predict(net, x):
                net.half()
                with torch.no_grad():
                    return torch.log(net(x.half()) + 1e-8)
            """,
        ),
    ),
}
BAD: dict[str, tuple[Example, ...]] = {
    "GRD404": (
        Example(
            "kept-in-a-variable",
            """
            import torch

            def entropy_loss(model, x):
                logits = model(x)
                p = torch.softmax(logits, dim=-1)
                return -(p * torch.log(p)).sum(-1).mean()  # <- here
            """,
        ),
        Example(
            "method-of-a-variable",
            """
            import torch.nn.functional as F

            def nll_loss(scores, index):
                probs = F.softmax(scores, 1)
                return -probs.log()[index].mean()  # <- here
            """,
        ),
        Example(
            "logits-changed-since",
            """
            import torch

            def entropy_loss(logits, scale):
                p = torch.softmax(logits, dim=-1)
                logits = logits * scale
                return -(p * torch.log(p)).sum(-1).mean() + logits.mean()  # <- here
            """,
        ),
        Example(
            "logits-scaled-in-place-since",
            """
            import torch

            def entropy_loss(logits):
                p = torch.sigmoid(logits)
                logits.mul_(2)
                return -(p * torch.log(p)).sum(-1).mean()  # <- here
            """,
        ),
        Example(
            "picked-by-the-action",
            """
            import torch
            import torch.nn as nn
            import torch.nn.functional as F

            class Policy(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.fc = nn.Linear(4, 2)

                def forward(self, x):
                    return F.softmax(self.fc(x), dim=-1)


            policy = Policy()
            optimizer = torch.optim.Adam(policy.parameters())
            for states, actions, returns in loader:
                optimizer.zero_grad()
                probs = policy(states)
                loss = -(torch.log(probs.gather(1, actions)) * returns).mean()  # <- here
                loss.backward()
                optimizer.step()
            """,
        ),
        Example(
            "picked-by-two-indices",
            """
            import torch
            import torch.nn as nn
            import torch.nn.functional as F

            def policy_loss(logits, actions, returns):
                probs = torch.softmax(logits, dim=-1)
                return -(torch.log(probs[range(8), actions]) * returns).mean()  # <- here
            """,
        ),
        Example(
            "one-of-several",
            """
            import torch
            import torch.nn as nn
            import torch.nn.functional as F

            def total_loss(logits_list):
                total = 0
                for logits in logits_list:
                    p = F.softmax(logits, dim=-1)
                    total = total - torch.log(p[0])  # <- here
                return total
            """,
        ),
        Example(
            "to-base-two",
            """
            import torch
            import torch.nn as nn
            import torch.nn.functional as F

            def entropy_loss(logits):
                p = F.softmax(logits, dim=1)
                return -(p * torch.log2(p)).sum(1).mean()  # <- here
            """,
        ),
        Example(
            "layer-in-a-helper-method",
            """
            import torch
            import torch.nn as nn
            import torch.nn.functional as F

            class Net(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.fc = nn.Linear(4, 2)
                    self.softmax = nn.Softmax(dim=1)

                def probabilities(self, x):
                    return self.softmax(self.fc(x))

                def forward(self, x):
                    p = self.probabilities(x)
                    return -(p * torch.log(p)).sum(1)  # <- here
            """,
        ),
    ),
    "GRD405": (
        Example(
            "bound-that-is-one",
            """
            import torch

            def bce_loss(logits, y):
                p = torch.clamp(torch.sigmoid(logits), 1e-8, 1 - 1e-8)
                return -(y * p.log() + (1 - y) * (1 - p).log()).mean()  # <- here
            """,
        ),
        Example(
            "bound-by-a-default",
            """
            import torch
            from torch import nn

            class FocalLoss(nn.Module):
                def __init__(self, eps=1e-8):
                    super().__init__()
                    self.eps = eps

                def forward(self, output, target):
                    p = output.clamp(self.eps, 1.0 - self.eps)
                    return -((1 - target) * torch.log(1 - p)).mean()  # <- here
            """,
        ),
    ),
    "GRD409": (
        Example(
            "bound-that-is-one",
            """
            import torch
            import torch.nn.functional as F

            def angular_loss(pred, target):
                cosine = F.cosine_similarity(pred, target)
                return torch.acos(cosine.clamp(-1 + 1e-9, 1 - 1e-9)).mean()  # <- here
            """,
        ),
    ),
    "GRD408": (
        Example(
            "clip-in-a-function",
            """
            import torch
            import torch.nn.functional as F
            from torch import nn

            def step(model, image, text, labels):
                features = model.encode_image(image)
                features = features / features.norm(dim=-1, keepdim=True)  # <- here
                F.cross_entropy(features @ text.t(), labels).backward()
            """,
        ),
        Example(
            "expanded",
            """
            import torch
            import torch.nn.functional as F
            from torch import nn

            def embedding_loss(emb, other):
                length = torch.norm(emb, p=2, dim=1).unsqueeze(1)
                unit = emb.div(length.expand_as(emb))  # <- here
                return (unit - other).pow(2).mean()
            """,
        ),
        Example(
            "linalg",
            """
            import torch
            import torch.nn.functional as F
            from torch import nn

            class Criterion(nn.Module):
                def forward(self, output, target):
                    unit = output / torch.linalg.vector_norm(output, dim=1, keepdim=True)  # <- here
                    return -(unit * target).sum(1).mean()
            """,
        ),
        Example(
            "product-of-norms",
            """
            import torch
            import torch.nn.functional as F
            from torch import nn

            def cosine_loss(pred, target):
                dots = torch.mm(pred, target.t())
                a, b = pred.norm(dim=1, keepdim=True), target.norm(dim=1, keepdim=True)
                lengths = torch.mm(a, b.t())
                return (dots / lengths).mean()  # <- here
            """,
        ),
        Example(
            "correlation",
            """
            import torch
            import torch.nn.functional as F
            from torch import nn

            def pearson_loss(pred, y):
                a = pred - pred.mean()
                b = y - y.mean()
                return 1 - (a * b).sum() / (a.norm() * b.norm())  # <- here
            """,
        ),
        Example(
            "quaternion",
            """
            import torch
            import torch.nn.functional as F
            from torch import nn

            def pose_loss(q_pred, q):
                q_pred = q_pred / q_pred.norm(dim=1).view(-1, 1)  # <- here
                return 1 - (q_pred * q).sum(1).pow(2).mean()
            """,
        ),
        Example(
            "inverse-power",
            """
            import torch
            import torch.nn.functional as F
            from torch import nn

            def angle_loss(pred, target):
                scale = pred.norm(dim=1, keepdim=True).pow(-1)  # <- here
                return 1 - (pred * scale * target).sum(1).mean()
            """,
        ),
        Example(
            "layer-of-its-own",
            """
            import torch
            import torch.nn.functional as F
            from torch import nn

            class L2Norm(nn.Module):
                def forward(self, x):
                    length = x.norm(p=2, dim=1, keepdim=True)
                    return torch.div(x, length)  # <- here
            """,
        ),
        Example(
            "helper",
            """
            import torch
            import torch.nn.functional as F
            from torch import nn

            def normalise(v):
                return v / torch.norm(v, dim=-1, keepdim=True)  # <- here


            class Encoder(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.fc = nn.Linear(8, 8)

                def forward(self, x):
                    return normalise(self.fc(x))
            """,
        ),
        Example(
            "standardised",
            """
            import torch
            import torch.nn.functional as F
            from torch import nn

            def skewness_loss(pred):
                return ((pred - pred.mean()) / pred.std()).pow(3).mean()  # <- here
            """,
        ),
        Example(
            "notebook",
            """
            import torch
            import torch.nn.functional as F
            from torch import nn

            model = nn.Linear(8, 8)
            optimizer = torch.optim.Adam(model.parameters())
            for x, y in loader:
                optimizer.zero_grad()
                pred = model(x)
                pred = pred / torch.norm(pred, dim=1, keepdim=True)  # <- here
                loss = 1 - (pred * y).sum(1).mean()
                loss.backward()
                optimizer.step()
            """,
        ),
    ),
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
    "GRD411": (
        Example(
            "decorated-forward",
            """
            import torch
            import torch.nn as nn
            from torch.cuda.amp import GradScaler, autocast

            class Net(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.fc = nn.Linear(8, 8)

                @autocast()
                def forward(self, x):
                    z = self.fc(x)
                    return z / (z.abs().mean(1, keepdim=True) + 1e-8)  # <- here
            """,
        ),
        Example(
            "autocast-inside-forward",
            """
            import torch
            import torch.nn as nn
            from torch.cuda.amp import GradScaler, autocast

            class Net(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.fc = nn.Linear(8, 8)

                def forward(self, x):
                    with torch.cuda.amp.autocast():
                        z = torch.relu(self.fc(x))
                        return torch.sqrt(z + 1e-8)  # <- here
            """,
        ),
        Example(
            "to-dtype",
            """
            import torch
            import torch.nn as nn
            from torch.cuda.amp import GradScaler, autocast

            def root_loss(pred, target):
                distance = (pred.to(torch.float16) - target.half()).abs()
                return torch.sqrt(distance + 1e-10).mean()  # <- here
            """,
        ),
        Example(
            "eps-as-an-argument",
            """
            import torch
            import torch.nn as nn
            from torch.cuda.amp import GradScaler, autocast

            def nll_loss(pred, target, eps=1e-8):
                p = torch.sigmoid(pred.type(torch.float16))
                return -torch.log(p + eps).mean()  # <- here
            """,
        ),
        Example(
            "function-add",
            """
            import torch
            import torch.nn as nn
            from torch.cuda.amp import GradScaler, autocast

            def nll_loss(pred, target):
                p = torch.sigmoid(pred.half())
                return -torch.log(torch.add(p, 1e-9)).mean()  # <- here
            """,
        ),
        Example(
            "clamp",
            """
            import torch
            import torch.nn as nn
            from torch.cuda.amp import GradScaler, autocast

            def nll_loss(pred, target):
                p = torch.sigmoid(pred.to(dtype=torch.half))
                return -torch.log(torch.clamp(p, 1e-8, 1.0)).mean()  # <- here
            """,
        ),
        Example(
            "one-minus",
            """
            import torch
            import torch.nn as nn
            from torch.cuda.amp import GradScaler, autocast

            def negative_loss(pred):
                p = torch.sigmoid(pred.half())
                return -torch.log(1 - p + 1e-8).mean()  # <- here
            """,
        ),
        Example(
            "model-made-half",
            """
            import torch
            import torch.nn as nn
            from torch.cuda.amp import GradScaler, autocast

            def train(model, loader):
                model.half()
                optimizer = torch.optim.SGD(model.parameters(), lr=1e-4)
                for x, y in loader:
                    optimizer.zero_grad()
                    p = torch.sigmoid(model(x.half()))
                    loss = -torch.log(p + 1e-8).mean() * loss_scale  # <- here
                    loss.backward()
                    optimizer.step()
            """,
        ),
        Example(
            "adamw-of-half",
            """
            import torch
            import torch.nn as nn
            from torch.cuda.amp import GradScaler, autocast

            def train(model, loader):
                model.half()
                optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4, eps=1e-8)  # <- here
                for x, y in loader:
                    optimizer.zero_grad()
                    loss = (model(x.half()) - y.half()).pow(2).mean() * loss_scale
                    loss.backward()
                    optimizer.step()
            """,
        ),
    ),
    "GRD412": (
        Example(
            "softmax-over-an-image",
            """
            from torch import nn

            model = nn.Sequential(nn.Conv2d(3, 5, 3), nn.Softmax2d())
            criterion = nn.NLLLoss()
            for x, y in loader:
                loss = criterion(model(x), y)  # <- here
            """,
        ),
        Example(
            "layer-in-a-sequential",
            """
            from torch import nn

            model = nn.Sequential(nn.Linear(8, 5), nn.Softmax(dim=-1))
            criterion = nn.NLLLoss()
            for x, y in loader:
                loss = criterion(model(x), y)  # <- here
            """,
        ),
    ),
}
