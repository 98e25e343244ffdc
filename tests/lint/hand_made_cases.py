"""Further examples of GRD205 and GRD210: parameters made by hand."""

from __future__ import annotations

from gradhealth_lint.violation import Example

GOOD: dict[str, tuple[Example, ...]] = {
    "GRD205": (
        Example(
            "learnable-queries",
            """
            import torch
            import torch.nn as nn

            class Pooler(nn.Module):
                def __init__(self, width, count):
                    super().__init__()
                    self.query = nn.Parameter(torch.randn(count, width))
                    self.attention = nn.MultiheadAttention(width, 8)

                def forward(self, x):
                    scores = self.query @ x.transpose(1, 2)
                    return scores
            """,
        ),
        Example(
            "prototypes",
            """
            import torch
            from torch import nn

            class Prototypes(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.prototypes = nn.Parameter(torch.randn(100, 64))

                def forward(self, x):
                    return torch.mm(x, self.prototypes.t())
            """,
        ),
        Example(
            "divided-after",
            """
            import torch
            import torch.nn as nn

            class Mixer(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.w = nn.Parameter(torch.randn(256, 256))

                def forward(self, x):
                    return torch.matmul(x, self.w) / 16
            """,
        ),
        Example(
            "normalised-after",
            """
            import torch
            import torch.nn as nn

            class Mixer(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.w = nn.Parameter(torch.randn(256, 256))
                    self.norm = nn.LayerNorm(256)

                def forward(self, x):
                    return self.norm(x @ self.w)
            """,
        ),
        Example(
            "low-rank-adapter",
            """
            import torch
            import torch.nn as nn

            class LoRA(nn.Module):
                def __init__(self, base, rank=16):
                    super().__init__()
                    self.base = base
                    self.A = nn.Parameter(torch.randn(1024, rank))
                    self.B = nn.Parameter(torch.zeros(rank, 1024))

                def forward(self, x):
                    return self.base(x) + x @ self.A @ self.B
            """,
        ),
        Example(
            "frozen-projection",
            """
            import torch
            from torch import nn

            class Fourier(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.w = nn.Parameter(torch.randn(32, 256), requires_grad=False)

                def forward(self, x):
                    return torch.cos(x @ self.w)
            """,
        ),
        Example(
            "elementwise",
            """
            import torch
            import torch.nn as nn

            class Gate(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.gate = nn.Parameter(torch.randn(64, 64))

                def forward(self, x):
                    return x * self.gate
            """,
        ),
        Example(
            "data-and-small-weights",
            """
            import torch

            x = torch.randn(64, 1000)
            y = torch.randn(64, 10)
            w = torch.normal(0, 0.01, size=(1000, 10), requires_grad=True)
            loss = (x @ w - y).pow(2).mean()
            """,
        ),
        Example(
            "einsum-of-each-with-each",
            """
            import torch
            import torch.nn as nn

            class Scale(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.w = nn.Parameter(torch.randn(64, 64))
                    self.ws = nn.ParameterList([nn.Parameter(torch.randn(64, 64) * 0.1)])

                def forward(self, x):
                    return torch.einsum("bij,ij->bij", x, self.w) @ self.ws[0]
            """,
        ),
        Example(
            "numpy",
            """
            import numpy as np
            import torch

            w = np.random.randn(784, 100)

            def model(x):
                return x @ w
            """,
        ),
        Example(
            "scaled-in-place",
            """
            import math
            import torch
            import torch.nn as nn

            class Linear(nn.Module):
                def __init__(self, n_in, n_out):
                    super().__init__()
                    self.weight = nn.Parameter(torch.randn(n_in, n_out))
                    self.weight.data.mul_(1 / math.sqrt(n_in))
                    self.other = nn.Parameter(torch.Tensor(n_out, n_out).uniform_(-0.01, 0.01))

                def forward(self, x):
                    return torch.mm(torch.mm(x, self.weight), self.other)
            """,
        ),
    ),
    "GRD210": (
        Example(
            "set-by-the-owner",
            """
            import torch
            import torch.nn as nn

            class Embedding(nn.Module):
                def __init__(self, count, width):
                    super().__init__()
                    self.table = nn.Parameter(torch.empty(count, width))

                def forward(self, i):
                    return self.table[i]

            class Model(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.embedding = Embedding(100, 32)
                    nn.init.normal_(self.embedding.table, std=0.02)

                def forward(self, i):
                    return self.embedding(i)
            """,
        ),
        Example(
            "set-by-apply",
            """
            import torch
            import torch.nn as nn

            class Scale(nn.Module):
                def __init__(self, width):
                    super().__init__()
                    self.gamma = nn.Parameter(torch.Tensor(width, 1))

                def forward(self, x):
                    return x @ self.gamma

            def init(m):
                if isinstance(m, Scale):
                    m.gamma.data.fill_(1.0)

            model = nn.Sequential(nn.Linear(8, 8), Scale(8))
            model.apply(init)
            """,
        ),
        Example(
            "part-by-part",
            """
            import torch
            import torch.nn as nn

            class Gates(nn.Module):
                def __init__(self, width):
                    super().__init__()
                    self.weight = nn.Parameter(torch.empty(2, width, width))
                    for i in range(2):
                        nn.init.orthogonal_(self.weight[i])

                def forward(self, x):
                    return x @ self.weight[0] + x @ self.weight[1]
            """,
        ),
        Example(
            "copied",
            """
            import torch
            from torch import nn

            class Merged(nn.Module):
                def __init__(self, first, second):
                    super().__init__()
                    self.kernel = nn.Parameter(torch.empty(64, 64))
                    with torch.no_grad():
                        self.kernel.copy_(first.weight @ second.weight)

                def forward(self, x):
                    return x @ self.kernel
            """,
        ),
        Example(
            "loaded",
            """
            import torch
            from torch import nn

            class Head(nn.Module):
                def __init__(self, path):
                    super().__init__()
                    self.proj = nn.Parameter(torch.empty(512, 1000))
                    self.load_state_dict(torch.load(path))

                def forward(self, x):
                    return x @ self.proj
            """,
        ),
        Example(
            "always-loaded",
            """
            import torch
            from torch import nn

            class Projection(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.proj = nn.Parameter(torch.empty(512, 512))

                def forward(self, x):
                    return x @ self.proj

            def build(path):
                model = Projection()
                model.load_state_dict(torch.load(path))
                return model
            """,
        ),
        Example(
            "part-of-a-package",
            """
            import torch
            from torch import nn

            from .utils import mask

            class Cell(nn.Module):
                def __init__(self, width):
                    super().__init__()
                    self.kernel = nn.Parameter(torch.Tensor(3 * width, width))

                def forward(self, x):
                    return mask(x @ self.kernel.t())
            """,
        ),
        Example(
            "helper-out-of-view",
            """
            import torch
            import torch.nn as nn
            from utils import initialise

            class Layer(nn.Module):
                def __init__(self, width):
                    super().__init__()
                    self.w = nn.Parameter(torch.Tensor(width, width))
                    initialise(self)

                def forward(self, x):
                    return x @ self.w
            """,
        ),
        Example(
            "from-data",
            """
            import torch
            from torch import nn

            class Fixed(nn.Module):
                def __init__(self, array):
                    super().__init__()
                    self.matrix = nn.Parameter(torch.Tensor(array))
                    self.steps = nn.Parameter(torch.FloatTensor([0.1, 0.2, 0.3]))

                def forward(self, x):
                    return x @ self.matrix * self.steps
            """,
        ),
        Example(
            "buffer",
            """
            import torch
            from torch import nn

            class Queue(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.register_buffer("queue", torch.empty(128, 1024))
                    self.state = torch.empty(16)

                def forward(self, x):
                    return x @ self.queue
            """,
        ),
    ),
    "GRD203": (
        Example(
            "linear-regression-by-hand",
            """
            import torch

            w = torch.zeros(20, 1, requires_grad=True)
            b = torch.zeros(1, requires_grad=True)

            def model(x):
                return torch.matmul(x, w) + b
            """,
        ),
    ),
    "GRD204": (
        Example(
            "rand-as-a-gate",
            """
            import torch
            from torch import nn

            class Mix(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.share = nn.Parameter(torch.rand(16))
                    self.weight = nn.Parameter((torch.rand(16, 16) - 0.5) / 4)

                def forward(self, x):
                    return (x * self.share) @ self.weight
            """,
        ),
    ),
}
BAD: dict[str, tuple[Example, ...]] = {
    "GRD205": (
        Example(
            "transposed-and-einsum-free",
            """
            from torch import nn, randn

            class Layer(nn.Module):
                def __init__(self, n_in=128, n_out=64):
                    super().__init__()
                    self.W = nn.Parameter(randn(n_out, n_in))  # <- here

                def forward(self, x):
                    return (x @ self.W.T).tanh()
            """,
        ),
        Example(
            "normal-of-one",
            """
            import torch
            from torch.nn import Parameter, Module, init

            class GraphLayer(Module):
                def __init__(self, n_in, n_out):
                    super(GraphLayer, self).__init__()
                    self.weight = Parameter(torch.FloatTensor(n_in, n_out))
                    init.normal_(self.weight)  # <- here

                def forward(self, x, adj):
                    return torch.spmm(adj, torch.mm(x, self.weight))
            """,
        ),
        Example(
            "requires-grad-later",
            """
            import torch
            import torch.nn.functional as F

            weights = torch.randn(784, 10)  # <- here
            weights.requires_grad_()
            bias = torch.zeros(10, requires_grad=True)

            def model(xb):
                return F.log_softmax(xb @ weights + bias, dim=1)
            """,
        ),
        Example(
            "einsum",
            """
            import torch
            import torch.nn as nn

            class Mix(nn.Module):
                def __init__(self, width):
                    super().__init__()
                    self.w = nn.Parameter(torch.randn(width, width))  # <- here

                def forward(self, x):
                    return torch.einsum("bd,de->be", x, self.w)
            """,
        ),
        Example(
            "list-of-parameters",
            """
            import torch
            from torch import nn

            class Net(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.ws = nn.ParameterList(
                        [nn.Parameter(torch.randn(64, 64)) for _ in range(3)]  # <- here
                    )

                def forward(self, x):
                    for w in self.ws:
                        x = torch.relu(x @ w)
                    return x
            """,
        ),
        Example(
            "convolution-by-hand",
            """
            import torch
            import torch.nn as nn
            import torch.nn.functional as F

            class Conv(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.kernel = nn.Parameter(torch.randn(32, 16, 3, 3))  # <- here

                def forward(self, x):
                    return F.conv2d(x, self.kernel, padding=1)
            """,
        ),
        Example(
            "variable",
            """
            import torch
            from torch.autograd import Variable

            w1 = Variable(torch.randn(1000, 100), requires_grad=True)  # <- here
            x = torch.randn(64, 1000)
            hidden = x.mm(w1).clamp(min=0)
            """,
        ),
    ),
    "GRD210": (
        Example(
            "float-tensor",
            """
            import torch
            import torch.nn as nn

            class FM(nn.Module):
                def __init__(self, n, k):
                    super(FM, self).__init__()
                    self.linear = nn.Linear(n, 1)
                    self.v = nn.Parameter(torch.FloatTensor(n, k))  # <- here

                def forward(self, x):
                    pairs = torch.mm(x, self.v) ** 2 - torch.mm(x ** 2, self.v ** 2)
                    return self.linear(x) + 0.5 * pairs.sum(1, keepdim=True)
            """,
        ),
        Example(
            "registered",
            """
            import torch

            class Shift(torch.nn.Module):
                def __init__(self, width):
                    super().__init__()
                    shift = torch.nn.Parameter(torch.empty(1, width))  # <- here
                    self.register_parameter("shift", shift)

                def forward(self, x):
                    return x + self.shift
            """,
        ),
        Example(
            "written-to-data",
            """
            import torch
            from torch import nn

            class Net(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.fc = nn.Linear(10, 5)
                    self.fc.weight.data = torch.empty(5, 10)  # <- here

                def forward(self, x):
                    return self.fc(x)
            """,
        ),
    ),
    "GRD203": (
        Example(
            "matrices-of-zeros",
            """
            import torch
            import torch.nn as nn

            class TwoLayers(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.w1 = nn.Parameter(torch.zeros(784, 100))  # <- here
                    self.b1 = nn.Parameter(torch.zeros(100))
                    self.w2 = nn.Parameter(torch.zeros(100, 10))

                def forward(self, x):
                    return torch.sigmoid(x @ self.w1 + self.b1) @ self.w2
            """,
        ),
        Example(
            "matrices-of-ones-in-a-script",
            """
            import torch

            w1 = torch.ones(2, 8, requires_grad=True)  # <- here
            w2 = torch.full((8, 1), 0.5, requires_grad=True)

            def forward(x):
                return torch.sigmoid(torch.mm(torch.sigmoid(torch.mm(x, w1)), w2))
            """,
        ),
        Example(
            "assigned-to-data",
            """
            import torch
            import torch.nn as nn

            net = nn.Sequential(nn.Linear(2, 8), nn.Tanh(), nn.Linear(8, 1))
            for p in net.parameters():
                p.data = torch.ones_like(p.data) * 0.5  # <- here
            """,
        ),
    ),
    "GRD204": (
        Example(
            "rand-as-a-matrix",
            """
            import torch
            import torch.nn as nn

            class Layer(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.weight = nn.Parameter(torch.rand(64, 64))  # <- here

                def forward(self, x):
                    return torch.matmul(x, self.weight)
            """,
        ),
    ),
}
