"""pytest-torch and torchtest2, called through their own functions with their own defaults.

Written against pytest-torch 1.1.1 and torchtest2 0.1.0. Neither is a dependency: pytest-torch
registers a pytest plugin that sets seeds and threads in every test run of the environment it is in.
To try them, install them beside it and name the folder for this command alone::

    pip install --no-deps --target build/peers pytest-torch==1.1.1 torchtest2==0.1.0
    PYTHONPATH=build/peers python -m tests.faults.evaluate
"""

from __future__ import annotations

import functools
import importlib
import importlib.util
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import torch
from torch import nn

from tests.faults.scoring import Named, Verdict
from tests.faults.subject import Stepped, Subject

_INSTALL = "pip install --no-deps --target build/peers {}, then set PYTHONPATH=build/peers"


def _missing(module: str, requirement: str) -> str:
    return "" if importlib.util.find_spec(module) else _INSTALL.format(requirement)


def pytest_torch_missing() -> str:
    """How to install it; ``""`` where it is there."""
    return _missing("pytest_torch", "pytest-torch==1.1.1")


def torchtest2_missing() -> str:
    """How to install it; ``""`` where it is there."""
    return _missing("torchtest2", "torchtest2==0.1.0")


def _with_step_inside(subject: Subject) -> tuple[nn.Module, Any]:
    """Model and batch; a custom step becomes the model's forward, as users would wrap it."""
    model, batch = subject.fresh()
    return (Stepped(model, subject) if subject.step is not None else model), batch


def _bare(name: str) -> str:
    """A parameter's name without the wrapper around a custom step."""
    return name.removeprefix("model.")


# pytest-torch: the checks behind ModelSuite's "training".

#: A line of its messages: "name: what about it". Symptoms by their beginning.
_LINE = re.compile(r"^\s*(?:- )?([\w.]+): (\d+ NaN|no gradient|gradient is zero)", re.MULTILINE)
_MEANING = {"no gradient": "disconnected", "gradient is zero": "dead_units"}


def _judged(subject: Subject, checks: tuple[str, ...]) -> Verdict:
    training = importlib.import_module("pytest_torch.training")
    findings, errors = [], []
    stepped = subject.step is not None
    for check in checks:
        model, batch = _with_step_inside(subject)
        inputs, target = (batch, None) if stepped else subject.split(batch)
        loss_fn: Callable[[Any], torch.Tensor] = (
            _itself if stepped else functools.partial(_loss_of, subject, target)
        )
        try:
            getattr(training, check)(model, inputs, loss_fn)
        except AssertionError as error:
            findings.append(_what_it_says(check, str(error), stepped=stepped))
        except Exception as error:  # such as autograd's, where nothing requires a gradient
            errors.append(f"{check}: {type(error).__name__}: {error}")
    return Verdict(tuple(findings), "; ".join(errors))


def _itself(output: Any) -> torch.Tensor:
    assert isinstance(output, torch.Tensor)
    return output


def _loss_of(subject: Subject, target: Any, output: Any) -> torch.Tensor:
    return subject.loss_of(output, target)


def _what_it_says(check: str, message: str, *, stepped: bool) -> Named:
    line = _LINE.search(message)
    where = "" if line is None else _bare(line[1]) if stepped else line[1]
    if check == "assert_gradients_finite":
        return Named("nonfinite", where)
    if check == "assert_all_params_receive_grad" and line is not None:
        return Named(_MEANING[line[2]], where)
    return Named()


_GRADIENTS = ("assert_gradients_finite", "assert_all_params_receive_grad")
_LEARNING = ("assert_loss_decreases", "assert_overfits_one_batch")


def pytest_torch_gradients(subject: Subject) -> Verdict:
    """Finite gradients, and one that is not zero for every parameter."""
    return _judged(subject, _GRADIENTS)


def pytest_torch_training(subject: Subject) -> Verdict:
    """The same, and the loss falls in 20 steps and nearly vanishes on one batch in 200."""
    return _judged(subject, (*_GRADIENTS, *_LEARNING))


# torchtest2: check_model.


#: What it asks of inputs and outputs; where a step is wrapped into the model, the outputs are the
#: loss and the inputs hold its targets, so the answers would be about our wrapper.
_ABOUT_INPUTS = ("output_varies", "eval_determinism", "input_dependency", "batch_independence")


