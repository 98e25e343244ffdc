"""More of the family: norms, residuals, dropout, gates, concatenation and recurrences."""

from __future__ import annotations

from collections.abc import Iterator

from tests.lint.network_family import HEAD, Case, initialised, module, sequential


def norms() -> Iterator[Case]:
    for norm in ("LayerNorm", "BatchNorm1d", "RMSNorm"):
        for act in ("ReLU", "Tanh", "GELU", "Sigmoid"):
            for depth in (4, 12):
                lines = ["nn.Linear(64, 64)", f"nn.{norm}(64)", f"nn.{act}()"] * depth
                yield Case("norm", f"{norm}-{act}-{depth}", sequential(*lines), (64,))
        for init in ("he", "orthogonal"):
            lines = ["nn.Linear(64, 64)", "nn.ReLU()", f"nn.{norm}(64)"] * 6
            source = initialised(sequential(*lines), init)
            yield Case("norm", f"{norm}-after-{init}", source, (64,))


def norms_on_images() -> Iterator[Case]:
    for norm in ("BatchNorm2d(24)", "GroupNorm(4, 24)", "InstanceNorm2d(24)", "GroupNorm(1, 24)"):
        for act in ("ReLU", "SiLU"):
            for depth in (3, 8):
                lines = ["nn.Conv2d(3, 24, 3, padding=1)", f"nn.{norm}", f"nn.{act}()"]
                lines += ["nn.Conv2d(24, 24, 3, padding=1)", f"nn.{norm}", f"nn.{act}()"] * (
                    depth - 1
                )
                yield Case("norm", f"image-{norm}-{act}-{depth}", sequential(*lines), (3, 16, 16))


def residuals() -> Iterator[Case]:
    forwards = {
        "plain": "x + self.b(self.act(self.a(x)))",
        "pre-norm": "x + self.b(self.act(self.a(self.norm(x))))",
        "post-norm": "self.norm(x + self.b(self.act(self.a(x))))",
        "scaled": "x + 0.1 * self.b(self.act(self.a(x)))",
        "both-scaled": "0.8 * x + 0.6 * self.b(self.act(self.a(x)))",
        "rezero": "x + self.alpha * self.b(self.act(self.a(x)))",
        "layer-scale": "x + self.small * self.b(self.act(self.a(self.norm(x))))",
        "act-inside": "x + self.act(self.a(x))",
        "act-outside": "self.act(x + self.b(self.act(self.a(x))))",
        "divided": "(x + self.b(self.act(self.a(x)))) / 2 ** 0.5",
    }
    for name, forward in forwards.items():
        for act in ("ReLU", "GELU"):
            for init in ("default", "he"):
                for norm in ("LayerNorm", "BatchNorm1d") if "norm" in name else ("LayerNorm",):
                    before = (
                        "class Block(nn.Module):\n    def __init__(self, n):\n"
                        "        super().__init__()\n"
                        "        self.a = nn.Linear(n, n)\n        self.b = nn.Linear(n, n)\n"
                        f"        self.norm = nn.{norm}(n)\n        self.act = nn.{act}()\n"
                        "        self.alpha = nn.Parameter(torch.zeros(1))\n"
                        "        self.small = nn.Parameter(0.3 * torch.ones(n))\n\n"
                        f"    def forward(self, x):\n        return {forward}\n\n"
                    )
                    source = module(
                        "self.blocks = nn.ModuleList([Block(64) for _ in range(8)])\n"
                        "self.head = nn.Linear(64, 10)",
                        "for block in self.blocks:\n    x = block(x)\nreturn self.head(x)",
                        before=before,
                    )
                    source = initialised(source, init)
                    yield Case("residual", f"{name}-{act}-{init}-{norm}", source, (64,))


def residual_images() -> Iterator[Case]:
    before = """
    class Basic(nn.Module):
        def __init__(self, i, o, stride=1):
            super().__init__()
            self.conv1 = nn.Conv2d(i, o, 3, stride, 1, bias=False)
            self.bn1 = nn.BatchNorm2d(o)
            self.conv2 = nn.Conv2d(o, o, 3, 1, 1, bias=False)
            self.bn2 = nn.BatchNorm2d(o)
            self.relu = nn.ReLU(inplace=True)
            self.shortcut = nn.Sequential()
            if stride != 1 or i != o:
                narrow = nn.Conv2d(i, o, 1, stride, bias=False)
                self.shortcut = nn.Sequential(narrow, nn.BatchNorm2d(o))
            {zero}

        def forward(self, x):
            out = self.relu(self.bn1(self.conv1(x)))
            out = self.bn2(self.conv2(out))
            out += self.shortcut(x)
            return self.relu(out)

    """
    for zero in ("", "nn.init.zeros_(self.bn2.weight)"):
        for blocks in (1, 2):
            repeated = ", ".join(["Basic(16, 16)"] * blocks)
            source = module(
                f"""
                first = nn.Conv2d(3, 16, 3, 1, 1, bias=False)
                self.stem = nn.Sequential(first, nn.BatchNorm2d(16), nn.ReLU())
                self.body = nn.Sequential({repeated}, Basic(16, 32, 2), Basic(32, 64, 2))
                self.pool = nn.AdaptiveAvgPool2d((1, 1))
                self.fc = nn.Linear(64, 10)
                """,
                "x = self.pool(self.body(self.stem(x)))\nreturn self.fc(torch.flatten(x, 1))",
                before=before.format(zero=zero),
            )
            yield Case("residual", f"resnet-{blocks}-{bool(zero)}", source, (3, 32, 32))


