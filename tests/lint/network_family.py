"""Models as source text, made from a grid: what ``predict`` is held against.

Every source defines ``model``. ``shape`` is one sample's input, ``steps`` that of a recurrence.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from textwrap import dedent, indent


@dataclass(frozen=True)
class Case:
    """One model; ``kind`` is the row of the table it belongs to."""

    kind: str
    name: str
    source: str
    shape: tuple[int, ...]
    recurrent: bool = False


HEAD = "import torch\nimport torch.nn as nn\nimport torch.nn.functional as F\n\n"
INITS = {
    "default": "",
    "he": "nn.init.kaiming_normal_(m.weight, nonlinearity='relu')",
    "xavier": "nn.init.xavier_uniform_(m.weight)",
    "orthogonal": "nn.init.orthogonal_(m.weight)",
    "small": "nn.init.normal_(m.weight, 0.0, 0.05)",
}
ACTIVATIONS = (
    "ReLU()", "LeakyReLU(0.2)", "PReLU()", "ELU()", "CELU(0.5)", "SELU()", "GELU()", "SiLU()",
    "Mish()", "Sigmoid()", "Tanh()", "Hardtanh(-2.0, 2.0)", "Hardsigmoid()", "Hardswish()",
    "Softplus()", "Softsign()", "LogSigmoid()", "Tanhshrink()", "ReLU6()", "RReLU()",
    "Softshrink(0.1)", "Hardshrink(0.1)", "Threshold(0.1, 0.0)", "Identity()",
)  # fmt: skip


def initialised(source: str, init: str, kinds: str = "nn.Linear") -> str:
    """The source with an init applied to the model's layers."""
    if not INITS[init]:
        return source
    return source + (
        f"\ndef set_up(m):\n    if isinstance(m, ({kinds})):\n        {INITS[init]}\n"
        "        nn.init.zeros_(m.bias)\n\nmodel.apply(set_up)\n"
    )


def sequential(*lines: str) -> str:
    return HEAD + "model = nn.Sequential(\n" + indent(",\n".join(lines), "    ") + ",\n)\n"


def module(init: str, forward: str, *, before: str = "") -> str:
    return (
        HEAD
        + dedent(before)
        + "class Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
        + indent(dedent(init).strip("\n"), " " * 8)
        + "\n\n    def forward(self, x):\n"
        + indent(dedent(forward).strip("\n"), " " * 8)
        + "\n\nmodel = Net()\n"
    )


def linear() -> Iterator[Case]:
    for init in INITS:
        for width in (32, 128):
            for depth in (4, 10):
                for act in ("relu", "tanh", "sigmoid"):
                    source = module(
                        f"""
                        n = {width}
                        self.layers = nn.ModuleList([nn.Linear(n, n) for _ in range({depth})])
                        """,
                        f"""
                        for layer in self.layers:
                            x = torch.{act}(layer(x))
                        return x
                        """,
                    )
                    yield Case(
                        "linear",
                        f"{act}-{init}-{width}x{depth}",
                        initialised(source, init),
                        (width,),
                    )
    for act in ("nn.ReLU", "nn.GELU", "nn.Tanh"):
        source = HEAD + dedent(
            f"""
            sizes = [64, 128, 64, 32, 16]
            layers = []
            for n, m in zip(sizes[:-1], sizes[1:]):
                layers += [nn.Linear(n, m), {act}()]
            layers.append(nn.Linear(sizes[-1], 10))
            model = nn.Sequential(*layers)
            """
        )
        yield Case("linear", f"funnel-{act}", source, (64,))


def activations() -> Iterator[Case]:
    for act in ACTIVATIONS:
        for init in ("default", "xavier"):
            source = HEAD + dedent(
                f"""
                def block(n):
                    return nn.Sequential(nn.Linear(n, n), nn.{act})

                model = nn.Sequential(*[block(64) for _ in range(6)])
                """
            )
            yield Case("activation", f"{act}-{init}", initialised(source, init), (64,))


def convolutions() -> Iterator[Case]:
    for act in ("ReLU", "Tanh", "GELU", "Sigmoid"):
        for init in ("default", "he", "xavier"):
            for depth in (3, 8):
                lines = ["nn.Conv2d(3, 24, 3, padding=1)", f"nn.{act}()"]
                lines += ["nn.Conv2d(24, 24, 3, padding=1)", f"nn.{act}()"] * (depth - 1)
                source = initialised(sequential(*lines), init, "nn.Conv2d")
                yield Case("convolution", f"{act}-{init}-{depth}", source, (3, 32, 32))
    for d, shape in ((1, (64,)), (3, (8, 8, 8))):
        for init in ("default", "he"):
            lines = [f"nn.Conv{d}d(4, 16, 3)", "nn.ReLU()"]
            lines += [f"nn.Conv{d}d(16, 16, 3)", "nn.ReLU()"] * 2
            source = initialised(sequential(*lines), init, f"nn.Conv{d}d")
            yield Case("convolution", f"{d}d-{init}", source, (4, *shape))


