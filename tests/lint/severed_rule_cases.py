"""More examples for the rules on graphs that are cut, as people write them."""

from __future__ import annotations

from gradhealth_lint.violation import Example

GOOD: dict[str, tuple[Example, ...]] = {
    "GRD502": (
        Example(
            "places-of-the-largest-scores",
            """
            import torch
            from torch import nn

            class Sparse(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.indexer = nn.Linear(16, 32)
                    self.values = nn.Linear(16, 32)

                def forward(self, x):
                    topk_indices = self.indexer(x).topk(4, dim=-1).indices
                    mask = torch.zeros(x.shape[0], 32).scatter(-1, topk_indices.long(), 1.0)
                    return self.values(x) * mask
            """,
        ),
        Example(
            "routed-by-argmax",
            """
            import torch
            import torch.nn as nn

            class Experts(nn.Module):
                def __init__(self, n=4):
                    super().__init__()
                    self.router = nn.Linear(8, n)
                    self.experts = nn.ModuleList(nn.Linear(8, 8) for _ in range(n))

                def forward(self, x):
                    probs = self.router(x).softmax(-1)
                    which = torch.argmax(probs, -1)
                    gate = torch.max(probs, dim=-1).values.unsqueeze(-1)
                    out = torch.zeros_like(x)
                    for i in which.unique():
                        rows = torch.where(which == i)[0]
                        out.index_add_(0, rows, self.experts[i](x[rows]) * gate[rows])
                    return out
            """,
        ),
        Example(
            "written-into-a-part",
            """
            import torch
            import torch.nn as nn

            class Net(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.a = nn.Linear(8, 8)
                    self.b = nn.Linear(8, 8)

                def forward(self, x):
                    h = self.a(x)
                    out = torch.zeros(3, 8)
                    out[0] = h
                    return self.b(out) + h.round()
            """,
        ),
        Example(
            "hard-with-soft-gradient",
            """
            import torch
            import torch.nn as nn
            import torch.nn.functional as F

            class Gate(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.score = nn.Linear(16, 4)
                    self.out = nn.Linear(4, 2)

                def forward(self, x):
                    soft = self.score(x).softmax(-1)
                    hard = F.one_hot(soft.argmax(-1), 4).float()
                    return self.out(hard - soft.detach() + soft)
            """,
        ),
        Example(
            "gumbel",
            """
            import torch
            import torch.nn as nn
            import torch.nn.functional as F

            class Gate(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.score = nn.Linear(16, 4)
                    self.out = nn.Linear(4, 2)

                def forward(self, x):
                    return self.out(F.gumbel_softmax(self.score(x), hard=True))
            """,
        ),
        Example(
            "masked-input",
            """
            import torch
            import torch.nn as nn
            import torch.nn.functional as F

            class Net(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.fc = nn.Linear(8, 8)

                def forward(self, x):
                    h = self.fc(x)
                    return h * (h > 0).float()
            """,
        ),
        Example(
            "accuracy-in-the-loop",
            """
            import torch
            import torch.nn as nn
            import torch.nn.functional as F

            def train(model, loader, opt):
                for x, y in loader:
                    out = model(x)
                    loss = F.cross_entropy(out, y)
                    opt.zero_grad()
                    loss.backward()
                    opt.step()
                    right = (out.argmax(1) == y).float().mean()
                    print(right.item())
            """,
        ),
        Example(
            "policy-that-acts",
            """
            import torch
            import torch.nn as nn
            import torch.nn.functional as F

            class Policy(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.net = nn.Linear(4, 2)

                def forward(self, state):
                    dist = torch.distributions.Categorical(logits=self.net(state))
                    action = dist.sample()
                    return action, dist.log_prob(action)
            """,
        ),
        Example(
            "hard-negatives-in-a-loss",
            """
            import torch

            def triplet_loss(anchor, positive, embeddings):
                distance = torch.cdist(anchor, embeddings)
                hardest = distance.argmin(dim=1)
                return (anchor - positive).pow(2).sum(1) - distance.gather(1, hardest[:, None])
            """,
        ),
    ),
    "GRD503": (
        Example(
            "packed-sequence",
            """
            import torch.nn as nn
            from torch.nn.utils.rnn import PackedSequence

            class Tagger(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.lstm = nn.LSTM(8, 8)
                    self.head = nn.Linear(8, 8)

                def forward(self, x):
                    h, _ = self.lstm(x)
                    return PackedSequence(self.head(h.data), h.batch_sizes)
            """,
        ),
        Example(
            "kept-for-another-loss",
            """
            import torch.nn as nn

            class Net(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.a = nn.Linear(8, 8)
                    self.b = nn.Linear(8, 8)

                def forward(self, x):
                    h = self.a(x)
                    self.penalty = h.pow(2).mean()
                    return self.b(h.detach())
            """,
        ),
        Example(
            "handed-back-in-the-batch",
            """
            import torch.nn as nn

            class Net(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.a = nn.Linear(8, 8)
                    self.b = nn.Linear(8, 8)

                def forward(self, batch):
                    h = self.a(batch["x"])
                    batch["h"] = h
                    return self.b(h.detach())
            """,
        ),
        Example(
            "copied-into-a-new-tensor",
            """
            import torch.nn as nn

            class Net(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.a = nn.Linear(8, 8)

                def forward(self, x):
                    h = self.a(x)
                    out = x.new_empty(3, 8)
                    out[0].copy_(h)
                    return out + h.detach()
            """,
        ),
        Example(
            "target-network",
            """
            import torch
            import torch.nn as nn
            import torch.nn.functional as F

            class Twin(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.online = nn.Linear(8, 8)
                    self.target = nn.Linear(8, 8)

                def forward(self, x):
                    return self.online(x), self.target(x).detach()
            """,
        ),
        Example(
            "weights-of-the-loss",
            """
            import torch

            def weighted_loss(pred, target):
                weight = (pred - target).abs().detach()
                return (weight * (pred - target) ** 2).mean()
            """,
        ),
        Example(
            "numbers-for-a-log",
            """
            import torch
            import torch.nn as nn
            import torch.nn.functional as F

            class Net(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.fc = nn.Linear(8, 8)

                def forward(self, x):
                    h = self.fc(x)
                    self.last_norm = h.detach().norm().item()
                    return h
            """,
        ),
        Example(
            "deep-features-of-a-teacher",
            """
            import torch
            import torch.nn as nn
            import torch.nn.functional as F

            class PerceptualLoss(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.net = nn.Conv2d(3, 16, 3)

                def forward(self, pred, target):
                    with torch.no_grad():
                        wanted = self.net(target)
                    return F.l1_loss(self.net(pred), wanted)
            """,
        ),
    ),
    "GRD505": (
        Example(
            "decoded-token-ids",
            """
            import torch
            import torch.nn.functional as F

            def actions_l1_loss(tokenizer, predicted_token_ids, true_token_ids, mask):
                predicted = torch.tensor(tokenizer.decode(predicted_token_ids[mask].cpu().numpy()))
                true = torch.tensor(tokenizer.decode(true_token_ids[mask].cpu().numpy()))
                return F.l1_loss(predicted, true)
            """,
        ),
        Example(
            "constant-buffer",
            """
            import torch
            import torch.nn as nn
            import torch.nn.functional as F

            class Net(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.fc = nn.Linear(8, 8)

                def forward(self, x):
                    h = self.fc(x)
                    return h + torch.tensor(1e-6, device=h.device)
            """,
        ),
        Example(
            "lengths",
            """
            import torch
            import torch.nn as nn
            import torch.nn.functional as F

            class Net(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.rnn = nn.GRU(8, 8)

                def forward(self, xs):
                    lengths = torch.tensor([len(x) for x in xs])
                    out, _ = self.rnn(nn.utils.rnn.pad_sequence(xs))
                    return out, lengths
            """,
        ),
        Example(
            "stacked-results",
            """
            import torch
            import torch.nn as nn
            import torch.nn.functional as F

            class Net(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.score = nn.Linear(8, 1)

                def forward(self, xs):
                    return torch.stack([self.score(x) for x in xs]).sum()
            """,
        ),
        Example(
            "parameter-in-the-constructor",
            """
            import torch
            import torch.nn as nn
            import torch.nn.functional as F

            class Net(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.fc = nn.Linear(8, 8)
                    self.scale = nn.Parameter(torch.tensor(1.0))

                def forward(self, x):
                    return self.fc(x) * self.scale
            """,
        ),
    ),
}

