"""The page: complete, self-contained, escaped, atomic."""

from __future__ import annotations

import re
import shutil
import subprocess
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
    assert "1 of 2 models has a symptom" in text
    assert "x0.14 per layer, from the source alone" in text
    assert "GRD101 &lt;b&gt;" in text
    assert "Remedies tried on a copy" in text
    assert text.count("<svg") == 2


def test_the_page_needs_no_network(tmp_path: Path, sick: Diagnosis) -> None:
    path = tmp_path / "page.html"
    write_page(path, [Entry("Sick", sick)])
    text = path.read_text()
    assert not re.findall(r"<(?:link|img|iframe)\b|<script\s", text)
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


def test_names_that_look_like_markup_are_text(tmp_path: Path, sick: Diagnosis) -> None:
    path = tmp_path / "page.html"
    write_page(path, [Entry("test[</script><b>\"é'&]", sick, failed=True)])
    text = path.read_text(encoding="utf-8")
    assert text.count("</script>") == 1
    assert "test[&lt;/script&gt;&lt;b&gt;&#34;é&#39;&amp;]" in text
    assert "(test failed)" in text


def test_every_plot_has_its_points(tmp_path: Path, sick: Diagnosis) -> None:
    path = tmp_path / "page.html"
    write_page(path, [Entry("Sick", sick)])
    svg = re.search(r"<svg.*?</svg>", path.read_text(), re.DOTALL)
    assert svg is not None
    # Eight layers, each with a gradient and an activation, and a marker in each legend entry.
    assert (
        len(re.findall(r"<use xlink:href=\"#m[0-9a-f]+\" x=[^>]*fill: #(?:d55e00|0072b2)", svg[0]))
        == 18
    )


@pytest.mark.skipif(shutil.which("chromium") is None, reason="needs Chromium")
def test_the_filter_works_in_a_browser(tmp_path: Path, sick: Diagnosis, healthy: Diagnosis) -> None:
    write_page(tmp_path / "page.html", [Entry("first", sick), Entry("second", healthy)])

    def shown(state: str) -> list[str]:
        """The titles of the articles that are not hidden."""
        url = (tmp_path / "page.html").as_uri() + state
        words = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--dump-dom", url]
        words.insert(1, f"--user-data-dir={tmp_path / 'profile'}")
        page = subprocess.run(words, capture_output=True, text=True, check=True, timeout=120)
        assert "CONSOLE" not in page.stderr
        articles = re.findall(r"<article([^>]*)>\s*<h2><span>(\w+)", page.stdout)
        return [title for attributes, title in articles if "hidden" not in attributes]

    assert shown("") == ["first", "second"]
    assert shown("#verdict=healthy") == ["second"]
    assert shown("#search=vanishing+expected") == []
    assert shown("#search=FIRST+vanishing&verdict=fail") == ["first"]
