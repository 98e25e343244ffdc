"""Further examples of the rules on depth."""

from __future__ import annotations

from gradhealth_lint.violation import Example

GOOD: dict[str, tuple[Example, ...]] = {
    "GRD102": (
        Example(
            "init-function-for-other-files",
            """
            from torch import nn

            def weights_init(m):
                if isinstance(m, nn.Linear):
                    nn.init.kaiming_normal_(m.weight)

            class Net(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.net = nn.Sequential(
                        *[nn.Sequential(nn.Linear(64, 64), nn.ReLU()) for _ in range(20)]
                    )

                def forward(self, x):
                    return self.net(x)
            """,
        ),
        Example(
            "init-from-elsewhere",
            """
            from torch import nn
            from models.init import initialize_weights

            class Net(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.net = nn.Sequential(
                        *[nn.Sequential(nn.Linear(64, 64), nn.ReLU()) for _ in range(20)]
                    )
                    initialize_weights(self)

                def forward(self, x):
                    return self.net(x)
            """,
        ),
        Example(
            "trained-weights-are-loaded",
            """
            import torch.nn as nn
            from torch.hub import load_state_dict_from_url

            def block(i, o):
                return [nn.Conv2d(i, o, 3, padding=1), nn.ReLU(inplace=True)]

            features = nn.Sequential(*block(3, 64), *[m for _ in range(14) for m in block(64, 64)])
            features.load_state_dict(load_state_dict_from_url("https://example.org/features.pth"))
            """,
        ),
        Example(
            "depth-not-told",
            """
            from torch import nn

            class MLP(nn.Module):
                def __init__(self, depth, width):
                    super().__init__()
                    layers = []
                    for _ in range(depth):
                        layers += [nn.Linear(width, width), nn.ReLU()]
                    self.net = nn.Sequential(*layers, nn.Linear(width, 1))

                def forward(self, x):
                    return self.net(x)
            """,
        ),
        Example(
            "alexnet",
            """
            import torch
            import torch.nn as nn

            class AlexNet(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.features = nn.Sequential(
                        nn.Conv2d(3, 64, 11, stride=4, padding=2), nn.ReLU(inplace=True),
                        nn.MaxPool2d(3, 2),
                        nn.Conv2d(64, 192, 5, padding=2), nn.ReLU(inplace=True),
                        nn.MaxPool2d(3, 2),
                        nn.Conv2d(192, 384, 3, padding=1), nn.ReLU(inplace=True),
                        nn.Conv2d(384, 256, 3, padding=1), nn.ReLU(inplace=True),
                        nn.Conv2d(256, 256, 3, padding=1), nn.ReLU(inplace=True),
                        nn.MaxPool2d(3, 2),
                    )
                    self.avgpool = nn.AdaptiveAvgPool2d((6, 6))
                    self.classifier = nn.Sequential(
                        nn.Dropout(), nn.Linear(256 * 6 * 6, 4096), nn.ReLU(inplace=True),
                        nn.Dropout(), nn.Linear(4096, 4096), nn.ReLU(inplace=True),
                        nn.Linear(4096, 1000),
                    )

                def forward(self, x):
                    x = self.avgpool(self.features(x))
                    return self.classifier(torch.flatten(x, 1))
            """,
        ),
        Example(
            "selu-with-lecun",
            """
            from torch import nn

            net = nn.Sequential(*[m for _ in range(24) for m in (nn.Linear(64, 64), nn.SELU())])
            for m in net:
                if isinstance(m, nn.Linear):
                    nn.init.kaiming_normal_(m.weight, nonlinearity="linear")
                    nn.init.zeros_(m.bias)
            """,
        ),
        Example(
            "small-last-layer",
            """
            from torch import nn

            class Policy(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.body = nn.Sequential(
                        nn.Linear(17, 256), nn.ReLU(), nn.Linear(256, 256), nn.ReLU()
                    )
                    self.mean = nn.Linear(256, 6)
                    nn.init.uniform_(self.mean.weight, -1e-6, 1e-6)

                def forward(self, x):
                    return self.mean(self.body(x))
            """,
        ),
    ),
    "GRD103": (
        Example(
            "orthogonal-recurrence",
            """
            from torch import nn

            class Net(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.rnn = nn.RNN(16, 64, nonlinearity="relu")
                    nn.init.orthogonal_(self.rnn.weight_hh_l0)
            """,
        ),
        Example(
            "xavier-for-tanh",
            """
            from torch import nn

            net = nn.Sequential(*[m for _ in range(30) for m in (nn.Linear(64, 64), nn.Tanh())])
            gain = nn.init.calculate_gain("tanh")
            for m in net:
                if isinstance(m, nn.Linear):
                    nn.init.xavier_normal_(m.weight, gain=gain)
            """,
        ),
        Example(
            "three-wide-layers",
            """
            from torch import nn

            net = nn.Sequential(
                nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 1)
            )
            for m in net:
                if isinstance(m, nn.Linear):
                    nn.init.normal_(m.weight, std=0.4)
            """,
        ),
        Example(
            "default-residuals",
            """
            import torch
            from torch import nn

            class Net(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.layers = nn.ModuleList(nn.Linear(32, 32) for _ in range(40))

                def forward(self, x):
                    for layer in self.layers:
                        x = x + torch.tanh(layer(x))
                    return x
            """,
        ),
        Example(
            "width-not-told",
            """
            from torch import nn

            class Net(nn.Module):
                def __init__(self, width):
                    super().__init__()
                    self.layers = nn.ModuleList(nn.Linear(width, width) for _ in range(20))
                    for layer in self.layers:
                        nn.init.normal_(layer.weight, std=0.1)

                def forward(self, x):
                    for layer in self.layers:
                        x = layer(x).relu()
                    return x
            """,
        ),
        Example(
            "lstm-with-normal-weights",
            """
            from torch import nn

            class Tagger(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.lstm = nn.LSTM(100, 128, bidirectional=True)
                    for name, p in self.lstm.named_parameters():
                        if "weight" in name:
                            nn.init.normal_(p, 0.0, 0.1)
            """,
        ),
        Example(
            "branches-with-norms",
            """
            from torch import nn

            class Block(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.body = nn.Sequential(
                        nn.Conv2d(64, 64, 3, padding=1), nn.BatchNorm2d(64), nn.ReLU(),
                        nn.Conv2d(64, 64, 3, padding=1), nn.BatchNorm2d(64),
                    )
                    for m in self.modules():
                        if isinstance(m, nn.Conv2d):
                            nn.init.kaiming_normal_(m.weight, mode="fan_out", nonlinearity="relu")

                def forward(self, x):
                    return (x + self.body(x)).relu()

            net = nn.Sequential(nn.Conv2d(3, 64, 3), *[Block() for _ in range(30)])
            """,
        ),
        Example(
            "spectral-norm",
            """
            from torch import nn
            from torch.nn.utils import spectral_norm

            layers = [m for _ in range(20) for m in (spectral_norm(nn.Linear(64, 64)), nn.ReLU())]
            for m in layers:
                if isinstance(m, nn.Linear):
                    nn.init.normal_(m.weight, std=0.4)
            net = nn.Sequential(*layers)
            """,
        ),
    ),
    "GRD101": (
        Example(
            "lenet-with-sigmoids",
            """
            from torch import nn

            net = nn.Sequential(
                nn.Conv2d(1, 6, kernel_size=5, padding=2),
                nn.Sigmoid(),  # gradhealth: ignore[GRD106]
                nn.AvgPool2d(kernel_size=2, stride=2),
                nn.Conv2d(6, 16, kernel_size=5), nn.Sigmoid(),
                nn.AvgPool2d(kernel_size=2, stride=2),
                nn.Flatten(),
                nn.Linear(16 * 5 * 5, 120), nn.Sigmoid(),
                nn.Linear(120, 84), nn.Sigmoid(),
                nn.Linear(84, 10),
            )
            """,
        ),
        Example(
            "sigmoid-convolutions-with-batch-norms",
            """
            import torch.nn as nn

            class Net(nn.Module):
                def __init__(self):
                    super().__init__()
                    layers = [nn.Conv2d(3, 16, 3, padding=1)]
                    for _ in range(12):
                        layers += [nn.BatchNorm2d(16)]
                        layers += [nn.Sigmoid()]  # gradhealth: ignore[GRD106]
                        layers += [nn.Conv2d(16, 16, 3)]
                    self.net = nn.Sequential(*layers)

                def forward(self, x):
                    return self.net(x)
            """,
        ),
        Example(
            "tanh-convolutions-with-xavier",
            """
            import torch
            from torch import nn

            class Net(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.convs = nn.ModuleList(nn.Conv2d(8, 8, 3, padding=1) for _ in range(24))
                    for conv in self.convs:
                        nn.init.xavier_uniform_(conv.weight, gain=nn.init.calculate_gain("tanh"))
                        nn.init.zeros_(conv.bias)

                def forward(self, x):
                    for conv in self.convs:
                        x = torch.tanh(conv(x))
                    return x
            """,
        ),
        Example(
            "squeeze-and-excite",
            """
            import torch
            from torch import nn

            class Block(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.conv = nn.Conv2d(16, 16, 3, padding=1)
                    self.down, self.up = nn.Conv2d(16, 4, 1), nn.Conv2d(4, 16, 1)

                def forward(self, x):
                    y = torch.relu(self.conv(x))
                    gate = torch.sigmoid(self.up(torch.relu(self.down(y.mean((2, 3), True)))))
                    return x + y * gate

            net = nn.Sequential(*[Block() for _ in range(20)])
            """,
        ),
    ),
}


