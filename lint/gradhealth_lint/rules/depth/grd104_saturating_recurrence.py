"""GRD104 saturating-recurrence."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar, Final

from gradhealth_lint.rules import wording
from gradhealth_lint.rules.rule import Found
from gradhealth_lint.violation import Example, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gradhealth_lint.limits import Limits
    from gradhealth_lint.semantics.facts import FileFacts

#: Recurrent layers without gates.
_PLAIN: Final = frozenset({"RNN", "RNNCell"})


class SaturatingRecurrence:
    """A recurrent layer without gates, whose gradient is gone after some dozen time steps."""

    code: ClassVar[str] = "GRD104"
    name: ClassVar[str] = "saturating-recurrence"
    severity: ClassVar[Severity] = "warning"
    on_by_default: ClassVar[bool] = False
    message: ClassVar[str] = (
        "nn.{kind}({inputs}, {hidden}) with {activation} and {init} keeps about {per_step} of the "
        "gradient a time step, {total} over {steps} steps (an assumed length): what is further "
        "back is not learned from"
    )
    remedy: ClassVar[str] = (
        "use nn.{gated}, whose gates let the gradient through, or start weight_hh with "
        "nn.init.orthogonal_, which forgets more slowly"
    )
    why: ClassVar[str] = (
        "On its way back in time the gradient meets the same matrix and the slope of the same "
        "activation in every step. PyTorch draws weight_hh from U(-1/sqrt(hidden), "
        "1/sqrt(hidden)), of spectral radius 0.58, and tanh takes its share: less than half is "
        "left per step, a thousandth after ten. An orthogonal matrix leaves what tanh leaves, a "
        "gate that is open nearly all. Short sequences do not mind, and how long they are the "
        "code seldom tells, so this is advice. LSTM and GRU are not reported, nor layers whose "
        "weights are orthogonal, the identity, or not known."
    )
    references: ClassVar[tuple[str, ...]] = (
        "Bengio, Simard and Frasconi (1994), Learning long-term dependencies with gradient descent "
        "is difficult",
        "Pascanu, Mikolov and Bengio (2013), On the difficulty of training recurrent neural "
        "networks, arXiv 1211.5063",
    )
    needs: ClassVar[tuple[re.Pattern[bytes], ...]] = (
        re.compile(rb"torch"),
        re.compile(rb"RNN|getattr|import \*"),
    )
    reads_stacks: ClassVar[bool] = True

    def check(self, facts: FileFacts, limits: Limits) -> Iterator[Found]:
        """Every recurrent layer without gates that forgets over the assumed number of steps."""
        from gradhealth_lint.networks.recurrence_prediction import predict_recurrence

        for recurrence in facts.recurrences:
            init = dict(recurrence.inits)["weight_hh"]
            if recurrence.kind not in _PLAIN or (init and init.name == "orthogonal_"):
                continue
            found = predict_recurrence(recurrence, limits)
            total, per_step = found.total_gain, found.gain_per_layer
            if total is None or per_step is None or total >= limits.saturating_total_gain:
                continue
            cell = recurrence.kind.removeprefix("RNN")
            message = self.message.format(
                kind=recurrence.kind,
                inputs="?" if recurrence.inputs is None else recurrence.inputs,
                hidden="?" if recurrence.hidden is None else recurrence.hidden,
                activation=recurrence.nonlinearity,
                init=wording.init(found.init),
                per_step=wording.gain(per_step),
                total=wording.gain(total),
                steps=found.depth,
            )
            remedy = self.remedy.format(gated=f"LSTM{cell} or nn.GRU{cell}")
            yield Found(recurrence.anchor, message, remedy)

    good: ClassVar[tuple[Example, ...]] = (
        Example(
            "lstm",
            """
            from torch import nn

            class Tagger(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.rnn = nn.LSTM(100, 128, batch_first=True)
                    self.out = nn.Linear(128, 10)

                def forward(self, x):
                    h, _ = self.rnn(x)
                    return self.out(h)
            """,
        ),
        Example(
            "orthogonal",
            """
            import torch.nn as nn

            class Net(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.rnn = nn.RNN(10, 64, batch_first=True)
                    nn.init.orthogonal_(self.rnn.weight_hh_l0)
                    nn.init.zeros_(self.rnn.bias_hh_l0)

                def forward(self, x):
                    return self.rnn(x)[0]
            """,
        ),
        Example(
            "identity-and-relu",
            """
            import torch.nn as nn

            rnn = nn.RNN(2, 100, nonlinearity="relu")
            nn.init.eye_(rnn.weight_hh_l0)
            nn.init.zeros_(rnn.bias_hh_l0)
            """,
        ),
        Example(
            "initialised-out-of-view",
            """
            from torch import nn
            from helpers import initialize_rnn

            class Net(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.rnn = nn.RNN(10, 64)
                    initialize_rnn(self.rnn)
            """,
        ),
    )
    bad: ClassVar[tuple[Example, ...]] = (
        Example(
            "default-rnn",
            """
            import torch.nn as nn

            class Net(nn.Module):
                def __init__(self, vocabulary, hidden=128):
                    super().__init__()
                    self.embedding = nn.Embedding(vocabulary, 64)
                    self.rnn = nn.RNN(64, hidden, batch_first=True)  # <- here
                    self.fc = nn.Linear(hidden, 2)

                def forward(self, x):
                    out, h = self.rnn(self.embedding(x))
                    return self.fc(h[-1])
            """,
        ),
        Example(
            "cell-in-a-loop",
            """
            import torch
            from torch import nn

            class Net(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.cell = nn.RNNCell(8, 32)  # <- here

                def forward(self, xs):
                    h = torch.zeros(xs.size(1), 32)
                    for x in xs:
                        h = self.cell(x, h)
                    return h
            """,
        ),
        Example(
            "relu",
            """
            from torch.nn import Linear, Module, RNN

            class Net(Module):
                def __init__(self):
                    super().__init__()
                    self.rnn = RNN(1, 50, num_layers=2, nonlinearity="relu")  # <- here
                    self.out = Linear(50, 1)

                def forward(self, x):
                    return self.out(self.rnn(x)[0])
            """,
        ),
    )
