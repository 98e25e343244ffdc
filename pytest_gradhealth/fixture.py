"""The ``gradhealth`` fixture's object: the assertions as methods, limits and seed filled in."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pytest_gradhealth import assertions
from pytest_gradhealth.diagnosis import diagnose, judge_report, patterns
from pytest_gradhealth.errors import ProbeError
from pytest_gradhealth.facts import Diagnosis, Report
from pytest_gradhealth.limits import Limits

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from torch import Tensor, nn


@dataclass(slots=True)
class GradientHealth:
    """One test's view on gradient health.

    Within a test, assertions about the same model, batch and loss share one diagnosis, as long as
    the model's parameters have not changed since.

    Attributes:
        limits: From ini and marker; a call's own ``limits`` goes before them.
        seed: Of every measurement.
        verbose: Show every row in failure messages.
    """

    limits: Limits = field(repr=False)
    seed: int = 0
    verbose: bool = False
    _made: list[tuple[tuple[Any, ...], tuple[Any, ...], Diagnosis]] = field(
        default_factory=list, repr=False
    )

    def diagnose(
        self,
        model: nn.Module | Diagnosis | Report,
        batch: Any = None,
        loss_fn: Callable[..., Tensor] | None = None,
        *,
        step: Callable[[Any, Any], Tensor] | None = None,
        limits: Limits | None = None,
        ignore: Iterable[str] = (),
    ) -> Diagnosis:
        """All checks on the model, once per model, batch, loss, limits and ``ignore``."""
        if isinstance(model, Diagnosis):
            return model
        ignored = patterns(ignore)
        if isinstance(model, Report):
            return judge_report(model, limits=limits or self.limits, ignore=ignored)
        wanted = (model, batch, loss_fn, step, limits)
        state = (*ignored, *_versions(model))
        for asked, made_for, diagnosis in self._made:
            same = all(left is right for left, right in zip(asked, wanted, strict=True))
            if same and made_for == state:
                return diagnosis
        diagnosis = diagnose(
            model,
            batch,
            loss_fn,
            step=step,
            limits=limits or self.limits,
            seed=self.seed,
            ignore=ignored,
        )
        self._made.append((wanted, state, diagnosis))
        return diagnosis

    def assert_no_vanishing(self, model: Any, *args: Any, **kwargs: Any) -> Diagnosis:
        """See ``pytest_gradhealth.assert_no_vanishing``."""
        __tracebackhide__ = True
        made = self.diagnose(model, *args, **kwargs)
        return assertions.assert_no_vanishing(made, verbose=self.verbose)

    def assert_no_exploding(self, model: Any, *args: Any, **kwargs: Any) -> Diagnosis:
        """See ``pytest_gradhealth.assert_no_exploding``."""
        __tracebackhide__ = True
        made = self.diagnose(model, *args, **kwargs)
        return assertions.assert_no_exploding(made, verbose=self.verbose)

    def assert_finite(self, model: Any, *args: Any, **kwargs: Any) -> Diagnosis:
        """See ``pytest_gradhealth.assert_finite``."""
        __tracebackhide__ = True
        made = self.diagnose(model, *args, **kwargs)
        return assertions.assert_finite(made, verbose=self.verbose)

    def assert_no_dead_units(self, model: Any, *args: Any, **kwargs: Any) -> Diagnosis:
        """See ``pytest_gradhealth.assert_no_dead_units``."""
        __tracebackhide__ = True
        made = self.diagnose(model, *args, **kwargs)
        return assertions.assert_no_dead_units(made, verbose=self.verbose)

    def assert_no_saturation(self, model: Any, *args: Any, **kwargs: Any) -> Diagnosis:
        """See ``pytest_gradhealth.assert_no_saturation``."""
        __tracebackhide__ = True
        made = self.diagnose(model, *args, **kwargs)
        return assertions.assert_no_saturation(made, verbose=self.verbose)

    def assert_no_collapse(self, model: Any, *args: Any, **kwargs: Any) -> Diagnosis:
        """See ``pytest_gradhealth.assert_no_collapse``."""
        __tracebackhide__ = True
        made = self.diagnose(model, *args, **kwargs)
        return assertions.assert_no_collapse(made, verbose=self.verbose)

    def assert_symmetry_broken(self, model: Any, *args: Any, **kwargs: Any) -> Diagnosis:
        """See ``pytest_gradhealth.assert_symmetry_broken``."""
        __tracebackhide__ = True
        made = self.diagnose(model, *args, **kwargs)
        return assertions.assert_symmetry_broken(made, verbose=self.verbose)

    def assert_no_underflow(self, model: Any, *args: Any, **kwargs: Any) -> Diagnosis:
        """See ``pytest_gradhealth.assert_no_underflow``."""
        __tracebackhide__ = True
        made = self.diagnose(model, *args, **kwargs)
        return assertions.assert_no_underflow(made, verbose=self.verbose)

    def assert_connected(
        self, model: Any, *args: Any, ignore: Iterable[str] = (), **kwargs: Any
    ) -> Diagnosis:
        """See ``pytest_gradhealth.assert_connected``."""
        __tracebackhide__ = True
        made = self.diagnose(model, *args, **kwargs)
        return assertions.assert_connected(made, ignore=ignore, verbose=self.verbose)

    def assert_healthy(self, model: Any, *args: Any, **kwargs: Any) -> Diagnosis:
        """See ``pytest_gradhealth.assert_healthy``."""
        __tracebackhide__ = True
        made = self.diagnose(model, *args, **kwargs)
        return assertions.assert_healthy(made, verbose=self.verbose)


def limits_from(lines: Sequence[str], marked: Mapping[str, Any]) -> Limits:
    """The limits that ini lines and a marker's keywords ask for; the marker goes before the ini.

    Raises:
        ProbeError: A line is not ``NAME=VALUE``, a name is unknown or a value impossible.
    """
    changes: dict[str, Any] = {}
    for line in lines:
        name, equals, value = (part.strip() for part in line.partition("="))
        if not equals:
            msg = f"gradhealth_limits takes NAME=VALUE lines, found {line!r}"
            raise ProbeError(msg)
        try:
            changes[name] = ast.literal_eval(value)
        except (ValueError, SyntaxError) as error:
            msg = f"gradhealth_limits: {value!r} is not a number ({name})"
            raise ProbeError(msg) from error
    return Limits().replace(**{**changes, **marked})


def _versions(model: nn.Module) -> tuple[int, ...]:
    """Modes, which tensors the model holds, and torch's count of changes in place to each."""
    tensors = (*model.parameters(), *model.buffers())
    held = (number for t in tensors for number in (id(t), t._version, t.requires_grad))
    return (*held, *(module.training for module in model.modules()))
