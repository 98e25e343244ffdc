"""One trunk, three tasks: a class, a number and a mask."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class MultiTask(nn.Module):
    def __init__(self, features: int = 16, hidden: int = 64) -> None:
        super().__init__()
        self.trunk = nn.Sequential(
            nn.Linear(features, hidden),
            nn.LayerNorm(hidden),
            nn.ReLU(),
            nn.Linear(hidden, hidden),
            nn.LayerNorm(hidden),
            nn.ReLU(),
        )
        self.heads = nn.ModuleDict(
            {
                "kind": nn.Linear(hidden, 5),
                "size": nn.Linear(hidden, 1),
                "mask": nn.Linear(hidden, features),
            }
        )

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        shared = self.trunk(x)
        return {name: head(shared) for name, head in self.heads.items()}


def losses(output: dict[str, Tensor], batch: dict[str, Tensor]) -> dict[str, Tensor]:
    return {
        "kind": F.cross_entropy(output["kind"], batch["kind"]),
        "size": F.mse_loss(output["size"].squeeze(-1), batch["size"]),
        "mask": F.binary_cross_entropy_with_logits(output["mask"], batch["mask"]),
    }


def step(model: nn.Module, batch: dict[str, Tensor]) -> Tensor:
    terms = losses(model(batch["x"]), batch)
    return terms["kind"] + terms["size"] + terms["mask"]


def data(size: int = 64, features: int = 16) -> dict[str, Tensor]:
    x = torch.randn(size, features)
    return {"x": x, "kind": x[:, :5].argmax(dim=1), "size": x.norm(dim=1), "mask": (x > 0).float()}
