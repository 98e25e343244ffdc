"""The abstract interpreter: the state of one file's interpretation and the way into its parts.

It runs the file as Python would, with UNKNOWN for what the source does not tell: both arms of an
undecided branch are tried and joined, loops are unrolled, functions and classes of the file are
followed. ``expressions``, ``statements``, ``calls``, ``modules`` and ``tensors`` hold the rules of
each kind of construct as functions of the interpreter.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gradhealth_lint.semantics.domain.graph import Node
from gradhealth_lint.semantics.domain.store import Store
from gradhealth_lint.semantics.domain.torch_values import InitCall, Layer
from gradhealth_lint.semantics.domain.values import UNKNOWN, Frame, Value
from gradhealth_lint.semantics.python import abroad, expressions, statements
from gradhealth_lint.semantics.pytorch import severing
from gradhealth_lint.semantics.pytorch.leaves import Held
from gradhealth_lint.semantics.pytorch.ownership import Ownership
from gradhealth_lint.semantics.skipped import Skipped, trains

if TYPE_CHECKING:
    from collections.abc import Sequence

    import libcst as cst

    from gradhealth_lint.limits import Limits
    from gradhealth_lint.semantics.domain.flow import Flow
    from gradhealth_lint.semantics.domain.torch_values import Container, Drawn, Squashed
    from gradhealth_lint.semantics.domain.values import ClassValue, Function, Instance
    from gradhealth_lint.semantics.project import Project
    from gradhealth_lint.semantics.pytorch.events import Event
    from gradhealth_lint.semantics.pytorch.losing import Lost
    from gradhealth_lint.semantics.pytorch.ordering import Early, Replaced
    from gradhealth_lint.semantics.pytorch.wiring import Wired

#: Statements and calls one file may take, about 0.3 s. Of 1,200 files of timm, torchvision,
#: speechbrain and others three take more; a root that does is given up without a word.
BUDGET: Final = 60_000
#: Functions of the file that may be active at once; deeper is recursion.
DEEPEST_CALL: Final = 24


class BudgetExceededError(Exception):
    """The file takes more steps than its budget."""


class Interpreter:
    """Everything known so far about one file."""

    #: Whether nobody in the file has given the code at hand its arguments.
    assuming: bool = False

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.store = Store()
        self.module = Frame({})
        #: Where the call at hand stands.
        self.frame = self.module
        #: What is assumed about how often the code at hand runs.
        self.notes: list[str] = []
        #: Loops that are running, and undecided branches one arm of which is.
        self.loops: list[cst.CSTNode] = []
        self.conditions: list[tuple[cst.CSTNode, bool]] = []
        #: How many outermost loops have been started.
        self.turn = 0
        #: Everything a training loop is made of, in order; whether it is looked for.
        self.events: list[Event] = []
        self.observing = True
        #: The framework that calls the code at hand, "" if it is the file's own doing.
        self.host = ""
        #: How many of them only training code has.
        self.trained = 0
        #: What running loops go over, where that is known.
        self.handed: list[Value] = []
        #: Tests inside running loops that had a known answer.
        self.decided: list[cst.BaseExpression] = []
        #: Branches not taken, for evidence of what is there but switched off.
        self.skipped: list[Skipped] = []
        #: Modules, and other objects of classes of the file.
        self.instances: list[Instance] = []
        self.objects: list[Instance] = []
        self.containers: list[Container] = []
        self.recurrent: list[Layer] = []
        self.inits: list[tuple[Layer, str, InitCall]] = []
        #: Trained tensors made by hand; their products with what fans, and those rescaled at once.
        self.drawn: list[Drawn] = []
        self.products: list[tuple[Drawn, tuple[int | None, int | None], Value]] = []
        self.rescaled: set[int] = set()
        #: Inits of whole models that ran in a constructor, layers made anew after an init, inits
        #: that set nothing.
        self.lost: list[Early | Replaced | Lost] = []
        #: Layers that were given an embedding's weight, by these assignments.
        self.tied: list[tuple[Layer, Layer, cst.Assign]] = []
        #: Functions and classes that have been followed, by the identity of their node.
        self.followed: set[int] = set()
        self.calls: list[object] = []
        #: The other files of the project, None where the file at hand needs none of them; while
        #: code of theirs runs, the place in this file that led there.
        self.project: Project | None = None
        self.site: cst.CSTNode | None = None
        self.sites: set[int] = set()
        #: Modules whose constructor is running; modules whose forward is running.
        self.constructing: list[Instance] = []
        self.forwarding = 0
        #: Containers and instances that a forward pass has gone through, by identity.
        self.applied: set[int] = set()
        #: Nodes, and models, by what made them: softmax, sigmoid; losses that were given such.
        self.squashed: dict[int, tuple[Node, Squashed]] = {}
        self.endings: dict[int, tuple[Value, Squashed | None]] = {}
        self.wired: list[Wired] = []
        #: Where modules were given attributes that hold several things, by module and name.
        self.assigned: dict[tuple[int, str], cst.CSTNode] = {}
        self.held = Held()
        #: Layers made in a forward pass, and those of them that were applied.
        self.fresh: dict[int, Layer] = {}
        self.used_up: list[Layer] = []
        #: What optimizers were given, and the call whose result nobody uses.
        self.ownership = Ownership()
        self.discarded: cst.CSTNode | None = None
        #: How many contexts without gradients the code at hand is in, and the innermost one.
        self.gradless = 0
        self.unrecorded: cst.CSTNode | None = None
        #: Where no gradient passes.
        self.cuts = severing.Cuts()
        #: Grows with everything worth another turn of a loop.
        self.activity = 0
        #: Work done, how much of it is allowed, and how much other files may still take.
        self.steps = 0
        self.allowed = BUDGET
        self.foreign_steps = abroad.FOREIGN_BUDGET
        self._origins = 0

    def step(self) -> None:
        """Count one unit of work.

        Raises:
            BudgetExceededError: there have been too many.
        """
        self.steps += 1
        if self.steps > self.allowed:
            raise BudgetExceededError

    def enter(self, loop: cst.CSTNode) -> None:
        """Note that a loop is starting; ``loops.pop()`` ends it."""
        if not self.loops:
            self.turn += 1
        self.loops.append(self.at(loop))

    def at(self, node: cst.CSTNode) -> cst.CSTNode:
        """The node, or the place in this file that led to the other file it is in."""
        if self.site is None:
            return node
        self.sites.add(id(self.site))
        return self.site

    def skip(self, node: cst.CSTNode, taken: cst.CSTNode | None) -> None:
        """Note a branch that is not taken, where training may be going on, and the one that is."""
        if self.loops:
            instead = taken is not None and trains(node) and trains(taken)
            self.skipped.append(Skipped(node, instead))

    def reset(self) -> None:
        """Forget what was running when a root was given up."""
        self.notes.clear()
        self.loops.clear()
        self.conditions.clear()
        self.gradless = 0
        self.unrecorded = None
        self.site = None
        self.host = ""
        self.assuming = False
        self.forwarding = 0
        self.calls.clear()
        self.constructing.clear()

    def evaluate(self, node: cst.BaseExpression, frame: Frame) -> Value:
        """The value of an expression; UNKNOWN for kinds that are not read."""
        handler = expressions.HANDLERS.get(type(node))
        return UNKNOWN if handler is None else handler(self, node, frame)

    def execute(self, body: Sequence[cst.CSTNode], frame: Frame) -> Flow:
        """Run statements in order and say how control leaves them."""
        return statements.execute(self, body, frame)

    def node(
        self,
        operation: str,
        inputs: Sequence[Node] = (),
        *,
        label: str = "",
        parameters: tuple[float, ...] | None = (),
        layer: Layer | None = None,
        arguments: dict[str, Value] | None = None,
    ) -> Node:
        """A new node of the dataflow graph."""
        self.activity += 1
        node = Node(
            operation,
            tuple(inputs),
            label=label,
            parameters=parameters,
            layer=layer,
            notes=tuple(self.notes),
            arguments=arguments,
        )
        if not inputs:
            node.origins = 1 << self._origins
            self._origins += 1
        elif self.gradless and self.unrecorded is not None:
            severing.note(self, node, self.unrecorded, severing.UNRECORDED)
        return node

    def is_running(self, function: Function | ClassValue) -> bool:
        """Whether this function or constructor is active already, or too many are."""
        return len(self.calls) >= DEEPEST_CALL or self.calls.count(function.node) > 1
