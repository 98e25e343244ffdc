"""Further examples of GRD206 and GRD208."""

from __future__ import annotations

from gradhealth_lint.violation import Example

GOOD: dict[str, tuple[Example, ...]] = {
    "GRD206": (
        Example(
            "gain-of-relu",
            """
            from torch import nn

            gain = nn.init.calculate_gain("relu")
            net = nn.Sequential(*[m for _ in range(20) for m in (nn.Linear(64, 64), nn.ReLU())])
            for m in net:
                if isinstance(m, nn.Linear):
                    nn.init.xavier_normal_(m.weight, gain=gain)
                    nn.init.zeros_(m.bias)
            """,
        ),
        Example(
            "norms-between",
            """
            from torch import nn

            net = nn.Sequential(
                *[
                    m
                    for _ in range(20)
                    for m in (nn.Linear(64, 64), nn.BatchNorm1d(64), nn.ReLU())
                ]
            )
            for m in net:
                if isinstance(m, nn.Linear):
                    nn.init.xavier_uniform_(m.weight)
            """,
        ),
        Example(
            "residual",
            """
            import torch
            from torch import nn

            class Net(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.layers = nn.ModuleList(nn.Linear(32, 32) for _ in range(12))
                    for layer in self.layers:
                        nn.init.xavier_uniform_(layer.weight)

                def forward(self, x):
                    for layer in self.layers:
                        x = x + torch.relu(layer(x))
                    return x
            """,
        ),
        Example(
            "xavier-for-tanh",
            """
            import torch.nn as nn

            layers = []
            for _ in range(10):
                layers += [nn.Linear(50, 50), nn.Tanh()]
            net = nn.Sequential(*layers)
            for m in net:
                if isinstance(m, nn.Linear):
                    nn.init.xavier_normal_(m.weight)
                    nn.init.zeros_(m.bias)
            """,
        ),
        Example(
            "gain-not-told",
            """
            import torch.nn as nn

            def build(gain):
                net = nn.Sequential(*[m for _ in range(20) for m in (nn.Linear(8, 8), nn.ReLU())])
                for m in net:
                    if isinstance(m, nn.Linear):
                        nn.init.xavier_normal_(m.weight, gain=gain)
                return net
            """,
        ),
    ),
    "GRD208": (
        Example(
            "small-embedding",
            """
            import torch.nn as nn

            class LM(nn.Module):
                def __init__(self, vocab, width):
                    super().__init__()
                    self.embedding = nn.Embedding(vocab, width)
                    self.head = nn.Linear(width, vocab, bias=False)
                    self.head.weight = self.embedding.weight
                    nn.init.normal_(self.embedding.weight, std=0.02)

                def forward(self, x):
                    return self.head(self.embedding(x))
            """,
        ),
        Example(
            "initialised-by-apply",
            """
            import torch
            from torch import nn

            class GPT(nn.Module):
                def __init__(self, vocab=1000, width=64):
                    super().__init__()
                    self.wte = nn.Embedding(vocab, width)
                    self.lm_head = nn.Linear(width, vocab, bias=False)
                    self.wte.weight = self.lm_head.weight
                    self.apply(self._init_weights)

                def _init_weights(self, module):
                    if isinstance(module, nn.Linear):
                        torch.nn.init.normal_(module.weight, mean=0.0, std=0.02)
                    elif isinstance(module, nn.Embedding):
                        torch.nn.init.normal_(module.weight, mean=0.0, std=0.02)

                def forward(self, x):
                    return self.lm_head(self.wte(x))
            """,
        ),
        Example(
            "the-linear-layer-gives",
            """
            import torch.nn as nn

            class LM(nn.Module):
                def __init__(self, vocab, width):
                    super().__init__()
                    self.embedding = nn.Embedding(vocab, width)
                    self.head = nn.Linear(width, vocab, bias=False)
                    self.embedding.weight = self.head.weight

                def forward(self, x):
                    return self.head(self.embedding(x))
            """,
        ),
        Example(
            "logits-scaled",
            """
            import torch.nn as nn

            class LM(nn.Module):
                def __init__(self, vocab, width=256):
                    super().__init__()
                    self.embedding = nn.Embedding(vocab, width)
                    self.head = nn.Linear(width, vocab, bias=False)
                    self.head.weight = self.embedding.weight
                    self.scale = width ** -0.5

                def forward(self, x):
                    return self.head(self.embedding(x)) * self.scale
            """,
        ),
        Example(
            "base-out-of-view",
            """
            from torch import nn
            from transformers import PreTrainedModel

            class LM(PreTrainedModel):
                def __init__(self, config):
                    super().__init__(config)
                    self.embedding = nn.Embedding(config.vocab, 64)
                    self.head = nn.Linear(64, config.vocab, bias=False)
                    self.head.weight = self.embedding.weight
                    self.post_init()

                def forward(self, x):
                    return self.head(self.embedding(x))
            """,
        ),
    ),
}
BAD: dict[str, tuple[Example, ...]] = {
    "GRD206": (
        Example(
            "module-list",
            """
            import torch.nn as nn
            import torch.nn.functional as F

            class Net(nn.Module):
                def __init__(self, depth=24):
                    super().__init__()
                    self.layers = nn.ModuleList([nn.Linear(100, 100) for _ in range(depth)])
                    for layer in self.layers:
                        nn.init.xavier_normal_(layer.weight)  # <- here
                        nn.init.zeros_(layer.bias)

                def forward(self, x):
                    for layer in self.layers:
                        x = F.relu(layer(x))
                    return x
            """,
        ),
        Example(
            "orthogonal-without-gain",
            """
            import torch
            from torch import nn

            net = nn.Sequential(*[m for _ in range(20) for m in (nn.Linear(64, 64), nn.ReLU())])
            for m in net:
                if isinstance(m, nn.Linear):
                    torch.nn.init.orthogonal_(m.weight)  # <- here
                    m.bias.data.zero_()
            """,
        ),
        Example(
            "slope-of-one",
            """
            import math
            from torch import nn

            net = nn.Sequential(*[m for _ in range(8) for m in (nn.Linear(64, 64), nn.ReLU())])
            for m in net:
                if isinstance(m, nn.Linear):
                    nn.init.kaiming_uniform_(m.weight, a=math.sqrt(5))  # <- here
                    nn.init.zeros_(m.bias)
            """,
        ),
        Example(
            "uniform-and-old-name",
            """
            import torch.nn as nn
            from torch.nn.init import xavier_uniform

            layers = [nn.Linear(32, 32) for _ in range(18)]
            net = nn.Sequential(*[m for layer in layers for m in (layer, nn.ReLU())])
            for layer in layers:
                xavier_uniform(layer.weight)  # <- here
                layer.bias.data.fill_(0)
            """,
        ),
    ),
    "GRD208": (
        Example(
            "transformer",
            """
            import torch
            import torch.nn as nn

            class Decoder(nn.Module):
                def __init__(self, n_tokens, d_model):
                    super().__init__()
                    self.tok_emb = nn.Embedding(n_tokens, d_model)
                    self.norm = nn.LayerNorm(d_model)
                    self.out = nn.Linear(d_model, n_tokens)
                    self.out.weight = self.tok_emb.weight  # <- here

                def forward(self, x):
                    return self.out(self.norm(self.tok_emb(x)))
            """,
        ),
        Example(
            "behind-a-flag",
            """
            from torch import nn

            class RNNModel(nn.Module):
                def __init__(self, ntoken, ninp, nhid, tie_weights=True):
                    super(RNNModel, self).__init__()
                    self.encoder = nn.Embedding(ntoken, ninp)
                    self.rnn = nn.LSTM(ninp, nhid)
                    self.decoder = nn.Linear(nhid, ntoken)
                    if tie_weights:
                        self.decoder.weight = self.encoder.weight  # <- here
                    self.decoder.bias.data.zero_()

                def forward(self, x, hidden):
                    output, hidden = self.rnn(self.encoder(x), hidden)
                    return self.decoder(output), hidden
            """,
        ),
        Example(
            "outside-the-class",
            """
            import torch

            embedding = torch.nn.Embedding(5000, 512)
            head = torch.nn.Linear(512, 5000, bias=False)
            head.weight = embedding.weight  # <- here
            """,
        ),
    ),
}
