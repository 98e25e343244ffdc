"""From the name of a model to the model, a batch for it and its loss.

``package.module:factory`` and ``path/file.py:Name`` name a class, a function or a finished module;
``timm:NAME`` a timm architecture; ``hf:CONFIG`` a transformers configuration class or a local
``config.json``. Literal keywords may follow: ``timm:resnet18(num_classes=10)``. No weights are
loaded and nothing is fetched.
"""

from __future__ import annotations

import ast
import importlib
import importlib.util
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import torch
from torch import nn

from pytest_gradhealth.errors import ProbeError
from pytest_gradhealth.recorder import examples
from pytest_gradhealth.recorder.generators import keep_generators, seed_generators

_FORMS: Final = "package.module:factory, path/file.py:Name, timm:NAME or hf:CONFIG"
_PARTS: Final = (2, 3)  # a factory's (model, batch) or (model, batch, loss)


@dataclass(frozen=True, slots=True)
class Subject:
    """What is to be measured.

    Attributes:
        model: The model.
        batch: Its batch, by the conventions of ``recorder.batch``.
        loss_fn: Its loss, where it has one.
    """

    model: nn.Module
    batch: Any
    loss_fn: Callable[..., Any] | None = None


def subject_named(
    name: str, root: Path, *, batch: str = "", loss: str = "", seed: int = 0
) -> Subject:
    """Build the model of that name, with a batch.

    Args:
        name: The model, in one of the forms above.
        root: Folder that imports and paths start from.
        batch: Python expression of the batch, over ``torch``, ``nn``, ``F`` and ``model``.
        loss: The same for the loss.
        seed: Of weights and batch; the generators are left as they were.

    Raises:
        ProbeError: There is no such model, or no batch is known for it.
    """
    restore = keep_generators()
    try:
        seed_generators(seed)
        subject = _built(name, root, ask=not batch)
        model = subject.model
        if batch:
            subject = replace(subject, batch=_evaluated(batch, model, "batch"))
        if loss:
            subject = replace(subject, loss_fn=_evaluated(loss, model, "loss"))
    finally:
        restore()
    return subject


def _built(name: str, root: Path, *, ask: bool) -> Subject:
    place, colon, rest = name.partition(":")
    if place not in {"timm", "hf"}:
        place, colon, rest = _split(name)
    if not (place and colon and rest):
        msg = f"{name!r} names no model; write {_FORMS}"
        raise ProbeError(msg)
    target, keywords = _call(rest)
    if place == "timm":
        return Subject(*examples.of_timm(_needed("timm", name), target, keywords, ask=ask))
    if place == "hf":
        library = _needed("transformers", name)
        return Subject(*examples.of_transformers(library, root, target, keywords, ask=ask))
    module = _imported(place, root)
    factory = module
    for part in target.split("."):
        if not hasattr(factory, part):
            msg = f"{place} has no {target!r}"
            raise ProbeError(msg)
        factory = getattr(factory, part)
    return _made_by(factory, module, keywords, name, ask=ask)


def _split(name: str) -> tuple[str, str, str]:
    """At the last colon outside the keywords, so that a drive letter stays with its path."""
    head, bracket, tail = name.partition("(")
    place, colon, target = head.rpartition(":")
    return place, colon, target + bracket + tail


def _call(text: str) -> tuple[str, dict[str, Any]]:
    """``name(key=value)`` as its name and keywords."""
    if not text.endswith(")"):
        return text, {}
    try:
        call = ast.parse(text, mode="eval").body
        if not isinstance(call, ast.Call) or call.args:
            raise ValueError
        keywords = {str(k.arg): ast.literal_eval(k.value) for k in call.keywords if k.arg}
        return ast.unparse(call.func), keywords
    except (SyntaxError, ValueError) as error:
        msg = f"{text!r}: only literal keywords may follow a model's name"
        raise ProbeError(msg) from error


def _needed(library: str, name: str) -> Any:
    try:
        return importlib.import_module(library)
    except ModuleNotFoundError as error:
        msg = f"{name} needs {library}, which cannot be imported here: {error}"
        raise ProbeError(msg) from error


def _imported(place: str, root: Path) -> Any:
    """The module; the root folder, or the file's own, goes on ``sys.path`` as in a script."""
    if not place.endswith(".py"):
        _on_path(root)
        try:
            return importlib.import_module(place)
        except ModuleNotFoundError as error:
            if error.name is None or not f"{place}.".startswith(f"{error.name}."):
                raise
            msg = f"there is no module {place!r} here: {error}"
            raise ProbeError(msg) from error
    path = (root / place).resolve()
    if not path.is_file():
        msg = f"there is no file {place}"
        raise ProbeError(msg)
    _on_path(path.parent)
    name = f"gradhealth_subject_{path.stem}_{abs(hash(path))}"
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def _on_path(folder: Path) -> None:
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))


def _made_by(
    factory: Any, module: Any, keywords: dict[str, Any], name: str, *, ask: bool
) -> Subject:
    made = factory if isinstance(factory, nn.Module) else factory(**keywords)
    parts = made if isinstance(made, tuple) and len(made) in _PARTS else (made,)
    model, batch, loss = (*parts, None, None)[:3]
    if not isinstance(model, nn.Module):
        kind = type(model).__name__
        msg = f"{name} gave a {kind}, not a torch.nn.Module, (model, batch) or (model, batch, loss)"
        raise ProbeError(msg)
    owners = (model, factory, module)
    if ask and len(parts) == 1:
        batch = examples.own_batch(owners, name)
    if loss is None:
        loss = next((own.example_loss for own in owners if hasattr(own, "example_loss")), None)
    return Subject(model, batch, loss)


def _evaluated(expression: str, model: nn.Module, what: str) -> Any:
    """The value of the caller's own expression from the command line."""
    names = {"torch": torch, "nn": nn, "F": nn.functional, "model": model}
    try:
        return eval(expression, names)  # typed by the user, as with python -c
    except Exception as error:  # whatever the expression raises
        msg = f"--gradhealth-{what}: {expression!r} raised {type(error).__name__}: {error}"
        raise ProbeError(msg) from error
