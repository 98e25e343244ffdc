"""What a caller may have to catch."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pytest_gradhealth.facts import Diagnosis


class ProbeError(Exception):
    """Nothing could be measured: no parameter, no backward pass, an empty batch, no torch.

    Never an assertion error, since "could not look" is neither a pass nor a failure of the model.
    """


class GradientHealthError(AssertionError):
    """A model has a symptom that an assertion forbids.

    Attributes:
        diagnosis: The findings, verdicts and measurements behind the message.
    """

    def __init__(self, message: str, diagnosis: Diagnosis) -> None:
        super().__init__(message)
        self.diagnosis = diagnosis
