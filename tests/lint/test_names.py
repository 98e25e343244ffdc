"""Names by scope: what each stands for at the end of a program, UNKNOWN if that is not told."""

from __future__ import annotations

from textwrap import dedent

import libcst as cst
import pytest

from gradhealth_lint.limits import Limits
from gradhealth_lint.semantics.domain.torch_values import Layer
from gradhealth_lint.semantics.domain.values import UNKNOWN, Either, Function, Qualified, Value
from gradhealth_lint.semantics.python import roots
from gradhealth_lint.semantics.python.interpreter import Interpreter


def result(source: str) -> Value:
    """What ``result`` is once the module has run."""
    interpreter = Interpreter(Limits())
    roots.run(interpreter, cst.parse_module(dedent(source)), trace=False)
    value = interpreter.module.fields.get("result", UNKNOWN)
    if isinstance(value, Layer):
        return f"layer {value.kind}"
    if isinstance(value, Qualified):
        return value.name
    if isinstance(value, Function):
        return f"function {value.name}"
    if isinstance(value, Either):
        return {str(option) for option in value.options}
    return value


LINEAR = "layer Linear"
CASES: dict[str, tuple[str, Value]] = {
    "import-module": ("import torch\nresult = torch.nn.Linear", "torch.nn.Linear"),
    "import-dotted-binds-the-root": ("import torch.nn\nresult = torch.nn.Linear(1, 1)", LINEAR),
    "import-as": ("import torch.nn as n\nresult = n.Linear(1, 1)", LINEAR),
    "from-as": ("from torch.nn import Linear as L\nresult = L(1, 1)", LINEAR),
    "star-from-torch": ("from torch.nn import *\nresult = Linear(1, 1)", LINEAR),
    "star-then-shadowed": (
        "from torch.nn import *\ndef Linear(a, b):\n    return 5\nresult = Linear(1, 1)",
        5,
    ),
    "star-of-another-later": ("from torch.nn import *\nfrom x import *\nresult = Linear", UNKNOWN),
    "star-of-another-earlier": (
        "from x import *\nfrom torch.nn import *\nresult = Linear(1, 1)",
        LINEAR,
    ),
    "same-name-elsewhere": (
        "from keras.layers import Linear\nresult = Linear",
        "keras.layers.Linear",
    ),
    "import-shadows-import": (
        "from torch.nn import Linear\nfrom mine import Linear\nresult = Linear",
        "mine.Linear",
    ),
    "assignment-shadows-import": ("from torch import nn\nnn = 3\nresult = nn", 3),
    "class-shadows-import": (
        "from torch.nn import Linear\nclass Linear:\n    size = 3\nresult = Linear.size",
        3,
    ),
    "deleted": ("import torch\ndel torch\nresult = torch", UNKNOWN),
    "deleted-builtin-shadow": ("len = 5\ndel len\nresult = len([1, 2])", 2),
    "deleted-and-made-again": ("a = 1\ndel a\na = 2\nresult = a", 2),
    "conditional-import": (
        "try:\n    from torch.nn import Linear\nexcept ImportError:\n"
        "    Linear = None\nresult = Linear(1, 1)",
        LINEAR,
    ),
    "conditional-import-of-two": (
        "if flag:\n    from torch.nn import Linear as L\nelse:\n    from mine import L\nresult = L",
        UNKNOWN,
    ),
    "conditional-constant": ("n = 1\nif flag:\n    n = 2\nresult = n", {"1", "2"}),
    "type-checking-import": (
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n"
        "    from torch.nn import Linear\nresult = Linear(1, 1)",
        LINEAR,
    ),
    "parameter-shadows-import": (
        "from torch import nn\ndef f(nn):\n    return nn\nresult = f(7)",
        7,
    ),
    "local-does-not-leak": ("n = 1\ndef f():\n    n = 2\nf()\nresult = n", 1),
    "global-does": ("n = 1\ndef f():\n    global n\n    n = 2\nf()\nresult = n", 2),
    "global-made-by-a-function": ("def f():\n    global n\n    n = 2\nf()\nresult = n", 2),
    "global-augmented": ("n = 1\ndef f():\n    global n\n    n += 2\nf()\nresult = n", 3),
    "nonlocal": (
        "def f():\n    n = 1\n    def g():\n        nonlocal n\n        n = 2\n"
        "    g()\n    return n\nresult = f()",
        2,
    ),
    "nonlocal-two-up": (
        """
        def f():
            n = 1
            def g():
                def h():
                    nonlocal n
                    n += 4
                h()
            g()
            return n
        result = f()
        """,
        5,
    ),
    "global-deleted-in-a-function": (
        "n = 1\ndef f():\n    global n\n    del n\nf()\nresult = n",
        UNKNOWN,
    ),
    "closure-sees-the-last-value": ("def f():\n    return n\nn = 1\nn = 2\nresult = f()", 2),
    "default-is-bound-early": ("n = 1\ndef f(a=n):\n    return a\nn = 2\nresult = f()", 1),
    "comprehension-has-its-own-names": ("i = 9\na = [i for i in range(3)]\nresult = i", 9),
    "comprehension-value": ("result = sum([i for i in (1, 2, 3)])", 6),
    "comprehension-first-iterable-outside": (
        "class A:\n    n = 3\n    items = [i for i in range(n)]\nresult = len(A.items)",
        3,
    ),
    "comprehension-does-not-see-the-class": (
        "n = 5\nclass A:\n    n = 3\n    items = [n for i in range(2)]\nresult = A.items[0]",
        5,
    ),
    "walrus-leaks-from-a-comprehension": ("a = [(last := i) for i in range(3)]\nresult = last", 2),
    "walrus": ("if (n := 4) > 3:\n    pass\nresult = n", 4),
    "walrus-global": ("n = 1\ndef f():\n    global n\n    (n := 5)\nf()\nresult = n", 5),
    "loop-variable-stays": ("for i in range(3):\n    pass\nresult = i", 2),
    "loop-else": ("for i in range(3):\n    pass\nelse:\n    i = 7\nresult = i", 7),
    "loop-else-after-break": (
        "for i in range(3):\n    break\nelse:\n    i = 7\nresult = i",
        0,
    ),
    "class-scope-is-not-a-closure": (
        "n = 1\nclass A:\n    n = 2\n    def f(self):\n        return n\nresult = A().f()",
        1,
    ),
    "class-attribute-through-self": (
        "class A:\n    n = 2\n    def f(self):\n        return self.n\nresult = A().f()",
        2,
    ),
    "instance-shadows-class": (
        "class A:\n    n = 2\n    def __init__(self):\n        self.n = 3\nresult = A().n",
        3,
    ),
    "class-body-sees-the-module": ("n = 4\nclass A:\n    m = n\nresult = A.m", 4),
    "nested-class": ("class A:\n    class B:\n        n = 6\nresult = A.B.n", 6),
    "nested-def": ("def f():\n    def g():\n        return 8\n    return g()\nresult = f()", 8),
    "function-made-twice": ("def f():\n    return 1\ndef f():\n    return 2\nresult = f()", 2),
    "lambda": ("k = 2\nf = lambda a, b=k: a + b\nresult = f(1)", 3),
    "late-binding-lambdas": ("fs = [lambda: i for i in range(3)]\nresult = fs[0]()", 2),
    "tuple-assignment": ("a, (b, *c) = 1, (2, 3, 4)\nresult = c[1]", 4),
    "swap": ("a, b = 1, 2\na, b = b, a\nresult = a", 2),
    "chained-assignment": ("a = b = 3\nresult = a + b", 6),
    "with-as": ("with open(p) as f:\n    n = 1\nresult = n", 1),
    "except-name-is-unbound-after": (
        "try:\n    raise E\nexcept E as e:\n    pass\nresult = e",
        UNKNOWN,
    ),
    "except-shadows": (
        "import torch\ntry:\n    f()\nexcept E as torch:\n    pass\nresult = torch.nn",
        "torch.nn",
    ),
    "match-capture-is-unknown": (
        "n = 1\nmatch command:\n    case [n, _]:\n        pass\n    case _:\n"
        "        pass\nresult = n",
        UNKNOWN,
    ),
    "match-capture-in-its-arm": (
        "n = 1\nmatch command:\n    case [n, _]:\n        result = n",
        UNKNOWN,
    ),
    "decorators-are-taken-to-keep-what-they-decorate": (
        "from lib import wrap\n@wrap\ndef f():\n    return 1\nresult = f()",
        1,
    ),
    "counted-in-a-long-loop": ("n = 0\nfor i in range(1000):\n    n += 1\nresult = n", UNKNOWN),
    "counted-in-a-short-loop": ("n = 0\nfor i in range(20):\n    n += 1\nresult = n", 20),
    "counted-over-something-unknown": ("n = 0\nfor x in loader:\n    n += 1\nresult = n", UNKNOWN),
    "deleted-with-others": ("a, b = 1, 2\ndel a, b\nresult = a", UNKNOWN),
    "harmless-decorators": (
        "import torch\n@torch.no_grad()\ndef f():\n    return 1\nresult = f()",
        1,
    ),
    "annotation-alone-binds-nothing": ("n = 1\nn: int\nresult = n", 1),
    "assignment-in-a-while": ("n = 0\nwhile n < 3:\n    n += 1\nresult = n", 3),
}


@pytest.mark.parametrize("case", CASES)
def test_a_name_stands_for(case: str) -> None:
    source, expected = CASES[case]
    assert result(source) == expected
