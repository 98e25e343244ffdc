"""Running a model and measuring it: the only folder that imports torch."""

from pytest_gradhealth.recorder.run import record

__all__ = ["record"]
