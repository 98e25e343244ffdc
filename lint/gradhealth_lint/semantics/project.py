"""Other files of the project: where an imported name leads to, found on disk and never run.

Names are looked for from the importing file upwards, as Python would with the folder of the
script, the project's root or its ``src`` on the path. A file is parsed and interpreted when a name
of it is first used for something that matters; what is missing, too large, circular or over budget
is unknown.
"""

from __future__ import annotations

import ast
import hashlib
import re
import warnings
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

import libcst as cst

from gradhealth_lint import trees
from gradhealth_lint.semantics.domain.values import MISSING, UNKNOWN, Frame, Qualified, Value

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gradhealth_lint.semantics.python.interpreter import Interpreter

#: Files that stand in the topmost folder of a project.
_MARKERS: Final = ("pyproject.toml", "setup.py", "setup.cfg", ".git")
#: How far up a project's root is looked for, and how long a chain of re-exports may be.
_HIGHEST: Final = 12
_LONGEST_CHAIN: Final = 8
#: Files up to this size are read whatever is in them, larger ones if they make or train models.
_SMALL: Final = 3_000
_TELLING: Final = re.compile(rb"nn\.\w|Module\b|\.parameters\(|clip_grad|\.grad\b|optim\.\w")
#: Between the folder a relative import starts from and the rest of its dotted name.
FROM: Final = ":"


class Project:
    """What one file may see of the others.

    ``trains`` says that the file has training loops; without, only functions given to
    ``module.apply`` are looked for. ``resolved`` are the files that were read, with hashes.
    """

    def __init__(self, interpreter: Interpreter, file: Path, *, trains: bool) -> None:
        self.trains = trains
        self._interpreter = interpreter
        self._file = file.absolute()
        self._frames: dict[Path, Frame | None] = {}
        self._bases: tuple[Path, ...] | None = None
        self._answers: dict[str, Value] = {}
        self._places: dict[tuple[Path, str, bool], tuple[Path, list[str]] | None] = {}
        self._members: dict[tuple[Path, str], Value] = {}
        self.resolved: dict[str, str] = {}
        #: Files and folders that names were looked for in, and that are not there.
        self.absent: set[str] = set()
        #: Files that were wanted beyond the budget.
        self.left_out = 0

    def find(self, name: str) -> Value:
        """The value of a dotted name that some file of the project defines, else MISSING."""
        return self._find(name, 0)

    def relative(self, importing: Frame, dots: int, name: str) -> str:
        """A name imported relative to the file of a frame, with the folder it starts from."""
        file = importing.file or self._file
        return f"{file.parents[min(dots, len(file.parents)) - 1]}{FROM}{name}"

    def seen(self) -> dict[str, str]:
        """All that the answers depend on, with hashes; empty ones of what is not there."""
        return dict.fromkeys(self.absent, "") | self.resolved

    def _find(self, name: str, depth: int) -> Value:
        if depth > _LONGEST_CHAIN:
            return MISSING
        if name not in self._answers:
            self._answers[name] = MISSING  # a circle leads nowhere
            self._answers[name] = self._found(name, depth)
        return self._answers[name]

    def _found(self, name: str, depth: int) -> Value:
        folder, _, dotted = name.rpartition(FROM)
        for base in (Path(folder),) if folder else self._search():
            place = self._place(base, dotted, relative=bool(folder))
            if place is not None and place[1] and place[0] != self._file:
                found = self._member(place[0], place[1], depth)
                if found is not MISSING:
                    return found
        return MISSING

    def _place(self, base: Path, dotted: str, *, relative: bool) -> tuple[Path, list[str]] | None:
        key = base, dotted, relative
        if key not in self._places:
            parts = [part for part in dotted.split(".") if part]
            self._places[key] = _module(base, parts, self.absent, relative=relative)
        return self._places[key]

    def _member(self, file: Path, names: list[str], depth: int) -> Value:
        # Many names lead to one place: packages that import all of each other.
        key = file, ".".join(names)
        if key not in self._members:
            self._members[key] = MISSING  # a circle leads nowhere
            self._members[key] = self._defined(file, names, depth)
        return self._members[key]

    def _defined(self, file: Path, names: list[str], depth: int) -> Value:
        from gradhealth_lint.semantics.python import attributes

        frame = self._frame(file)
        if frame is None:
            return MISSING
        value = frame.fields.get(names[0], MISSING)
        if isinstance(value, Qualified):
            return self._find(".".join([value.name, *names[1:]]), depth + 1)
        if value is MISSING:
            for star in reversed(frame.stars):
                value = self._find(".".join([star, *names]), depth + 1)
                if value is not MISSING:
                    return value
            return MISSING
        for name in names[1:]:
            value = attributes.get(self._interpreter, value, name)
        return MISSING if value is UNKNOWN else value

    def _search(self) -> tuple[Path, ...]:
        if self._bases is None:
            self._bases = tuple(_search(self._file.parent))
        return self._bases

    def _frame(self, file: Path) -> Frame | None:
        """The names a file defines, None if it cannot be read or there is no budget for it."""
        if file not in self._frames:
            self._frames[file] = None
            self._frames[file] = self._read(file)
        return self._frames[file]

    def _read(self, file: Path) -> Frame | None:
        from gradhealth_lint.semantics.python import abroad

        limits = self._interpreter.limits
        try:
            state = file.stat()
            if len(self.resolved) >= limits.project_files:
                self.left_out += 1
                return None
            if state.st_size > limits.project_file_bytes:
                # Once it has shrunk, it counts.
                self.resolved[str(file)] = _digest(file.read_bytes())
                self.left_out += 1
                return None
            digest, tree = _parsed(str(file), state.st_mtime_ns, state.st_size)
        except OSError:
            return None
        self.resolved[str(file)] = digest
        if tree is None:
            return None
        frame = Frame({"__name__": file.stem}, file=file)
        abroad.load(self._interpreter, lambda: self._interpreter.execute(tree.body, frame), tree)
        return frame


