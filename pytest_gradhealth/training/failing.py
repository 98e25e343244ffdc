"""From a finding to the error that an assertion raises, and what several of them say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_gradhealth import message
from pytest_gradhealth.errors import TrainingError

if TYPE_CHECKING:
    from pytest_gradhealth.facts import Finding, Origin


def failed(finding: Finding, *, verbose: bool) -> TrainingError:
    """The error with the finding's text."""
    return TrainingError(message.training(finding, verbose=verbose), finding)


def where(origin: Origin | None, lead: str) -> str:
    """The module where something begins, in words."""
    if origin is None or not origin.kind:
        return "not seen at any module: look at what the model does with its outputs"
    name = f"{origin.path} ({origin.kind})" if origin.path else f"the model itself ({origin.kind})"
    return f"{lead} {name}" + (f", {origin.between}" if origin.between else "")
