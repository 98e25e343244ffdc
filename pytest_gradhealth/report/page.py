"""One self-contained HTML page of diagnoses: nothing from elsewhere, no network."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from pytest_gradhealth.atomic import write_text
from pytest_gradhealth.message import failure
from pytest_gradhealth.overview import worst_layer
from pytest_gradhealth.profile import Profile, profile_of
from pytest_gradhealth.report.figures import profile_svg

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from pytest_gradhealth.facts import Diagnosis


@dataclass(frozen=True, slots=True)
class Entry:
    """One model on the page.

    Attributes:
        title: Its name.
        diagnosis: What was measured and judged.
        lint: Findings of the linter on its source, as text, where there are any.
        predicted: The linter's predicted gain per layer, where it has one.
        failed: Whether the test that measured it failed.
    """

    title: str
    diagnosis: Diagnosis
    lint: tuple[str, ...] = ()
    predicted: float | None = None
    failed: bool = False

    @property
    def verdicts(self) -> Mapping[str, int]:
        """How many symptoms have each verdict."""
        return Counter(self.diagnosis.verdicts.values())

    @property
    def worst(self) -> tuple[str, float] | None:
        """The weighted layer with the smallest gradient, over the last layer's."""
        return worst_layer(self.diagnosis)

    @property
    def profile(self) -> Profile | None:
        """The gradient's way through the model."""
        return profile_of(self.diagnosis.report)

    @property
    def plot(self) -> Markup:
        """The profile as an inline picture."""
        return Markup(profile_svg(self.diagnosis.report))  # our own drawing

    @property
    def message(self) -> str:
        """The failure message, empty for a healthy model."""
        found = self.diagnosis.findings
        return failure(self.diagnosis, found, verbose=True) if found else ""


def write_page(path: Path, entries: Sequence[Entry], *, title: str = "Gradient health") -> None:
    """Write the page; the file is complete or as it was before.

    Raises:
        OSError: The folder cannot be made or written to.
    """
    template = _environment().get_template("page.html.j2")
    write_text(path, template.render(title=title, entries=entries))


def fragment(diagnosis: Diagnosis) -> str:
    """One diagnosis as HTML to put into a page or a notebook: verdicts, plot, findings."""
    found = ", ".join(sorted(diagnosis.symptoms))
    heading = Markup("<p><strong>{}</strong></p>\n").format(f"✗ {found}" if found else "✓ healthy")
    template = _environment().get_template("diagnosis.html.j2")
    return heading + Markup(template.render(entry=Entry("", diagnosis)))  # escaped by the template


def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("pytest_gradhealth.report", package_path="templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
