"""Further examples of GRD104."""

from __future__ import annotations

from gradhealth_lint.violation import Example

GOOD: dict[str, tuple[Example, ...]] = {
    "GRD104": (
        Example(
            "gru-cell",
            """
            import torch
            from torch import nn

            class Decoder(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.cell = nn.GRUCell(32, 64)

                def forward(self, xs, h):
                    for x in xs:
                        h = self.cell(x, h)
                    return h
            """,
        ),
        Example(
            "orthogonal-by-name",
            """
            from torch import nn

            class Net(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.rnn = nn.RNN(10, 64, 2)
                    for name, p in self.rnn.named_parameters():
                        if "weight_hh" in name:
                            nn.init.orthogonal_(p)
                        elif "bias" in name:
                            nn.init.zeros_(p)
            """,
        ),
        Example(
            "kind-by-argument",
            """
            from torch import nn

            class Encoder(nn.Module):
                def __init__(self, kind="LSTM"):
                    super().__init__()
                    self.rnn = getattr(nn, kind)(16, 32)
            """,
        ),
        Example(
            "of-another-library",
            """
            import torch
            from flax import linen as nn

            rnn = nn.RNN(nn.SimpleCell(32))
            """,
        ),
    ),
}

BAD: dict[str, tuple[Example, ...]] = {
    "GRD104": (
        Example(
            "small-normal",
            """
            import torch as th

            rnn = th.nn.RNN(12, 48)  # <- here
            for p in rnn.parameters():
                th.nn.init.normal_(p, 0.0, 0.02)
            """,
        ),
        Example(
            "kind-by-argument-after-all",
            """
            from torch import nn

            class Encoder(nn.Module):
                def __init__(self, kind="RNN"):
                    super().__init__()
                    self.rnn = getattr(nn, kind)(16, 32)  # <- here
            """,
        ),
        Example(
            "bidirectional-xavier",
            """
            import torch.nn as nn

            class Model(nn.Module):
                def __init__(self, input_dim, hidden_dim):
                    super(Model, self).__init__()
                    self.rnn = nn.RNN(input_dim, hidden_dim, bidirectional=True)  # <- here
                    for name, param in self.rnn.named_parameters():
                        if "weight" in name:
                            nn.init.xavier_uniform_(param)

                def forward(self, x):
                    return self.rnn(x)

            model = Model(20, 100)
            """,
        ),
    ),
}
