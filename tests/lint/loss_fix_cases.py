"""What fixes of the loss rules change in the bad examples of ``rule_cases``."""

from __future__ import annotations

from typing import Final

CHANGES: Final[dict[str, list[str]]] = {
    "GRD408 clip-in-a-function": [
        "- features = features / features.norm(dim=-1, keepdim=True)",
        "+ features = F.normalize(features, dim=-1)",
    ],
    "GRD408 expanded": [
        "- unit = emb.div(length.expand_as(emb))",
        "+ unit = emb.div(length.expand_as(emb).clamp_min(1e-8))",
    ],
    "GRD408 linalg": [
        "- unit = output / torch.linalg.vector_norm(output, dim=1, keepdim=True)",
        "+ unit = F.normalize(output, dim=1)",
    ],
    "GRD408 product-of-norms": [
        "- return (dots / lengths).mean()",
        "+ return (dots / lengths.clamp_min(1e-8)).mean()",
    ],
    "GRD408 correlation": [
        "- return 1 - (a * b).sum() / (a.norm() * b.norm())",
        "+ return 1 - (a * b).sum() / (torch.clamp_min(a.norm() * b.norm(), 1e-8))",
    ],
    "GRD408 quaternion": [
        "- q_pred = q_pred / q_pred.norm(dim=1).view(-1, 1)",
        "+ q_pred = q_pred / q_pred.norm(dim=1).view(-1, 1).clamp_min(1e-8)",
    ],
    "GRD408 inverse-power": [
        "- scale = pred.norm(dim=1, keepdim=True).pow(-1)",
        "+ scale = pred.norm(dim=1, keepdim=True).clamp_min(1e-8).pow(-1)",
    ],
    "GRD408 layer-of-its-own": [
        "- return torch.div(x, length)",
        "+ return torch.div(x, length.clamp_min(1e-8))",
    ],
    "GRD408 helper": [
        "- return v / torch.norm(v, dim=-1, keepdim=True)",
        "+ return F.normalize(v, dim=-1)",
    ],
    "GRD408 standardised": [
        "- return ((pred - pred.mean()) / pred.std()).pow(3).mean()",
        "+ return ((pred - pred.mean()) / pred.std().clamp_min(1e-8)).pow(3).mean()",
    ],
    "GRD408 notebook": [
        "- pred = pred / torch.norm(pred, dim=1, keepdim=True)",
        "+ pred = F.normalize(pred, dim=1)",
    ],
}
