"""What a caller may have to catch."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pytest_gradhealth.facts import Diagnosis, Finding


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

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What was found, whichever assertion it was."""
        return self.diagnosis.findings


class TrainingError(GradientHealthError):
    """A training check failed; it rests on measurements of its own and has no diagnosis.

    Attributes:
        finding: The verdict and the numbers behind the message.
    """

    def __init__(self, message: str, finding: Finding) -> None:
        AssertionError.__init__(self, message)
        self.finding = finding

    @property
    def findings(self) -> tuple[Finding, ...]:
        """The one finding."""
        return (self.finding,)