def dropouts() -> Iterator[Case]:
    for p in (0.1, 0.5):
        for act in ("ReLU", "Tanh", "Sigmoid"):
            for init in ("default", "he"):
                lines = ["nn.Linear(128, 128)", f"nn.{act}()", f"nn.Dropout({p})"] * 6
                source = initialised(sequential(*lines), init)
                yield Case("dropout", f"{act}-{p}-{init}", source, (128,))
        lines = ["nn.Linear(128, 128)", "nn.SELU()", f"nn.AlphaDropout({p})"] * 6
        yield Case("dropout", f"alpha-{p}", sequential(*lines), (128,))
        source = module(
            "self.layers = nn.ModuleList(nn.Linear(128, 128) for _ in range(5))",
            f"for layer in self.layers:\n    x = F.dropout(F.relu(layer(x)), p={p})\nreturn x",
        )
        yield Case("dropout", f"functional-{p}", source, (128,))


def gates() -> Iterator[Case]:
    forwards = {
        "glu": ("nn.Linear(64, 128)", "x = F.glu(layer(x), dim=-1)"),
        "gated": ("nn.Linear(64, 64)", "x = x * torch.sigmoid(layer(x))"),
    }
    for name, (layer, line) in forwards.items():
        for depth in (3, 6):
            for init in ("default", "he"):
                source = module(
                    f"self.layers = nn.ModuleList([{layer} for _ in range({depth})])",
                    f"for layer in self.layers:\n    {line}\nreturn x",
                )
                yield Case("gate", f"{name}-{depth}-{init}", initialised(source, init), (64,))
    for depth in (2, 5):
        before = """
        class Gated(nn.Module):
            def __init__(self, n):
                super().__init__()
                self.norm = nn.RMSNorm(n)
                self.w1 = nn.Linear(n, 2 * n)
                self.w2 = nn.Linear(n, 2 * n)
                self.w3 = nn.Linear(2 * n, n)

            def forward(self, x):
                h = self.norm(x)
                return x + self.w3(F.silu(self.w1(h)) * self.w2(h))

        """
        source = module(
            f"self.layers = nn.ModuleList([Gated(64) for _ in range({depth})])",
            "for layer in self.layers:\n    x = layer(x)\nreturn x",
            before=before,
        )
        yield Case("gate", f"swiglu-{depth}", source, (64,))


def dense() -> Iterator[Case]:
    for act in ("relu", "tanh"):
        for depth in (2, 4):
            source = module(
                f"""
                self.layers = nn.ModuleList([nn.Linear(32 + 16 * i, 16) for i in range({depth})])
                self.head = nn.Linear(32 + 16 * {depth}, 10)
                """,
                f"""
                for layer in self.layers:
                    x = torch.cat([x, torch.{act}(layer(x))], dim=1)
                return self.head(x)
                """,
            )
            yield Case("concatenation", f"dense-{act}-{depth}", source, (32,))


def recurrences() -> Iterator[Case]:
    fills = {
        "default": "",
        "orthogonal": "nn.init.orthogonal_(model.weight_hh_l0)",
        "xavier": "nn.init.xavier_uniform_(model.weight_hh_l0)",
    }
    for name, fill in fills.items():
        for width in (32, 128):
            for layer in (
                "RNN(16, {n})",
                "RNN(16, {n}, nonlinearity='relu')",
                "LSTM(16, {n})",
                "GRU(16, {n})",
            ):
                source = HEAD + f"model = nn.{layer.format(n=width)}\n{fill}\n"
                yield Case(
                    "recurrence", f"{layer.format(n=width)}-{name}", source, (16,), recurrent=True
                )
    forgets = {
        "slice": "model.bias_hh_l0.data[32:64].fill_(1.0)",
        "quarters": (
            "for name, p in model.named_parameters():\n    if 'bias' in name:\n"
            "        n = p.size(0)\n        p.data[n // 4 : n // 2].fill_(1.0)"
        ),
        "assigned": "with torch.no_grad():\n    model.bias_ih_l0[32:64] = 2.0",
        "function": "nn.init.constant_(model.bias_ih_l0[32:64], 0.5)",
        "zeros": (
            "nn.init.zeros_(model.bias_ih_l0)\nnn.init.zeros_(model.bias_hh_l0)\n"
            "nn.init.ones_(model.bias_ih_l0[32:64])"
        ),
    }
    for name, fill in forgets.items():
        source = HEAD + f"model = nn.LSTM(16, 32)\n{fill}\n"
        yield Case("recurrence", f"LSTM-forget-{name}", source, (16,), recurrent=True)
