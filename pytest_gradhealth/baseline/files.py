"""Where a test's golden profile lies, and reading it."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Final

from pytest_gradhealth.baseline.golden import Golden
from pytest_gradhealth.errors import ProbeError

if TYPE_CHECKING:
    from pathlib import Path

#: The folder of all profiles, beside the tests.
FOLDER: Final = "gradhealth_baselines"
#: What a file's name may not hold on some file system, or hardly.
_UNFIT: Final = re.compile(r"[^\w.=,+\[\]-]+", re.ASCII)
_LONGEST: Final = 100
_HASHED: Final = 8


def place(test_file: Path, test: str, call: int = 0) -> Path:
    """The file of one call of ``assert_matches_baseline`` in one test.

    Args:
        test_file: The file the test is in.
        test: Its name within the file, such as ``TestNet.test_gradients[small]``.
        call: 0 for the test's first call, 1 for its second.
    """
    name = _UNFIT.sub("_", test)
    if name != test or len(name) > _LONGEST:
        # Two tests whose names differ only in what is left out have two files.
        digest = hashlib.sha256(test.encode()).hexdigest()[:_HASHED]
        name = f"{name[:_LONGEST]}-{digest}"
    number = f"-{call + 1}" if call else ""
    return test_file.parent / FOLDER / test_file.stem / f"{name}{number}.json"


def read(path: Path, accept: str) -> Golden | None:
    """The profile in a file, ``None`` where there is no file.

    Args:
        path: The file.
        accept: What writes it anew, for the message.

    Raises:
        ProbeError: It cannot be read, or holds something else.
    """
    try:
        return Golden.from_json(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        # Of a decoding error the words are Python's; of ours they go on from the file's name.
        told = str(error) if type(error) is ValueError else f"cannot be read: {error}"
        msg = f"{path} {told}; put it right, or write it anew: {accept}"
        raise ProbeError(msg) from error
