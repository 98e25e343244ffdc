"""Train it: python -m examples.language_model.train."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from examples.language_model.data import batches
from examples.language_model.model import LanguageModel


def step(model: nn.Module, batch: dict[str, Tensor]) -> Tensor:
    logits = model(batch["tokens"])
    return F.cross_entropy(logits.flatten(0, 1), batch["next"].flatten())


def main() -> None:
    model = LanguageModel()
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    for number, batch in enumerate(batches(200)):
        loss = step(model, batch)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm=1.0)
        optimizer.step()
        if number % 50 == 49:
            print(f"step {number + 1}: loss {loss.item():.3f}")


if __name__ == "__main__":
    main()
