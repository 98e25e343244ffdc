"""Which parameters get a gradient: ``requires_grad`` as the file sets it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gradhealth_lint.semantics.domain.torch_values import ParameterRef, is_module
from gradhealth_lint.semantics.pytorch import inits, modules, viewing

if TYPE_CHECKING:
    from gradhealth_lint.semantics.domain.torch_values import Layer
    from gradhealth_lint.semantics.domain.values import Value
    from gradhealth_lint.semantics.python.interpreter import Interpreter

#: Behind a parameter's name: whether it requires a gradient.
_KEY: Final = ".requires_grad"


def ask(interpreter: Interpreter, target: Value, wanted: Value) -> None:
    """``target.requires_grad_(wanted)``; of a parameter, ``target.requires_grad = wanted``."""
    found = [target] if isinstance(target, ParameterRef) else []
    if is_module(target):
        found = [one for one in modules.parameters(target) if isinstance(one, ParameterRef)]
    for parameter in found:
        interpreter.store.write(parameter.layer.fields, parameter.name + _KEY, wanted)


def asked(parameter: ParameterRef) -> Value:
    """``parameter.requires_grad``."""
    return parameter.layer.fields.get(parameter.name + _KEY, True)


def is_frozen(module: Value) -> bool:
    """Whether a module is in view to its last part and every parameter of it is frozen."""
    if not viewing.is_in_view(module):
        return False
    found = list(modules.parameters(module))
    return bool(found) and all(
        isinstance(one, ParameterRef) and asked(one) is False for one in found
    )


def may_be_frozen(layer: Layer) -> bool:
    """Whether some parameter of a layer may have no gradient."""
    names = inits.parameter_names(layer)
    return any(asked(ParameterRef(layer, name)) is not True for name in names)
