"""Options, ini values and the marker, and the settings read from them."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final

import pytest

from pytest_gradhealth.plugin.seen import Listener

if TYPE_CHECKING:
    from pytest_gradhealth.limits import Limits

MARKER: Final = "gradhealth"
INI: Final = "gradhealth_limits"
_PAGE_NEEDS: Final = ("jinja2", "matplotlib")


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
    group.addoption(
        "--gradhealth-device",
        default="",
        metavar="DEVICE",
        help="measure on copies on this device, such as cuda (default: wherever the model is)",
    )
    group.addoption(
        "--gradhealth-model",
        action="append",
        default=[],
        metavar="MODEL",
        help="test this model, one item per symptom: package.module:factory, path/file.py:Name, "
        "timm:NAME or hf:CONFIG; may be repeated",
    )
    group.addoption(
        "--gradhealth-batch",
        action="append",
        default=[],
        metavar="EXPR",
        help="batch of --gradhealth-model as Python over torch, nn, F and model; once for all "
        "models or once for each",
    )
    group.addoption(
        "--gradhealth-loss",
        action="append",
        default=[],
        metavar="EXPR",
        help="loss of --gradhealth-model in the same way, such as F.cross_entropy",
    )
    group.addoption(
        "--gradhealth-json",
        default="",
        metavar="FILE",
        help="write every diagnosis of the run to this file",
    )
    group.addoption(
        "--gradhealth-report",
        default="",
        metavar="FILE",
        help="write every diagnosis of the run to this HTML page, with a plot of each model",
    )
    group.addoption(
        "--gradhealth-update",
        action="store_true",
        help="write golden profiles (assert_matches_baseline) that are missing or have changed",
    )
    parser.addini(
        INI,
        type="linelist",
        default=[],
        help="limits of the gradhealth fixture, one NAME=VALUE a line",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker; listen to the tests, except in a worker of pytest-xdist.

    Raises:
        UsageError: A page is asked for and cannot be made here.
    """
    if config.getoption("--gradhealth-report") and not all(map(find_spec, _PAGE_NEEDS)):
        msg = (
            "--gradhealth-report needs jinja2 and matplotlib: "
            "pip install 'pytest-gradhealth[report]'"
        )
        raise pytest.UsageError(msg)
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(Listener(config), "gradhealth-listener")
    config.addinivalue_line(
        "markers",
        f"{MARKER}(**limits): limits of the gradhealth fixture for this test, "
        "such as vanishing_share=1e-8",
    )


def limits_of(node: pytest.Item | pytest.Collector, config: pytest.Config) -> Limits:
    """A test's limits: ini, then ``pyproject.toml``, then markers, the nearest last.

    Raises:
        UsageError: A limit is unknown or impossible; the message lists the valid ones.
    """
    from pytest_gradhealth.errors import ProbeError
    from pytest_gradhealth.settings import from_pyproject, limits_from

    try:
        table = from_pyproject(config.rootpath / "pyproject.toml")
        return limits_from(config.getini(INI), table, _marked(node))
    except ProbeError as error:
        raise pytest.UsageError(str(error)) from error


def _marked(node: pytest.Item | pytest.Collector) -> dict[str, Any]:
    """The markers' keywords, those nearest to the test last."""
    marked: dict[str, Any] = {}
    for marker in reversed(list(node.iter_markers(MARKER))):
        if marker.args:
            msg = f"@pytest.mark.{MARKER} takes keywords only, such as vanishing_share=1e-8"
            raise pytest.UsageError(msg)
        marked.update(marker.kwargs)
    return marked
