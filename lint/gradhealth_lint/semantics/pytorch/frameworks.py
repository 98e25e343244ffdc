"""Training frameworks: which of their objects a file makes, and what those do to gradients."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gradhealth_lint.semantics.domain import folding, walking
from gradhealth_lint.semantics.domain.torch_values import (
    Manager,
    Optimizer,
    Scheduler,
    is_module,
)
from gradhealth_lint.semantics.domain.values import (
    MISSING,
    UNKNOWN,
    Arguments,
    Bound,
    ClassValue,
    DictValue,
    Function,
    Instance,
    ListValue,
    Qualified,
    Value,
    new_list,
)
from gradhealth_lint.semantics.pytorch import events

if TYPE_CHECKING:
    import libcst as cst

    from gradhealth_lint.semantics.python.interpreter import Interpreter

#: The first part of a dotted name, and the framework it belongs to.
_PACKAGES: Final = {
    "accelerate": "accelerate",
    "lightning": "lightning",
    "pytorch_lightning": "lightning",
    "lightning_fabric": "lightning",
    "deepspeed": "deepspeed",
    "transformers": "transformers",
    "trl": "transformers",
    "ignite": "ignite",
    "skorch": "skorch",
}
_FITTING: Final = frozenset({"fit", "train", "run", "partial_fit", "fit_loop"})
_PREPARING: Final = frozenset({"prepare", "setup", "setup_module", "setup_optimizers"})
_GIVEN_BACK: Final = frozenset({"unwrap_model", "prepare_model", "prepare_optimizer"})
_NOTHING: Final = Arguments([], {})
_INFINITIES: Final = frozenset({"math.inf", "numpy.inf", "torch.inf"})
#: What transformers.TrainingArguments clips to unless told otherwise.
_TRANSFORMERS_NORM: Final = 1.0


def framework_of(name: str) -> str:
    """The framework a dotted name belongs to, "" if none."""
    return _PACKAGES.get(name.partition(".")[0], "")


def of_class(cls: ClassValue) -> str:
    """The framework that calls a class's methods, "" if its bases are no framework's."""
    from gradhealth_lint.semantics.python import classes

    named = (base.name for base in classes.linear_bases(cls) if isinstance(base, Qualified))
    return next((found for found in map(framework_of, named) if found), "")


def around(cls: ClassValue, method: Function) -> str:
    """The framework that trains around a method, "" if the method trains itself.

    A LightningModule whose training step goes backward takes the optimizer's steps as well.
    """
    framework = of_class(cls)
    by_hand = framework == "lightning" and method.name == "training_step" and _goes_backward(cls)
    return "" if by_hand else framework


def _goes_backward(cls: ClassValue) -> bool:
    methods = (value for value in cls.fields.values() if isinstance(value, Function))
    return any("manual_backward" in walking.names(method.node) for method in methods)


def optimizers(interpreter: Interpreter, receiver: Instance, node: cst.CSTNode) -> Value:
    """``LightningModule.optimizers()``: what its configure_optimizers gives."""
    from gradhealth_lint.semantics.python import calls, classes

    configure = classes.find(receiver.cls, "configure_optimizers")
    if not isinstance(configure, Function):
        return UNKNOWN
    if configure.node in interpreter.calls:
        return UNKNOWN
    # The same ones at every call: they are made by nobody who asks for them.
    running, interpreter.calls = interpreter.calls, []
    try:
        made = calls.call(interpreter, Bound(configure, receiver), _NOTHING, node)
    finally:
        interpreter.calls = running
    found = _optimizers_in(made)
    return found[0] if len(found) == 1 else new_list(found or UNKNOWN)


def _optimizers_in(value: Value) -> list[Value]:
    if isinstance(value, Optimizer):
        return [value]
    if isinstance(value, DictValue):
        return _optimizers_in(value.lookup("optimizer"))
    items = folding.sequence(value) or ()
    return [optimizer for item in items for optimizer in _optimizers_in(item)]


def make(name: str, arguments: Arguments) -> Value:
    """``framework.Thing(...)``, MISSING if it is not one that trains."""
    framework, last = framework_of(name), name.rpartition(".")[2]
    given = arguments.keywords
    if last in {"Accelerator", "Fabric"}:
        return Manager(framework, last)
    if framework == "lightning" and last == "Trainer":
        limit = UNKNOWN if arguments.open else given.get("gradient_clip_val")
        return Manager(framework, last, max_norm=limit)
    if framework == "deepspeed" and last == "initialize":
        return _deepspeed(arguments)
    if framework == "transformers":
        if last.endswith("TrainingArguments"):
            unset = UNKNOWN if arguments.open else _TRANSFORMERS_NORM
            return Manager(framework, last, max_norm=given.get("max_grad_norm", unset))
        if last.endswith("Trainer"):
            bound = arguments.bind("model", "args")
            settings = bound.get("args", UNKNOWN)
            limit = settings.max_norm if isinstance(settings, Manager) else UNKNOWN
            return Manager(framework, last, bound.get("model", UNKNOWN), limit)
    if framework in {"ignite", "skorch"} and (last == "Engine" or last.startswith("NeuralNet")):
        first = arguments.positional[0] if arguments.positional else UNKNOWN
        return Manager(framework, last, first)
    return MISSING


def _deepspeed(arguments: Arguments) -> Value:
    bound = arguments.bind("args", "model", "optimizer", "model_parameters")
    model = bound.get("model", UNKNOWN)
    config = bound.get("config", bound.get("config_params", UNKNOWN))
    limit: Value = UNKNOWN
    if isinstance(config, DictValue):
        found = config.lookup("gradient_clipping")
        limit = None if found is MISSING else found
    engine = Manager("deepspeed", "engine", model, limit)
    owners = (model,) if is_module(model) else ()
    optimizer = bound.get("optimizer", UNKNOWN)
    if not isinstance(optimizer, Optimizer):
        optimizer = Optimizer("DeepSpeed", owners, "", foreign=True)
    return (engine, optimizer, UNKNOWN, Scheduler("", optimizer))


def call(
    interpreter: Interpreter, manager: Manager, name: str, arguments: Arguments, node: cst.Call
) -> Value:
    """``manager.name(*arguments)``."""
    if manager.kind in {"Accelerator", "Fabric"}:
        return _prepared(interpreter, name, arguments, node)
    if manager.kind == "engine":
        if name == "step":
            owners = (manager.model,) if is_module(manager.model) else ()
            events.record(
                interpreter, events.STEP, node, manager, owners=owners,
                framework=manager.framework, limit=_off_at_zero(manager.max_norm),
            )  # fmt: skip
        return UNKNOWN
    if name in _FITTING:
        model = manager.model
        if not is_module(model) and arguments.everything():
            model = arguments.everything()[0]
        events.record(
            interpreter, events.FIT, node, model,
            framework=manager.framework, limit=_off_at_zero(manager.max_norm),
            owners=(model,) if is_module(model) else (),
        )  # fmt: skip
    return UNKNOWN


def _prepared(interpreter: Interpreter, name: str, arguments: Arguments, node: cst.Call) -> Value:
    """What an Accelerator or a Fabric gives back: what it was given, wrapped."""
    from gradhealth_lint.semantics.python import calls

    given = arguments.positional
    if name in _PREPARING and given:
        return given[0] if len(given) == 1 else tuple(given)
    if name in _GIVEN_BACK and given:
        return given[0]
    if name in {"backward", "clip_grad_norm_", "clip_grad_value_", "clip_gradients"}:
        return UNKNOWN
    return calls.unknown(interpreter, arguments, node)


def _off_at_zero(limit: Value) -> Value:
    """What a framework clips to: to it 0 and None both mean not at all."""
    return None if folding.number(limit) == 0 else limit


def limit_of(value: Value) -> float | None:
    """A clipping limit as a number; infinity if nothing is clipped, None if it is not known."""
    value = folding.resolved(value)
    if value is None:
        return float("inf")
    if isinstance(value, ListValue):
        return None
    if isinstance(value, Qualified) and value.name in _INFINITIES:
        return float("inf")
    return folding.number(value)
