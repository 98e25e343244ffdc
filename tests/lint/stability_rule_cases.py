"""Further examples of the rules on rounding and overflow: other spellings, and guards."""

from __future__ import annotations

from gradhealth_lint.violation import Example

GOOD: dict[str, tuple[Example, ...]] = {
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
}
