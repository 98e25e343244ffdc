"""More examples of GRD305 and GRD314: what clips and optimizers were given."""

from __future__ import annotations

from textwrap import dedent, indent

from gradhealth_lint.violation import Example

_IMPORTS = """\
import copy
import itertools
import math
import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
import torch.optim as optim
from torch.nn.utils import clip_grad_norm_, clip_grad_value_
from torchvision import models

class Net(nn.Module):
    def __init__(self, width=16):
        super().__init__()
        self.body = nn.Linear(8, width)
        self.head = nn.Linear(width, 3)

    def forward(self, x):
        return self.head(torch.relu(self.body(x)))
"""
_LOOP = """
for x, y in loader:
    optimizer.zero_grad()
    loss = F.cross_entropy(model(x), y)
    loss.backward()
    optimizer.step()
"""
_CLIPPED = """
model = Net()
optimizer = optim.Adam(model.parameters(), lr=1e-3)
for x, y in loader:
    optimizer.zero_grad()
    loss = F.cross_entropy(model(x), y)
    loss.backward()
    {clip}
    optimizer.step()
"""


def _examples(texts: dict[str, str], *, loop: str = "") -> tuple[Example, ...]:
    return tuple(Example(name, f"{_IMPORTS}\n{dedent(text)}{loop}") for name, text in texts.items())


def _clipped(texts: dict[str, str]) -> tuple[Example, ...]:
    return tuple(
        Example(name, f"{_IMPORTS}\n{_CLIPPED.format(clip=indent(text, '    ').strip())}")
        for name, text in texts.items()
    )


