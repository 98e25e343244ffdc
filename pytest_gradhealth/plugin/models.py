"""Tests without code: an item per symptom for every ``--gradhealth-model``."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING, Any

import pytest

from pytest_gradhealth.plugin.options import limits_of
from pytest_gradhealth.plugin.progress import progress_of
from pytest_gradhealth.plugin.seen import remember

if TYPE_CHECKING:
    from pytest_gradhealth.facts import Diagnosis


def only_models(config: pytest.Config) -> bool:
    """Whether models were typed on the command line, and no path to tests."""
    typed = any(str(arg).startswith("--gradhealth-model") for arg in config.invocation_params.args)
    return typed and config.args_source is not pytest.Config.ArgsSource.ARGS


@pytest.hookimpl(tryfirst=True)
def pytest_collection(session: pytest.Session) -> None:
    """Leave the folder's own tests out where only models were asked for."""
    _asked_for(session.config)  # a wrong number of batches ends the run before it starts
    if only_models(session.config):
        session.config.args = []


@pytest.hookimpl(hookwrapper=True)
def pytest_make_collect_report(collector: pytest.Collector) -> Generator[None, Any, None]:
    """Put the models behind the folders, so that ``-k`` and plugins treat them like any test."""
    outcome = yield
    if isinstance(collector, pytest.Session):
        report: pytest.CollectReport = outcome.get_result()
        report.result = [*(report.result or ()), *_models(collector)]


def _models(session: pytest.Session) -> Iterator[ModelUnderTest]:
    names, batches, losses = _asked_for(session.config)
    for index, name in enumerate(names):
        yield ModelUnderTest.from_parent(
            session,
            name=name,
            nodeid=name,
            batch=_for(batches, index),
            loss=_for(losses, index),
        )


def _asked_for(config: pytest.Config) -> tuple[list[str], list[str], list[str]]:
    """Models, batches and losses of the command line."""
    names = list(dict.fromkeys(config.getoption("--gradhealth-model")))
    batches, losses = (config.getoption(f"--gradhealth-{what}") for what in ("batch", "loss"))
    for option, given in (("batch", batches), ("loss", losses)):
        if len(given) not in {0, 1, len(names)}:
            msg = f"--gradhealth-{option} is given {len(given)} times for {len(names)} models"
            raise pytest.UsageError(msg)
    return names, batches, losses


def _for(given: list[str], index: int) -> str:
    return given[index if len(given) > 1 else 0] if given else ""


class ModelUnderTest(pytest.Collector):
    """One model of the command line: built and diagnosed at its first item, then let go."""

    def __init__(self, *, batch: str, loss: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.batch = batch
        self.loss = loss
        self.untold = True
        self._made: Diagnosis | Exception | None = None

    def collect(self) -> Iterator[SymptomItem]:
        """An item per symptom."""
        from pytest_gradhealth.checks import ALL_CHECKS

        for check in ALL_CHECKS:
            item = SymptomItem.from_parent(self, name=check.symptom)
            if self.config.pluginmanager.hasplugin("xdist"):
                item.add_marker(pytest.mark.xdist_group(name=self.name))
            yield item

    def diagnosis(self) -> Diagnosis:
        """What the model's items share; a model that cannot be measured is tried once."""
        if self._made is None:
            try:
                self._made = self._measured()
            except Exception as error:
                self._made = error
        if isinstance(self._made, Exception):
            raise self._made
        return self._made

    def _measured(self) -> Diagnosis:
        from pytest_gradhealth.fixture import GradientHealth
        from pytest_gradhealth.recorder.subjects import subject_named

        config = self.config
        health = GradientHealth(
            limits=limits_of(self, config),
            seed=config.getoption("--gradhealth-seed"),
            device=config.getoption("--gradhealth-device"),
        )
        subject = subject_named(
            self.name,
            config.invocation_params.dir,
            batch=self.batch,
            loss=self.loss,
            seed=health.seed,
        )
        with progress_of(config, self.name):
            return health.diagnose(subject.model, subject.batch, subject.loss_fn)


class SymptomItem(pytest.Item):
    """One symptom of one model."""

    diagnosis: Diagnosis

    def setup(self) -> None:
        """Measure the model; where that fails it is an error, not a failed test."""
        if self.config.getoption("--gradhealth-off"):
            pytest.skip("--gradhealth-off")
        from pytest_gradhealth.errors import ProbeError

        assert isinstance(self.parent, ModelUnderTest)
        try:
            self.diagnosis = self.parent.diagnosis()
        except ProbeError as error:  # one sentence; a model's own exception keeps its traceback
            raise pytest.fail.Exception(f"ProbeError: {error}", pytrace=False) from None
        remember(self, (self.diagnosis,), send=self.parent.untold)
        self.parent.untold = False

    def runtest(self) -> None:
        """Fail on the symptom; what could not be observed is skipped, for it is no pass."""
        from pytest_gradhealth import message
        from pytest_gradhealth.errors import GradientHealthError

        diagnosis = self.diagnosis
        found = [finding for finding in diagnosis.findings if finding.symptom == self.name]
        if found:
            verbose = self.config.get_verbosity() > 0
            raise GradientHealthError(message.failure(diagnosis, found, verbose=verbose), diagnosis)
        if diagnosis.verdicts[self.name] == "not_observed":
            pytest.skip(f"not observed: {diagnosis.reasons[self.name][0]}")

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """The failure message as it is."""
        from pytest_gradhealth.errors import GradientHealthError

        if isinstance(excinfo.value, GradientHealthError):
            return f"{type(excinfo.value).__name__}: {excinfo.value}"
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Any, int | None, str]:
        """The model's name stands where a test's file does."""
        assert self.parent is not None
        return self.config.rootpath / self.parent.name, None, self.name
