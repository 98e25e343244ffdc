"""What fixes change in the bad examples of ``rule_cases``, by code and name."""

from __future__ import annotations

from typing import Final

from tests.lint import loop_fix_cases, loss_fix_cases

_CLIP: Final = "+ nn.utils.clip_grad_norm_({}.parameters(), max_norm=1.0)"
_SHORT: Final = "+ clip_grad_norm_(model.parameters(), max_norm=1.0)"

CHANGES: Final[dict[str, list[str]]] = {
    **loop_fix_cases.CHANGES,
    **loss_fix_cases.CHANGES,
    "GRD201 imported-function-and-uniform": [
        "+ import torch",
        "- uniform_(layer.weight, 0.1, 0.3)",
        '+ torch.nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")',
    ],
    "GRD201 sizes-not-told": [
        "- m.weight.data.normal_(0.5, 0.1)",
        '+ nn.init.kaiming_normal_(m.weight, nonlinearity="relu")',
    ],
    "GRD201 isinstance-in-a-function-nobody-calls": [
        "- nn.init.normal_(m.weight, mean=1.5, std=0.1)",
        '+ nn.init.kaiming_normal_(m.weight, nonlinearity="relu")',
    ],
    "GRD201 recurrent-by-parameter-name": [
        "- nn.init.normal_(p, 0.5, 0.1)",
        "+ nn.init.xavier_normal_(p)",
    ],
    "GRD201 truncated": [
        "- torch.nn.init.trunc_normal_(conv.weight, mean=0.5, std=0.1)",
        '+ torch.nn.init.kaiming_normal_(conv.weight, nonlinearity="relu")',
    ],
    "GRD301 limit-of-infinity": [_CLIP.format("model")],
    "GRD301 only-the-other-model": [_CLIP.format("critic")],
    "GRD301 clipped-in-pretraining-only": [_CLIP.format("model")],
    "GRD301 accumulating": [_CLIP.format("model")],
    "GRD301 setting-that-nothing-reads": [_CLIP.format("model")],
    "GRD301 transformer-in-a-function": [_CLIP.format("model")],
    "GRD301 trainer-class": [_CLIP.format("self.model")],
    "GRD301 commented-out-clipping": [_CLIP.format("model")],
    "GRD301 the-seed-explodes": [_CLIP.format("model")],
    "GRD301 either-of-two-optimizers": [_SHORT],
    "GRD301 only-one-arm-clips": [_SHORT],
    "GRD301 same-test-twice": [_SHORT],
    "GRD301 a-branch-about-something-else": [_SHORT],
    "GRD301 model-of-a-factory": [
        "+ nn.utils.clip_grad_norm_(model.parameters(), max_norm=1.0)",
    ],
    "GRD301 model-of-a-table": [
        "+ nn.utils.clip_grad_norm_(self.model.parameters(), max_norm=1.0)",
    ],
    "GRD301 compiled-and-stepped-in-a-method": [
        "+ nn.utils.clip_grad_norm_(self.net.parameters(), max_norm=1.0)",
    ],
    "GRD301 parts-given-to-a-model": [
        "+ nn.utils.clip_grad_norm_(model.parameters(), max_norm=1.0)",
    ],
    "GRD509 ids-into-an-embedding": [
        "- x = checkpoint(self.embed, ids)",
        "+ x = checkpoint(self.embed, ids, use_reentrant=False)",
    ],
    "GRD509 segments": [
        "- out = checkpoint_sequential(self.features, 2, images)",
        "+ out = checkpoint_sequential(self.features, 2, images, use_reentrant=False)",
    ],
    "GRD509 whole-model-in-a-loop": [
        "- out = torch.utils.checkpoint.checkpoint(net, images)",
        "+ out = torch.utils.checkpoint.checkpoint(net, images, use_reentrant=False)",
    ],
    "GRD509 flattened-first": [
        "- x = checkpoint.checkpoint(self.first, x, use_reentrant=True)",
        "+ x = checkpoint.checkpoint(self.first, x, use_reentrant=False)",
    ],
}
