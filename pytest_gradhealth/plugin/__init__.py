"""What pytest sees: options, ini values, the marker, the fixture. No other folder imports pytest.

Everything else is imported inside the bodies: a run without a gradient test loads no torch.
"""

from pytest_gradhealth.plugin.fixtures import gradhealth
from pytest_gradhealth.plugin.models import pytest_collection, pytest_make_collect_report
from pytest_gradhealth.plugin.options import pytest_addoption, pytest_configure
from pytest_gradhealth.plugin.seen import (
    pytest_runtest_makereport,
    pytest_sessionfinish,
    pytest_terminal_summary,
)

__all__ = [
    "gradhealth",
    "pytest_addoption",
    "pytest_collection",
    "pytest_configure",
    "pytest_make_collect_report",
    "pytest_runtest_makereport",
    "pytest_sessionfinish",
    "pytest_terminal_summary",
]
