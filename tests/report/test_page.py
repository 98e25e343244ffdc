"""The page: complete, self-contained, escaped, atomic."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import torch
from torch import nn

from pytest_gradhealth import Diagnosis, diagnose

pytest.importorskip("matplotlib", reason="the report extra is not installed")
pytest.importorskip("jinja2", reason="the report extra is not installed")

from pytest_gradhealth.report import Entry, profile_svg, write_page


@pytest.fixture(scope="module")
def sick() -> Diagnosis:
    torch.manual_seed(0)
    layers = [m for _ in range(8) for m in (nn.Linear(16, 16), nn.Sigmoid())]
    return diagnose(nn.Sequential(*layers), torch.randn(8, 16))


@pytest.fixture(scope="module")
def healthy() -> Diagnosis:
    return diagnose(nn.Linear(4, 2), torch.randn(8, 4))


def test_the_page_says_what_the_diagnosis_says(
    tmp_path: Path, sick: Diagnosis, healthy: Diagnosis
) -> None:
    path = tmp_path / "deep" / "page.html"
    write_page(path, [Entry("Sick", sick, ("a.py:1: GRD101 <b>",), 0.14), Entry("Well", healthy)])
    text = path.read_text()
    assert "1 of 2 models have a symptom" in text
    assert "x0.14 per layer, from the source alone" in text
    assert "GRD101 &lt;b&gt;" in text
    assert "Remedies tried on a copy" in text
    assert text.count("<svg") == 2


def test_the_page_needs_no_network(tmp_path: Path, sick: Diagnosis) -> None:
    path = tmp_path / "page.html"
    write_page(path, [Entry("Sick", sick)])
    text = path.read_text()
    assert not re.findall(r"<(?:script|link|img|iframe)\b", text)
    assert not re.findall(r"(?:src|href)=\"https?:", text)


def test_the_same_report_gives_the_same_page(tmp_path: Path, healthy: Diagnosis) -> None:
    drawings = {re.sub(r'id="[^"]*"|#[\w]+', "", profile_svg(healthy.report)) for _ in range(2)}
    assert len(drawings) == 1


def test_a_failed_write_leaves_the_old_page(tmp_path: Path, healthy: Diagnosis) -> None:
    path = tmp_path / "page.html"
    path.write_text("old")

    class Broken(Entry):
        @property
        def message(self) -> str:
            raise RuntimeError

    with pytest.raises(RuntimeError):
        write_page(path, [Broken("x", healthy)])
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["page.html"]


def test_values_that_are_not_finite_leave_gaps() -> None:
    broken = nn.Linear(4, 4)
    nn.init.constant_(broken.weight, float("nan"))
    model = nn.Sequential(broken, nn.Linear(4, 2))
    assert "<svg" in profile_svg(diagnose(model, torch.randn(8, 4)).report)
