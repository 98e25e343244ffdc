"""GRD208 tied-embedding-default-init."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, ClassVar

from gradhealth_lint.rules import wording
from gradhealth_lint.rules.rule import Found
from gradhealth_lint.violation import Example, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gradhealth_lint.limits import Limits
    from gradhealth_lint.semantics.facts import FileFacts


class TiedEmbeddingDefaultInit:
    """An output layer that shares an embedding's weight, which keeps PyTorch's N(0, 1)."""

    code: ClassVar[str] = "GRD208"
    name: ClassVar[str] = "tied-embedding-default-init"
    severity: ClassVar[Severity] = "warning"
    on_by_default: ClassVar[bool] = False
    message: ClassVar[str] = (
        "{head} shares the weight of {table}, which keeps nn.Embedding's N(0, 1): at inputs of"
        " size 1 its logits start with a standard deviation of {spread}"
    )
    remedy: ClassVar[str] = "nn.init.normal_({table}.weight, std=0.02), or std=width ** -0.5"
    why: ClassVar[str] = (
        "nn.Embedding draws its rows from N(0, 1), nn.Linear scales its weights by the root of "
        "its inputs. Once the two share one matrix the linear layer has the embedding's: each "
        "logit is a sum of as many products as a row has entries, and none is scaled. Softmax "
        "starts nearly certain of one token by chance, the first loss is many times ln(vocabulary) "
        "and its gradient goes to few rows. Silent where the embedding is initialised, where the "
        "linear layer gives the weight, where the logits are scaled and where a base class out of "
        "view may initialise."
    )
    references: ClassVar[tuple[str, ...]] = (
        "Press and Wolf (2017), Using the output embedding to improve language models, "
        "arXiv 1608.05859",
        "PyTorch documentation, torch.nn.Embedding: initialized from N(0, 1)",
    )
    needs: ClassVar[tuple[re.Pattern[bytes], ...]] = (
        re.compile(rb"torch"),
        re.compile(rb"Embedding"),
        re.compile(rb"\.weight\s*="),
    )
    reads_stacks: ClassVar[bool] = True

    def check(self, facts: FileFacts, limits: Limits) -> Iterator[Found]:
        """Every tie to an embedding that keeps its default."""
        for tied in facts.tied:
            if tied.width is not None and tied.width < limits.init_fewest_inputs:
                continue
            spread = "sqrt(width)" if tied.width is None else wording.gain(math.sqrt(tied.width))
            yield Found(
                tied.anchor,
                self.message.format(head=tied.head, table=tied.table, spread=spread),
                self.remedy.format(table=tied.table),
            )

    good: ClassVar[tuple[Example, ...]] = (
        Example(
            "initialised-before",
            """
            import torch.nn as nn

            class LM(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.embedding = nn.Embedding(10000, 512)
                    self.embedding.weight.data.uniform_(-0.1, 0.1)
                    self.head = nn.Linear(512, 10000)
                    self.head.weight = self.embedding.weight

                def forward(self, x):
                    return self.head(self.embedding(x))
            """,
        ),
        Example(
            "all-parameters",
            """
            import torch.nn as nn

            class LM(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.embedding = nn.Embedding(10000, 512)
                    self.head = nn.Linear(512, 10000)
                    self.head.weight = self.embedding.weight
                    for p in self.parameters():
                        if p.dim() > 1:
                            nn.init.xavier_uniform_(p)

                def forward(self, x):
                    return self.head(self.embedding(x))
            """,
        ),
        Example(
            "not-tied",
            """
            import torch.nn as nn

            class LM(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.embedding = nn.Embedding(10000, 512)
                    self.head = nn.Linear(512, 10000)

                def forward(self, x):
                    return self.head(self.embedding(x))
            """,
        ),
    )
    bad: ClassVar[tuple[Example, ...]] = (
        Example(
            "default-left",
            """
            import torch.nn as nn

            class LM(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.embedding = nn.Embedding(10000, 512)
                    self.head = nn.Linear(512, 10000, bias=False)
                    self.head.weight = self.embedding.weight  # <- here

                def forward(self, x):
                    return self.head(self.embedding(x))
            """,
        ),
        Example(
            "widths-not-told",
            """
            from torch import nn

            class LM(nn.Module):
                def __init__(self, vocab_size, embed_dim):
                    super().__init__()
                    self.embed = nn.Embedding(vocab_size, embed_dim)
                    self.proj = nn.Linear(embed_dim, vocab_size)
                    self.proj.weight = self.embed.weight  # <- here

                def forward(self, tokens):
                    return self.proj(self.embed(tokens))
            """,
        ),
        Example(
            "in-a-method",
            """
            import torch.nn as nn

            class LM(nn.Module):
                def __init__(self, vocab, width):
                    super().__init__()
                    self.table = nn.Embedding(vocab, width)
                    self.body = nn.GRU(width, width)
                    self.head = nn.Linear(width, vocab)
                    self.tie()

                def tie(self):
                    self.head.weight = self.table.weight  # <- here

                def forward(self, x):
                    return self.head(self.body(self.table(x))[0])
            """,
        ),
    )
