"""Recurrent models of factories and steps in methods, for GRD301, and look-alikes."""

from __future__ import annotations

from gradhealth_lint.violation import Example

GOOD: dict[str, tuple[Example, ...]] = {
    "GRD301": (
        Example(
            "option-of-an-object",
            """
            import torch
            from torch import nn

            class T:
                def __init__(self, clip=None):
                    self.model = nn.LSTM(8, 8)
                    self.clip = clip
                    self.opt = torch.optim.Adam(self.model.parameters())

                def step(self, loader):
                    for x in loader:
                        loss = self.model(x)[0].mean()
                        self.opt.zero_grad()
                        loss.backward()
                        if self.clip:
                            nn.utils.clip_grad_norm_(self.model.parameters(), self.clip)
                        self.opt.step()
            """,
        ),
    ),
}

BAD: dict[str, tuple[Example, ...]] = {
    "GRD301": (
        Example(
            "model-of-a-factory",
            """
            import torch
            from torch import nn

            def build(n):
                return nn.Sequential(nn.Embedding(n, 8), nn.LSTM(8, 8))

            model = build(10)
            optimizer = torch.optim.Adam(model.parameters())
            for x, y in loader:
                optimizer.zero_grad()
                loss = (model(x)[0] - y).pow(2).mean()
                loss.backward()
                optimizer.step()  # <- here
            """,
        ),
        Example(
            "model-of-a-table",
            """
            import torch
            from torch import nn

            MODELS = {"gru": nn.GRU, "lstm": nn.LSTM}

            class T:
                def __init__(self, kind="gru"):
                    self.model = MODELS[kind](8, 8)
                    self.optimizer = torch.optim.Adam(self.model.parameters())

                def _step(self, x):
                    self.optimizer.zero_grad()
                    loss = self.model(x)[0].mean()
                    loss.backward()
                    self.optimizer.step()  # <- here

                def fit(self, loader):
                    for x in loader:
                        self._step(x)
            """,
        ),
        Example(
            "compiled-and-stepped-in-a-method",
            """
            import torch
            from torch import nn

            class A(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.enc = nn.TransformerEncoder(nn.TransformerEncoderLayer(64, 4), 2)

                def forward(self, x):
                    return self.enc(x)

            class Agent:
                def __init__(self):
                    self.net = torch.compile(A())
                    self.optimizer = torch.optim.Adam(self.net.parameters())

                def learn(self, batch):
                    loss = self.net(batch).mean()
                    self.optimizer.zero_grad()
                    loss.backward()
                    self.optimizer.step()  # <- here
            """,
        ),
        Example(
            "parts-given-to-a-model",
            """
            import torch
            from torch import nn

            class Seq2Seq(nn.Module):
                def __init__(self, encoder, decoder):
                    super().__init__()
                    self.encoder, self.decoder = encoder, decoder

                def forward(self, x):
                    return self.decoder(self.encoder(x)[0])[0]

            model = Seq2Seq(nn.GRU(8, 8), nn.GRU(8, 8)).to("cuda")
            optimizer = torch.optim.Adam(model.parameters())

            def train(model, iterator, optimizer, criterion):
                for i, batch in enumerate(iterator):
                    optimizer.zero_grad()
                    loss = criterion(model(batch.src), batch.trg)
                    loss.backward()
                    optimizer.step()  # <- here

            for epoch in range(10):
                train(model, it, optimizer, nn.CrossEntropyLoss())
            """,
        ),
    ),
}
