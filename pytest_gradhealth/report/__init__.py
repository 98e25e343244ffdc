"""Diagnoses as pictures and pages; needs the ``report`` extra (matplotlib, jinja2)."""

from pytest_gradhealth.report.figures import profile_svg
from pytest_gradhealth.report.page import Entry, write_page

__all__ = ["Entry", "profile_svg", "write_page"]
