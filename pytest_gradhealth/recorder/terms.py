"""The gradient of each term of a loss by itself."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import torch
from torch import Tensor, nn

from pytest_gradhealth.errors import ProbeError
from pytest_gradhealth.facts.balance import Balance, Term
from pytest_gradhealth.recorder.batch import Objective, copied
from pytest_gradhealth.recorder.generators import seed_generators
from pytest_gradhealth.recorder.prepared import prepared
from pytest_gradhealth.recorder.state import preserved
from pytest_gradhealth.recorder.waking import wake

#: ``losses(model, batch)``: every term as it is added up in training, under its name.
Losses = Callable[[Any, Any], Any]

_FEWEST = 2  # terms that there is something to compare in


@dataclass(frozen=True, slots=True)
class Terms:
    """A model and batch whose loss terms can be measured again and again."""

    model: nn.Module
    batch: Any
    losses: Losses | None

    def __call__(self, seed: int) -> Balance:
        """The gradients of one pass.

        Raises:
            ProbeError: Fewer than two terms, one that is no number, or one that is not finite.
        """
        with preserved(self.model), torch.enable_grad():
            wake(self.model, seed)
            seed_generators(seed)
            named = self._terms()
            parameters = {n: p for n, p in self.model.named_parameters() if p.requires_grad}
            gradients = {name: _gradient(name, term, parameters) for name, term in named.items()}
        values = {name: float(torch.as_tensor(term).detach()) for name, term in named.items()}
        return _balance(values, gradients)

    def _terms(self) -> dict[str, Any]:
        batch = copied(self.batch)
        if self.losses is not None:
            made = self.losses(self.model, batch)
            if not isinstance(made, Mapping):
                msg = f"losses(model, batch) gave {type(made).__name__}, not a mapping of terms"
                raise ProbeError(msg)
            named = {str(name): _scalar(str(name), term) for name, term in made.items()}
        else:
            named = self._of_the_output(batch)
        if len(named) < _FEWEST:
            msg = (
                f"balance takes two terms or more, there is {list(named) or 'none'}; "
                "pass losses=, a function of model and batch that returns them by name"
            )
            raise ProbeError(msg)
        return named

    def _of_the_output(self, batch: Any) -> dict[str, Any]:
        """The output's own terms: scalars with a graph whose names hold "loss"; not their sum."""
        kept: list[Any] = []
        handle = self.model.register_forward_hook(lambda _m, _i, output: kept.append(output))
        try:
            Objective(batch)(self.model, 0)
        finally:
            handle.remove()
        items = _items(kept[-1]) if kept else {}
        named = {
            name: item for name, item in items.items() if "loss" in name.lower() and _is_term(item)
        }
        return {name: item for name, item in named.items() if name not in {"loss", "total_loss"}}


@contextmanager
def terms_of(model: nn.Module, batch: Any, losses: Losses | None) -> Iterator[Terms]:
    """The terms of a model's loss; the model is left as it was.

    Raises:
        ProbeError: Nothing can be measured.
    """
    with prepared(model, batch) as (inner, objective):
        yield Terms(inner, objective.batch, losses)


def _items(output: Any) -> dict[str, Any]:
    """The output's entries by name, those of a mapping inside it (``loss_dict``) as well."""
    if dataclasses.is_dataclass(output) and not isinstance(output, type):
        names = [field.name for field in dataclasses.fields(output)]
        output = {name: getattr(output, name, None) for name in names}
    made: dict[str, Any] = {}
    for name, item in output.items() if isinstance(output, Mapping) else ():
        if isinstance(item, Mapping):
            inside = {str(key): value for key, value in item.items()}
            made |= {
                key if "loss" in key.lower() else f"{name}.{key}": value
                for key, value in inside.items()
            }
        else:
            made[str(name)] = item
    return made


def _is_term(item: Any) -> bool:
    return isinstance(item, Tensor) and item.numel() == 1 and item.requires_grad


def _scalar(name: str, term: object) -> Any:
    if isinstance(term, Tensor):
        if term.numel() == 1:
            return term.reshape(())
        msg = f"the term {name!r} has shape {tuple(term.shape)}; a loss is one number"
        raise ProbeError(msg)
    if isinstance(term, (int, float)):
        return float(term)
    msg = f"the term {name!r} is no number but {type(term).__name__}"
    raise ProbeError(msg)


def _gradient(name: str, term: Any, parameters: dict[str, nn.Parameter]) -> dict[str, Tensor]:
    """What a term gives each parameter that it gives anything."""
    value = float(torch.as_tensor(term).detach())
    if not math.isfinite(value):
        msg = f"the term {name!r} is {value}: see assert_finite"
        raise ProbeError(msg)
    if not isinstance(term, Tensor) or not term.requires_grad:
        return {}
    gradients: Sequence[Tensor | None] = torch.autograd.grad(
        term, list(parameters.values()), retain_graph=True, allow_unused=True
    )
    made = {}
    for path, gradient in zip(parameters, gradients, strict=True):
        if gradient is None:
            continue
        dense = gradient.detach().to_dense() if gradient.is_sparse else gradient.detach()
        if not bool(dense.isfinite().all()):
            msg = f"the gradient of the term {name!r} at {path} is not finite: see assert_finite"
            raise ProbeError(msg)
        if bool(dense.any()):
            made[path] = dense.flatten().double()
    return made


def _balance(values: dict[str, float], gradients: dict[str, dict[str, Tensor]]) -> Balance:
    reached: dict[str, int] = {}
    for given in gradients.values():
        for path in given:
            reached[path] = reached.get(path, 0) + 1
    shared = tuple(path for path, count in reached.items() if count >= _FEWEST)
    sizes = {
        name: {path: float(given[path].norm()) for path in shared if path in given}
        for name, given in gradients.items()
    }
    norms = {name: math.hypot(*size.values()) for name, size in sizes.items()}
    largest = {path: max(size.get(path, 0.0) for size in sizes.values()) for path in shared}
    total = sum(norms.values())
    return Balance(
        terms=tuple(
            Term(
                name=name,
                loss=values[name],
                norm=norms[name],
                share=norms[name] / total if total else 0.0,
                best=max((size / largest[path] for path, size in sizes[name].items()), default=0.0),
                reaches=len(gradients[name]),
                reaches_shared=len(sizes[name]),
            )
            for name in gradients
        ),
        shared=shared,
        cosines=tuple(_cosines(gradients)),
    )


def _cosines(gradients: dict[str, dict[str, Tensor]]) -> Iterator[tuple[str, str, float]]:
    for (one, left), (other, right) in combinations(gradients.items(), 2):
        both = [path for path in left if path in right]
        product = sum(float(left[path] @ right[path]) for path in both)
        lengths = [math.hypot(*(float(of[path].norm()) for path in both)) for of in (left, right)]
        if all(lengths):
            cosine = product / (lengths[0] * lengths[1])
            yield one, other, max(-1.0, min(1.0, cosine))