BAD: dict[str, tuple[Example, ...]] = {
    "GRD502": (
        Example(
            "argmax-into-an-embedding",
            """
            import torch
            import torch.nn as nn
            import torch.nn.functional as F
            import numpy as np


            class M(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.enc = nn.Linear(4, 16)
                    self.emb = nn.Embedding(16, 8)
                    self.out = nn.Linear(8, 2)

                def forward(self, x):
                    idx = self.enc(x).argmax(dim=-1)  # <- here
                    return self.out(self.emb(idx))
            """,
        ),
        Example(
            "hard-attention",
            """
            import torch
            import torch.nn as nn
            import torch.nn.functional as F
            import numpy as np


            class M(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.score = nn.Linear(16, 1)
                    self.out = nn.Linear(16, 2)

                def forward(self, x):
                    w = torch.sigmoid(self.score(x))
                    w = (w > 0.5).float()  # <- here
                    return self.out((x * w).sum(1))
            """,
        ),
        Example(
            "cast-to-places",
            """
            import torch
            import torch.nn as nn
            import torch.nn.functional as F
            import numpy as np


            class M(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.loc = nn.Linear(4, 2)
                    self.out = nn.Linear(16, 2)
                    self.table = nn.Embedding(10, 16)

                def forward(self, x):
                    p = (self.loc(x) * 10).long()  # <- here
                    return self.out(self.table(p).mean(1))
            """,
        ),
        Example(
            "overlap-of-predictions",
            """
            import torch
            import torch.nn as nn
            import torch.nn.functional as F
            import numpy as np


            def iou_loss(outputs, labels):
                preds = outputs.argmax(1)  # <- here
                inter = (preds & labels).float().sum()
                union = (preds | labels).float().sum()
                return 1 - inter / union
            """,
        ),
        Example(
            "sign-between-layers",
            """
            import torch
            import torch.nn as nn
            import torch.nn.functional as F
            import numpy as np


            class BinaryNet(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.a = nn.Linear(4, 16)
                    self.out = nn.Linear(16, 2)

                def forward(self, x):
                    x = torch.sign(self.a(x))  # <- here
                    return self.out(x)
            """,
        ),
        Example(
            "argmax-into-a-loss",
            """
            import torch
            import torch.nn as nn
            import torch.nn.functional as F
            import numpy as np


            def train(model, loader, opt):
                for x, y in loader:
                    opt.zero_grad()
                    pred = model(x).argmax(dim=1).float()  # <- here
                    loss = F.mse_loss(pred, y.float())
                    loss.backward()
                    opt.step()
            """,
        ),
        Example(
            "rounded-into-a-loss",
            """
            import torch
            import torch.nn as nn
            import torch.nn.functional as F
            import numpy as np


            def train(model, loader, opt):
                for x, y in loader:
                    opt.zero_grad()
                    pred = torch.round(torch.sigmoid(model(x)))  # <- here
                    loss = F.binary_cross_entropy(pred, y.float())
                    loss.backward()
                    opt.step()
            """,
        ),
    ),
    "GRD503": (
        Example(
            "data-of-a-view",
            """
            import torch
            import torch.nn as nn
            import torch.nn.functional as F
            import numpy as np


            class M(nn.Module):
                def __init__(self, d):
                    super(M, self).__init__()
                    self.features = nn.Sequential(
                        nn.Conv2d(3, 8, 3), nn.ReLU(), nn.MaxPool2d(2)
                    )
                    self.classifier = nn.Sequential(nn.Linear(d, 10))

                def forward(self, x):
                    x = self.features(x)
                    x = x.view(x.size(0), -1).data  # <- here
                    return self.classifier(x)
            """,
        ),
        Example(
            "variable-of-data",
            """
            import torch
            import torch.nn as nn
            import torch.nn.functional as F
            import numpy as np

            from torch.autograd import Variable


            class M(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.rnn = nn.LSTM(4, 8, batch_first=True)
                    self.c = nn.Linear(8, 2)

                def forward(self, x):
                    out, (h, c) = self.rnn(x)
                    last = Variable(out[:, -1].data)  # <- here
                    return self.c(last)
            """,
        ),
        Example(
            "detached-hidden-state",
            """
            import torch
            import torch.nn as nn
            import torch.nn.functional as F

            class Mixer(nn.Module):
                def __init__(self, size):
                    super().__init__()
                    self.project = nn.Linear(size, size)
                    self.gate = nn.Linear(size, size)
                    self.out = nn.Linear(size, 10)

                def forward(self, x):
                    h = torch.tanh(self.project(x)).detach()  # <- here
                    return self.out(h * torch.sigmoid(self.gate(x)))
            """,
        ),
        Example(
            "numpy-in-a-helper",
            """
            import torch
            import torch.nn as nn
            import torch.nn.functional as F
            import numpy as np


            class Net(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.first = nn.Linear(8, 8)
                    self.last = nn.Linear(8, 2)

                def clip(self, h):
                    return torch.from_numpy(np.clip(h.detach().numpy(), -1, 1))  # <- here

                def forward(self, x):
                    return self.last(self.clip(self.first(x)))
            """,
        ),
    ),
    "GRD505": (
        Example(
            "number-in-a-tensor",
            """
            import torch
            import torch.nn as nn
            import torch.nn.functional as F
            import numpy as np


            class M(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.a = nn.Linear(4, 1)
                    self.c = nn.Linear(1, 2)

                def forward(self, x):
                    s = self.a(x).mean().item()
                    return self.c(torch.tensor([s]))  # <- here
            """,
        ),
        Example(
            "numbers-in-a-list",
            """
            import torch
            import torch.nn as nn
            import torch.nn.functional as F
            import numpy as np


            class M(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.a = nn.Linear(4, 1)
                    self.c = nn.Linear(5, 2)

                def forward(self, xs):
                    outs = []
                    for x in xs:
                        outs.append(self.a(x).item())
                    return self.c(torch.tensor(outs))  # <- here
            """,
        ),
        Example(
            "through-numpy-and-back",
            """
            import torch
            import torch.nn as nn
            import torch.nn.functional as F
            import numpy as np


            class M(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.a = nn.Linear(4, 8)
                    self.b = nn.Linear(8, 8)
                    self.c = nn.Linear(8, 2)

                def forward(self, x):
                    x = F.relu(self.a(x))
                    x = F.relu(self.b(x))
                    x = torch.tensor(x.detach().numpy())  # <- here
                    return self.c(x)
            """,
        ),
        Example(
            "loss-in-numpy",
            """
            import torch
            import torch.nn as nn
            import torch.nn.functional as F
            import numpy as np


            def custom_loss(y_pred, y_true):
                diff = y_pred.detach().cpu().numpy() - y_true.cpu().numpy()
                return torch.tensor(np.mean(diff**2), requires_grad=True)  # <- here
            """,
        ),
    ),
}
