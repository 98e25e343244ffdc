"""GRD209 ineffective-init."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar, Final

from gradhealth_lint.rules.rule import Found
from gradhealth_lint.violation import Example, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gradhealth_lint.limits import Limits
    from gradhealth_lint.semantics.facts import FileFacts

_SAID: Final = {
    "copy": (
        "{text} sets a copy that is thrown away: the parameter keeps its values",
        "call it on the parameter itself, without clone()",
    ),
    "variable": (
        "this gives the name {text} another value and leaves the parameter as it is",
        "write into the parameter under torch.no_grad(), as in {text}.copy_(...) or"
        " {text}.normal_(...)",
    ),
    "unmatched": (
        "{text} sets nothing here: none of its tests fits a layer of this module",
        "test for the kinds of layers that the module has, spelled as their classes are",
    ),
    "uncalled": (
        "{text} is named and not called, so that nothing is initialised",
        "call it: {text}(...)",
    ),
}


class IneffectiveInit:
    """An initialisation that sets nothing."""

    code: ClassVar[str] = "GRD209"
    name: ClassVar[str] = "ineffective-init"
    severity: ClassVar[Severity] = "warning"
    on_by_default: ClassVar[bool] = True
    message: ClassVar[str] = "{what}; training starts from PyTorch's default instead"
    remedy: ClassVar[str] = "{remedy}"
    why: ClassVar[str] = (
        "An init works in place on the parameter it is given. Given a clone it sets the clone; "
        "an assignment to a loop's variable gives a name another value and touches no parameter; "
        "a function whose isinstance or class name fits no layer goes through all of them and "
        "does nothing; a method that is not called does not run. Nothing is raised, and the "
        "model trains from PyTorch's default, in which deep ReLU and sigmoid networks fade. Silent "
        "where a layer is out of view, or the value is used afterwards."
    )
    references: ClassVar[tuple[str, ...]] = (
        "PyTorch documentation, torch.nn.init: functions with an underscore work in place",
    )
    needs: ClassVar[tuple[re.Pattern[bytes], ...]] = (
        re.compile(rb"torch"),
        re.compile(rb"init|reset|parameters|clone|apply"),
        re.compile(rb"\bnn\b|Module|[Pp]arameter|requires_grad|import \*|weight|bias|\.apply\s*\("),
    )
    reads_stacks: ClassVar[bool] = False

    def check(self, facts: FileFacts, limits: Limits) -> Iterator[Found]:
        """Every init that is for nothing."""
        del limits
        for lost in facts.lost_inits:
            if lost.form in _SAID:
                what, remedy = (text.format(text=lost.text) for text in _SAID[lost.form])
                yield Found(lost.anchor, self.message.format(what=what), remedy)

    good: ClassVar[tuple[Example, ...]] = (
        Example(
            "in-place",
            """
            import torch
            import torch.nn as nn

            model = nn.Sequential(nn.Linear(10, 20), nn.ReLU(), nn.Linear(20, 2))
            with torch.no_grad():
                for p in model.parameters():
                    p.copy_(torch.randn_like(p) * 0.1)
            """,
        ),
        Example(
            "clone-that-is-kept",
            """
            import torch.nn as nn

            layer = nn.Linear(8, 8)
            start = nn.init.xavier_uniform_(layer.weight.clone())
            layer.weight.data.copy_(start)
            """,
        ),
        Example(
            "variable-used-afterwards",
            """
            import torch.nn as nn

            model = nn.Linear(4, 4)
            vectors = []
            for p in model.parameters():
                p = p.reshape(-1)
                vectors.append(p)
            """,
        ),
        Example(
            "matched-in-part",
            """
            import torch.nn as nn

            def init(m):
                if isinstance(m, (nn.Conv2d, nn.ConvTranspose2d)):
                    nn.init.normal_(m.weight, 0.0, 0.02)

            net = nn.Sequential(nn.Conv2d(3, 8, 3), nn.Flatten(), nn.Linear(8, 2))
            net.apply(init)
            """,
        ),
    )
    bad: ClassVar[tuple[Example, ...]] = (
        Example(
            "loop-variable",
            """
            import torch
            import torch.nn as nn

            model = nn.Sequential(nn.Linear(10, 20), nn.ReLU(), nn.Linear(20, 2))
            for p in model.parameters():
                p = torch.randn(p.size()) * 0.1  # <- here
            """,
        ),
        Example(
            "clone",
            """
            import torch.nn as nn

            model = nn.Sequential(nn.Linear(10, 20), nn.ReLU(), nn.Linear(20, 2))
            for m in model:
                if isinstance(m, nn.Linear):
                    nn.init.xavier_uniform_(m.weight.data.clone())  # <- here
            """,
        ),
        Example(
            "class-name-misspelled",
            """
            import torch.nn as nn

            def weights_init(m):
                classname = m.__class__.__name__
                if classname.find("linear") != -1:
                    nn.init.kaiming_normal_(m.weight)

            model = nn.Sequential(nn.Linear(10, 20), nn.ReLU(), nn.Linear(20, 2))
            model.apply(weights_init)  # <- here
            """,
        ),
    )
