"""Lets timm be imported where torchvision's compiled operators do not load.

The torchvision wheel on PyPI is built for one torch; beside a CPU build of torch its extension does
not load, and ``import torchvision`` then fails while it registers shapes for operators that nobody
defined. Two declarations are enough, since no test here runs one of these operators.
"""

from __future__ import annotations

import importlib.machinery
import importlib.util

import torch

_SIGNATURE = "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"
_NAMES = ("nms", "qnms")

#: Operators exist as long as the library that declares them.
_declared: list[torch.library.Library] = []


def declare() -> None:
    """Declare the operators, once, unless torchvision's own extension has them.

    To be called before the first ``import timm``: an import that failed halfway leaves modules
    behind that a second one would take for whole.
    """
    if _declared or _extension_loads():
        return
    library = torch.library.Library("torchvision", "DEF")  # type: ignore[no-untyped-call]
    for name in _NAMES:
        library.define(name + _SIGNATURE)  # type: ignore[no-untyped-call]
    _declared.append(library)


def _extension_loads() -> bool:
    """Load the extension by its file, without importing torchvision."""
    package = importlib.util.find_spec("torchvision")
    if package is None or package.submodule_search_locations is None:
        return True  # nothing to stand in for
    folders = list(package.submodule_search_locations)
    extension = importlib.machinery.PathFinder.find_spec("_C", folders)
    if extension is None or extension.origin is None:
        return False
    try:
        torch.ops.load_library(extension.origin)  # type: ignore[no-untyped-call]
    except OSError:
        return False
    return hasattr(torch.ops.torchvision, "nms")
