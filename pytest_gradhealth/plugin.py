"""What pytest sees: options, ini values, the marker, the fixture. No other file imports pytest.

Everything else is imported inside fixture bodies: a run without a gradient test loads no torch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pytest_gradhealth.fixture import GradientHealth

_MARKER = "gradhealth"
_INI = "gradhealth_limits"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the options and ini values."""
    group = parser.getgroup("gradhealth", "gradient health")
    group.addoption(
        "--gradhealth-off",
        action="store_true",
        help="skip every test that uses the gradhealth fixture",
    )
    group.addoption(
        "--gradhealth-seed",
        type=int,
        default=0,
        metavar="N",
        help="seed of every measurement (default: %(default)s)",
    )
    parser.addini(
        _INI,
        type="linelist",
        default=[],
        help="limits of the gradhealth fixture, one NAME=VALUE a line",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker."""
    config.addinivalue_line(
        "markers",
        f"{_MARKER}(**limits): limits of the gradhealth fixture for this test, "
        "such as vanishing_share=1e-8",
    )


@pytest.fixture
def gradhealth(request: pytest.FixtureRequest) -> GradientHealth:
    """Gradient-health assertions as methods; limits from ini, then marker, then call."""
    if request.config.getoption("--gradhealth-off"):
        pytest.skip("--gradhealth-off")
    from pytest_gradhealth.errors import ProbeError
    from pytest_gradhealth.fixture import GradientHealth, limits_from

    try:
        limits = limits_from(request.config.getini(_INI), _marked(request))
    except ProbeError as error:
        raise pytest.UsageError(str(error)) from error
    return GradientHealth(
        limits=limits,
        seed=request.config.getoption("--gradhealth-seed"),
        verbose=request.config.get_verbosity() > 0,
    )


def _marked(request: pytest.FixtureRequest) -> dict[str, Any]:
    """The markers' keywords, those nearest to the test last."""
    marked: dict[str, Any] = {}
    for marker in reversed(list(request.node.iter_markers(_MARKER))):
        if marker.args:
            msg = f"@pytest.mark.{_MARKER} takes keywords only, such as vanishing_share=1e-8"
            raise pytest.UsageError(msg)
        marked.update(marker.kwargs)
    return marked