@lru_cache(maxsize=64)
def _parsed(file: str, _: int, __: int) -> tuple[str, cst.Module | None]:
    """The hash of a file and its tree; None if it is not Python, or large and without models."""
    data = Path(file).read_bytes()
    digest = _digest(data)
    if len(data) > _SMALL and not _TELLING.search(data):
        return digest, None
    return digest, _tree(data)


def _digest(data: bytes) -> str:
    return hashlib.blake2b(data, digest_size=16).hexdigest()


def _tree(data: bytes) -> cst.Module | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            light = trees.from_syntax(ast.parse(data))
        if light is not None:
            return light
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        pass  # perhaps of a newer grammar than the running Python's
    try:
        return cst.parse_module(data)
    except (cst.ParserSyntaxError, UnicodeDecodeError, LookupError):
        return None


def _module(
    base: Path, parts: list[str], absent: set[str], *, relative: bool
) -> tuple[Path, list[str]] | None:
    """The file a dotted name leads to from a folder, and what of the name is inside it.

    ``relative`` says that the name was imported from the folder itself, as from a package. What
    is not there, and would lead elsewhere if it were, is added to ``absent``.
    """
    place = base
    for index, part in enumerate(parts):
        file = place / f"{part}.py"
        inside = place / part
        is_folder = inside.is_dir()
        if is_folder and (index + 1 < len(parts)) and not file.is_file():
            place = inside
            continue
        if file.is_file():
            return file, parts[index + 1 :]
        absent.update((str(file),) if is_folder else (str(file), str(inside)))
        package = place / "__init__.py"
        # A folder that names are looked for in is not itself a part of them.
        inner = index > 0 or relative
        return (package, parts[index:]) if inner and package.is_file() else None
    return None


def _search(folder: Path) -> Iterator[Path]:
    """The folders that imports may start from, nearest first."""
    yield folder
    above = [folder, *folder.parents][:_HIGHEST]
    root = next((one for one in above if any((one / mark).exists() for mark in _MARKERS)), None)
    if root is None:
        # No project in sight: the folder that the file's own package is in.
        while (folder / "__init__.py").is_file():
            folder = folder.parent
            yield folder
        return
    yield from above[1 : above.index(root) + 1]
    if (root / "src").is_dir():
        yield root / "src"
