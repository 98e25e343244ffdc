"""GRD301's further examples: who owns what the optimizer has, and which branch clips."""

from __future__ import annotations

from textwrap import dedent, indent

from gradhealth_lint.violation import Example

_MODEL = """\
import itertools
import torch
from torch import nn
from torch.nn.utils import clip_grad_norm_, clip_grad_value_

class Tagger(nn.Module):
    def __init__(self, size=8):
        super().__init__()
        self.embedding = nn.Embedding(10, size)
        self.lstm = nn.LSTM(size, size)
        self.head = nn.Linear(size, 5)

    def forward(self, x):
        return self.head(self.lstm(self.embedding(x))[0])

model = Tagger()
"""
_PLAIN = "optimizer = torch.optim.Adam(model.parameters())"
_UNCLIPPED = "loss.backward()\noptimizer.step()  # <- here"
_LOOP = """\
for x, y in loader:
    optimizer.zero_grad()
    loss = nn.functional.cross_entropy(model(x).flatten(0, 1), y)
{body}
"""


def _example(name: str, *, made: str = _PLAIN, body: str = _UNCLIPPED, good: bool) -> Example:
    loop = _LOOP.format(body=indent(dedent(body).strip("\n"), "    "))
    text = _MODEL + dedent(made).strip("\n") + "\n" + loop
    return Example(name, text.replace("  # <- here", "") if good else text)


