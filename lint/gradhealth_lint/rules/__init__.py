"""All rules. One file a rule, in a folder a family; registering one is a line here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gradhealth_lint.rules.depth.grd101_saturating_deep_stack import SaturatingDeepStack
from gradhealth_lint.rules.graph.grd501_unregistered_layers import UnregisteredLayers
from gradhealth_lint.rules.graph.grd502_nondifferentiable_path import NondifferentiablePath
from gradhealth_lint.rules.graph.grd503_cut_graph_in_forward import CutGraphInForward
from gradhealth_lint.rules.graph.grd505_rewrapped_tensor import RewrappedTensor
from gradhealth_lint.rules.graph.grd506_layer_created_in_forward import LayerCreatedInForward
from gradhealth_lint.rules.initialisation.grd201_normal_init_large_mean import (
    NormalInitLargeMean,
)
from gradhealth_lint.rules.initialisation.grd202_large_init_scale import LargeInitScale
from gradhealth_lint.rules.initialisation.grd203_constant_init import ConstantInit
from gradhealth_lint.rules.initialisation.grd204_one_sided_uniform import OneSidedUniform
from gradhealth_lint.rules.initialisation.grd205_unscaled_parameter import UnscaledParameter
from gradhealth_lint.rules.initialisation.grd206_init_activation_mismatch import (
    InitActivationMismatch,
)
from gradhealth_lint.rules.initialisation.grd207_init_before_layers import InitBeforeLayers
from gradhealth_lint.rules.initialisation.grd208_tied_embedding_default_init import (
    TiedEmbeddingDefaultInit,
)
from gradhealth_lint.rules.initialisation.grd209_ineffective_init import IneffectiveInit
from gradhealth_lint.rules.initialisation.grd210_uninitialised_parameter import (
    UninitialisedParameter,
)
from gradhealth_lint.rules.losses.grd401_softmax_before_cross_entropy import (
    SoftmaxBeforeCrossEntropy,
)
from gradhealth_lint.rules.losses.grd402_sigmoid_before_bce_with_logits import (
    SigmoidBeforeBceWithLogits,
)
from gradhealth_lint.rules.losses.grd404_log_of_softmax import LogOfSoftmax
from gradhealth_lint.rules.losses.grd412_nll_without_log_softmax import NllWithoutLogSoftmax
from gradhealth_lint.rules.losses.grd414_kl_div_input_not_log import KlDivInputNotLog
from gradhealth_lint.rules.training_loop.grd301_missing_clipping import MissingClipping
from gradhealth_lint.rules.training_loop.grd302_clip_after_step import ClipAfterStep
from gradhealth_lint.rules.training_loop.grd303_clip_before_unscale import ClipBeforeUnscale
from gradhealth_lint.rules.training_loop.grd304_clip_before_backward import ClipBeforeBackward
from gradhealth_lint.rules.training_loop.grd305_ineffective_clip import IneffectiveClip
from gradhealth_lint.rules.training_loop.grd306_missing_zero_grad import MissingZeroGrad
from gradhealth_lint.rules.training_loop.grd307_zero_grad_before_step import ZeroGradBeforeStep
from gradhealth_lint.rules.training_loop.grd308_step_without_gradient import StepWithoutGradient
from gradhealth_lint.rules.training_loop.grd309_scaler_misuse import ScalerMisuse
from gradhealth_lint.rules.training_loop.grd310_detached_loss import DetachedLoss
from gradhealth_lint.rules.training_loop.grd311_requires_grad_on_loss import RequiresGradOnLoss
from gradhealth_lint.rules.training_loop.grd314_stale_optimizer import StaleOptimizer
from gradhealth_lint.rules.training_loop.grd320_scheduler_before_optimizer import (
    SchedulerBeforeOptimizer,
)
from gradhealth_lint.rules.training_loop.grd321_cleared_accumulation import ClearedAccumulation
from gradhealth_lint.rules.training_loop.grd322_zero_grad_per_epoch import ZeroGradPerEpoch

if TYPE_CHECKING:
    from gradhealth_lint.rules.rule import Rule

ALL_RULES: Final[tuple[Rule, ...]] = (
    SaturatingDeepStack(),
    NormalInitLargeMean(),
    LargeInitScale(),
    ConstantInit(),
    OneSidedUniform(),
    UnscaledParameter(),
    InitActivationMismatch(),
    InitBeforeLayers(),
    TiedEmbeddingDefaultInit(),
    IneffectiveInit(),
    UninitialisedParameter(),
    MissingClipping(),
    ClipAfterStep(),
    ClipBeforeUnscale(),
    ClipBeforeBackward(),
    IneffectiveClip(),
    MissingZeroGrad(),
    ZeroGradBeforeStep(),
    StepWithoutGradient(),
    ScalerMisuse(),
    DetachedLoss(),
    RequiresGradOnLoss(),
    StaleOptimizer(),
    SchedulerBeforeOptimizer(),
    ClearedAccumulation(),
    ZeroGradPerEpoch(),
    SoftmaxBeforeCrossEntropy(),
    SigmoidBeforeBceWithLogits(),
    LogOfSoftmax(),
    NllWithoutLogSoftmax(),
    KlDivInputNotLog(),
    UnregisteredLayers(),
    NondifferentiablePath(),
    CutGraphInForward(),
    RewrappedTensor(),
    LayerCreatedInForward(),
)
