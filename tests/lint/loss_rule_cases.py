"""The loss rules' further examples: each fault in several styles, and losses wired right."""

from __future__ import annotations

from gradhealth_lint.violation import Example

#: Where logits become something else, and where the loss is: ``{made}`` and ``{loss}`` are calls.
STYLES = {
    "model-and-trainer": """
import torch
from torch import nn
import torch.nn.functional as F

class Classifier(nn.Module):
    def __init__(self, features, classes):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(features, 32), nn.ReLU())
        self.out = nn.Linear(32, classes)

    def forward(self, x):
        h = self.body(x)
        return {made:self.out(h)}

class Trainer:
    def __init__(self, features, classes):
        self.model = Classifier(features, classes)
        self.criterion = {loss}

    def epoch(self, loader):
        for x, y in loader:
            out = self.model(x)
            value = self.criterion(out, y){sink}
            yield value
""",
    "script": """
import torch
import torch.nn as nn
import torch.nn.functional as F

net = nn.Sequential(nn.Conv1d(1, 8, 3), nn.ReLU(), nn.Flatten(), nn.Linear(80, 10))
criterion = {loss}
for x, y in loader:
    out = {made:net(x)}
    value = criterion(out.squeeze(), y){sink}
    value.backward()
""",
    "function": """
import torch as th
import torch
from torch import nn
from torch.nn import functional as F

def training_loss(model, batch):
    x, y = batch
    logits = model(x)
    out = {made:logits}
    out = out.view(-1, 10)
    return {loss}(out, y){sink}
""",
    "lightning": """
import lightning as L
import torch
from torch import nn
import torch.nn.functional as F

class Lit(L.LightningModule):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(8, 8), nn.Tanh(), nn.Linear(8, 3))
        self.loss = {loss}

    def forward(self, x):
        return {made:self.net(x)}

    def training_step(self, batch, batch_idx):
        x, y = batch
        value = self.loss(self(x), y){sink}
        self.log("loss", value)
        return value
""",
    "loss-in-forward": """
import torch
from torch import nn
import torch.nn.functional as F

class WithLoss(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.GRU(8, 16, batch_first=True)
        self.head = nn.Linear(16, 5)
        self.loss = {loss}

    def forward(self, x, labels=None):
        h, _ = self.encoder(x)
        out = {made:self.head(h[:, -1])}
        if labels is None:
            return out
        return self.loss(out, labels){sink}
""",
}
_MARK = "  # <- here"


def _written(style: str, made: str, loss: str, *, at_sink: bool) -> str:
    lines = []
    for line in STYLES[style].splitlines():
        start = line.find("{made:")
        if start >= 0:
            inner = line[start + len("{made:") : line.rindex("}")]
            wrapped = line[:start] + made.replace("?", inner) + ("" if at_sink else _MARK)
        else:
            wrapped = line
        filled = wrapped.replace("{loss}", loss).replace("{sink}", _MARK if at_sink else "")
        lines.append(filled)
    return "\n".join(lines)


def _in_all_styles(name: str, made: str, loss: str, *, at_sink: bool) -> tuple[Example, ...]:
    return tuple(
        Example(f"{name}-{style}", _written(style, made, loss, at_sink=at_sink)) for style in STYLES
    )


def _healthy(name: str, made: str, loss: str) -> tuple[Example, ...]:
    return tuple(
        Example(f"{name}-{style}", _written(style, made, loss, at_sink=True).replace(_MARK, ""))
        for style in STYLES
    )


