"""All rules. One file a rule, in a folder a family; registering one is a line here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gradhealth_lint.rules.depth.grd101_saturating_deep_stack import SaturatingDeepStack
from gradhealth_lint.rules.initialisation.grd201_normal_init_large_mean import (
    NormalInitLargeMean,
)
from gradhealth_lint.rules.training_loop.grd301_missing_clipping import MissingClipping

if TYPE_CHECKING:
    from gradhealth_lint.rules.rule import Rule

ALL_RULES: Final[tuple[Rule, ...]] = (
    SaturatingDeepStack(),
    NormalInitLargeMean(),
    MissingClipping(),
)
