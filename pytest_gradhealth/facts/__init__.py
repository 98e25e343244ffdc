"""What was measured and what was judged: frozen records of floats, strings and tuples.

Nothing here holds a tensor or a module, so a report may outlive the model, cross a process boundary
and be stored as JSON.
"""

from pytest_gradhealth.facts.dependence import Mixing, Origin, Reaching
from pytest_gradhealth.facts.evidence import Evidence, LearningTrial, Signal, Trial
from pytest_gradhealth.facts.records import (
    ActivationRecord,
    LayerRecord,
    OperationRecord,
    ParameterRecord,
    RecurrenceRecord,
    Report,
)
from pytest_gradhealth.facts.training import Clipping, Fit, GroupUpdate, Updates
from pytest_gradhealth.facts.verdicts import Diagnosis, Finding, Judgement, Remedy, Row
from pytest_gradhealth.facts.vocabulary import SCHEMA_VERSION, SYMPTOMS, Grade, Verdict

__all__ = [
    "SCHEMA_VERSION",
    "SYMPTOMS",
    "ActivationRecord",
    "Clipping",
    "Diagnosis",
    "Evidence",
    "Finding",
    "Fit",
    "Grade",
    "GroupUpdate",
    "Judgement",
    "LayerRecord",
    "LearningTrial",
    "Mixing",
    "OperationRecord",
    "Origin",
    "ParameterRecord",
    "Reaching",
    "RecurrenceRecord",
    "Remedy",
    "Report",
    "Row",
    "Signal",
    "Trial",
    "Updates",
    "Verdict",
]