_LOG = """
import torch
import torch.nn.functional as F

def f(logits):
{body}
"""
BAD: dict[str, tuple[Example, ...]] = {
    "GRD401": (
        *_in_all_styles("softmax", "F.softmax(?, dim=1)", "nn.CrossEntropyLoss()", at_sink=False),
        *_in_all_styles(
            "method", "?.softmax(dim=-1)", "nn.CrossEntropyLoss(label_smoothing=0.1)", at_sink=False
        ),
        *_in_all_styles("sigmoid", "torch.sigmoid(?)", "nn.CrossEntropyLoss()", at_sink=False),
    ),
    "GRD402": (
        *_in_all_styles("sigmoid", "torch.sigmoid(?)", "nn.BCEWithLogitsLoss()", at_sink=False),
        *_in_all_styles("method", "?.sigmoid()", "nn.BCEWithLogitsLoss()", at_sink=False),
        *_in_all_styles("layer", "nn.Sigmoid()(?)", "nn.BCEWithLogitsLoss()", at_sink=False),
    ),
    "GRD403": (
        *_in_all_styles("sigmoid", "torch.sigmoid(?)", "nn.BCELoss()", at_sink=False),
        *_in_all_styles("method", "?.sigmoid()", "nn.BCELoss(reduction='sum')", at_sink=False),
        *_in_all_styles("layer", "nn.Sigmoid()(?)", "torch.nn.BCELoss()", at_sink=False),
    ),
    "GRD404": tuple(
        Example(name, _LOG.replace("{body}", f"    {line}"))
        for name, line in {
            "torch-log": "return torch.log(torch.softmax(logits, dim=1)).mean()  # <- here",
            "method-chain": "return logits.softmax(-1).log().mean()  # <- here",
            "sigmoid": "return -torch.log(torch.sigmoid(logits)).mean()  # <- here",
            "sigmoid-method": "return -logits.sigmoid().log().mean()  # <- here",
            "reshaped": "return F.softmax(logits, 1).view(-1).log()  # <- here",
        }.items()
    ),
    "GRD412": _in_all_styles("softmax", "F.softmax(?, dim=1)", "nn.NLLLoss()", at_sink=True),
    "GRD414": _in_all_styles("softmax", "?.softmax(dim=1)", "nn.KLDivLoss()", at_sink=True),
}
#: Losses that no rule has anything to say about; they are examples of all.
_HEALTHY: tuple[Example, ...] = (
    *_healthy("logits", "?", "nn.CrossEntropyLoss()"),
    *_healthy("logits-bce", "?", "nn.BCEWithLogitsLoss(pos_weight=weights)"),
    *_healthy("softmax-bce", "torch.softmax(?, 1)", "nn.BCELoss()"),
    *_healthy("clamped-bce", "torch.sigmoid(?).clamp(1e-6, 1 - 1e-6)", "nn.BCELoss()"),
    *_healthy("log-probabilities", "F.log_softmax(?, dim=1)", "nn.NLLLoss()"),
    *_healthy("log-probabilities-kl", "?.log_softmax(1)", "nn.KLDivLoss(reduction='batchmean')"),
    *_healthy("gate-cross-entropy", "? * torch.sigmoid(?)", "nn.CrossEntropyLoss()"),
    *_healthy("softmax-mse", "F.softmax(?, dim=1)", "nn.MSELoss()"),
    *_healthy("own-loss", "F.softmax(?, dim=1)", "FocalLoss()"),
    *_healthy("temperature", "F.softmax(?, dim=1) * scale", "nn.CrossEntropyLoss()"),
    *_healthy("attention", "torch.softmax(?, -1) @ values", "nn.CrossEntropyLoss()"),
    Example("log-of-a-sum", _LOG.replace("{body}", "    return logits.softmax(-1).sum(1).log()")),
    Example(
        "log-of-targets",
        _LOG.replace("{body}", "    q = F.softmax(target_logits, -1)\n    return q * q.log()"),
    ),
    Example(
        "without-gradients",
        """
        import torch

        @torch.no_grad()
        def beam_search(logits):
            return logits.softmax(-1).log().topk(5)

        def evaluate(model, loader):
            with torch.inference_mode():
                for x in loader:
                    yield torch.log(torch.softmax(model(x), dim=-1))
        """,
    ),
    Example("math-log", "import math\n\ndef f(p):\n    return math.log(p.sigmoid())\n"),
    Example("numpy-log", "import numpy as np\n\ndef f(p):\n    return np.log(softmax(p))\n"),
)
GOOD: dict[str, tuple[Example, ...]] = dict.fromkeys(BAD, _HEALTHY)
