"""Fixes of what makes probabilities of logits: taken away, or replaced by its logarithm."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gradhealth_lint.edits.plan import Plan, Template
    from gradhealth_lint.semantics.facts import Wiring


def dropped(wiring: Wiring) -> Plan | None:
    """Without the softmax or sigmoid: what reads its result elsewhere gets logits, so not safe."""
    from gradhealth_lint.edits.plan import Code, Delete, Name, Plan, Replace

    made = wiring.squashing
    if made is None:
        return None
    if made.given is None:
        identity = (Name("torch.nn.Identity"), "()")
        return Plan("unsafe", (Replace(wiring.source, identity),))
    if made.idle:
        return Plan("unsafe", (Delete(wiring.source),))
    return Plan("unsafe", (Replace(wiring.source, (Code(made.given),)),))


def with_logarithm(wiring: Wiring) -> Plan | None:
    """A log_softmax in place of the softmax, where the loss wants logarithms."""
    from gradhealth_lint.edits.plan import Name, Plan, Replace

    made = wiring.squashing
    if made is None or wiring.function != "softmax" or not made.lone:
        return None
    if made.form == "made":
        if not made.rest:
            return None  # nn.Softmax2d
        layer = (Name("torch.nn.LogSoftmax"), f"({made.rest})")
        return Plan("unsafe", (Replace(wiring.source, layer),))
    code = _fused(wiring)
    return None if code is None else Plan("unsafe", (Replace(wiring.source, code),))


def fused(wiring: Wiring) -> Plan | None:
    """``log(softmax(x))`` in one function: the same number."""
    from gradhealth_lint.edits.plan import Plan, Replace

    made = wiring.squashing
    code = _fused(wiring) if made is not None and made.direct else None
    return None if code is None else Plan("safe", (Replace(wiring.anchor, code),))


def _fused(wiring: Wiring) -> Template | None:
    from gradhealth_lint.edits.plan import Code, Name

    made = wiring.squashing
    if made is None or made.given is None or made.form not in {"function", "method"}:
        return None
    rest = f", {made.rest}" if made.rest else ""
    if wiring.function == "sigmoid":
        return (Name("torch.nn.functional.logsigmoid"), "(", Code(made.given), f"{rest})")
    if made.form == "method":
        return (Code(made.given, atom=True), f".log_softmax({made.rest})")
    short = wiring.source_text in {"torch.softmax", "th.softmax"}
    name = Name("torch.log_softmax" if short else "torch.nn.functional.log_softmax")
    return (name, "(", Code(made.given), f"{rest})")