_GOOD_CLIPS = {
    "measured-norm": "norm = clip_grad_norm_(model.parameters(), math.inf)\nprint(norm)",
    "printed-norm": "print(clip_grad_norm_(model.parameters(), 1e10))",
    "large-but-clipping": "clip_grad_norm_(model.parameters(), 1000.0)",
    "list-of-parameters": "clip_grad_norm_(list(model.parameters()), 5)",
    "optional": "clip_grad_norm_(model.parameters(), args.clip or float('inf'))",
}
_BAD_CLIPS = {
    "infinite-by-math": "clip_grad_norm_(model.parameters(), math.inf)  # <- here",
    "infinite-by-numpy": "nn.utils.clip_grad_norm_(model.parameters(), max_norm=np.inf)  # <- here",
    "infinite-by-torch": "clip_grad_norm_(model.parameters(), torch.inf)  # <- here",
    "huge": "torch.nn.utils.clip_grad_norm_(model.parameters(), 1e10)  # <- here",
    "huge-value": "clip_grad_value_(model.parameters(), clip_value=1e6)  # <- here",
    "negative": "nn.utils.clip_grad_norm_(model.parameters(), -1)  # <- here",
    "zero-value": "clip_grad_value_(model.parameters(), 0)  # <- here",
}
_GOOD_GENERATORS = {
    "kept-list": """
        model = Net()
        params = list(model.parameters())
        optimizer = optim.Adam(params)
        for x, y in loader:
            optimizer.zero_grad()
            F.cross_entropy(model(x), y).backward()
            clip_grad_norm_(params, 1.0)
            optimizer.step()
        """,
    "generator-of-the-turn": """
        model = Net()
        optimizer = optim.Adam(model.parameters())
        for x, y in loader:
            optimizer.zero_grad()
            F.cross_entropy(model(x), y).backward()
            params = model.parameters()
            clip_grad_norm_(params, 1.0)
            optimizer.step()
        """,
    "comprehension": """
        model = Net()
        params = [p for p in model.parameters() if p.requires_grad]
        optimizer = optim.Adam(params)
        for x, y in loader:
            optimizer.zero_grad()
            F.cross_entropy(model(x), y).backward()
            clip_grad_norm_(params, 1.0)
            optimizer.step()
        """,
    "two-players": """
        netG, netD = Net(), Net()
        optG, optD = optim.Adam(netG.parameters()), optim.Adam(netD.parameters())
        for x, y in loader:
            optD.zero_grad()
            F.cross_entropy(netD(x), y).backward()
            clip_grad_norm_(netD.parameters(), 1.0)
            optD.step()
            optG.zero_grad()
            F.cross_entropy(netD(netG(x)), y).backward()
            clip_grad_norm_(netG.parameters(), 1.0)
            optG.step()
        """,
    "a-part-of-it": """
        model = Net()
        optimizer = optim.Adam(model.parameters())
        for x, y in loader:
            optimizer.zero_grad()
            F.cross_entropy(model(x), y).backward()
            clip_grad_norm_(model.head.parameters(), 1.0)
            optimizer.step()
        """,
}
_BAD_GENERATORS = {
    "made-before-the-loop": """
        model = Net()
        optimizer = optim.Adam(model.parameters())
        params = model.parameters()
        for x, y in loader:
            optimizer.zero_grad()
            F.cross_entropy(model(x), y).backward()
            clip_grad_norm_(params, 1.0)  # <- here
            optimizer.step()
        """,
    "filter-object": """
        def train(model, loader):
            trainable = filter(lambda p: p.requires_grad, model.parameters())
            optimizer = optim.SGD(trainable, lr=0.1)
            for x, y in loader:
                optimizer.zero_grad()
                F.cross_entropy(model(x), y).backward()
                nn.utils.clip_grad_norm_(trainable, 1.0)  # <- here
                optimizer.step()
        """,
    "generator-expression": """
        model = models.resnet50()
        weights = (p for p in model.parameters() if p.requires_grad)
        optimizer = optim.SGD(weights, lr=0.1)
        for x, y in loader:
            optimizer.zero_grad()
            F.cross_entropy(model(x), y).backward()
            clip_grad_value_(weights, 0.5)  # <- here
            optimizer.step()
        """,
    "chained": """
        encoder, decoder = Net(), Net()
        params = itertools.chain(encoder.parameters(), decoder.parameters())
        optimizer = optim.Adam(params)
        for x, y in loader:
            optimizer.zero_grad()
            F.cross_entropy(decoder(encoder(x)), y).backward()
            clip_grad_norm_(params, 1.0)  # <- here
            optimizer.step()
        """,
    "another-model": """
        model, teacher = Net(), Net()
        optimizer = optim.Adam(model.parameters())
        for x, y in loader:
            optimizer.zero_grad()
            F.cross_entropy(model(x), y).backward()
            clip_grad_norm_(teacher.parameters(), 1.0)  # <- here
            optimizer.step()
        """,
}
_GOOD_OWNERS = {
    "built-last": """
        model = models.resnet18(pretrained=True)
        for p in model.parameters():
            p.requires_grad = False
        model.fc = nn.Linear(model.fc.in_features, 2)
        optimizer = optim.SGD(model.fc.parameters(), lr=0.01)
        """,
    "built-again": """
        model = Net()
        optimizer = optim.Adam(model.parameters())
        model.head = nn.Linear(16, 5)
        optimizer = optim.Adam(model.parameters())
        """,
    "moved": """
        model = Net()
        optimizer = optim.Adam(model.parameters())
        model = model.to("cuda")
        model = torch.compile(model)
        """,
    "distributed": """
        model = Net()
        optimizer = optim.Adam(model.parameters())
        model = nn.parallel.DistributedDataParallel(model, device_ids=[0])
        """,
    "activation-swapped": """
        model = Net()
        optimizer = optim.Adam(model.parameters())
        model.act = nn.ReLU()
        model.criterion = nn.CrossEntropyLoss()
        """,
    "per-fold": """
        def run(fold):
            model = Net()
            optimizer = optim.Adam(model.parameters())
            return model, optimizer

        model, optimizer = run(0)
        """,
    "kept-copy": """
        model = Net()
        optimizer = optim.Adam(model.parameters())
        best = copy.deepcopy(model)
        ema = copy.deepcopy(model)
        """,
    "initialised": """
        model = Net()
        optimizer = optim.Adam(model.parameters())
        model.load_state_dict(torch.load("last.pt"))
        """,
}
_GOOD_WHOLE = {
    "another-for-the-test": """
        model = Net()
        optimizer = optim.Adam(model.parameters())
        for x, y in loader:
            optimizer.zero_grad()
            F.cross_entropy(model(x), y).backward()
            optimizer.step()
        model = Net()
        model.load_state_dict(torch.load("best.pt"))
        model.eval()
        """,
    "both-per-fold": """
        for fold in folds:
            model = Net()
            optimizer = optim.Adam(model.parameters())
            for x, y in fold:
                optimizer.zero_grad()
                F.cross_entropy(model(x), y).backward()
                optimizer.step()
        """,
    "property": """
        class Agent:
            def __init__(self, net):
                self.parameters = list(net.parameters())
                self.optimizer = optim.Adam(self.parameters, lr=1e-3)
        """,
    "list-named-parameters": """
        parameters = list(Net().parameters())
        optimizer = optim.Adam(parameters)
        """,
}
_BAD_OWNERS = {
    "head-of-resnet": """
        model = models.resnet18(pretrained=True)
        optimizer = optim.SGD(model.parameters(), lr=0.01)
        num_features = model.fc.in_features
        model.fc = nn.Linear(num_features, 2)  # <- here
        """,
    "classifier": """
        model = models.vgg16(pretrained=True)
        optimizer = optim.Adam(filter(lambda p: p.requires_grad, model.parameters()), lr=1e-4)
        model.classifier[6] = nn.Linear(4096, 10)
        model.classifier = nn.Sequential(nn.Linear(512, 64), nn.ReLU(), nn.Linear(64, 2))  # <- here
        """,
    "parameter-replaced": """
        model = Net()
        optimizer = optim.Adam(model.parameters())
        model.head.weight = nn.Parameter(torch.zeros(3, 16))  # <- here
        """,
    "deep-copied": """
        model = Net()
        optimizer = optim.Adam(model.parameters())
        model = copy.deepcopy(model)  # <- here
        """,
    "made-again": """
        model = Net(16)
        optimizer = optim.AdamW(model.parameters())
        model = Net(width=32)  # <- here
        """,
    "module-added": """
        model = Net()
        optimizer = optim.RMSprop(model.parameters())
        model.add_module("extra", nn.Linear(3, 3))  # <- here
        """,
}
_BAD_WHOLE = {
    "uncalled-of-resnet": """
        net = models.resnet18()
        optimizer = optim.Adam(net.parameters, lr=1e-3)  # <- here
        """,
    "uncalled-in-class": """
        class Trainer:
            def __init__(self, model):
                self.model = model
                self.optimizer = torch.optim.AdamW(self.model.parameters, lr=1e-3)  # <- here
        """,
    "empty": """
        optimizer = optim.SGD([], lr=0.1)  # <- here
        """,
    "layer-after-in-init": """
        class Model(nn.Module):
            def __init__(self):
                super().__init__()
                self.fc1 = nn.Linear(8, 8)
                self.optimizer = optim.Adam(self.parameters(), lr=1e-3)
                self.fc2 = nn.Linear(8, 1)  # <- here

            def forward(self, x):
                return self.fc2(torch.relu(self.fc1(x)))

            def learn(self, x, y):
                self.optimizer.zero_grad()
                F.mse_loss(self(x), y).backward()
                self.optimizer.step()
        """,
    "agent": """
        class Agent:
            def __init__(self):
                self.model = Net()
                self.optimizer = optim.Adam(self.model.parameters(), lr=1e-3)
                self.model.head = nn.Linear(16, 2)  # <- here

            def learn(self, x, y):
                self.optimizer.zero_grad()
                F.cross_entropy(self.model(x), y).backward()
                self.optimizer.step()
        """,
}

GOOD: dict[str, tuple[Example, ...]] = {
    "GRD305": (*_clipped(_GOOD_CLIPS), *_examples(_GOOD_GENERATORS)),
    "GRD314": (*_examples(_GOOD_OWNERS, loop=_LOOP), *_examples(_GOOD_WHOLE)),
}
BAD: dict[str, tuple[Example, ...]] = {
    "GRD305": (*_clipped(_BAD_CLIPS), *_examples(_BAD_GENERATORS)),
    "GRD314": (*_examples(_BAD_OWNERS, loop=_LOOP), *_examples(_BAD_WHOLE)),
}