#: Ways to hand all of the model's parameters, or the recurrent ones, to an optimizer.
_OWNED = {
    "groups-by-comprehension": """
        optimizer = torch.optim.AdamW([
            {"params": [p for n, p in model.named_parameters() if "bias" not in n]},
            {"params": [p for n, p in model.named_parameters() if "bias" in n], "weight_decay": 0},
        ])
        """,
    "groups-by-any-of-names": """
        no_decay = ["bias", "LayerNorm.weight"]
        groups = [
            {
                "params": [
                    p for n, p in model.named_parameters() if not any(nd in n for nd in no_decay)
                ],
                "weight_decay": 0.01,
            },
            {
                "params": [
                    p for n, p in model.named_parameters() if any(nd in n for nd in no_decay)
                ],
                "weight_decay": 0.0,
            },
        ]
        optimizer = torch.optim.AdamW(groups, lr=1e-3)
        """,
    "groups-by-a-loop": """
        decay, no_decay = [], []
        for name, p in model.named_parameters():
            if not p.requires_grad:
                continue
            if p.ndim < 2 or name.endswith(".bias"):
                no_decay.append(p)
            else:
                decay.append(p)
        optimizer = torch.optim.AdamW([{"params": decay}, {"params": no_decay, "weight_decay": 0}])
        """,
    "groups-by-a-dict-of-names": """
        params = {n: p for n, p in model.named_parameters() if p.requires_grad}
        optimizer = torch.optim.AdamW([
            {"params": [p for n, p in params.items() if p.dim() >= 2], "weight_decay": 0.1},
            {"params": [p for n, p in params.items() if p.dim() < 2], "weight_decay": 0.0},
        ])
        """,
    "groups-by-a-function": """
        def groups(m, decay):
            plain = [p for n, p in m.named_parameters() if p.ndim < 2]
            other = [p for n, p in m.named_parameters() if not p.ndim < 2]
            return [{"params": other, "weight_decay": decay}, dict(params=plain, weight_decay=0.0)]
        optimizer = torch.optim.AdamW(groups(model, 0.1))
        """,
    "groups-of-children": """
        optimizer = torch.optim.Adam([{"params": model.lstm.parameters()}])
        optimizer.add_param_group({"params": model.head.parameters(), "lr": 1e-4})
        """,
    "groups-in-a-growing-list": """
        groups = []
        groups += [{"params": model.lstm.parameters()}]
        groups.append({"params": model.head.parameters()})
        optimizer = torch.optim.Adam(groups)
        """,
    "chained": """
        optimizer = torch.optim.Adam(
            itertools.chain(model.lstm.parameters(), model.head.parameters())
        )
        """,
    "frozen-and-thawed": """
        for p in model.parameters():
            p.requires_grad = False
        model.lstm.requires_grad_(True)
        optimizer = torch.optim.Adam([p for p in model.parameters() if p.requires_grad])
        """,
    "either-of-two-optimizers": """
        if args.sgd:
            optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        else:
            optimizer = torch.optim.Adam(model.parameters())
        """,
}
#: Ways to train what is not recurrent.
_NOT_OWNED = {
    "head-alone": "optimizer = torch.optim.Adam([{'params': model.head.parameters()}])",
    "head-by-name": """
        found = [p for n, p in model.named_parameters() if any(k in n for k in ("head",))]
        optimizer = torch.optim.Adam(found)
        """,
    "frozen-by-a-loop": """
        for p in model.lstm.parameters():
            p.requires_grad = False
        optimizer = torch.optim.Adam(filter(lambda p: p.requires_grad, model.parameters()))
        """,
    "frozen-by-name": """
        for name, p in model.named_parameters():
            if not name.startswith("head"):
                p.requires_grad = False
        optimizer = torch.optim.Adam(model.parameters())
        """,
    "frozen-by-method": """
        model.lstm.requires_grad_(False)
        optimizer = torch.optim.Adam([p for p in model.parameters() if p.requires_grad])
        """,
    "frozen-all-but-the-head": """
        for p in model.parameters():
            p.requires_grad_(False)
        for p in model.head.parameters():
            p.requires_grad_(True)
        optimizer = torch.optim.Adam(model.parameters())
        """,
    "frozen-if-asked": """
        if args.freeze:
            model.lstm.requires_grad_(False)
        optimizer = torch.optim.Adam(model.parameters())
        """,
}
#: Bodies that leave a step without clipping on its way.
_UNCLIPPED_BRANCHES = {
    "only-one-arm-clips": """
        if warm:
            loss.backward()
            optimizer.step()  # <- here
        else:
            loss.backward()
            clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
        """,
    "only-the-scaled-arm-clips": """
        if args.amp:
            scaler = torch.amp.GradScaler("cuda")
            scaler.scale(loss).backward()
            scaler.unscale_(optimizer)
            clip_grad_norm_(model.parameters(), 1.0)
            scaler.step(optimizer)
            scaler.update()
        else:
            loss.backward()
            optimizer.step()  # <- here
        """,
    "same-test-twice": """
        if warm:
            loss.backward()
        else:
            loss.backward()
            clip_grad_norm_(model.parameters(), 1.0)
        if warm:
            optimizer.step()  # <- here
        else:
            optimizer.step()
        """,
    "a-branch-about-something-else": """
        loss.backward()
        if args.verbose:
            print(loss.item())
        else:
            print(".")
        optimizer.step()  # <- here
        """,
}
#: Bodies in which every step is clipped, or may be by choice.
_CLIPPED_BRANCHES = {
    "both-arms-clip": """
        loss.backward()
        if args.by_value:
            clip_grad_value_(model.parameters(), 1.0)
        else:
            clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        """,
    "both-arms-clip-and-step": """
        if args.slow:
            loss.backward()
            clip_grad_norm_(model.parameters(), 0.1)
            optimizer.step()
        else:
            loss.backward()
            clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
        """,
    "one-arm-clips-before-a-common-step": """
        loss.backward()
        if epoch > 3:
            clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        """,
    "clipped-if-asked": """
        loss.backward()
        if args.clip > 0:
            clip_grad_norm_(model.parameters(), args.clip)
            optimizer.step()
        else:
            optimizer.step()
        """,
    "clipped-by-one-of-three": """
        loss.backward()
        if mode == "norm":
            clip_grad_norm_(model.parameters(), 1.0)
        elif mode == "value":
            clip_grad_value_(model.parameters(), 1.0)
        optimizer.step()
        """,
    "skipped-when-not-finite": """
        loss.backward()
        if not torch.isfinite(loss):
            continue
        clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        """,
    "only-the-unscaled-arm-clips": """
        if args.amp:
            scaler = torch.amp.GradScaler("cuda")
            scaler.scale(loss).backward()
            scaler.step(optimizer)
            scaler.update()
        else:
            loss.backward()
            clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
        """,
    "switched-off-by-a-constant": """
        CLIP = None
        loss.backward()
        if CLIP:
            clip_grad_norm_(model.parameters(), CLIP)
        optimizer.step()
        """,
}

GOOD: dict[str, tuple[Example, ...]] = {
    "GRD301": (
        *(_example(name, made=made, good=True) for name, made in _NOT_OWNED.items()),
        *(_example(name, body=body, good=True) for name, body in _CLIPPED_BRANCHES.items()),
    )
}
BAD: dict[str, tuple[Example, ...]] = {
    "GRD301": (
        *(_example(name, made=made, good=False) for name, made in _OWNED.items()),
        *(_example(name, body=body, good=False) for name, body in _UNCLIPPED_BRANCHES.items()),
    )
}
