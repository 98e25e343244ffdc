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
