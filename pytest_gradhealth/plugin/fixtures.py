"""The fixture."""

from __future__ import annotations

import shlex
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest

from pytest_gradhealth.plugin.options import limits_of
from pytest_gradhealth.plugin.progress import progress_of
from pytest_gradhealth.plugin.seen import remember, tell_written

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

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
        baselines=_places(request.node),
        update=config.getoption("--gradhealth-update"),
        accept=f"pytest {shlex.quote(request.node.nodeid)} --gradhealth-update",
    )
    with progress_of(config, request.node.name):
        yield health
    remember(request.node, health.diagnoses)
    tell_written(request.node, [one.path for one in health.compared if one.written])


def _places(node: pytest.Item) -> Callable[[], Path]:
    """The files of a test's golden profiles, one a call."""
    from pytest_gradhealth.baseline.files import place

    test = node.nodeid.partition("::")[2].replace("::", ".")
    calls = count()
    return lambda: place(node.path, test, next(calls))


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
