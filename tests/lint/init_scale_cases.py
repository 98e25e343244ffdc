"""Further examples of GRD202: draws that are wide for their layer, and those that only look so."""

from __future__ import annotations

from gradhealth_lint.violation import Example

GOOD: dict[str, tuple[Example, ...]] = {
    "GRD202": (
        Example(
            "equalised-after",
            """
            import math
            import torch.nn as nn

            class EqualLinear(nn.Module):
                def __init__(self, n_in, n_out):
                    super().__init__()
                    self.linear = nn.Linear(n_in, n_out)
                    self.linear.weight.data.normal_()
                    self.scale = 1 / math.sqrt(n_in)

                def forward(self, x):
                    return self.linear(x) * self.scale
            """,
        ),
        Example(
            "equalised-weight",
            """
            import torch.nn as nn
            import torch.nn.functional as F

            class EqualLinear(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.linear = nn.Linear(512, 512)
                    self.linear.weight.data.normal_()

                def forward(self, x):
                    return F.linear(x, self.linear.weight * 512 ** -0.5, self.linear.bias)
            """,
        ),
        Example(
            "equalised-by-a-hook",
            """
            import math
            import torch.nn as nn

            class EqualRate:
                @staticmethod
                def apply(module, name):
                    weight = getattr(module, name)
                    del module._parameters[name]
                    module.register_parameter(name + "_orig", nn.Parameter(weight.data))
                    module.register_forward_pre_hook(EqualRate())

                def __call__(self, module, inputs):
                    weight = module.weight_orig
                    module.weight = weight * math.sqrt(2 / weight[0].numel())

            class EqualConv(nn.Module):
                def __init__(self):
                    super().__init__()
                    conv = nn.Conv2d(64, 64, 3)
                    conv.weight.data.normal_()
                    conv.bias.data.zero_()
                    EqualRate.apply(conv, "weight")
                    self.conv = conv

                def forward(self, x):
                    return self.conv(x)
            """,
        ),
        Example(
            "frozen-random-features",
            """
            import torch
            import torch.nn as nn

            class RandomFeatures(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.proj = nn.Linear(64, 512)
                    nn.init.normal_(self.proj.weight, std=5.0)
                    self.proj.weight.requires_grad_(False)
                    self.out = nn.Linear(512, 1)

                def forward(self, x):
                    return self.out(torch.cos(self.proj(x)))
            """,
        ),
        Example(
            "spectral-norm",
            """
            import torch.nn as nn
            from torch.nn.utils import spectral_norm

            class Critic(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.fc = spectral_norm(nn.Linear(128, 128))
                    nn.init.normal_(self.fc.weight, 0, 1)

                def forward(self, x):
                    return self.fc(x)
            """,
        ),
        Example(
            "drawn-again",
            """
            from torch import nn

            layer = nn.Linear(256, 256)
            layer.weight.data.normal_()
            nn.init.orthogonal_(layer.weight)
            """,
        ),
        Example(
            "divided-by-the-root",
            """
            import math
            from torch import nn

            layer = nn.Linear(256, 256)
            nn.init.normal_(layer.weight, std=1 / math.sqrt(256))
            nn.init.uniform_(layer.bias, -1, 1)
            """,
        ),
        Example(
            "narrow-uniform",
            """
            import torch

            rnn = torch.nn.GRU(32, 256)
            for p in rnn.parameters():
                p.data.uniform_(-0.1, 0.1)
            """,
        ),
        Example(
            "logits-of-a-sampler",
            """
            import torch.nn as nn
            import torch.nn.functional as F

            class Quantizer(nn.Module):
                def __init__(self, width, codes):
                    super().__init__()
                    self.proj = nn.Linear(width, codes)
                    nn.init.normal_(self.proj.weight, mean=0, std=1)
                    nn.init.zeros_(self.proj.bias)

                def forward(self, x):
                    return F.gumbel_softmax(self.proj(x), hard=True)
            """,
        ),
        Example(
            "noise",
            """
            import torch
            from torch import nn

            generator = nn.Linear(100, 784)
            noise = torch.empty(64, 100)
            nn.init.normal_(noise)
            fake = generator(noise.normal_())
            """,
        ),
    ),
}
BAD: dict[str, tuple[Example, ...]] = {
    "GRD202": (
        Example(
            "method-default",
            """
            import torch

            model = torch.nn.Sequential(
                torch.nn.Linear(64, 128), torch.nn.Tanh(), torch.nn.Linear(128, 1)
            )
            for layer in model:
                if isinstance(layer, torch.nn.Linear):
                    layer.weight.data.normal_()  # <- here
            """,
        ),
        Example(
            "not-applied-here",
            """
            from torch import nn
            from torch.nn import init

            def initialize(model):
                for m in model.modules():
                    if isinstance(m, nn.Linear):
                        init.normal_(m.weight, 0, 1)  # <- here
            """,
        ),
        Example(
            "by-class-name-not-applied-here",
            """
            def weights_init(m):
                classname = m.__class__.__name__
                if classname.find("Linear") != -1:
                    m.weight.data.normal_(0.0, 1.0)  # <- here
                    m.bias.data.fill_(0)

            def init_model(model):
                import torch
                model.apply(weights_init)
            """,
        ),
        Example(
            "randn-to-data",
            """
            import torch
            from torch import nn

            net = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 3))
            for layer in net.children():
                if hasattr(layer, "weight"):
                    layer.weight.data = torch.randn(layer.weight.shape)  # <- here
            """,
        ),
        Example(
            "gain-of-twenty",
            """
            import torch.nn as nn

            net = nn.Sequential(nn.Linear(64, 64), nn.Tanh(), nn.Linear(64, 3))
            nn.init.xavier_normal_(net[0].weight, gain=20)  # <- here
            """,
        ),
        Example(
            "by-dimension",
            """
            import torch.nn as nn
            import torch.nn.functional as F

            class Net(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.conv1 = nn.Conv2d(3, 32, 3)
                    self.conv2 = nn.Conv2d(32, 64, 3)
                    self.fc = nn.Linear(64, 10)
                    for p in self.parameters():
                        if p.dim() > 1:
                            nn.init.normal_(p, mean=0, std=0.5)  # <- here

                def forward(self, x):
                    x = F.relu(self.conv2(F.relu(self.conv1(x))))
                    return self.fc(x.mean((2, 3)))
            """,
        ),
        Example(
            "trunc-normal-default",
            """
            from torch import nn
            from torch.nn.init import trunc_normal_

            head = nn.Linear(512, 100)
            trunc_normal_(head.weight)  # <- here
            """,
        ),
        Example(
            "uniform-of-both-signs",
            """
            import torch as th
            import torch.nn as nn

            class Policy(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.l1 = nn.Linear(32, 128)
                    self.l2 = nn.Linear(128, 128)
                    self.l3 = nn.Linear(128, 4)
                    for l in [self.l1, self.l2, self.l3]:
                        l.weight.data.uniform_(-1, 1)  # <- here

                def forward(self, x):
                    return self.l3(th.tanh(self.l2(th.tanh(self.l1(x)))))
            """,
        ),
    ),
}
