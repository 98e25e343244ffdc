"""Further examples of GRD203: what stays symmetric for ever, and what wakes up."""

from __future__ import annotations

from gradhealth_lint.violation import Example

GOOD: dict[str, tuple[Example, ...]] = {
    "GRD203": (
        Example(
            "lora",
            """
            import math
            import torch.nn as nn

            class LoRALinear(nn.Module):
                def __init__(self, n_in, n_out, rank=8):
                    super().__init__()
                    self.base = nn.Linear(n_in, n_out)
                    self.lora_A = nn.Linear(n_in, rank, bias=False)
                    self.lora_B = nn.Linear(rank, n_out, bias=False)
                    nn.init.kaiming_uniform_(self.lora_A.weight, a=math.sqrt(5))
                    nn.init.zeros_(self.lora_B.weight)

                def forward(self, x):
                    return self.base(x) + self.lora_B(self.lora_A(x))
            """,
        ),
        Example(
            "bias-and-norm",
            """
            from torch import nn

            def init(m):
                if isinstance(m, nn.Linear):
                    nn.init.xavier_uniform_(m.weight)
                    nn.init.constant_(m.bias, 0.0)
                elif isinstance(m, nn.BatchNorm1d):
                    nn.init.ones_(m.weight)
                    nn.init.zeros_(m.bias)

            net = nn.Sequential(
                nn.Linear(784, 256), nn.BatchNorm1d(256), nn.ReLU(), nn.Linear(256, 10)
            )
            net.apply(init)
            """,
        ),
        Example(
            "set-again-later",
            """
            from torch import nn

            net = nn.Sequential(nn.Linear(784, 256), nn.ReLU(), nn.Linear(256, 10))
            for m in net:
                if isinstance(m, nn.Linear):
                    nn.init.zeros_(m.weight)
                    nn.init.zeros_(m.bias)
                    nn.init.xavier_normal_(m.weight)
            """,
        ),
        Example(
            "zero-head-on-a-random-trunk",
            """
            import torch
            import torch.nn as nn

            class Actor(nn.Module):
                def __init__(self, n_obs, n_act):
                    super().__init__()
                    self.fc1 = nn.Linear(n_obs, 64)
                    self.fc2 = nn.Linear(64, 64)
                    self.mean = nn.Linear(64, n_act)
                    self.log_std = nn.Linear(64, n_act)
                    for head in (self.mean, self.log_std):
                        nn.init.constant_(head.weight, 0.0)
                        nn.init.constant_(head.bias, 0.0)

                def forward(self, x):
                    x = torch.tanh(self.fc2(torch.tanh(self.fc1(x))))
                    return self.mean(x), self.log_std(x)
            """,
        ),
        Example(
            "adaptive-norm-from-zero",
            """
            import torch.nn as nn

            class Block(nn.Module):
                def __init__(self, width):
                    super().__init__()
                    self.norm = nn.LayerNorm(width, elementwise_affine=False)
                    self.mlp = nn.Linear(width, width)
                    self.modulation = nn.Sequential(nn.SiLU(), nn.Linear(width, 3 * width))
                    nn.init.constant_(self.modulation[-1].weight, 0)
                    nn.init.constant_(self.modulation[-1].bias, 0)

                def forward(self, x, c):
                    shift, scale, gate = self.modulation(c).chunk(3, dim=1)
                    return x + gate * self.mlp(self.norm(x) * (1 + scale) + shift)
            """,
        ),
        Example(
            "zero-convolution",
            """
            from torch import nn

            def zero_module(module):
                for p in module.parameters():
                    p.detach().zero_()
                return module

            class Control(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.hint = nn.Sequential(
                        nn.Conv2d(3, 16, 3, padding=1),
                        nn.SiLU(),
                        nn.Conv2d(16, 32, 3, padding=1),
                        nn.SiLU(),
                        zero_module(nn.Conv2d(32, 64, 3, padding=1)),
                    )

                def forward(self, x):
                    return self.hint(x)
            """,
        ),
        Example(
            "frozen-blur",
            """
            import torch.nn as nn
            import torch.nn.functional as F

            class Net(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.blur = nn.Conv2d(3, 3, 5, padding=2, bias=False)
                    self.blur.weight.data.fill_(1 / 75)
                    self.blur.weight.requires_grad = False
                    self.conv = nn.Conv2d(3, 64, 3)

                def forward(self, x):
                    return F.relu(self.conv(self.blur(x)))
            """,
        ),
        Example(
            "depthwise-mean",
            """
            import torch.nn as nn

            class Pool(nn.Module):
                def __init__(self, width):
                    super().__init__()
                    self.mean = nn.Conv2d(width, width, 3, groups=width, bias=False)
                    nn.init.constant_(self.mean.weight, 1.0 / 9.0)
                    self.mix = nn.Conv2d(width, width, 1)

                def forward(self, x):
                    return self.mix(self.mean(x))
            """,
        ),
        Example(
            "one-unit",
            """
            import torch.nn as nn

            class Scale(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.combine = nn.Linear(12, 1, bias=False)
                    nn.init.constant_(self.combine.weight, 1.0 / 12)
                    self.out = nn.Linear(1, 10)

                def forward(self, x):
                    return self.out(self.combine(x))
            """,
        ),
        Example(
            "offsets-from-zero",
            """
            import torch.nn as nn

            class Sampler(nn.Module):
                def __init__(self, width, points):
                    super().__init__()
                    self.value = nn.Linear(width, width)
                    self.offsets = nn.Linear(width, 2 * points)
                    self.weights = nn.Linear(width, points)
                    self.reset()

                def reset(self):
                    nn.init.constant_(self.offsets.weight.data, 0.0)
                    nn.init.constant_(self.weights.weight.data, 0.0)
                    nn.init.xavier_uniform_(self.value.weight)

                def forward(self, query, features):
                    points = self.offsets(query)
                    shares = self.weights(query).softmax(-1)
                    return sample(self.value(features), points, shares)
            """,
        ),
        Example(
            "zero-convolutions-side-by-side",
            """
            from torch import nn

            def zero_module(module):
                for p in module.parameters():
                    nn.init.zeros_(p)
                return module

            class Adapter(nn.Module):
                def __init__(self, widths=(64, 128)):
                    super().__init__()
                    self.to_base = zero_module(nn.Conv2d(widths[0], widths[1], 1))
                    self.to_control = zero_module(nn.Conv2d(widths[1], widths[0], 1))
            """,
        ),
        Example(
            "kind-that-is-a-head-only",
            """
            from torch import nn

            def init(m):
                if isinstance(m, nn.Conv2d):
                    nn.init.kaiming_normal_(m.weight, mode="fan_out", nonlinearity="relu")
                elif isinstance(m, nn.Linear):
                    nn.init.zeros_(m.weight)
            """,
        ),
        Example(
            "other-library",
            """
            import tensorflow as tf
            from torch import nn

            net = nn.Sequential(nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 2))
            init = tf.constant_initializer(0.5)
            weights = [tf.zeros((8, 8)), tf.ones((8, 2))]
            """,
        ),
        Example(
            "value-not-told",
            """
            import torch.nn as nn

            def make(value):
                net = nn.Sequential(nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 2))
                for layer in (net[0], net[2]):
                    nn.init.constant_(layer.weight, value)
                return net
            """,
        ),
    ),
}
BAD: dict[str, tuple[Example, ...]] = {
    "GRD203": (
        Example(
            "zero-before-relu",
            """
            import torch.nn as nn
            import torch.nn.functional as F

            class Net(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.fc1 = nn.Linear(20, 64)
                    self.fc2 = nn.Linear(64, 2)
                    self.fc1.weight.data.fill_(0)  # <- here
                    self.fc1.bias.data.fill_(0)

                def forward(self, x):
                    return self.fc2(F.relu(self.fc1(x)))
            """,
        ),
        Example(
            "fill-in-a-method",
            """
            import torch.nn as nn
            import torch.nn.functional as F

            class LeNet(nn.Module):
                def __init__(self):
                    super(LeNet, self).__init__()
                    self.conv1 = nn.Conv2d(1, 20, 5, 1)
                    self.conv2 = nn.Conv2d(20, 50, 5, 1)
                    self.fc1 = nn.Linear(800, 500)
                    self.fc2 = nn.Linear(500, 10)
                    self._initialize_weights()

                def _initialize_weights(self):
                    for m in self.modules():
                        if isinstance(m, (nn.Conv2d, nn.Linear)):
                            m.weight.data.fill_(0.01)  # <- here
                            m.bias.data.zero_()

                def forward(self, x):
                    x = F.max_pool2d(F.relu(self.conv1(x)), 2)
                    x = F.max_pool2d(F.relu(self.conv2(x)), 2)
                    x = x.view(-1, 800)
                    return F.log_softmax(self.fc2(F.relu(self.fc1(x))), dim=1)
            """,
        ),
        Example(
            "by-class-name",
            """
            import torch.nn as nn

            def weights_init(m):
                classname = m.__class__.__name__
                if classname.find("Linear") != -1:
                    m.weight.data.fill_(1.0)  # <- here
                    m.bias.data.fill_(0)

            model = nn.Sequential(
                nn.Linear(28 * 28, 128), nn.LeakyReLU(), nn.Linear(128, 64), nn.LeakyReLU(),
                nn.Linear(64, 10),
            )
            model.apply(weights_init)
            """,
        ),
        Example(
            "named-parameters-of-a-recurrent-model",
            """
            from torch import nn

            class Tagger(nn.Module):
                def __init__(self, n_tokens, n_tags):
                    super().__init__()
                    self.embedding = nn.Embedding(n_tokens, 64)
                    self.lstm = nn.LSTM(64, 128, batch_first=True)
                    self.fc = nn.Linear(128, n_tags)
                    for name, param in self.named_parameters():
                        if "weight" in name:
                            nn.init.constant_(param, 0.1)  # <- here
                        else:
                            nn.init.zeros_(param)

                def forward(self, x):
                    out, _ = self.lstm(self.embedding(x))
                    return self.fc(out)
            """,
        ),
        Example(
            "recurrence-by-hand",
            """
            import torch
            import torch.nn as nn

            class RNN(nn.Module):
                def __init__(self, n_in, n_hidden, n_out):
                    super().__init__()
                    self.i2h = nn.Linear(n_in + n_hidden, n_hidden)
                    self.h2o = nn.Linear(n_hidden, n_out)
                    nn.init.ones_(self.i2h.weight)  # <- here

                def forward(self, x, h):
                    h = torch.tanh(self.i2h(torch.cat([x, h], 1)))
                    return self.h2o(h), h
            """,
        ),
        Example(
            "all-elements",
            """
            import torch
            import torch.nn as nn

            net = nn.Sequential(nn.Linear(6, 6), nn.ReLU(), nn.Linear(6, 3))
            with torch.no_grad():
                for p in net.parameters():
                    p[:] = 0.5  # <- here
            """,
        ),
        Example(
            "copied-ones",
            """
            import torch
            import torch.nn as nn

            net = nn.Sequential(nn.Linear(6, 6), nn.ReLU(), nn.Linear(6, 3))
            for p in net.parameters():
                p.data.copy_(torch.ones_like(p))  # <- here
            """,
        ),
        Example(
            "every-linear",
            """
            import torch.nn as nn
            from torch.nn.init import constant_

            def init_weights(module):
                if type(module) == nn.Linear:
                    constant_(module.weight, 0.05)  # <- here
                    constant_(module.bias, 0.0)
            """,
        ),
        Example(
            "in-place-without-grad",
            """
            import torch

            model = torch.nn.Sequential(
                torch.nn.Linear(2, 4), torch.nn.Tanh(), torch.nn.Linear(4, 1)
            )
            with torch.no_grad():
                for layer in model:
                    if hasattr(layer, "weight"):
                        layer.weight.fill_(0.5)  # <- here
                        layer.bias.fill_(0.0)
            """,
        ),
        Example(
            "one-hidden-layer",
            """
            import torch
            from torch import nn

            class Net(nn.Module):
                def __init__(self, hidden=32):
                    super().__init__()
                    self.hidden = nn.Linear(4, hidden)
                    self.output = nn.Linear(hidden, 3)
                    torch.nn.init.constant_(self.hidden.weight, 0.3)  # <- here

                def forward(self, x):
                    return self.output(torch.relu(self.hidden(x)))
            """,
        ),
        Example(
            "old-names",
            """
            import torch.nn as nn
            import torch.nn.init as init

            net = nn.Sequential(nn.Conv2d(3, 16, 3), nn.ReLU(), nn.Conv2d(16, 16, 3), nn.ReLU())
            for m in net.modules():
                if isinstance(m, nn.Conv2d):
                    init.constant(m.weight, 0.1)  # <- here
                    init.constant(m.bias, 0)
            """,
        ),
        Example(
            "two-zero-layers",
            """
            import torch.nn as nn

            class Autoencoder(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.encoder = nn.Linear(784, 32)
                    self.decoder = nn.Linear(32, 784)
                    nn.init.zeros_(self.encoder.weight)  # <- here
                    nn.init.zeros_(self.decoder.weight)

                def forward(self, x):
                    return self.decoder(self.encoder(x).relu())
            """,
        ),
    ),
}
