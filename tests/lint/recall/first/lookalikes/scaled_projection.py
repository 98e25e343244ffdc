"""Fine: randn matrices are scaled by the root of their width, once as a factor and once as a divisor."""
import math

import torch
import torch.nn as nn


class TextProjection(nn.Module):
    def __init__(self, transformer_width: int = 512, embed_dim: int = 256):
        super().__init__()
        scale = transformer_width ** -0.5
        self.ln = nn.LayerNorm(transformer_width)
        self.proj = nn.Parameter(scale * torch.randn(transformer_width, embed_dim))

    def forward(self, x):
        return self.ln(x) @ self.proj


class ImageProjection(nn.Module):
    def __init__(self, width: int = 768, embed_dim: int = 256):
        super().__init__()
        self.ln = nn.LayerNorm(width)
        self.proj = nn.Parameter(torch.randn(width, embed_dim) / math.sqrt(width))

    def forward(self, x):
        return self.ln(x) @ self.proj


class CLIPHead(nn.Module):
    def __init__(self):
        super().__init__()
        self.text = TextProjection()
        self.image = ImageProjection()
        self.logit_scale = nn.Parameter(torch.tensor(math.log(1 / 0.07)))

    def forward(self, text_feat, image_feat):
        t = nn.functional.normalize(self.text(text_feat), dim=-1)
        i = nn.functional.normalize(self.image(image_feat), dim=-1)
        return self.logit_scale.clamp(max=math.log(100)).exp() * i @ t.t()


def contrastive_loss(logits):
    target = torch.arange(logits.size(0), device=logits.device)
    a = nn.functional.cross_entropy(logits, target)
    b = nn.functional.cross_entropy(logits.t(), target)
    return (a + b) / 2
