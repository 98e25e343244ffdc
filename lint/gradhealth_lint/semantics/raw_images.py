"""Pictures followed from the file they are read from to the model: are they ever rescaled?

Each function is read from top to bottom. What a reader gives holds numbers from 0 to 255; resizing,
cropping and conversions leave them so; anything else, a function out of view included, may rescale
them and ends the trail.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import libcst as cst

from gradhealth_lint.semantics.data_facts import RawInput
from gradhealth_lint.semantics.domain import walking
from gradhealth_lint.semantics.domain.names import dotted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from gradhealth_lint.semantics.places import Anchor

_READERS: Final = frozenset(
    {"cv2.imread", "cv.imread", "imageio.imread", "imageio.v2.imread", "iio.imread", "io.imread",
     "cv2.imdecode", "Image.open", "PIL.Image.open", "read_image", "io.read_image",
     "torchvision.io.read_image", "decode_image", "decode_jpeg", "io.decode_image"}
)  # fmt: skip
_DATASETS: Final = frozenset(
    {"MNIST", "FashionMNIST", "KMNIST", "EMNIST", "CIFAR10", "CIFAR100", "SVHN", "STL10"}
)
_KEEPING: Final = frozenset(
    {"resize", "cvtColor", "crop", "flip", "rotate", "convert", "transpose", "permute", "array",
     "asarray", "ascontiguousarray", "copy", "clone", "from_numpy", "tensor", "as_tensor", "Tensor",
     "FloatTensor", "astype", "float", "double", "to", "type", "unsqueeze", "squeeze", "contiguous",
     "expand_dims", "moveaxis", "swapaxes", "rollaxis", "fliplr", "flipud", "rot90", "reshape",
     "view", "flatten", "numpy", "float32", "float64", "cuda", "cpu", "pin_memory", "movedim"}
)  # fmt: skip
_FLOATING: Final = frozenset({"float", "double", "FloatTensor", "Tensor", "float32", "float64"})
_FLOAT: Final = re.compile(r"float|double")
#: What is learned, not what is looked at.
_TARGET: Final = re.compile(r"mask|label|target|^gt|gt$|depth|seg|alpha|truth|^y", re.I)
_MODEL: Final = re.compile(
    r"^(self\.)?(model|net|network|cnn|encoder|classifier|backbone|\w+_net)$"
)
#: What may rescale them elsewhere in the file.
_RESCALES: Final = re.compile(
    r"255|127|/\s*256|normali[sz]|rescale|standardi[sz]|ToTensor|to_tensor|ToDtype|ToFloat|"
    r"BatchNorm2d\(\s*[13]\s*[,)]|\bmean\b[^\n]*\bstd\b|preprocess|img_scale|image_processor|"
    r"feature_extractor|\.transforms\(\)",
    re.I,
)
_ASKS: Final = re.compile(r"imread|imdecode|Image\.open|read_image|decode_|MNIST|CIFAR|SVHN|STL10")
_DOCSTRING: Final = re.compile(r"'''.*?'''|\"\"\".*?\"\"\"", re.S)
_TRAINS: Final = re.compile(r"\.backward\(|def training_step|\.fit\(|\.manual_backward\(")
#: A model with trained weights, of torchvision or timm.
_PRETRAINED: Final = re.compile(
    r"pretrained\s*=\s*True|weights\s*=\s*(\w*models\.)?\w+_Weights\.|weights\s*=\s*[\"'](DEFAULT|IMAGENET)"
)
_NORMALISES: Final = re.compile(
    r"normali[sz]|imagenet_(default_)?(mean|std)|\bmean\b[^\n]*\bstd\b|0\.485|\.transforms\(\)|"
    r"preprocess|data_config",
    re.I,
)
_CUTTING: Final = frozenset({"RandomErasing", "RandomCrop", "CenterCrop", "RandomHorizontalFlip"})
_LONGEST: Final = 60


@dataclass(frozen=True, slots=True)
class _Raw:
    """Numbers from 0 to 255: what read them, and where they became floating point."""

    source: str
    floated: cst.CSTNode | None = None


@dataclass(slots=True)
class _Function:
    """One function or the module, read in order."""

    names: dict[str, _Raw] = field(default_factory=dict)
    found: list[tuple[_Raw, str]] = field(default_factory=list)

    def read(self, body: Sequence[cst.CSTNode], *, returns: bool) -> None:
        """Statements in order; ``returns`` says that what is returned goes into a model."""
        for statement in body:
            self._statement(statement, returns=returns)

    def _statement(self, node: cst.CSTNode, *, returns: bool) -> None:
        if isinstance(node, (cst.FunctionDef, cst.ClassDef)):
            return
        if isinstance(node, cst.SimpleStatementLine):
            for one in node.body:
                self._small(one, returns=returns)
            return
        for child in walking.children(node):
            if isinstance(child, cst.BaseSuite):
                self.read(child.body, returns=returns)
            elif isinstance(child, (cst.Else, cst.Finally, cst.ExceptHandler, cst.If)):
                self._statement(child, returns=returns)
            else:
                self._sinks(child)

    def _small(self, node: cst.CSTNode, *, returns: bool) -> None:
        if isinstance(node, cst.Assign):
            self._sinks(node.value)
            value = self.value(node.value)
            for target in node.targets:
                self._bind(target.target, value)
        elif isinstance(node, cst.AugAssign):
            self._bind(node.target, None)
        elif isinstance(node, cst.Return) and node.value is not None:
            if returns:
                for part in _parts(node.value):
                    self._reaches(part, "the model")
        else:
            self._sinks(node)
            for call in walking.nodes_within(node, cst.Call):
                for argument in call.args:  # a helper may change them in place
                    self.names.pop(dotted(argument.value), None)

    def _bind(self, target: cst.CSTNode, value: _Raw | None) -> None:
        if isinstance(target, (cst.Tuple, cst.List)):
            for element in target.elements:
                self._bind(element.value, None)
            return
        inside = isinstance(target, cst.Subscript)
        if isinstance(target, cst.Subscript):
            target = target.value
        name = dotted(target) if isinstance(target, (cst.Name, cst.Attribute)) else ""
        if value is None or inside or _TARGET.search(name.rpartition(".")[2]):
            self.names.pop(name, None)
        else:
            self.names[name] = value

    def value(self, node: cst.CSTNode) -> _Raw | None:
        """The numbers an expression gives, ``None`` if they may be any."""
        if isinstance(node, (cst.Name, cst.Attribute)):
            name = dotted(node)
            if name in self.names:
                return self.names[name]
            if isinstance(node, cst.Attribute) and node.attr.value == "data":
                held = self.names.get(dotted(node.value))
                return held if held is not None and held.source in _DATASETS else None
            if isinstance(node, cst.Attribute) and node.attr.value == "T":
                return self.value(node.value)
            return None
        if isinstance(node, cst.Subscript):
            return self.value(node.value)
        return self._called(node) if isinstance(node, cst.Call) else None

    def _called(self, node: cst.Call) -> _Raw | None:
        name = dotted(node.func)
        last = node.func.attr.value if isinstance(node.func, cst.Attribute) else name
        if name in _READERS:
            flags = [dotted(one.value) for one in node.args]
            return _Raw(f"{name}()") if "float" not in " ".join(flags).lower() else None
        if last in _DATASETS:
            return _Raw(last)
        if last not in _KEEPING:
            return None
        given = self.value(node.func.value) if isinstance(node.func, cst.Attribute) else None
        if given is None and node.args:
            given = self.value(node.args[0].value)
        if given is None or given.floated is not None:
            return given
        told = [cst.Module([]).code_for_node(one.value) for one in node.args]
        floats = last in _FLOATING or any(_FLOAT.search(text) for text in told)
        return _Raw(given.source, node if floats else None)

    def _sinks(self, node: cst.CSTNode) -> None:
        """Calls of a model, and of what hands them to one, anywhere in an expression."""
        for call in walking.nodes_within(node, cst.Call):
            name = dotted(call.func)
            if name.rpartition(".")[2] == "TensorDataset" and call.args:
                self._reaches(call.args[0].value, "TensorDataset()")
            elif _MODEL.search(name) and call.args:
                self._reaches(call.args[0].value, f"{name}()")

    def _reaches(self, node: cst.CSTNode, sink: str) -> None:
        value = self.value(node)
        if value is not None and value.floated is not None:
            self.found.append((value, sink))


def raw_inputs(
    tree: cst.Module, code: str, anchor: Callable[[cst.CSTNode], Anchor]
) -> tuple[RawInput, ...]:
    """Every place where pictures become floating point and go on as they are, each once."""
    if not _TRAINS.search(code):
        return ()
    if "ToTensor" not in code and not _ASKS.search(code):
        return ()
    found: dict[int, RawInput] = {}
    code = _DOCSTRING.sub("", code)
    if _ASKS.search(code):
        for raw, sink, text in _followed(tree):
            elsewhere = len(_RESCALES.findall(code)) > len(_RESCALES.findall(text))
            if elsewhere or raw.floated is None:
                continue
            at = anchor(raw.floated)
            found.setdefault(at, RawInput(at, "bytes", _short(raw.floated), raw.source, sink))
    if "ToTensor" in code and _PRETRAINED.search(code) and not _NORMALISES.search(code):
        for node in walking.nodes_within(tree, cst.Call):
            if _ends_unnormalised(node):
                at = anchor(node)
                found[at] = RawInput(at, "pretrained", _short(node), "ToTensor()", "the model")
    return tuple(found.values())


def _ends_unnormalised(node: cst.Call) -> bool:
    """``Compose([..., ToTensor()])``, after which nothing but what cuts pieces out follows."""
    if dotted(node.func).rpartition(".")[2] != "Compose" or len(node.args) != 1:
        return False
    steps = node.args[0].value
    if not isinstance(steps, (cst.List, cst.Tuple)):
        return False
    calls = [one.value for one in steps.elements]
    if not all(isinstance(one, cst.Call) for one in calls):
        return False
    names = [dotted(getattr(one, "func", None)).rpartition(".")[2] for one in calls]
    return "ToTensor" in names and set(names[names.index("ToTensor") + 1 :]) <= _CUTTING


def _followed(tree: cst.Module) -> Iterator[tuple[_Raw, str, str]]:
    """What goes into a model, with the text of the function it does so in."""
    module = _Function()
    module.read(tree.body, returns=False)
    yield from ((raw, sink, "") for raw, sink in module.found)
    for node in walking.nodes_within(tree, cst.FunctionDef):
        function = _Function()
        function.read(node.body.body, returns=node.name.value == "__getitem__")
        text = cst.Module([]).code_for_node(node) if function.found else ""
        yield from ((raw, sink, text) for raw, sink in function.found)


def _parts(node: cst.BaseExpression) -> list[cst.BaseExpression]:
    """What is returned, one by one; of a mapping, what is not there to be learned."""
    if isinstance(node, (cst.Tuple, cst.List)):
        return [element.value for element in node.elements]
    if isinstance(node, cst.Dict):
        return [
            one.value
            for one in node.elements
            if isinstance(one, cst.DictElement) and not _TARGET.search(_key(one.key))
        ]
    return [node]


def _key(node: cst.BaseExpression) -> str:
    return str(node.evaluated_value) if isinstance(node, cst.SimpleString) else ""


def _short(node: cst.CSTNode) -> str:
    text = " ".join(cst.Module([]).code_for_node(node).split())
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."
