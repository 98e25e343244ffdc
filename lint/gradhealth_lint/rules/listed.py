"""A rule as its row in the table has it; the rule itself is loaded when a file needs it.

Loading forty rules takes longer than checking a file that none of them needs.
"""

from __future__ import annotations

TYPE_CHECKING = False  # typing itself takes 4 ms to load
if TYPE_CHECKING:
    from gradhealth_lint.rules.rule import Rule


class Listed:
    """What choosing and screening need; ``mentions`` is a weaker form of the rule's ``needs``."""

    __slots__ = ("_class", "_module", "_rule", "code", "mentions", "name", "on_by_default",
                 "reads_stacks")  # fmt: skip

    def __init__(
        self,
        code: str,
        name: str,
        place: str,
        on_by_default: bool,
        reads_stacks: bool,
        mentions: tuple[tuple[bytes, ...], ...],
    ) -> None:
        self.code = code
        self.name = name
        self.on_by_default = on_by_default
        self.reads_stacks = reads_stacks
        self.mentions = mentions
        self._module, self._class = place.split(":")
        self._rule: Rule | None = None

    def may_need(self, mentioned: Mentioned) -> bool:
        """Whether a file mentions what the rule needs."""
        return may_need(self.mentions, mentioned)

    def load(self) -> Rule:
        """The rule itself."""
        if self._rule is None:
            from importlib import import_module

            module = import_module(f"gradhealth_lint.rules.{self._module}")
            self._rule = getattr(module, self._class)()
        return self._rule


class Mentioned(dict[bytes, bool]):
    """Whether a file, in lower case, has a piece of text; looked for once, however many ask."""

    def __init__(self, lowered: bytes) -> None:
        super().__init__()
        self._lowered = lowered

    def __missing__(self, piece: bytes) -> bool:
        """Look for it."""
        found = self[piece] = piece in self._lowered
        return found


def may_need(mentions: tuple[tuple[bytes, ...], ...], mentioned: Mentioned) -> bool:
    """Whether a file has one piece of each group."""
    for group in mentions:
        for piece in group:
            if mentioned[piece]:
                break
        else:
            return False
    return True
