# ruff: noqa: E501 - sources of one idea read better on one line
"""Sources and the stacks they hold, as ``owner depth x width activation init``."""

from __future__ import annotations

from dataclasses import dataclass
from textwrap import dedent, indent


@dataclass(frozen=True)
class StackCase:
    name: str
    source: str
    #: One line a stack: owner, depth, widths of the layers, activations, inits.
    stacks: tuple[str, ...]


def net(init: str, forward: str, *, signature: str = "", head: str = "") -> str:
    """A module with this ``__init__`` and ``forward``."""
    return (
        "import torch\nimport torch.nn as nn\nimport torch.nn.functional as F\n"
        + dedent(head)
        + "\nclass Net(nn.Module):\n"
        + f"    def __init__(self{signature}):\n        super().__init__()\n"
        + indent(dedent(init).strip("\n"), " " * 8)
        + "\n\n    def forward(self, x):\n"
        + indent(dedent(forward).strip("\n"), " " * 8)
        + "\n"
    )


SIGMOIDS = "Net 3 8,8,8 sigmoid,sigmoid,sigmoid default"
HEADED = "Net 4 8,8,8,2 sigmoid,sigmoid,sigmoid,identity default"
HEAD = "self.head = nn.Linear(8, 2)"

CASES = (
    StackCase(
        "bare-sequential",
        """
        from torch import nn
        net = nn.Sequential(nn.Linear(4, 8), nn.Sigmoid(), nn.Linear(8, 2))
        """,
        ("Sequential 2 8,2 sigmoid,identity default",),
    ),
    StackCase(
        "sequential-in-a-function",
        """
        import torch
        def build(width=8):
            return torch.nn.Sequential(torch.nn.Linear(4, width), torch.nn.Tanh(),
                                       torch.nn.Linear(width, 2))
        """,
        ("Sequential 2 8,2 tanh,identity default",),
    ),
    StackCase(
        "star-of-a-list",
        net(
            "self.net = nn.Sequential(*[m for _ in range(3) for m in (nn.Linear(8, 8), nn.Sigmoid())])",
            "return self.net(x)",
        ),
        (SIGMOIDS,),
    ),
    StackCase(
        "append-loop",
        net(
            """
            layers = []
            for _ in range(3):
                layers.append(nn.Linear(8, 8))
                layers.append(nn.Sigmoid())
            layers.append(nn.Linear(8, 2))
            self.net = nn.Sequential(*layers)
            """,
            "return self.net(x)",
        ),
        (HEADED,),
    ),
    StackCase(
        "plus-equals-loop",
        net(
            """
            layers = []
            for _ in range(3):
                layers += [nn.Linear(8, 8), nn.Sigmoid()]
            self.net = nn.Sequential(*layers, nn.Linear(8, 2))
            """,
            "return self.net(x)",
        ),
        (HEADED,),
    ),
    StackCase(
        "extend-and-multiply",
        net(
            """
            layers = [nn.Linear(8, 8), nn.Sigmoid()] * 2
            layers.extend([nn.Linear(8, 8), nn.Sigmoid()])
            self.net = nn.Sequential(*layers)
            """,
            "return self.net(x)",
        ),
        (SIGMOIDS,),
    ),
    StackCase(
        "ordered-dict",
        """
        from collections import OrderedDict
        from torch import nn
        net = nn.Sequential(OrderedDict([("a", nn.Linear(8, 8)), ("act", nn.Sigmoid()),
                                         ("b", nn.Linear(8, 8)), ("act2", nn.Sigmoid()),
                                         ("c", nn.Linear(8, 8)), ("act3", nn.Sigmoid())]))
        """,
        ("Sequential 3 8,8,8 sigmoid,sigmoid,sigmoid default",),
    ),
    StackCase(
        "ordered-dict-filled",
        """
        import collections
        from torch import nn
        parts = collections.OrderedDict()
        for i in range(3):
            parts[f"fc{i}"] = nn.Linear(8, 8)
            parts[f"act{i}"] = nn.Sigmoid()
        net = nn.Sequential(parts)
        """,
        ("Sequential 3 8,8,8 sigmoid,sigmoid,sigmoid default",),
    ),
    StackCase(
        "add-module",
        net(
            """
            self.net = nn.Sequential()
            for i in range(3):
                self.net.add_module("fc%d" % i, nn.Linear(8, 8))
                self.net.add_module(f"act{i}", nn.Sigmoid())
            """,
            "return self.net(x)",
        ),
        (SIGMOIDS,),
    ),
    StackCase(
        "sequential-append",
        net(
            """
            self.net = nn.Sequential()
            for i in range(3):
                self.net.append(nn.Linear(8, 8)).append(nn.Sigmoid())
            """,
            "return self.net(x)",
        ),
        (SIGMOIDS,),
    ),
    StackCase(
        "nested-sequential",
        net(
            "self.net = nn.Sequential(*[nn.Sequential(nn.Linear(8, 8), nn.Sigmoid()) for _ in range(3)])",
            "return self.net(x)",
        ),
        (SIGMOIDS,),
    ),
    StackCase(
        "module-list-comprehension",
        net(
            "self.layers = nn.ModuleList([nn.Linear(8, 8) for _ in range(3)])",
            """
            for layer in self.layers:
                x = torch.sigmoid(layer(x))
            return x
            """,
        ),
        (SIGMOIDS,),
    ),
    StackCase(
        "module-list-append-and-index",
        net(
            """
            self.n = 3
            self.layers = nn.ModuleList()
            for i in range(self.n):
                self.layers.append(nn.Linear(8, 8))
            self.act = nn.Sigmoid()
            """,
            """
            for i in range(self.n):
                x = self.act(self.layers[i](x))
            return x
            """,
        ),
        (SIGMOIDS,),
    ),
    StackCase(
        "enumerate-last-without-activation",
        net(
            "self.layers = nn.ModuleList([nn.Linear(8, 8) for _ in range(3)] + [nn.Linear(8, 2)])",
            """
            for i, layer in enumerate(self.layers):
                x = layer(x)
                if i < len(self.layers) - 1:
                    x = F.sigmoid(x)
            return x
            """,
        ),
        (HEADED,),
    ),
    StackCase(
        "slices-of-a-module-list",
        net(
            "self.layers = nn.ModuleList([nn.Linear(8, 8) for _ in range(3)] + [nn.Linear(8, 2)])",
            """
            for layer in self.layers[:-1]:
                x = layer(x).sigmoid()
            return self.layers[-1](x)
            """,
        ),
        (HEADED,),
    ),
    StackCase(
        "attributes-in-forward",
        net(
            """
            self.a = nn.Linear(4, 8)
            self.b = nn.Linear(8, 8)
            self.c = nn.Linear(8, 8)
            self.head = nn.Linear(8, 2)
            self.act = nn.Sigmoid()
            """,
            """
            x = x.view(x.size(0), -1)
            x = self.act(self.a(x))
            x = F.dropout(self.act(self.b(x)), 0.1, self.training)
            x = self.act(self.c(x))
            return self.head(x)
            """,
        ),
        (HEADED,),
    ),
    StackCase(
        "setattr-getattr",
        net(
            """
            for i in range(3):
                setattr(self, f"fc{i}", nn.Linear(8, 8))
            """,
            """
            for i in range(3):
                x = torch.sigmoid(getattr(self, f"fc{i}")(x))
            return x
            """,
        ),
        (SIGMOIDS,),
    ),
    StackCase(
        "helper-function",
        net(
            "self.net = nn.Sequential(block(8, 8), block(8, 8), block(8, 8))",
            "return self.net(x)",
            head="""
            def block(i, o, act=nn.Sigmoid):
                return nn.Sequential(nn.Linear(i, o), act())
            """,
        ),
        (SIGMOIDS,),
    ),
    StackCase(
        "helper-method",
        net(
            "self.net = nn.Sequential(*self._block(8), *self._block(8), *self._block(8))",
            "return self.net(x)",
        )
        + "\n    def _block(self, n):\n        return [nn.Linear(n, n), nn.Sigmoid()]\n",
        (SIGMOIDS,),
    ),
    StackCase(
        "make-layer-loop",
        net(
            "self.net = self._make_layer(8, 3)",
            "return self.net(x)",
        )
        + "\n    def _make_layer(self, n, count):\n        layers = []\n"
        "        for _ in range(count):\n            layers.append(Block(n))\n"
        "        return nn.Sequential(*layers)\n\n"
        "class Block(nn.Module):\n    def __init__(self, n):\n        super().__init__()\n"
        "        self.fc = nn.Linear(n, n)\n        self.act = nn.Sigmoid()\n\n"
        "    def forward(self, h):\n        return self.act(self.fc(h))\n",
        (SIGMOIDS,),
    ),
    StackCase(
        "forward-helper-method",
        net(
            "self.layers = nn.ModuleList([nn.Linear(8, 8) for _ in range(3)])",
            """
            for layer in self.layers:
                x = self._step(layer, x)
            return x
            """,
        )
        + "\n    def _step(self, layer, x):\n        return torch.sigmoid(layer(x))\n",
        (SIGMOIDS,),
    ),
    StackCase(
        "activation-by-name",
        net(
            """
            act = getattr(nn, activation)()
            self.net = nn.Sequential(nn.Linear(8, 8), act, nn.Linear(8, 8), act, nn.Linear(8, 8), act)
            """,
            "return self.net(x)",
            signature=', activation="Sigmoid"',
        ),
        (SIGMOIDS,),
    ),
    StackCase(
        "activation-from-a-dict",
        net(
            """
            act = ACTS[activation]
            self.net = nn.Sequential(nn.Linear(8, 8), act(), nn.Linear(8, 8), act(), nn.Linear(8, 8), act())
            """,
            "return self.net(x)",
            signature=', activation="sigmoid"',
            head='ACTS = {"relu": nn.ReLU, "sigmoid": nn.Sigmoid}',
        ),
        (SIGMOIDS,),
    ),
    StackCase(
        "activation-chosen-by-if",
        net(
            """
            if activation == "relu":
                act = nn.ReLU
            elif activation == "sigmoid":
                act = nn.Sigmoid
            else:
                raise ValueError(activation)
            self.net = nn.Sequential(nn.Linear(8, 8), act(), nn.Linear(8, 8), act(), nn.Linear(8, 8), act())
            """,
            "return self.net(x)",
            signature=', activation="sigmoid"',
        ),
        (SIGMOIDS,),
    ),
    StackCase(
        "activation-not-told",
        net(
            "self.net = nn.Sequential(nn.Linear(8, 8), act(), nn.Linear(8, 8), act(), nn.Linear(8, 8))",
            "return self.net(x)",
            signature=", act",
        ),
        (),
    ),
    StackCase(
        "activation-in-an-attribute-function",
        net(
            """
            self.layers = nn.ModuleList([nn.Linear(8, 8) for _ in range(3)])
            self.act = torch.sigmoid
            """,
            """
            for layer in self.layers:
                x = self.act(layer(x))
            return x
            """,
        ),
        (SIGMOIDS,),
    ),
    StackCase(
        "instantiated-with-a-count",
        net(
            "self.layers = nn.ModuleList([nn.Linear(8, 8) for _ in range(n)])",
            """
            for layer in self.layers:
                x = nn.Sigmoid()(layer(x))
            return x
            """,
            signature=", n",
        )
        + "\n\nmodel = Net(3)\n",
        (SIGMOIDS,),
    ),
    StackCase(
        "count-from-a-constant",
        net(
            "self.layers = nn.ModuleList([nn.Linear(WIDTH, WIDTH) for _ in range(DEPTH)])",
            """
            for layer in self.layers:
                x = layer(x).sigmoid_()
            return x
            """,
            head="DEPTH = 3\nWIDTH = 2 ** 3",
        ),
        (SIGMOIDS,),
    ),
    StackCase(
        "count-from-a-dataclass",
        net(
            "self.layers = nn.ModuleList([nn.Linear(c.width, c.width) for _ in range(c.depth)])",
            """
            for layer in self.layers:
                x = layer(x).sigmoid()
            return x
            """,
            signature=", c: Config",
            head="""
            from dataclasses import dataclass

            @dataclass
            class Config:
                width: int = 8
                depth: int = 3
            """,
        ),
        (SIGMOIDS,),
    ),
    StackCase(
        "count-not-told",
        net(
            "self.layers = nn.ModuleList([nn.Linear(8, 8) for _ in range(n)])",
            """
            for layer in self.layers:
                x = layer(x).sigmoid()
            return x
            """,
            signature=", n",
        ),
        ("Net 4 8,8,8,8 sigmoid,sigmoid,sigmoid,sigmoid default ; n is not known: 4 assumed",),
    ),
    StackCase(
        "sizes-given",
        net(
            """
            layers = []
            for i in range(len(sizes) - 1):
                layers.append(nn.Linear(sizes[i], sizes[i + 1]))
                if i < len(sizes) - 2:
                    layers.append(nn.Sigmoid())
            self.net = nn.Sequential(*layers)
            """,
            "return self.net(x)",
            signature=", sizes=(8, 8, 8, 8, 2)",
        ),
        (HEADED,),
    ),
    StackCase(
        "sizes-zipped",
        net(
            """
            pairs = zip(sizes[:-1], sizes[1:])
            self.layers = nn.ModuleList(nn.Linear(a, b) for a, b in pairs)
            """,
            """
            for layer in self.layers[:-1]:
                x = torch.sigmoid(layer(x))
            return self.layers[-1](x)
            """,
            signature=", sizes",
        )
        + "\nnet = Net([8, 8, 8, 8, 2])\n",
        (HEADED,),
    ),
    StackCase(
        "residual",
        net(
            "self.layers = nn.ModuleList([nn.Linear(8, 8) for _ in range(3)])",
            """
            for layer in self.layers:
                x = x + torch.tanh(layer(x))
            return x
            """,
        ),
        (),
    ),
    StackCase(
        "residual-branch-of-two",
        net(
            "self.a = nn.Linear(8, 8)\nself.b = nn.Linear(8, 8)",
            "return x + self.b(torch.tanh(self.a(x)))",
        ),
        ("Net 2 8,8 tanh,identity default residual",),
    ),
    StackCase(
        "dense-connections",
        net(
            "self.layers = nn.ModuleList([nn.Linear(8 * (i + 1), 8) for i in range(3)])",
            """
            for layer in self.layers:
                x = torch.cat([x, torch.tanh(layer(x))], dim=1)
            return x
            """,
        ),
        (),
    ),
    StackCase(
        "gate",
        net(
            "self.value = nn.Linear(8, 8)\nself.gate = nn.Linear(8, 8)\n" + HEAD,
            "return self.head(torch.sigmoid(self.gate(x)) * self.value(x))",
        ),
        (),
    ),
    StackCase(
        "squeeze-and-excitation",
        net(
            "self.fc = nn.Sequential(nn.Linear(8, 2), nn.ReLU(), nn.Linear(2, 8), nn.Sigmoid())",
            "return x * self.fc(x)",
        ),
        ("Net 2 2,8 relu,identity default residual",),
    ),
    StackCase(
        "norm-in-between",
        net(
            """
            self.net = nn.Sequential(nn.Linear(8, 8), nn.LayerNorm(8), nn.Tanh(), nn.Linear(8, 8))
            """,
            "return self.net(x)",
        ),
        ("Net 2 8,8 tanh,identity default norm",),
    ),
    StackCase(
        "weight-norm",
        net(
            """
            wn = torch.nn.utils.weight_norm
            self.net = nn.Sequential(wn(nn.Linear(8, 8)), nn.Tanh(), nn.Linear(8, 8))
            """,
            "return self.net(x)",
        ),
        ("Net 2 8,8 tanh,identity default norm",),
    ),
    StackCase(
        "two-branches-joined",
        net(
            "self.a = nn.Linear(8, 8)\nself.b = nn.Linear(8, 8)\nself.c = nn.Linear(8, 8)",
            """
            if x.mean() > 0:
                x = torch.tanh(self.a(x))
            else:
                x = torch.tanh(self.b(x))
            return self.c(x)
            """,
        ),
        (),
    ),
    StackCase(
        "dropout-behind-a-flag",
        net(
            """
            self.a = nn.Linear(8, 8)
            self.b = nn.Linear(8, 8)
            self.drop = nn.Dropout(p) if p > 0 else None
            """,
            """
            x = torch.tanh(self.a(x))
            if self.drop is not None:
                x = self.drop(x)
            return self.b(x)
            """,
            signature=", p",
        ),
        ("Net 2 8,8 tanh,identity default",),
    ),
    StackCase(
        "bad-init-in-a-loop",
        net(
            """
            self.layers = nn.ModuleList([nn.Linear(8, 8) for _ in range(2)])
            for layer in self.layers:
                nn.init.normal_(layer.weight, mean=1.5, std=0.1)
                nn.init.zeros_(layer.bias)
            """,
            """
            for layer in self.layers:
                x = F.relu(layer(x))
            return x
            """,
        ),
        ("Net 2 8,8 relu,relu normal_(mean=1.5, std=0.1)",),
    ),
    StackCase(
        "later-init-wins",
        net(
            """
            self.net = nn.Sequential(nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 8))
            for m in self.net:
                if isinstance(m, nn.Linear):
                    nn.init.normal_(m.weight, 1.5, 0.1)
            for m in self.modules():
                if isinstance(m, nn.Linear):
                    nn.init.kaiming_normal_(m.weight, nonlinearity="relu")
            """,
            "return self.net(x)",
        ),
        ("Net 2 8,8 relu,identity kaiming_normal_(nonlinearity='relu')",),
    ),
    StackCase(
        "apply-a-function",
        net(
            "self.net = nn.Sequential(nn.Linear(8, 8), nn.Tanh(), nn.Linear(8, 8))\nself.apply(init)",
            "return self.net(x)",
            head="""
            def init(m):
                if type(m) == nn.Linear:
                    torch.nn.init.xavier_uniform_(m.weight)
                    m.bias.data.fill_(0.01)
            """,
        ),
        ("Net 2 8,8 tanh,identity xavier_uniform_",),
    ),
    StackCase(
        "apply-from-outside-by-class-name",
        net(
            "self.net = nn.Sequential(nn.Linear(8, 8), nn.Tanh(), nn.Linear(8, 8))",
            "return self.net(x)",
            head="""
            def weights_init(m):
                classname = m.__class__.__name__
                if classname.find("Linear") != -1:
                    m.weight.data.normal_(0.0, 0.02)
            """,
        )
        + "\nmodel = Net()\nmodel.apply(weights_init)\n",
        ("Net 2 8,8 tanh,identity normal_(mean=0, std=0.02)",),
    ),
    StackCase(
        "named-parameters",
        net(
            """
            self.net = nn.Sequential(nn.Linear(8, 8), nn.Tanh(), nn.Linear(8, 8))
            for name, p in self.named_parameters():
                if "weight" in name:
                    nn.init.orthogonal_(p, gain=2.0)
            """,
            "return self.net(x)",
        ),
        ("Net 2 8,8 tanh,identity orthogonal_(gain=2)",),
    ),
    StackCase(
        "parameters-by-dimension",
        net(
            """
            self.net = nn.Sequential(nn.Linear(8, 8), nn.Tanh(), nn.Linear(8, 8))
            for p in self.parameters():
                if p.dim() > 1:
                    nn.init.xavier_normal_(p)
            """,
            "return self.net(x)",
        ),
        ("Net 2 8,8 tanh,identity xavier_normal_",),
    ),
    StackCase(
        "no-grad-fill",
        net(
            """
            self.net = nn.Sequential(nn.Linear(8, 8), nn.Tanh(), nn.Linear(8, 8))
            with torch.no_grad():
                for i in (0, 2):
                    self.net[i].weight.fill_(0.5)
            """,
            "return self.net(x)",
        ),
        ("Net 2 8,8 tanh,identity constant_(val=0.5)",),
    ),
    StackCase(
        "init-from-elsewhere-is-unknown",
        net(
            """
            self.net = nn.Sequential(nn.Linear(8, 8), nn.Tanh(), nn.Linear(8, 8))
            init_weights(self)
            """,
            "return self.net(x)",
            head="from mylib import init_weights",
        ),
        ("Net 2 8,8 tanh,identity unknown",),
    ),
    StackCase(
        "weight-assigned-by-hand",
        net(
            """
            self.net = nn.Sequential(nn.Linear(8, 8), nn.Tanh(), nn.Linear(8, 8))
            self.net[0].weight.data = torch.randn(8, 8)
            """,
            "return self.net(x)",
        ),
        ("Net 2 8,8 tanh,identity normal_(mean=0, std=1),default",),
    ),
    StackCase(
        "init-behind-an-unknown-flag",
        net(
            """
            self.net = nn.Sequential(nn.Linear(8, 8), nn.Tanh(), nn.Linear(8, 8))
            if flag:
                nn.init.normal_(self.net[0].weight, std=0.5)
            """,
            "return self.net(x)",
            signature=", flag",
        ),
        ("Net 2 8,8 tanh,identity unknown,default",),
    ),
    StackCase(
        "applied-function-from-elsewhere-is-unknown",
        net(
            "self.net = nn.Sequential(nn.Linear(8, 8), nn.Tanh(), nn.Linear(8, 8))\nself.apply(setup)",
            "return self.net(x)",
            head="from mylib import setup",
        ),
        ("Net 2 8,8 tanh,identity unknown",),
    ),
    StackCase(
        "checkpoint-loaded",
        net(
            "self.net = nn.Sequential(nn.Linear(8, 8), nn.Tanh(), nn.Linear(8, 8))",
            "return self.net(x)",
        )
        + "\nmodel = Net()\nmodel.load_state_dict(torch.load('x.pt'))\n",
        ("Net 2 8,8 tanh,identity unknown",),
    ),
    StackCase(
        "best-checkpoint-loaded-after-training",
        net(
            "self.net = nn.Sequential(nn.Linear(8, 8), nn.Tanh(), nn.Linear(8, 8))",
            "return self.net(x)",
        )
        + "\nmodel = Net()\nfor x in loader:\n    model(x).sum().backward()\n"
        "model.load_state_dict(torch.load('best.pt'))\n",
        ("Net 2 8,8 tanh,identity default",),
    ),
    StackCase(
        "argparse-defaults",
        net(
            "self.layers = nn.ModuleList([nn.Linear(a.width, a.width) for _ in range(a.num_layers)])",
            """
            for layer in self.layers:
                x = layer(x).sigmoid()
            return x
            """,
            signature=", a",
            head="import argparse",
        )
        + """
def main():
    parser = argparse.ArgumentParser()
    group = parser.add_argument_group("model")
    group.add_argument("-n", "--num-layers", type=int, default=3)
    group.add_argument("--width", type=int, default=8)
    Net(parser.parse_args())
""",
        (SIGMOIDS,),
    ),
    StackCase(
        "class-constant-and-modules-dict",
        net(
            """
            for i in range(self.DEPTH):
                self.add_module(f"fc{i}", nn.Linear(8, 8))
            """,
            """
            for i in range(Net.DEPTH):
                x = torch.sigmoid(self._modules[f"fc{i}"](x))
            return x
            """,
        ).replace("(nn.Module):", "(nn.Module):\n    DEPTH = 3\n"),
        (SIGMOIDS,),
    ),
    StackCase(
        "children-and-lambda",
        net(
            """
            self.body = nn.Sequential(*(nn.Linear(8, 8) for _ in range(3)))
            self.act = lambda v: getattr(torch, "sigmoid")(v)
            """,
            """
            for m in self.body.children():
                x = self.act(m(x))
            return x
            """,
        ),
        (SIGMOIDS,),
    ),
    StackCase(
        "module-dict-in-order",
        net(
            "self.parts = nn.ModuleDict({f'fc{i}': nn.Linear(8, 8) for i in range(3)})",
            """
            for name in self.parts:
                x = self.parts[name](x).sigmoid()
            return x
            """,
        ),
        (SIGMOIDS,),
    ),
    StackCase(
        "while-loop",
        net(
            """
            self.layers = nn.ModuleList()
            while len(self.layers) < 3:
                self.layers.append(nn.Linear(8, 8))
            """,
            """
            for layer in self.layers:
                x = torch.sigmoid(layer(x))
            return x
            """,
        ),
        (SIGMOIDS,),
    ),
    StackCase(
        "helper-with-unknown-and-known-sizes-is-read-once",
        """
        from torch import nn

        def mlp(sizes, activation=nn.Tanh, last=nn.Identity):
            parts = []
            for j in range(len(sizes) - 1):
                act = activation if j < len(sizes) - 2 else last
                parts += [nn.Linear(sizes[j], sizes[j + 1]), act()]
            return nn.Sequential(*parts)

        class Actor(nn.Module):
            def __init__(self, obs, act, hidden=(8, 8)):
                super().__init__()
                self.pi = mlp([obs, *hidden, act], nn.Sigmoid)

            def forward(self, x):
                return self.pi(x)
        """,
        ("Actor 3 8,8,None sigmoid,sigmoid,identity default",),
    ),
    StackCase(
        "class-inside-a-function",
        """
        def make():
            import torch.nn as nn

            class Net(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.net = nn.Sequential(*[nn.Sequential(nn.Linear(8, 8), nn.Sigmoid())
                                               for _ in range(3)])

                def forward(self, x):
                    return self.net(x)

            return Net()
        """,
        (SIGMOIDS,),
    ),
    StackCase(
        "checkpointed-blocks",
        net(
            "self.layers = nn.ModuleList([nn.Linear(8, 8) for _ in range(3)])",
            """
            for layer in self.layers:
                x = torch.utils.checkpoint.checkpoint(layer, x, use_reentrant=False).sigmoid()
            return x
            """,
        ),
        (SIGMOIDS,),
    ),
    StackCase(
        "a-step-that-cannot-be-read-ends-the-stack",
        net(
            "self.a = nn.Linear(8, 8)\nself.b = nn.Linear(8, 8)",
            "return self.b(mystery(torch.sigmoid(self.a(x))))",
            head="from mylib import mystery",
        ),
        (),
    ),
    StackCase(
        "subclass-of-sequential",
        """
        from torch import nn

        class MLP(nn.Sequential):
            def __init__(self, n=3):
                layers = []
                for _ in range(n):
                    layers += [nn.Linear(8, 8), nn.Sigmoid()]
                super().__init__(*layers)
        """,
        ("MLP 3 8,8,8 sigmoid,sigmoid,sigmoid default",),
    ),
    StackCase(
        "inherited-constructor",
        """
        import torch
        from torch import nn

        class Base(nn.Module):
            def __init__(self, n):
                super().__init__()
                self.layers = nn.ModuleList(nn.Linear(8, 8) for _ in range(n))

        class Net(Base):
            def __init__(self):
                super(Net, self).__init__(3)

            def forward(self, x):
                for layer in self.layers:
                    x = torch.sigmoid(layer(x))
                return x
        """,
        (SIGMOIDS,),
    ),
    StackCase(
        "hidden-values-collected",
        net(
            "self.layers = nn.ModuleList([nn.Linear(8, 8) for _ in range(3)])\nself.seen = []",
            """
            seen = []
            for layer in self.layers:
                x = layer(x)
                seen.append(x)
                x = torch.sigmoid(x)
            for h in seen:
                h.register_hook(print)
            return x
            """,
        ),
        (SIGMOIDS,),
    ),
    StackCase(
        "hidden-values-returned",
        net(
            "self.layers = nn.ModuleList([nn.Linear(8, 8) for _ in range(3)])",
            """
            seen = []
            for layer in self.layers:
                x = torch.sigmoid(layer(x))
                seen.append(x)
            return x, seen
            """,
        ),
        (),
    ),
    StackCase(
        "star-import",
        """
        from torch.nn import *
        net = Sequential(Linear(8, 8), Sigmoid(), Linear(8, 8), Sigmoid(), Linear(8, 8), Sigmoid())
        """,
        ("Sequential 3 8,8,8 sigmoid,sigmoid,sigmoid default",),
    ),
    StackCase(
        "modules-spelled-out",
        """
        import torch as th
        import torch.nn.modules.linear
        from torch.nn.modules.activation import Sigmoid as S
        net = th.nn.Sequential(torch.nn.modules.linear.Linear(8, 8), S(), th.nn.Linear(8, 2))
        """,
        ("Sequential 2 8,2 sigmoid,identity default",),
    ),
    StackCase(
        "keras-is-not-torch",
        """
        import torch
        from keras import layers as nn
        net = nn.Sequential(nn.Linear(8, 8), nn.Sigmoid(), nn.Linear(8, 8))
        """,
        (),
    ),
    StackCase(
        "own-class-of-the-same-name",
        """
        import torch
        from torch import nn

        class Sequential:
            def __init__(self, *parts): ...

        net = Sequential(nn.Linear(8, 8), nn.Sigmoid(), nn.Linear(8, 8))
        """,
        (),
    ),
    StackCase(
        "shadowed-by-a-parameter",
        """
        from torch import nn

        def build(nn):
            return nn.Sequential(nn.Linear(8, 8), nn.Sigmoid(), nn.Linear(8, 8))
        """,
        (),
    ),
)
