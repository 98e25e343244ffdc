"""Fine: the non-re-entrant checkpoint works with frozen inputs; the trained layers get their gradient."""
import torch
from torch import nn
from torch.utils.checkpoint import checkpoint


class PromptTuned(nn.Module):
    def __init__(self, vocab, dim=512, depth=8, heads=8, use_checkpoint=True):
        super().__init__()
        self.embed = nn.Embedding(vocab, dim)
        self.embed.weight.requires_grad = False
        self.prompt = nn.Parameter(torch.randn(1, 16, dim) * 0.02)
        self.layers = nn.ModuleList(
            [nn.TransformerEncoderLayer(dim, heads, 4 * dim, batch_first=True, norm_first=True) for _ in range(depth)]
        )
        self.norm = nn.LayerNorm(dim)
        self.head = nn.Linear(dim, 2)
        self.use_checkpoint = use_checkpoint

    def forward(self, ids):
        x = self.embed(ids)
        x = torch.cat([self.prompt.expand(x.size(0), -1, -1), x], dim=1)
        for layer in self.layers:
            if self.use_checkpoint and self.training:
                x = checkpoint(layer, x, use_reentrant=False)
            else:
                x = layer(x)
        return self.head(self.norm(x)[:, 0])


def train(model, loader, lr=1e-4):
    params = [p for p in model.parameters() if p.requires_grad]
    opt = torch.optim.AdamW(params, lr=lr)
    model.train()
    for ids, y in loader:
        opt.zero_grad(set_to_none=True)
        loss = nn.functional.cross_entropy(model(ids), y)
        loss.backward()
        nn.utils.clip_grad_norm_(params, 1.0)
        opt.step()
        print(loss.item())
