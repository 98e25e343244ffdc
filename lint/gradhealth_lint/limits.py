"""Every threshold of the linter: value, unit, reason, source."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any, Final

#: Keys of a limit's description, in ``dataclasses.Field.metadata``.
UNIT: Final = "unit"
REASON: Final = "reason"
SOURCE: Final = "source"


def _limit(value: Any, *, unit: str, reason: str, source: str) -> Any:
    return dataclasses.field(default=value, metadata={UNIT: unit, REASON: reason, SOURCE: source})


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What the rules hold their numbers against, and what is assumed where source is silent."""

    saturating_total_gain: float = _limit(
        1e-4,
        unit="gradient at the stack's input, in multiples of that at its output (L2 norms)",
        reason=(
            "The runtime's vanishing_share: no chain of docs/symptoms below it trains with SGD. "
            "Five default-initialised sigmoid layers reach it, a two-layer tanh policy is three "
            "decades away."
        ),
        source="pytest_gradhealth.limits.Limits.vanishing_share",
    )
    exploding_total_gain: float = _limit(
        1e3,
        unit="gradient at the stack's input, in multiples of that at its output (L2 norms)",
        reason=(
            "He's init for ReLU and Xavier's for tanh stay within a factor of 10 of 1; at 1e3 "
            "an update of ordinary relative size 1e-3 is as large as the weight itself."
        ),
        source="the update-to-weight ratio of 1e-3: Karpathy, CS231n notes, Learning",
    )
    fading_total_gain: float = _limit(
        5e-5,
        unit="gradient at the network's input, in multiples of that at its last layer (L2 norms)",
        reason=(
            "Eleven or twelve layers of PyTorch's default before ReLU, at 0.41 a layer. On ten "
            "classes of 64 inputs SGD learns nothing in 400 steps from 8 such layers on, and Adam "
            "makes up for 14 of them; AlexNet and NeRF, which have eight, train."
        ),
        source="trained at widths of 64, two seeds; with He's init SGD learns at 14 layers",
    )
    unnormalised_depth: int = _limit(
        30,
        unit="affine layers in a row, with no norm and no residual connection",
        reason=(
            "Of plain networks of 30 layers only those with He's init start to train, and they "
            "end up worse than those of 14; VGG's 19 are still trained without a norm."
        ),
        source="He et al. (2015), arXiv 1502.01852, section 2.2 and table 4",
    )
    init_mean_over_std: float = _limit(
        1.0,
        unit="|mean| of the weights, in multiples of their standard deviation",
        reason=(
            "Below it the random part of a weight outweighs its common part, as the mean-field "
            "theory of initialisation assumes; a mean of zero is what every scheme prescribes."
        ),
        source="Glorot and Bengio (2010); He et al. (2015): all schemes are centred",
    )
    init_coherent_gain: float = _limit(
        1.2,
        unit="fan_in * |mean|: what one layer multiplies the mean of its inputs by",
        reason=(
            "Twenty layers of 1.2 multiply by 38; at or under 1 the common direction does not "
            "grow, so a large ratio of mean to spread has no consequence."
        ),
        source="theory.py: the coherent part of the recursion",
    )
    init_weight_gain: float = _limit(
        5.0,
        unit="standard deviation of an init times sqrt(fan_in)",
        reason=(
            "He's init for ReLU has sqrt(2), nothing in use needs more than 2. At 5 a ReLU layer "
            "multiplies signal and gradient by 3.5, three of them by 43, and a tanh unit is in "
            "its flat part for most inputs. std=0.02 reaches it at 62,500 inputs, std=1 at 25."
        ),
        source="He et al. (2015), section 2.2: fan_in Var(w) = 2",
    )
    unscaled_weight_gain: float = _limit(
        3.0,
        unit="standard deviation of a matrix made by hand times sqrt(fan_in)",
        reason=(
            "Twice what He's init for ReLU has. A layer's own init was meant for it; one made by "
            "hand with torch.randn was not scaled at all, and reaches this at 9 inputs."
        ),
        source="He et al. (2015), section 2.2: fan_in Var(w) = 2",
    )
    init_fewest_inputs: int = _limit(
        8,
        unit="inputs of a layer",
        reason=(
            "Layers of fewer inputs take coordinates or times and are given wide weights on "
            "purpose, as random Fourier features are."
        ),
        source="Tancik et al. (2020), arXiv 2006.10739: coordinates have 2 or 3 dimensions",
    )
    assumed_fan_in: int = _limit(
        8,
        unit="inputs of a Linear or Conv whose size the source does not tell",
        reason=(
            "An init function says isinstance(m, nn.Linear) and no sizes. Fewer inputs than 8 are "
            "rare: the smallest ordinary convolution has 9 a channel."
        ),
        source="nn.Conv2d(1, c, 3): fan_in 9",
    )
    assumed_depth: int = _limit(
        4,
        unit="repeats of a block whose count the source does not tell",
        reason=(
            "Small on purpose: four default sigmoid layers keep 4e-4 of the gradient, which no "
            "rule reports, so an unknown depth alone never makes a finding."
        ),
        source="the limit saturating_total_gain",
    )
    assumed_width: int = _limit(
        128,
        unit="units of a layer whose width the source does not tell",
        reason=(
            "Initialisations scaled by the fan give a gain that hardly depends on the width; the "
            "others are not predicted without it."
        ),
        source="theory.py: the fan cancels against the variance",
    )
    assumed_side: int = _limit(
        32,
        unit="pixels: the side of images whose size the source does not tell",
        reason=(
            "Of account for what borders and global pooling cost only. CIFAR's, and near the "
            "middle of what convolutions work on inside a network made for photographs."
        ),
        source="Krizhevsky (2009): CIFAR-10 images are 32 x 32",
    )
    assumed_steps: int = _limit(
        50,
        unit="time steps a recurrent layer runs over, where no source tells",
        reason="A sentence, or a second of control at 50 Hz; the gain per step is printed beside.",
        source="Penn Treebank sentences average 21 words; BPTT windows are 35 to 70",
    )
    kept_gain: float = _limit(
        10.0,
        unit="gradient at the network's input, in multiples of that at its output, or the inverse",
        reason=(
            "Within it an initialisation needs no better one: the gradient of He's and Xavier's "
            "schemes scatters as much from seed to seed in deep narrow networks."
        ),
        source="Hanin and Nica (2018), arXiv 1812.05994: ln scatters by sqrt(5 depth / width) / 2",
    )
    largest_weight_gain: float = _limit(
        2.0,
        unit="standard deviation of weights times sqrt(fan_in)",
        reason=(
            "GELU and SiLU at small signals need 2, ReLU sqrt(2), tanh 1. Sigmoid's chi is 1 at "
            "10.7 only, where preactivations have a standard deviation of 7.5."
        ),
        source="1 / |phi'(0)|; activations.py at the fixed point of scale",
    )
    project_files: int = _limit(
        8,
        unit="other files of the project that may be read for one file",
        reason=(
            "Each costs about as much as the file itself; a training script takes its model, its "
            "helpers and their bases from a handful."
        ),
        source="bounded cost: a few dozen milliseconds a file read",
    )
    project_file_bytes: int = _limit(
        200_000,
        unit="bytes of another file of the project that is read",
        reason="Larger ones are generated or take seconds to parse.",
        source="libcst: about 2 MB a second",
    )
    largest_file_bytes: int = _limit(
        2_000_000,
        unit="bytes of a file that is checked",
        reason=(
            "Code that people write stays far below; generated files beyond it would take a "
            "second and more each, and half a gigabyte of memory."
        ),
        source="libcst: about 2 MB a second; the largest file of torch 2.13 has 1.4 MB",
    )
    largest_clip: float = _limit(
        1e5,
        unit="a clip's max_norm or clip_value",
        reason=(
            "Limits in use are 0.1 to 100. At 1e5 ordinary steps of 1e-3 move the weights by 100, "
            "and what exceeds it is inf or nan soon, which clipping does not mend."
        ),
        source="Pascanu et al. (2013): half to ten times the average norm, which is about 1",
    )
    adaptive_rate: float = _limit(
        0.1,
        unit="lr of Adam and its kin, for networks of adaptive_rate_depth matrices and more",
        reason=(
            "Each step moves every weight by about lr, and those of a layer of 64 inputs start at "
            "0.07. On ten separable classes, networks of four layers and widths of 64 and 256 end "
            "at a loss of 1.5 to 2.3 with Adam at 0.1 (chance is 2.3), and at 0.01 with 0.03."
        ),
        source="trained for 300 steps, two seeds; Kingma and Ba (2015), section 2.1: |step| < lr",
    )
    adaptive_rate_depth: int = _limit(
        3,
        unit="matrices in a network",
        reason="With two of them Adam at 0.1 still learned the same classes.",
        source="the measurement of adaptive_rate",
    )
    adaptive_rate_of_any: float = _limit(
        1.0,
        unit="lr of Adam and its kin, for any model",
        reason=(
            "The loss is 10 and more on two layers. Below it are the 0.1 of Gaussian processes and "
            "other models of few parameters."
        ),
        source="the measurement of adaptive_rate",
    )
    smallest_adaptive_rate: float = _limit(
        1e-9,
        unit="lr of Adam and its kin",
        reason=(
            "A float32 weight of 0.03 has a spacing of 2e-9: a smaller change is rounded away, and "
            "so is every step of about lr."
        ),
        source="IEEE 754: spacing 2 ** -23 of a number's power of two",
    )
    sgd_rate: float = _limit(
        10.0,
        unit="lr / (1 - momentum) of SGD, for a model",
        reason=(
            "Of networks of two and four layers, widths of 16 to 256, none survives it: nan within "
            "300 steps; 1 still trains them. Rates of 20 and 30 in use are for clipped gradients, "
            "or for one linear layer on frozen features."
        ),
        source="trained on ten separable classes, two seeds; He et al. (2020): 30 for a probe",
    )
    sgd_rate_depth: int = _limit(
        2,
        unit="matrices in a model",
        reason="One linear layer is a convex problem, for which any scale of inputs can be meant.",
        source="He et al. (2020), arXiv 1911.05722, section 4.1: a learning rate of 30",
    )
    smallest_stack: int = _limit(
        2,
        unit="affine layers",
        reason="A single layer has no depth to normalise by.",
        source="a gain per layer is a mean over layers",
    )
