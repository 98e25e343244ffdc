"""The fixture."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pytest_gradhealth.plugin.options import limits_of
from pytest_gradhealth.plugin.progress import progress_of
from pytest_gradhealth.plugin.seen import remember

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_gradhealth.fixture import GradientHealth


@pytest.fixture
def gradhealth(request: pytest.FixtureRequest) -> Iterator[GradientHealth]:
    """Gradient-health assertions as methods; limits from ini, pyproject, marker, call."""
    config = request.config
    if config.getoption("--gradhealth-off"):
        pytest.skip("--gradhealth-off")
    from pytest_gradhealth.fixture import GradientHealth

    health = GradientHealth(
        limits=limits_of(request.node, config),
        seed=config.getoption("--gradhealth-seed"),
        verbose=config.get_verbosity() > 0,
        device=config.getoption("--gradhealth-device"),
        timer=lambda: _timer(request),
    )
    with progress_of(config, request.node.name):
        yield health
    remember(request.node, health.diagnoses)


def _timer(request: pytest.FixtureRequest) -> Any:
    """The ``benchmark`` fixture, set up only for who asks for it.

    Raises:
        ProbeError: pytest-benchmark is not installed, or is switched off.
    """
    try:
        return request.getfixturevalue("benchmark")
    except pytest.FixtureLookupError as error:
        from pytest_gradhealth.errors import ProbeError

        msg = "gradhealth.benchmark needs pytest-benchmark: pip install pytest-benchmark"
        raise ProbeError(msg) from error
