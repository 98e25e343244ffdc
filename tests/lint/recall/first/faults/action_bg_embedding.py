"""Two learned tokens, one initialised and one left as torch.empty.

Report: https://github.com/sauradip/STALE/issues/16
"""
import torch
from torch import nn


class ClassifierWithBackground(nn.Module):
    """Snippet features against text embeddings plus one learned background class."""

    def __init__(self, feat_dim=512, n_cls=200, temperature=0.07):
        super().__init__()
        self.text_proj = nn.Linear(feat_dim, feat_dim)
        self.prompt = nn.Parameter(torch.empty(8, feat_dim))
        self.bg_embeddings = nn.Parameter(torch.empty(1, feat_dim))
        self.logit_scale = nn.Parameter(torch.ones([]) * (1 / temperature))
        self.n_cls = n_cls
        self.reset_parameters()

    def reset_parameters(self):
        nn.init.normal_(self.prompt, std=0.02)
        nn.init.xavier_uniform_(self.text_proj.weight)
        nn.init.zeros_(self.text_proj.bias)

    def class_vectors(self, text_feat):
        text = self.text_proj(text_feat) + self.prompt.mean(0, keepdim=True)
        return torch.cat([text, self.bg_embeddings], dim=0)

    def forward(self, snippet_feat, text_feat):
        cls = nn.functional.normalize(self.class_vectors(text_feat), dim=-1)
        snippet_feat = nn.functional.normalize(snippet_feat, dim=-1)
        return self.logit_scale * snippet_feat @ cls.t()


def loss_fn(model, batch):
    logits = model(batch["feat"], batch["text"])
    return nn.functional.cross_entropy(logits, batch["label"])
