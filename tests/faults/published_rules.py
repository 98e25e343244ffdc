"""Rules of SageMaker Debugger and AUTOTRAINER, re-implemented and applied to one batch.

Facts, not code: the thresholds are published, the code here is ours. Both tools watch a whole
training run; a rule that needs several steps is left out, and none is tuned. Sources:

- SageMaker Debugger: awsdocs/amazon-sagemaker-developer-guide,
  ``doc_source/debugger-built-in-rules.md`` at 1c4d5ff (the rules' bodies are closed). Left out
  because they need steps, a validation set or the user's choice of tensors:
  PoorWeightInitialization, WeightUpdateRatio, UnchangedTensor, AllZero, LossNotDecreasing and what
  concerns data.
- AUTOTRAINER: shiningrain/AUTOTRAINER, ``AutoTrainer/utils/monitor.py`` and ``reproduce.py``. Left
  out because they need epochs: oscillating loss and slow convergence.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from tests.faults.scoring import Named, Verdict
from tests.faults.subject import Subject

# SageMaker Debugger.

#: VanishingGradient: mean(abs(gradient)) of any gradient tensor below it.
SMD_VANISHING = 1e-7
#: DeadRelu and SaturatedActivation: a unit active for less than this share of its values is dead,
#: or saturated ("threshold_inactivity 1.0" per cent).
SMD_INACTIVE = 0.01
#: Share of a layer's units that must be so for the rule to fire ("threshold_layer 50" per cent).
SMD_LAYER = 0.5
#: SaturatedActivation: what a tanh and a sigmoid are given, outside of which they are saturated.
SMD_TANH = (-9.4999, 9.4999)
SMD_SIGMOID = (-23.0, 16.99999)

# AUTOTRAINER (Greek names are its own).

#: beta1: first over last kernel's gradient norm below it, and ...
AUTOTRAINER_RATIO = 1e-3
#: ... beta2: the first kernel's gradient norm below it: vanishing.
AUTOTRAINER_FIRST = 1e-4
#: beta3: the same ratio above it: exploding.
AUTOTRAINER_EXPLODING = 70.0
#: gamma: share of all gradient entries that are exactly zero, from which on ReLUs are dying.
AUTOTRAINER_ZERO = 0.7
#: A loss from which on it counts as NaN, which counts as exploding.
AUTOTRAINER_LOSS = 1e3
#: Theta: accuracy up to which gradient symptoms are reported at all.
AUTOTRAINER_ACCURACY = 0.6


@dataclass(frozen=True, slots=True)
class _Pass:
    """One forward and backward pass: the model with its gradients, and what modules found."""

    model: nn.Module
    loss: float
    findings: tuple[Named, ...]

    def gradients(self) -> Iterator[tuple[str, Tensor]]:
        for name, parameter in self.model.named_parameters():
            if parameter.grad is not None:
                yield name, parameter.grad.detach().float()


def _one_pass(
    subject: Subject, rules: dict[type[nn.Module], Callable[[Tensor, Tensor], str]]
) -> _Pass:
    """Run the model once; ``rules`` look at the input and output of modules of a type."""
    model, batch = subject.fresh()
    findings: list[Named] = []

    def watch(path: str, rule: Callable[[Tensor, Tensor], str]) -> None:
        def hook(_: nn.Module, args: tuple[Tensor, ...], output: Tensor) -> None:
            symptom = rule(args[0].detach().float(), output.detach().float())
            if symptom:
                findings.append(Named(symptom, path))

        modules[path].register_forward_hook(hook)

    modules = dict(model.named_modules())
    copies = {path: module for path, module in modules.items() if type(module) in rules}
    for path, module in copies.items():
        if getattr(module, "inplace", False):
            module.inplace = False  # its input must still be there for the rule
        watch(path, rules[type(module)])
    loss = subject.loss(model, batch)
    if loss.requires_grad:
        loss.backward()  # type: ignore[no-untyped-call]
    return _Pass(model, loss.item(), tuple(findings))


def _mostly(inactive: Tensor) -> bool:
    """Whether more than half of the units (axis 1) are inactive for over 99 % of their values."""
    if inactive.dim() < 2:
        return False
    active = (~inactive).float().transpose(0, 1).flatten(1).mean(1)
    return float((active < SMD_INACTIVE).float().mean()) > SMD_LAYER


def _outside(limits: tuple[float, float]) -> Callable[[Tensor, Tensor], str]:
    low, high = limits

    def rule(given: Tensor, _: Tensor) -> str:
        return "saturation" if _mostly((given < low) | (given > high)) else ""

    return rule


def _dead(_: Tensor, output: Tensor) -> str:
    return "dead_units" if _mostly(output == 0) else ""


_ACTIVATIONS: dict[type[nn.Module], Callable[[Tensor, Tensor], str]] = {
    nn.ReLU: _dead,
    nn.Tanh: _outside(SMD_TANH),
    nn.Sigmoid: _outside(SMD_SIGMOID),
}


def sagemaker_debugger(subject: Subject) -> Verdict:
    """ExplodingTensor, DeadRelu, SaturatedActivation and VanishingGradient at their defaults.

    Activations are seen where they are modules, as its hook sees them.
    """
    seen = _one_pass(subject, _ACTIVATIONS)
    findings = []
    if not math.isfinite(seen.loss):
        findings.append(Named("nonfinite"))
    for name, gradient in seen.gradients():
        if not gradient.isfinite().all():  # "ExplodingTensor" is no test of magnitude
            findings.append(Named("nonfinite", name))
    findings += seen.findings
    for name, gradient in seen.gradients():
        if float(gradient.abs().mean()) < SMD_VANISHING:
            findings.append(Named("vanishing", name))
    return Verdict(tuple(findings))


def autotrainer(subject: Subject) -> Verdict:
    """Exploding, vanishing and dying ReLU, from the gradients of one batch."""
    seen = _one_pass(subject, {})
    gradients = dict(seen.gradients())
    kernels = [(name, gradient) for name, gradient in gradients.items() if gradient.dim() > 1]
    if not kernels:
        return Verdict()
    (first_name, first), (_, last) = kernels[0], kernels[-1]
    start, end = float(first.norm()), float(last.norm())
    ratio = start / end if end else math.nan
    bad_loss = not math.isfinite(seen.loss) or seen.loss >= AUTOTRAINER_LOSS
    broken = [name for name, gradient in gradients.items() if not gradient.isfinite().all()]
    findings = []
    if bad_loss or broken or ratio > AUTOTRAINER_EXPLODING:
        findings.append(Named("exploding", broken[0] if broken else first_name))
    if ratio < AUTOTRAINER_RATIO and start < AUTOTRAINER_FIRST:
        findings.append(Named("vanishing", first_name))
    entries = torch.cat([gradient.flatten() for gradient in gradients.values()])
    if float((entries == 0).float().mean()) >= AUTOTRAINER_ZERO:
        findings.append(Named("dead_units"))
    return Verdict(tuple(findings))
