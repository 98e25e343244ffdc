"""From a finding to the error that an assertion raises."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_gradhealth import message
from pytest_gradhealth.errors import TrainingError

if TYPE_CHECKING:
    from pytest_gradhealth.facts import Finding


def failed(finding: Finding, *, verbose: bool) -> TrainingError:
    """The error with the finding's text."""
    return TrainingError(message.training(finding, verbose=verbose), finding)