@functools.lru_cache(maxsize=1)  # one report, read with and without its warnings
def _report(subject: Subject, *, steps: int) -> Any:
    check = functools.partial(
        importlib.import_module("torchtest2").check_model, overfit_steps=steps
    )
    model, batch = _with_step_inside(subject)
    if subject.step is not None:
        return check(
            model, batch, loss_fn=_itself, skip=_ABOUT_INPUTS, eval_forward_fn=_with_gradient
        )
    inputs, target = subject.split(batch)
    if target is None and isinstance(batch, Mapping) and "labels" in batch:
        # as its own plugin does it for transformers: labels are no input to be probed
        inputs = {key: value for key, value in batch.items() if key != "labels"}
        labels = batch["labels"]
        return check(
            model,
            inputs,
            forward_fn=lambda model, inputs, _: model(**inputs, labels=labels),
            eval_forward_fn=lambda model, inputs: model(**inputs, labels=labels),
        )
    return check(model, inputs, target, loss_fn=subject.loss_fn)


def _with_gradient(model: nn.Module, inputs: Any) -> Any:
    """The wrapped step in eval mode; some steps differentiate on their own."""
    with torch.enable_grad():
        if isinstance(inputs, Mapping):
            return model(**inputs)
        return model(*inputs) if isinstance(inputs, tuple | list) else model(inputs)


def _read(subject: Subject, *, steps: int, statuses: frozenset[str]) -> Verdict:
    report = _report(subject, steps=steps)
    results = [result for result in report.results if result.status.value in statuses]
    findings = (named for result in results for named in _meant(result))
    if subject.step is not None:
        findings = (Named(named.symptom, _bare(named.where)) for named in findings)
    return Verdict(tuple(findings))


def _meant(result: Any) -> Iterator[Named]:
    """One of its results in our words, where its message has some."""
    details = result.details

    def named(symptom: str, key: str) -> Iterator[Named]:
        if details.get(key):
            yield Named(symptom, details[key][0])

    said: list[Named] = []
    if result.name == "output_finite":
        said = [Named("nonfinite")]
    elif result.name == "output_varies":
        said = [Named("collapse")]
    elif result.name == "loss":
        if "autograd graph" in result.message or "leaf tensor" in result.message:
            said = [Named("disconnected")]
        elif result.message in {"the loss is nan", "the loss is inf", "the loss is -inf"}:
            said = [Named("nonfinite")]
    elif result.name == "gradient_flow":
        said = [*named("disconnected", "no_grad"), *named("dead_units", "zero_grad")]
    elif result.name == "gradient_magnitude":
        relative = details.get("relative", {})
        worst = max(relative, key=relative.__getitem__, default="")
        said = [*named("nonfinite", "non_finite")] or [Named("exploding", worst)]
    elif result.name == "params_change":
        zero, tiny = named("dead_units", "zero_gradient"), named("vanishing", "vanishing_gradient")
        said = [*zero, *tiny] or [*named("", "unchanged")]
    elif result.name == "overfit_batch" and ("loss became" in result.message):
        said = [Named("nonfinite")]
    elif result.name == "overfit_batch":
        said = [*named("nonfinite", "non_finite")]
    yield from said or [Named()]


_FAIL, _FAIL_OR_WARN = frozenset({"FAIL"}), frozenset({"FAIL", "WARN"})
_DEFAULT_STEPS = 200


def torchtest2_quick(subject: Subject) -> Verdict:
    """``check_model`` without overfitting: what fails."""
    return _read(subject, steps=0, statuses=_FAIL)


def torchtest2_quick_strict(subject: Subject) -> Verdict:
    """The same: what fails or warns."""
    return _read(subject, steps=0, statuses=_FAIL_OR_WARN)


def torchtest2_full(subject: Subject) -> Verdict:
    """``check_model`` with its defaults, which overfit the batch: what fails."""
    return _read(subject, steps=_DEFAULT_STEPS, statuses=_FAIL)


def torchtest2_full_strict(subject: Subject) -> Verdict:
    """The same: what fails or warns."""
    return _read(subject, steps=_DEFAULT_STEPS, statuses=_FAIL_OR_WARN)