def windows() -> Iterator[Case]:
    variants = {
        "strided": ["nn.Conv2d({i}, {o}, 3, stride=2, padding=1)"],
        "strided-4": ["nn.Conv2d({i}, {o}, 4, 2, 1)"],
        "dilated": ["nn.Conv2d({i}, {o}, 3, padding=2, dilation=2)"],
        "grouped": ["nn.Conv2d({i}, {o}, 3, padding=1, groups={g})"],
        "pointwise": ["nn.Conv2d({i}, {o}, 1)"],
        "large": ["nn.Conv2d({i}, {o}, (5, 3), padding=(2, 1))"],
        "depthwise": ["nn.Conv2d({i}, {i}, 3, padding=1, groups={i})", "nn.Conv2d({i}, {o}, 1)"],
        "circular": ["nn.Conv2d({i}, {o}, 3, padding=1, padding_mode='circular')"],
        "same": ["nn.Conv2d({i}, {o}, 3, padding='same')"],
    }
    for name, layers in variants.items():
        for init in ("default", "he"):
            lines = []
            for i, o in ((16, 32), (32, 32), (32, 32)):
                lines += [line.format(i=i, o=o, g=4) for line in layers] + ["nn.ReLU()"]
            source = initialised(sequential(*lines), init, "nn.Conv2d")
            yield Case("window", f"{name}-{init}", source, (16, 32, 32))
    for kernel, stride, padding in ((4, 2, 1), (3, 1, 1), (2, 2, 0), (5, 2, 2)):
        for init in ("default", "he"):
            for act in ("ReLU", "Tanh"):
                lines = []
                for i, o in ((32, 32), (32, 16), (16, 16)):
                    conv = f"nn.ConvTranspose2d({i}, {o}, {kernel}, {stride}, {padding})"
                    lines += [conv, f"nn.{act}()"]
                source = initialised(sequential(*lines), init, "nn.ConvTranspose2d")
                yield Case(
                    "window", f"transposed-{kernel}{stride}-{act}-{init}", source, (32, 8, 8)
                )


def pools() -> Iterator[Case]:
    for pool in ("MaxPool2d(2)", "AvgPool2d(2)", "MaxPool2d(3, 2, 1)", "AvgPool2d(3, stride=2)"):
        for act in ("ReLU", "Tanh"):
            for init in ("default", "he"):
                source = module(
                    f"""
                    self.a = nn.Conv2d(3, 32, 3, padding=1)
                    self.b = nn.Conv2d(32, 32, 3, padding=1)
                    self.c = nn.Conv2d(32, 32, 3, padding=1)
                    self.pool = nn.{pool}
                    self.act = nn.{act}()
                    """,
                    """
                    x = self.pool(self.act(self.a(x)))
                    x = self.pool(self.act(self.b(x)))
                    return self.act(self.c(x))
                    """,
                )
                source = initialised(source, init, "nn.Conv2d")
                yield Case("pool", f"{pool}-{act}-{init}", source, (3, 32, 32))
    for init in ("default", "he"):
        source = module(
            """
            self.a = nn.Conv2d(3, 32, 3, padding=1)
            self.b = nn.Conv2d(32, 64, 3, padding=1)
            self.fc1 = nn.Linear(64 * 7 * 7, 128)
            self.fc2 = nn.Linear(128, 10)
            """,
            """
            x = F.max_pool2d(F.relu(self.a(x)), 2)
            x = F.max_pool2d(F.relu(self.b(x)), 2)
            x = x.view(x.size(0), -1)
            return self.fc2(F.relu(self.fc1(x)))
            """,
        )
        source = initialised(source, init, "nn.Conv2d, nn.Linear")
        yield Case("pool", f"lenet-{init}", source, (3, 28, 28))
        source = module(
            """
            self.a = nn.Conv2d(3, 32, 3, padding=1)
            self.b = nn.Conv2d(32, 64, 3, stride=2, padding=1)
            self.head = nn.Linear(64, 10)
            """,
            """
            x = F.relu(self.b(F.relu(self.a(x))))
            x = F.adaptive_avg_pool2d(x, 1).flatten(1)
            return self.head(x)
            """,
        )
        source = initialised(source, init, "nn.Conv2d, nn.Linear")
        yield Case("pool", f"global-{init}", source, (3, 32, 32))
