"""The fix that clips gradients before a step."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gradhealth_lint.edits.plan import Plan, Template
    from gradhealth_lint.semantics.loop_facts import LoopEvent, TrainingLoop, TrainingStep


def clip_before(step: TrainingStep, loop: TrainingLoop) -> Plan | None:
    """Clip right before the step, where it is clear what the model is called there."""
    from gradhealth_lint.edits.plan import InsertBefore, Name, Plan

    event = loop.events[step.event]
    if not step.model_text or event.how == "closure":
        return None
    lines: list[Template] = []
    if event.how == "scaled":
        unscaled = [one for one in loop.events if one.kind == "unscale"]
        if not unscaled and step.scaler_text and step.optimizer_text:
            lines.append((f"{step.scaler_text}.unscale_({step.optimizer_text})",))
        elif not any(_comes_before(one, step, loop) for one in unscaled):
            return None
    elif any(loop.events[place].how == "scaled" for place in step.backwards):
        return None
    parameters = f"({step.model_text}.parameters(), max_norm=1.0)"
    lines.append((Name("torch.nn.utils.clip_grad_norm_"), parameters))
    return Plan("unsafe", (InsertBefore(step.anchor, tuple(lines)),))


def _comes_before(unscale: LoopEvent, step: TrainingStep, loop: TrainingLoop) -> bool:
    """Whether the gradients of a step are surely unscaled between backward pass and step."""
    event, place = loop.events[step.event], loop.events.index(unscale)
    return (
        max(step.backwards) < place < step.event
        and unscale.text == step.optimizer_text
        and unscale.loops == event.loops
        and unscale.conditions == event.conditions
    )
