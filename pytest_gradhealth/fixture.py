"""The ``gradhealth`` fixture's object: the assertions as methods, limits and seed filled in."""

from __future__ import annotations

import inspect
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from pytest_gradhealth.baseline.comparing import Comparison
from pytest_gradhealth.diagnosis import diagnose, judge_report, patterns
from pytest_gradhealth.errors import ProbeError
from pytest_gradhealth.facts import Diagnosis, Report
from pytest_gradhealth.registry import ASSERTIONS, HOME, load

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from torch import Tensor, nn

    from pytest_gradhealth.limits import Limits

#: The module whose assertions judge a diagnosis already made.
_JUDGES: Final = "assertions"

#: Keywords that the fixture knows, where a caller leaves them out.
_FILLED: Final = ("limits", "seed", "verbose", "update", "accept")

#: Keywords of an assertion that have no part in a diagnosis.
_OWN_KEYWORDS: Final = {"assert_connected": ("ignore",)}


@dataclass(slots=True)
class GradientHealth:
    """One test's view on gradient health; every ``assert_...`` of the package is a method.

    Within a test, assertions about the same model, batch and loss share one diagnosis, as long as
    the model's parameters have not changed since.

    Attributes:
        limits: From ini, pyproject and marker; a call's own ``limits`` goes before them.
        seed: Of every measurement.
        verbose: Show every row in failure messages.
        device: Measure there, on copies; ``""`` for wherever the model is.
        timer: Gives the ``benchmark`` fixture of pytest-benchmark.
        baselines: Gives the file of the test's next golden profile.
        update: Write golden profiles that are missing or no longer fit.
        accept: The command that does so for this test.
        compared: The comparisons with golden profiles so far, in order.
    """

    limits: Limits = field(repr=False)
    seed: int = 0
    verbose: bool = False
    device: str = ""
    timer: Callable[[], Any] | None = field(default=None, repr=False)
    baselines: Callable[[], Path] | None = field(default=None, repr=False)
    update: bool = False
    accept: str = "update=True"
    compared: list[Comparison] = field(default_factory=list, repr=False)
    _made: list[tuple[tuple[Any, ...], tuple[Any, ...], Diagnosis]] = field(
        default_factory=list, repr=False
    )

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Callable[..., Diagnosis]:
            """The assertions, which are put in below."""

    @property
    def diagnoses(self) -> tuple[Diagnosis, ...]:
        """Every diagnosis made so far, in order."""
        return tuple(made for _, _, made in self._made)

    def diagnose(
        self,
        model: nn.Module | Diagnosis | Report,
        batch: Any = None,
        loss_fn: Callable[..., Tensor] | None = None,
        *,
        step: Callable[[Any, Any], Tensor] | None = None,
        checks: Iterable[str] | None = None,
        limits: Limits | None = None,
        seed: int | None = None,
        ignore: Iterable[str] = (),
    ) -> Diagnosis:
        """All checks on the model, once per model, batch, loss and keywords."""
        if isinstance(model, Diagnosis):
            return model
        ignored, chosen = patterns(ignore), None if checks is None else tuple(checks)
        if isinstance(model, Report):
            return judge_report(model, checks=chosen, limits=limits or self.limits, ignore=ignored)
        wanted = (model, batch, loss_fn, step)
        seed = self.seed if seed is None else seed
        state = (ignored, chosen, limits or self.limits, seed, *_versions(model))
        for asked, made_for, diagnosis in self._made:
            same = all(left is right for left, right in zip(asked, wanted, strict=True))
            if same and made_for == state:
                return diagnosis
        place = (model, batch, loss_fn)
        if self.device:
            from pytest_gradhealth.recorder.devices import on_device

            place = on_device(*place, self.device)
        diagnosis = diagnose(
            *place,
            step=step,
            checks=chosen,
            limits=limits or self.limits,
            seed=seed,
            ignore=ignored,
        )
        self._made.append((wanted, state, diagnosis))
        return diagnosis

    def benchmark(
        self,
        model: nn.Module,
        batch: Any = None,
        loss_fn: Callable[..., Tensor] | None = None,
        *,
        step: Callable[[Any, Any], Tensor] | None = None,
        seed: int | None = None,
    ) -> Diagnosis:
        """Time a forward and backward pass with pytest-benchmark, and diagnose the model.

        The diagnosis is in the benchmark's ``extra_info``: the model, its worst layer with its
        share of the last layer's gradient, and the verdict on every symptom. It fails no test:
        assert what must hold on the diagnosis that is returned.

        Raises:
            ProbeError: pytest-benchmark is not installed, or there is no loss.
        """
        if self.timer is None:
            msg = "benchmark() is for tests: ask for the gradhealth fixture"
            raise ProbeError(msg)
        from pytest_gradhealth.overview import properties
        from pytest_gradhealth.recorder.devices import on_device
        from pytest_gradhealth.recorder.passing import passes_of

        timer = self.timer()
        diagnosis = self.diagnose(model, batch, loss_fn, step=step, seed=seed)
        timer.extra_info.update(properties(diagnosis))
        place = (model, batch, loss_fn)
        if self.device:
            place = on_device(*place, self.device)
        with passes_of(*place, step, seed=self.seed if seed is None else seed) as once:
            timer(once)
        return diagnosis


def _method(name: str) -> Callable[..., Any]:
    """The method of one assertion.

    One that judges a diagnosis gets the test's shared one. Any other is called as it is, with those
    of the fixture's own values that it takes and the caller left out.
    """
    own = _OWN_KEYWORDS.get(name, ())

    def judge(self: GradientHealth, model: Any, *args: Any, **kwargs: Any) -> Any:
        __tracebackhide__ = True
        kept = {key: kwargs.pop(key) for key in own if key in kwargs}
        kept["verbose"] = kwargs.pop("verbose", self.verbose)
        return load(name)(self.diagnose(model, *args, **kwargs), **kept)

    def call(self: GradientHealth, *args: Any, **kwargs: Any) -> Any:
        __tracebackhide__ = True
        function = load(name)
        takes = inspect.signature(function).parameters
        filled = {key: getattr(self, key) for key in _FILLED if key in takes}
        if "path" in takes and "path" not in kwargs and self.baselines is not None:
            filled["path"] = self.baselines()
        result = function(*args, **{**filled, **kwargs})
        if isinstance(result, Comparison):
            self.compared.append(result)
        return result

    method = judge if HOME[name] == _JUDGES else call
    method.__name__, method.__qualname__ = name, f"{GradientHealth.__qualname__}.{name}"
    method.__doc__ = f"See ``pytest_gradhealth.{name}``."
    return method


for _name in ASSERTIONS:
    setattr(GradientHealth, _name, _method(_name))


def _versions(model: nn.Module) -> tuple[int, ...]:
    """Modes, which tensors the model holds, and torch's count of changes in place to each."""
    tensors = (*model.parameters(), *model.buffers())
    held = (number for t in tensors for number in (id(t), t._version, t.requires_grad))
    return (*held, *(module.training for module in model.modules()))
