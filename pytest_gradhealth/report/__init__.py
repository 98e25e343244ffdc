"""Diagnoses as pictures and pages; needs the ``report`` extra (matplotlib, jinja2)."""

from pytest_gradhealth.report.figures import profile_figure, profile_svg
from pytest_gradhealth.report.page import Entry, fragment, write_page

__all__ = ["Entry", "fragment", "profile_figure", "profile_svg", "write_page"]
