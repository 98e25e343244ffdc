"""What can be told of a module without running it."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Mapping

from torch import nn
from torch.nn.utils import parametrize

from pytest_gradhealth.recorder.trace import Trace

#: These are never called themselves, so their silence says nothing.
HOLDERS = (nn.ModuleList, nn.ModuleDict, nn.ParameterList, nn.ParameterDict)


def once(modules: Mapping[str, nn.Module]) -> dict[str, nn.Module]:
    """Every module under the first of its paths."""
    first = {module: path for path, module in reversed(list(modules.items()))}
    return {path: module for path, module in modules.items() if first[module] == path}


def silent_paths(modules: Mapping[str, nn.Module], trace: Trace) -> tuple[str, ...]:
    """Modules that hold trainable parameters of their own and were not seen to run."""
    return tuple(
        path
        for path, module in modules.items()
        if path not in trace.ran
        and not isinstance(module, HOLDERS)
        and any(parameter.requires_grad for parameter in module.parameters(recurse=False))
    )


def is_weighted(path: str, module: nn.Module) -> bool:
    """Whether the module has a matrix or kernel of its own, parametrized ones included.

    A module that computes a parametrized weight is part of the layer, not a layer.
    """
    if "parametrizations" in path.split("."):
        return False
    if any(p is not None and p.dim() > 1 for p in module._parameters.values()):
        return True
    if parametrize.is_parametrized(module):
        held = module.parametrizations.parameters()  # type: ignore[union-attr]
        return any(parameter.dim() > 1 for parameter in held)
    return False


def source_of(modules: Mapping[str, nn.Module], path: str) -> str:
    """``file:line`` of the class behind a path; for torch's own classes, of the class around it.

    Empty where Python does not know it.
    """
    while True:
        kind = type(modules.get(path))  # the path of a matrix leads to the module that holds it
        if path in modules and not kind.__module__.startswith("torch."):
            return _source_of_class(kind)  # type: ignore[arg-type]  # a class does hash
        if not path:
            return ""
        path = path.rpartition(".")[0]


@functools.cache
def _source_of_class(kind: type) -> str:
    try:
        _, line = inspect.getsourcelines(kind)
        return f"{inspect.getsourcefile(kind)}:{line}"
    except (OSError, TypeError):
        return ""
