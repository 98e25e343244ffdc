"""Further examples of GRD207 and GRD209: inits that are lost."""

from __future__ import annotations

from gradhealth_lint.violation import Example

GOOD: dict[str, tuple[Example, ...]] = {
    "GRD207": (
        Example(
            "one-layer-in-view-of-the-loop",
            """
            import torch.nn as nn

            class Net(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.fc1 = nn.Linear(4, 4)
                    nn.init.xavier_uniform_(self.fc1.weight)
                    self.fc2 = nn.Linear(4, 4)
            """,
        ),
        Example(
            "made-first-by-a-base-class",
            """
            import torch.nn as nn

            class Base(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.body = nn.Linear(8, 8)
                    self.apply(self.init)

                def init(self, m):
                    if isinstance(m, nn.Linear):
                        nn.init.xavier_uniform_(m.weight)

            class WithHead(Base):
                def __init__(self):
                    super().__init__()
                    self.head = nn.Linear(8, 2)
            """,
        ),
        Example(
            "replaced-and-set-again",
            """
            import torch.nn as nn

            class Net(nn.Module):
                def __init__(self, wide):
                    super().__init__()
                    self.fc = nn.Linear(10, 10)
                    nn.init.xavier_uniform_(self.fc.weight)
                    if wide:
                        self.fc = nn.Linear(10, 100)
                        nn.init.xavier_uniform_(self.fc.weight)
            """,
        ),
        Example(
            "collected-in-a-list",
            """
            import torch.nn as nn

            class Net(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.layers = nn.ModuleList()
                    for _ in range(3):
                        self.last = nn.Linear(8, 8)
                        nn.init.xavier_uniform_(self.last.weight)
                        self.layers.append(self.last)
            """,
        ),
        Example(
            "the-other-case",
            """
            import torch.nn as nn

            class Net(nn.Module):
                def __init__(self, task):
                    super().__init__()
                    self.body = nn.Linear(8, 8)
                    if task == "classification":
                        self.head = nn.Linear(8, 10)
                        self.apply(self._init_weights)
                    elif task == "forecasting":
                        self.out = nn.Linear(8, 1)

                @staticmethod
                def _init_weights(m):
                    if isinstance(m, nn.Linear):
                        nn.init.trunc_normal_(m.weight, std=0.02)
            """,
        ),
        Example(
            "weights-counted",
            """
            import torch.nn as nn

            class Net(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.fc1 = nn.Linear(4, 4)
                    self.count = sum(p.numel() for p in self.parameters())
                    for p in self.parameters():
                        self.count += p.numel()
                    self.fc2 = nn.Linear(4, 4)
            """,
        ),
        Example(
            "frozen-then-a-head",
            """
            import torch.nn as nn

            class Probe(nn.Module):
                def __init__(self, backbone):
                    super().__init__()
                    self.backbone = backbone
                    for p in self.parameters():
                        p.requires_grad = False
                    self.head = nn.Linear(512, 10)
            """,
        ),
    ),
    "GRD209": (
        Example(
            "layers-out-of-view",
            """
            import torch.nn as nn
            from backbones import Encoder

            def init(m):
                if isinstance(m, nn.Conv2d):
                    nn.init.kaiming_normal_(m.weight)

            class Net(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.encoder = Encoder()
                    self.fc = nn.Linear(8, 2)
                    self.apply(init)
            """,
        ),
        Example(
            "apply-for-something-else",
            """
            import torch.nn as nn

            def show(m):
                if isinstance(m, nn.Conv2d):
                    print(m.weight.shape)

            net = nn.Sequential(nn.Linear(8, 2))
            net.apply(show)
            """,
        ),
        Example(
            "norm-set",
            """
            import torch.nn as nn

            def init(m):
                if isinstance(m, nn.BatchNorm1d):
                    nn.init.ones_(m.weight)
                    nn.init.zeros_(m.bias)

            net = nn.Sequential(nn.Linear(8, 8), nn.BatchNorm1d(8), nn.Linear(8, 2))
            net.apply(init)
            """,
        ),
        Example(
            "variable-of-another-loop",
            """
            import torch

            samples = [torch.zeros(3), torch.ones(3)]
            for p in samples:
                p = torch.randn(3)
            """,
        ),
        Example(
            "clone-with-a-name",
            """
            import torch.nn as nn

            layer = nn.Linear(8, 8)
            start = layer.weight.clone()
            nn.init.orthogonal_(start)
            layer.weight.data.copy_(start)
            """,
        ),
        Example(
            "in-place-result-bound-again",
            """
            import torch.nn as nn

            net = nn.Sequential(nn.Linear(8, 8), nn.Linear(8, 2))
            for name, p in net.named_parameters():
                if "weight" in name:
                    p = nn.init.xavier_uniform_(p)
                else:
                    p = p.data.fill_(0.0)
            """,
        ),
    ),
}
BAD: dict[str, tuple[Example, ...]] = {
    "GRD207": (
        Example(
            "first-thing-in-the-constructor",
            """
            import torch.nn as nn

            def init_weights(m):
                if isinstance(m, nn.Linear):
                    nn.init.kaiming_uniform_(m.weight, nonlinearity="relu")
                    m.bias.data.fill_(0.01)

            class Net(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.apply(init_weights)  # <- here
                    self.net = nn.Sequential(nn.Linear(10, 20), nn.ReLU(), nn.Linear(20, 2))

                def forward(self, x):
                    return self.net(x)
            """,
        ),
        Example(
            "method-that-finds-no-layer-yet",
            """
            import torch.nn as nn

            class VGG(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.features = nn.Sequential(nn.Conv2d(3, 64, 3), nn.ReLU())
                    self.init_weights()
                    self.classifier = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10))

                def init_weights(self):
                    for m in self.modules():  # <- here
                        if isinstance(m, (nn.Conv2d, nn.Linear)):
                            nn.init.kaiming_normal_(m.weight)
            """,
        ),
        Example(
            "through-a-method",
            """
            import torch.nn as nn

            class Net(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.encoder = nn.Linear(64, 32)
                    self.init_weights()
                    self.decoder = nn.Linear(32, 64)

                def init_weights(self):
                    for p in self.parameters():  # <- here
                        if p.dim() > 1:
                            nn.init.xavier_uniform_(p)

                def forward(self, x):
                    return self.decoder(self.encoder(x).relu())
            """,
        ),
        Example(
            "named-modules",
            """
            import torch

            class Net(torch.nn.Module):
                def __init__(self, width=32):
                    super().__init__()
                    self.a = torch.nn.Linear(width, width)
                    for name, module in self.named_modules():  # <- here
                        if isinstance(module, torch.nn.Linear):
                            torch.nn.init.orthogonal_(module.weight)
                    self.b = torch.nn.Linear(width, width)
            """,
        ),
    ),
    "GRD209": (
        Example(
            "scaled-in-vain",
            """
            import torch.nn as nn

            model = nn.Sequential(nn.Linear(10, 20), nn.Tanh(), nn.Linear(20, 2))
            for name, param in model.named_parameters():
                if "weight" in name:
                    param = param * 0.01  # <- here
            """,
        ),
        Example(
            "new-parameter-for-the-name",
            """
            import torch
            import torch.nn as nn

            def reinitialise(net):
                for p in net.parameters():
                    p = nn.Parameter(torch.randn(p.shape))  # <- here
            """,
        ),
        Example(
            "deep-copy",
            """
            import copy
            import torch.nn as nn

            def init_weights(m):
                if isinstance(m, nn.Linear):
                    nn.init.xavier_uniform_(m.weight)

            model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2))
            copy.deepcopy(model).apply(init_weights)  # <- here
            """,
        ),
        Example(
            "detached-clone",
            """
            from torch import nn

            class Net(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.fc = nn.Linear(4, 4)
                    self.fc.weight.detach().clone().normal_(0, 0.02)  # <- here
            """,
        ),
        Example(
            "method-not-called",
            """
            import torch.nn as nn

            class Net(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.fc = nn.Linear(4, 4)
                    self.init_weights  # <- here

                def init_weights(self):
                    nn.init.xavier_uniform_(self.fc.weight)
            """,
        ),
        Example(
            "wrong-kind",
            """
            import torch
            from torch import nn

            class Net(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.conv1 = nn.Conv1d(1, 8, 3)
                    self.conv2 = nn.Conv1d(8, 8, 3)
                    self.apply(self.init)  # <- here

                def init(self, m):
                    if isinstance(m, nn.Conv2d):
                        nn.init.kaiming_normal_(m.weight)

                def forward(self, x):
                    return self.conv2(torch.relu(self.conv1(x)))
            """,
        ),
    ),
}
