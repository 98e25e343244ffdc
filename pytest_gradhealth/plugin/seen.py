"""What a test has measured, kept with its item."""

from __future__ import annotations

from typing import Any, Final

import pytest

#: A test's tuple of diagnoses, without models, which are let go when it ends.
DIAGNOSES: Final = pytest.StashKey[Any]()
