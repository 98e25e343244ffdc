"""Names written as the file has them, and imports where it has none."""

from __future__ import annotations

import pytest

from gradhealth_lint.edits.plan import AddImport, InsertBefore, Name, Replace
from tests.lint.editing import made

FULL = "torch.nn.utils.clip_grad_norm_"
SPELLED = {
    "import torch": FULL,
    "import torch as t": "t.nn.utils.clip_grad_norm_",
    "import torch.nn": FULL,
    "import torch.nn as nn": "nn.utils.clip_grad_norm_",
    "from torch import nn": "nn.utils.clip_grad_norm_",
    "import torch; from torch import nn as n": "n.utils.clip_grad_norm_",
    "from torch.nn import utils as u": "u.clip_grad_norm_",
    "from torch.nn.utils import clip_grad_norm_": "clip_grad_norm_",
    "from torch.nn.utils import clip_grad_norm_ as clip": "clip",
    "try:\n    import torch\nexcept ImportError: pass": FULL,
    "import torch, torch.nn.functional as F": FULL,
}


@pytest.mark.parametrize("imports", SPELLED)
def test_names_are_the_files_own(imports: str) -> None:
    text = f"{imports}\nold()\n"
    assert made(text, ["old"], Replace(0, (Name(FULL),))) == f"{imports}\n{SPELLED[imports]}()\n"


OTHERS = {
    "a parameter": ("import torch\ndef f(nn): pass\nfrom torch import nn\nold()\n", 3),
    "below": ("import torch\nold()\nfrom torch import nn\n", 1),
    "in another function": (
        "import torch\ndef f():\n    from torch import nn\ndef g():\n    old()\n", 4),
    "under a condition": ("import torch\nif TYPE_CHECKING:\n    from torch import nn\nold()\n", 3),
    "two meanings": ("import torch\nfrom torch import nn\nfrom jax import nn\nold()\n", 3),
}  # fmt: skip


@pytest.mark.parametrize("name", OTHERS)
def test_names_that_may_be_something_else_are_not_used(name: str) -> None:
    text, line = OTHERS[name]
    after = made(text, ["old"], Replace(0, (Name(FULL),)))
    assert after is not None
    assert after.splitlines()[line].strip() == f"{FULL}()"
    assert after.count("import") == text.count("import")


def test_imports_of_the_function_at_hand_count() -> None:
    text = "def f():\n    from torch import nn\n    def g():\n        old()\n"
    expected = text.replace("old", "nn.utils.clip_grad_norm_")
    assert made(text, ["old"], Replace(0, (Name(FULL),))) == expected


def test_a_method_of_that_name_does_not_hide_an_import() -> None:
    text = "from torch.nn import utils\nclass A:\n    def utils(self):\n        return old()\n"
    expected = text.replace("old", "utils.clip_grad_norm_")
    assert made(text, ["old"], Replace(0, (Name(FULL),))) == expected


ADDED = {
    "after others": ("import os\nfrom sys import argv\n\nold()\n",
                     "import os\nfrom sys import argv\nimport torch\n\n"),
    "after a text": ('"""Doc."""\nold()\n', '"""Doc."""\nimport torch\n'),
    "after the future": (
        "from __future__ import annotations\nold()\n",
        "from __future__ import annotations\nimport torch\n",
    ),
    "first": ("#!/bin/python\n# why\nold()\n", "#!/bin/python\n# why\nimport torch\n"),
    "crlf": ("import os  # why\r\n\r\nold()\r\n", "import os  # why\r\nimport torch\r\n\r\n"),
    "semicolons": ("import os; x = 1\nold()\n", "import os; import torch; x = 1\n"),
    "no newline": ("import os; old()", "import os; import torch; "),
    "over lines": ("from os import (\n    path,\n)\nold()\n",
                   "from os import (\n    path,\n)\nimport torch\n"),
    "after a star": ("from torch.nn import *\nold()\n", "from torch.nn import *\nimport torch\n"),
}  # fmt: skip


@pytest.mark.parametrize("name", ADDED)
def test_an_import_is_added(name: str) -> None:
    text, head = ADDED[name]
    after = made(text, ["old"], Replace(0, (Name(FULL),)))
    assert after == head + text[text.index("old") :].replace("old", FULL)


def test_an_import_is_added_once_and_comes_first() -> None:
    steps = (
        InsertBefore(0, ((Name("math.sqrt"), "(1)"), (Name("math.exp"), "(1)"))),
        AddImport("math"),
    )
    assert made("old()\n", ["old()"], *steps) == "import math\nmath.sqrt(1)\nmath.exp(1)\nold()\n"


@pytest.mark.parametrize(
    ("text", "module", "added"),
    [
        ("import math\n", "math", False),
        ("import torch\n", "torch", False),
        ("import torch\n", "torch.utils.checkpoint", True),
        ("import torch.utils.checkpoint\n", "torch.utils.checkpoint", False),
        ("def f():\n    import math\n", "math", True),
    ],
)
def test_add_an_import(text: str, module: str, added: bool) -> None:
    after = made(text, [], AddImport(module))
    assert (after is not None) is added
    assert after is None or f"import {module}\n" in after


@pytest.mark.parametrize("text", ["torch = 1\nold()\n", "import numpy as torch\nold()\n"])
def test_a_name_that_is_taken_is_not_imported(text: str) -> None:
    assert made(text, ["old"], Replace(0, (Name(FULL),))) is None
