"""A diagnosis through strict JSON and back; what is not one is refused."""

from __future__ import annotations

import copy
import json
import math
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from pytest_gradhealth import Diagnosis, ProbeError, diagnose
from tests.runtime.models import chain, he, shown, too_large, vectors

MODELS = {
    "healthy": lambda: chain(nn.ReLU, 2, init=he),
    "vanishing": lambda: chain(nn.Sigmoid, 8),
    "exploding": lambda: chain(nn.ReLU, 12, init=too_large),
}


def _nan_loss(out: Tensor) -> Tensor:
    return (out - out.detach()).sqrt().sum()


def _round_trip(diagnosis: Diagnosis) -> Any:
    return json.loads(json.dumps(diagnosis.to_dict(), allow_nan=False))


@pytest.mark.parametrize("name", MODELS)
def test_round_trip_loses_nothing(name: str) -> None:
    diagnosis = diagnose(MODELS[name](), vectors())
    assert shown(diagnosis) == ({name} - {"healthy"})
    assert all(finding.remedies for finding in diagnosis.findings)
    back = Diagnosis.from_dict(_round_trip(diagnosis))
    assert back == diagnosis
    assert back.verdicts == diagnosis.verdicts
    assert hash(back) == hash(diagnosis)


def test_nan_and_infinity_survive() -> None:
    diagnosis = diagnose(chain(nn.ReLU, 2), torch.full((4, 32), math.inf), _nan_loss)
    data = _round_trip(diagnosis)
    assert data["report"]["loss"] == "nan"
    back = Diagnosis.from_dict(data)
    assert math.isnan(back.report.loss)
    assert repr(back) == repr(diagnosis)


def test_written_in_the_documented_form() -> None:
    data = _round_trip(diagnose(MODELS["vanishing"](), vectors()))
    assert data["schema"] == 1
    assert data["symptoms"] == ["collapse", "vanishing"]
    assert data["verdicts"]["exploding"]["verdict"] == "pass"
    assert data["findings"][0]["symptom"] == "vanishing"


@pytest.fixture(scope="module")
def written() -> Any:
    torch.manual_seed(0)
    return _round_trip(diagnose(MODELS["vanishing"](), vectors()))


@pytest.mark.parametrize("schema", [0, 2, "1", None, 10**9])
def test_other_schemas_are_refused_by_number(written: Any, schema: Any) -> None:
    with pytest.raises(ProbeError, match=rf"schema {schema!r}; this release reads 1"):
        Diagnosis.from_dict({**written, "schema": schema})


TAMPERED: dict[str, tuple[tuple[Any, ...], Any]] = {
    "verdict outside the vocabulary": (("verdicts", "vanishing", "verdict"), "fine"),
    "verdict of another type": (("verdicts", "vanishing", "verdict"), ["fail"]),
    "reasons a string": (("verdicts", "vanishing", "reasons"), "because"),
    "verdicts a list": (("verdicts",), []),
    "findings null": (("findings",), None),
    "a finding without fields": (("findings", 0), {}),
    "number a word": (("findings", 0, "measured"), "small"),
    "number a boolean": (("findings", 0, "measured"), True),
    "number null": (("findings", 0, "limit"), None),
    "number too large": (("findings", 0, "limit"), 10**400),
    "remedy's grade": (("findings", 0, "remedies", 0, "outcome"), "great"),
    "observation of three": (("findings", 0, "observations", 0), ["a", "b", "c"]),
    "passes a float": (("passes",), 1.5),
    "passes a boolean": (("passes",), True),
    "report null": (("report",), None),
    "report's layers a dict": (("report", "layers"), {}),
    "shape of words": (("report", "layers", 0, "shape"), ["a"]),
    "path a number": (("report", "layers", 0, "path"), 3),
    "used a number": (("report", "parameters", 0, "used"), 1),
}


@pytest.mark.parametrize("name", TAMPERED)
def test_tampered_data_is_refused(written: Any, name: str) -> None:
    path, value = TAMPERED[name]
    data = copy.deepcopy(written)
    inner = data
    for key in path[:-1]:
        inner = inner[key]
    assert path[-1] in inner or isinstance(path[-1], int)
    inner[path[-1]] = value
    with pytest.raises(ProbeError, match="not a diagnosis"):
        Diagnosis.from_dict(data)


@pytest.mark.parametrize("key", ["verdicts", "findings", "passes", "report"])
def test_missing_parts_are_refused(written: Any, key: str) -> None:
    with pytest.raises(ProbeError, match=f"not a diagnosis: KeyError: '{key}'"):
        Diagnosis.from_dict({k: v for k, v in written.items() if k != key})


@pytest.mark.parametrize("data", [[], "text", None, 3])
def test_what_is_no_mapping_is_refused(data: Any) -> None:
    with pytest.raises(ProbeError, match="diagnosis"):
        Diagnosis.from_dict(data)
