"""The random generators a model may draw from: kept, seeded, put back."""

from __future__ import annotations

import random
import sys
from collections.abc import Callable

import torch

_NUMPY_SEED_LIMIT = 2**32  # numpy's legacy generator takes 32 bits


def keep_generators() -> Callable[[], None]:
    """Remember the state of every generator; the returned function puts it back."""
    undo: list[Callable[[], None]] = []
    cpu = torch.get_rng_state()
    undo.append(lambda: torch.set_rng_state(cpu))
    if torch.cuda.is_available() and torch.cuda.is_initialized():  # type: ignore[no-untyped-call]
        cuda = torch.cuda.get_rng_state_all()
        undo.append(lambda: torch.cuda.set_rng_state_all(cuda))
    if torch.backends.mps.is_available():
        mps = torch.mps.get_rng_state()
        undo.append(lambda: torch.mps.set_rng_state(mps))
    python = random.getstate()
    undo.append(lambda: random.setstate(python))
    numpy = sys.modules.get("numpy")
    if numpy is not None:
        legacy = numpy.random.get_state()
        undo.append(lambda: numpy.random.set_state(legacy))

    def put_back() -> None:
        for step in undo:
            step()

    return put_back


def seed_generators(seed: int) -> None:
    """Seed every generator in use, so that dropout and sampling repeat."""
    torch.manual_seed(seed)
    random.seed(seed)
    numpy = sys.modules.get("numpy")
    if numpy is not None:
        numpy.random.seed(seed % _NUMPY_SEED_LIMIT)
