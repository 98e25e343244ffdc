"""The ways to look at gradients that are compared: bare, ours, and what one would run instead."""

from __future__ import annotations

import dataclasses
import warnings
from collections.abc import Callable
from dataclasses import dataclass

import torch

from pytest_gradhealth import diagnose
from tests.faults import installed
from tests.faults.scoring import Verdict
from tests.faults.subject import Subject

#: One look at a model that is already built.
Look = Callable[[], None]


@dataclass(frozen=True, slots=True)
class Way:
    """One way to look.

    Attributes:
        name: For the tables.
        prepare: The look at a subject's model.
        missing: How to install what it needs; ``""`` where it is there.
    """

    name: str
    prepare: Callable[[Subject], Look]
    missing: Callable[[], str] = lambda: ""


def built(subject: Subject) -> Subject:
    """The subject with one model and one batch, the same at every call."""
    model, batch = subject.fresh()
    return dataclasses.replace(subject, build=lambda: model, batch=lambda: batch)


def _bare(subject: Subject) -> Look:
    """Forward and backward; like a diagnosis it leaves no gradients behind."""
    model, batch = subject.fresh()

    def look() -> None:
        subject.loss(model, batch).backward()  # type: ignore[no-untyped-call]
        model.zero_grad(set_to_none=True)

    return look


def _diagnose(subject: Subject) -> Look:
    model, batch = subject.fresh()

    def look() -> None:
        diagnosis = diagnose(model, batch, subject.loss_fn, step=subject.step)
        if diagnosis.symptoms:  # what is measured is the cost of finding nothing
            message = f"{subject.name} is accused of {sorted(diagnosis.symptoms)}"
            raise RuntimeError(message)

    return look


def _detect_anomaly(subject: Subject) -> Look:
    bare = _bare(subject)

    def look() -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that it is slow
            with torch.autograd.detect_anomaly():
                bare()

    return look


def _peer(judge: Callable[[Subject], Verdict]) -> Callable[[Subject], Look]:
    def prepare(subject: Subject) -> Look:
        model, batch = subject.fresh()

        def look() -> None:
            # A new subject each time: a verdict on the same one is remembered.
            verdict = judge(dataclasses.replace(subject, build=lambda: model, batch=lambda: batch))
            if verdict.error:
                raise RuntimeError(verdict.error)
            model.zero_grad(set_to_none=True)

        return look

    return prepare


BARE = Way("forward and backward", _bare)
OURS = Way("diagnose", _diagnose)
ANOMALY = Way("detect_anomaly", _detect_anomaly)
PEERS = (
    Way(
        "pytest-torch, gradient checks",
        _peer(installed.pytest_torch_gradients),
        installed.pytest_torch_missing,
    ),
    Way(
        "torchtest2, no training",
        _peer(installed.torchtest2_quick),
        installed.torchtest2_missing,
    ),
)
WAYS = (BARE, OURS, ANOMALY, *PEERS)
