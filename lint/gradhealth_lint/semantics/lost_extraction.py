"""Inits that come too early or for nothing, as facts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradhealth_lint.semantics.domain import walking
from gradhealth_lint.semantics.domain.names import dotted
from gradhealth_lint.semantics.domain.torch_values import Layer, ParameterRef
from gradhealth_lint.semantics.domain.values import MISSING
from gradhealth_lint.semantics.lost_facts import LostInit
from gradhealth_lint.semantics.python.interpreter import BudgetExceededError
from gradhealth_lint.semantics.pytorch import inits, modules
from gradhealth_lint.semantics.pytorch.losing import Lost
from gradhealth_lint.semantics.pytorch.ordering import Early, Replaced

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import libcst as cst

    from gradhealth_lint.semantics.places import Anchor
    from gradhealth_lint.semantics.python.interpreter import Interpreter


def lost_inits(
    interpreter: Interpreter, anchor: Callable[[cst.CSTNode], Anchor]
) -> tuple[LostInit, ...]:
    """Every init that misses what it is for, each once."""
    noted = tuple(interpreter.lost)
    if not noted:
        return ()
    found: dict[LostInit, None] = {}
    for early in (one for one in noted if isinstance(one, Early)):
        late = list(_late(interpreter, early))
        if late:
            names = tuple(dict.fromkeys(f"self.{name}" for name, _ in late))
            text = dotted(getattr(early.node, "func", None))
            found[LostInit(anchor(early.node), "before", text, names, late[0][1].kind)] = None
    held = {id(layer) for layer in modules.within(interpreter.instances)}
    for one in (one for one in noted if isinstance(one, Replaced)):
        kept = id(one.old) in held or id(one.new) not in held
        if not kept and one.old.kind == one.new.kind and _is_default(one.new):
            lost = LostInit(
                anchor(one.call.node), "replaced", one.call.callee, (f"self.{one.name}",),
                one.new.kind,
            )  # fmt: skip
            if id(one.call.node) not in interpreter.sites:
                found[lost] = None
    for gone in (one for one in noted if isinstance(one, Lost)):
        found[LostInit(anchor(gone.node), gone.form, gone.text)] = None
    return tuple(found)


def _late(interpreter: Interpreter, early: Early) -> Iterator[tuple[str, Layer]]:
    """The layers that the same constructor makes after the init that would have set them."""
    inside: set[int] | None = None
    for path, layer in modules.named_modules(early.instance):
        if not isinstance(layer, Layer) or id(layer) in early.seen or not _is_default(layer):
            continue
        if inside is None:
            inside = {id(node) for node in walking.within(early.constructor)}
        if id(layer.node) in inside and _would_set(interpreter, early, path, layer):
            yield path, layer


def _is_default(layer: Layer) -> bool:
    """Whether a layer multiplies and has been left as torch made it."""
    names = inits.parameter_names(layer)
    return any(inits.multiplies(ParameterRef(layer, name)) for name in names) and all(
        layer.fields.get(name, MISSING) is MISSING for name in names
    )


def _would_set(interpreter: Interpreter, early: Early, path: str, layer: Layer) -> bool:
    """Whether the init would have set a layer's matrix, tried and undone."""
    before = len(interpreter.inits), len(interpreter.lost)

    def attempt() -> bool:
        early.attempt(path, layer)
        return False

    try:
        interpreter.store.branch([attempt])
    except (BudgetExceededError, RecursionError):
        return False
    tried = interpreter.inits[before[0] :]
    del interpreter.inits[before[0] :], interpreter.lost[before[1] :]
    return any(one is layer and inits.multiplies(ParameterRef(one, name)) for one, name, _ in tried)
