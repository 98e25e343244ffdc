"""Running a model and measuring it: the only folder that imports torch."""

from pytest_gradhealth.errors import ProbeError

try:
    import torch  # noqa: F401
except ModuleNotFoundError as error:
    message = "measuring gradients needs torch, which is not installed here: pip install torch"
    raise ProbeError(message) from error

from pytest_gradhealth.recorder.run import record

__all__ = ["record"]
