"""Train it: python -m examples.sequence_tagger.train."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from examples.sequence_tagger.model import Tagger


def sequences(size: int = 32, length: int = 40) -> tuple[Tensor, Tensor]:
    """The tag is the last marker (tokens 0 to 3) seen so far."""
    tokens = torch.randint(4, 20, (size, length))
    tokens[:, 0] = torch.randint(0, 4, (size,))
    tokens[torch.rand(size, length) < 0.03] = 1
    marked = torch.where(tokens < 4, torch.arange(length), 0).cummax(dim=1).values
    return tokens, tokens.gather(1, marked)


def loss_fn(scores: Tensor, tags: Tensor) -> Tensor:
    return F.cross_entropy(scores.flatten(0, 1), tags.flatten())


def main() -> None:
    model = Tagger()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    for number in range(200):
        tokens, tags = sequences()
        optimizer.zero_grad()
        loss = loss_fn(model(tokens), tags)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), max_norm=1.0)
        optimizer.step()
        if number % 50 == 49:
            print(f"step {number + 1}: loss {loss.item():.3f}")


if __name__ == "__main__":
    main()
