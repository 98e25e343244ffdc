"""Small language models in the manner of GPT, with their own loss in the output."""

# Written as users write: torch types a module's attributes and results too loosely for strict mode.
# mypy: disable-error-code="no-any-return, index, no-untyped-call, arg-type, operator, union-attr"

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tests.faults.case import Case
from tests.faults.making import Family
from tests.faults.tasks_sequence import LANGUAGE, PAD, WORDS

WIDTH, HEADS = 32, 2

case = Family("transformer", LANGUAGE)
SHORT = replace(LANGUAGE, name="language, 100 batches", steps=100)


@dataclass
class Output:
    """Like the outputs of a well-known library."""

    logits: Tensor
    loss: Tensor | None = None


class Layer(nn.Module):
    def __init__(self, skip: float, norm: Callable[[int], nn.Module]) -> None:
        super().__init__()
        self.ln_1, self.ln_2 = norm(WIDTH), norm(WIDTH)
        self.c_attn, self.c_proj = nn.Linear(WIDTH, 3 * WIDTH), nn.Linear(WIDTH, WIDTH)
        self.c_fc, self.c_out = nn.Linear(WIDTH, 4 * WIDTH), nn.Linear(4 * WIDTH, WIDTH)
        self.skip = skip

    def forward(self, x: Tensor, visible: Tensor) -> Tensor:
        batch, steps, _ = x.shape
        q, k, v = (
            part.view(batch, steps, HEADS, -1).transpose(1, 2)
            for part in self.c_attn(self.ln_1(x)).split(WIDTH, dim=2)
        )
        y = F.scaled_dot_product_attention(q, k, v, attn_mask=visible)
        x = self.skip * x + self.c_proj(y.transpose(1, 2).reshape(batch, steps, -1))
        return self.skip * x + self.c_out(F.gelu(self.c_fc(self.ln_2(x))))


class Lm(nn.Module):
    """Tied embeddings with a padding row, causal attention that skips the padding."""

    def __init__(
        self,
        layers: int = 2,
        std: float = 0.02,
        skip: float = 1.0,
        *,
        norm: Callable[[int], nn.Module] = nn.LayerNorm,
        tied: bool = True,
        temperature: float = 1.0,
        loss_factor: float = 1.0,
        sharpness: float = 1.0,
        hide: Callable[[Tensor], Tensor] | None = None,
    ) -> None:
        super().__init__()
        self.wte = nn.Embedding(WORDS, WIDTH, padding_idx=PAD)
        self.wpe = nn.Embedding(10, WIDTH)
        self.h = nn.ModuleList([Layer(skip, norm) for _ in range(layers)])
        self.ln_f = norm(WIDTH)
        self.lm_head = nn.Linear(WIDTH, WORDS, bias=False)
        for name, parameter in self.named_parameters():
            if parameter.dim() > 1:
                last = name.endswith(("c_proj.weight", "c_out.weight"))
                nn.init.normal_(parameter, 0.0, std / (2 * layers) ** 0.5 if last else std)
            elif name.endswith("bias"):
                nn.init.zeros_(parameter)
        with torch.no_grad():
            self.wte.weight[PAD] = 0.0
            for layer in self.h:
                layer.c_attn.weight[: 2 * WIDTH].mul_(sharpness)
        if tied:
            self.lm_head.weight = self.wte.weight
        self.temperature, self.loss_factor, self.hide = temperature, loss_factor, hide

    def forward(
        self,
        input_ids: Tensor,
        attention_mask: Tensor | None = None,
        labels: Tensor | None = None,
    ) -> Output:
        steps = input_ids.shape[1]
        visible = torch.ones(steps, steps, dtype=torch.bool).tril().unsqueeze(0)
        if attention_mask is not None:
            visible = visible & attention_mask.bool().unsqueeze(1)
        x = self.wte(input_ids) + self.wpe(torch.arange(steps))
        for block in self.h:
            x = block(x, visible.unsqueeze(1))
        if self.hide is not None:
            x = self.hide(x)
        logits = self.lm_head(self.ln_f(x)) / self.temperature
        loss = None
        if labels is not None:
            loss = F.cross_entropy(logits.float().flatten(0, 1), labels.flatten())
            loss = self.loss_factor * loss
        return Output(logits, loss)


def constant_embedding(std: float) -> nn.Module:
    """Every word starts as the same vector, or nearly so."""
    model = Lm(std=0.1, tied=False)
    nn.init.normal_(model.wte.weight, 0.1, std)
    return model


def gradients_times(model: nn.Module, factor: float) -> nn.Module:
    """As an optimizer's wrapper would undo a factor of the loss."""
    for parameter in model.parameters():
        parameter.register_hook(lambda gradient: gradient * factor)
    return model


HALF = partial(torch.autocast, "cpu", dtype=torch.float16)
BRAIN = partial(torch.autocast, "cpu", dtype=torch.bfloat16)

CASES: tuple[Case, ...] = (
    case("lm_tied", "lm", partial(Lm, std=0.1)),
    case("lm_scaled_init", "lm", Lm),
    case("lm_untied_4", "lm", lambda: Lm(4, 0.1, tied=False)),
    case(
        "lm_bare_no_skip_3",
        "lm",
        lambda: Lm(3, skip=0.0, norm=nn.Identity),
        "vanishing",
        "h.0",
        SHORT,
        "collapse",
    ),
    case("lm_normal_20", "lm", lambda: Lm(std=20.0, tied=False), "saturation", "h.0", SHORT),
    case("lm_logits_huge", "lm", lambda: Lm(1, 0.1, sharpness=30000.0), "saturation", "h.0"),
    case("lm_logits_x9", "lm", lambda: Lm(1, 0.1, sharpness=3.0)),
    case("lm_detached", "lm", lambda: Lm(std=0.1, hide=torch.Tensor.detach), "disconnected", "h.1"),
    case("lm_constant_embedding", "lm words", lambda: constant_embedding(0.0)),
    case("lm_embedding", "lm words", lambda: constant_embedding(0.1)),
    case("lm_float16", "lm half", lambda: Lm(1, std=0.1), task=SHORT, context=HALF),
    case(
        "lm_float16_averaged",
        "lm half",
        lambda: gradients_times(Lm(1, std=0.1, loss_factor=2.0**-22), 2.0**22),
        "underflow",
        "h",
        SHORT,
        context=HALF,
    ),
    case(
        "lm_bfloat16_averaged",
        "lm half",
        lambda: gradients_times(Lm(1, std=0.1, loss_factor=2.0**-22), 2.0**22),
        task=SHORT,
        context=BRAIN,
    ),
)