BAD: dict[str, tuple[Example, ...]] = {
    "GRD101": (
        Example(
            "sigmoid-convolutions",
            """
            import torch
            import torch.nn as nn
            import torch.nn.functional as F

            class Net(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.c1 = nn.Conv2d(3, 16, 3, padding=1)  # <- here
                    self.c2 = nn.Conv2d(16, 16, 3, padding=1)
                    self.c3 = nn.Conv2d(16, 16, 3, padding=1)
                    self.c4 = nn.Conv2d(16, 16, 3, padding=1)
                    self.c5 = nn.Conv2d(16, 16, 3, padding=1)
                    self.fc = nn.Linear(16 * 4 * 4, 10)

                def forward(self, x):
                    x = torch.sigmoid(self.c1(x))
                    x = F.max_pool2d(torch.sigmoid(self.c2(x)), 2)
                    x = F.max_pool2d(torch.sigmoid(self.c3(x)), 2)
                    x = F.max_pool2d(torch.sigmoid(self.c4(x)), 2)
                    x = torch.sigmoid(self.c5(x))
                    return self.fc(x.flatten(1))
            """,
        ),
        Example(
            "tanh-convolutions-in-time",
            """
            from torch import nn

            net = nn.Sequential(  # <- here
                *[m for _ in range(30) for m in (nn.Conv1d(32, 32, 3, padding=1), nn.Tanh())]
            )
            """,
        ),
        Example(
            "one-norm-at-the-start",
            """
            import torch
            from torch import nn

            class Net(nn.Module):
                def __init__(self, depth=10):
                    super().__init__()
                    self.norm = nn.LayerNorm(40)
                    self.fcs = nn.ModuleList([nn.Linear(40, 40) for _ in range(depth)])  # <- here
                    self.head = nn.Linear(40, 2)

                def forward(self, x):
                    x = self.norm(x)
                    for layer in self.fcs:
                        x = layer(x).sigmoid()
                    return self.head(x)
            """,
        ),
    ),
    "GRD102": (
        Example(
            "gelu-in-a-helper",
            """
            import torch.nn as nn

            def make_mlp(inputs, width, outputs, depth):
                layers = [nn.Linear(inputs, width), nn.GELU()]
                for _ in range(depth - 1):
                    layers.append(nn.Linear(width, width))
                    layers.append(nn.GELU())
                layers.append(nn.Linear(width, outputs))
                return nn.Sequential(*layers)  # <- here

            model = make_mlp(10, 100, 1, depth=15)
            """,
        ),
        Example(
            "leaky-relu-functional",
            """
            import torch
            from torch.nn import functional, Linear, Module, ModuleList

            class Net(Module):
                def __init__(self, hidden=(64,) * 14):
                    super().__init__()
                    sizes = [20, *hidden, 2]
                    self.fcs = ModuleList(  # <- here
                        Linear(a, b) for a, b in zip(sizes[:-1], sizes[1:])
                    )

                def forward(self, x):
                    for i, fc in enumerate(self.fcs):
                        x = fc(x)
                        if i < len(self.fcs) - 1:
                            x = functional.leaky_relu(x, 0.2)
                    return x
            """,
        ),
        Example(
            "xavier-for-very-deep-relu",
            """
            import torch as th
            import torch.nn as nn

            class Net(nn.Module):
                def __init__(self):
                    super(Net, self).__init__()
                    self.first = nn.Linear(32, 64)
                    blocks = []
                    for _ in range(44):
                        blocks += [nn.Linear(64, 64), nn.ReLU()]
                    self.blocks = nn.Sequential(*blocks)  # <- here
                    self.apply(self._init)

                def _init(self, m):
                    if type(m) == nn.Linear:
                        th.nn.init.xavier_uniform_(m.weight)
                        m.bias.data.fill_(0.01)

                def forward(self, x):
                    return self.blocks(th.relu(self.first(x)))
            """,
        ),
        Example(
            "attributes-by-name",
            """
            import torch.nn as nn
            import torch.nn.functional as F

            class Net(nn.Module):
                def __init__(self):
                    super().__init__()
                    for k in range(1, 15):
                        setattr(self, f"fc{k}", nn.Linear(256, 256))  # <- here
                    self.head = nn.Linear(256, 10)

                def forward(self, x):
                    x = x.view(x.size(0), -1)
                    for k in range(1, 15):
                        x = F.relu(getattr(self, f"fc{k}")(x))
                    return F.log_softmax(self.head(x), dim=1)
            """,
        ),
        Example(
            "one-dimensional-convolutions",
            """
            import torch
            from torch import nn

            class Wave(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.convs = nn.ModuleList()  # <- here
                    for i in range(16):
                        self.convs.append(nn.Conv1d(32, 32, 3, padding=1))
                    self.out = nn.Linear(32, 1)

                def forward(self, x):
                    for conv in self.convs:
                        x = conv(x).relu()
                    return self.out(x.mean(dim=2))
            """,
        ),
    ),
    "GRD103": (
        Example(
            "wide-normal",
            """
            import torch.nn as nn
            import torch.nn.functional as F

            class Net(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.layers = nn.ModuleList([nn.Linear(100, 100) for _ in range(20)])  # <- here
                    for layer in self.layers:
                        nn.init.normal_(layer.weight, std=0.25)

                def forward(self, x):
                    for layer in self.layers:
                        x = F.relu(layer(x))
                    return x
            """,
        ),
        Example(
            "xavier-with-a-large-gain",
            """
            import torch
            from torch import nn

            class Net(nn.Module):
                def __init__(self, depth=30):
                    super().__init__()
                    self.inp = nn.Linear(2, 50)
                    self.hid = nn.ModuleList([nn.Linear(50, 50) for _ in range(depth)])  # <- here
                    self.out = nn.Linear(50, 1)
                    for m in self.modules():
                        if isinstance(m, nn.Linear):
                            torch.nn.init.xavier_normal_(m.weight, gain=3.0)

                def forward(self, x):
                    x = torch.relu(self.inp(x))
                    for layer in self.hid:
                        x = torch.relu(layer(x))
                    return self.out(x)
            """,
        ),
        Example(
            "linear-network",
            """
            from torch import nn

            class Linear(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.layers = nn.Sequential(*[nn.Linear(10, 10) for _ in range(20)])  # <- here
                    for layer in self.layers:
                        nn.init.normal_(layer.weight, std=1.0)

                def forward(self, x):
                    return self.layers(x)
            """,
        ),
        Example(
            "uniform-around-zero",
            """
            import torch.nn as nn

            net = nn.Sequential(  # <- here
                *[m for _ in range(12) for m in (nn.Linear(40, 40), nn.LeakyReLU(0.1))]
            )

            def init(m):
                if isinstance(m, nn.Linear):
                    m.weight.data.uniform_(-0.7, 0.7)
                    m.bias.data.zero_()

            net.apply(init)
            """,
        ),
        Example(
            "convolutions",
            """
            from torch.nn import Conv2d, Module, ReLU, Sequential, init

            class Net(Module):
                def __init__(self):
                    super().__init__()
                    self.body = Sequential(  # <- here
                        *[
                            Sequential(Conv2d(16, 16, 3, padding=1), ReLU())
                            for _ in range(16)
                        ]
                    )
                    for m in self.modules():
                        if isinstance(m, Conv2d):
                            init.normal_(m.weight, 0.0, 0.3)
                            init.constant_(m.bias, 0)

                def forward(self, x):
                    return self.body(x)
            """,
        ),
        Example(
            "tanh-recurrence-by-orthogonal-gain",
            """
            import torch
            from torch import nn

            class Net(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.cell = nn.RNNCell(8, 100)  # <- here
                    nn.init.orthogonal_(self.cell.weight_hh, gain=3)

                def forward(self, xs):
                    h = torch.zeros(xs.size(1), 100)
                    for x in xs:
                        h = self.cell(x, h)
                    return h
            """,
        ),
        Example(
            "xavier-on-weight-hh",
            """
            import torch.nn as nn

            rnn = nn.RNN(1, 32, batch_first=True)  # <- here
            nn.init.xavier_uniform_(rnn.weight_hh_l0, gain=4)
            """,
        ),
    ),
}
