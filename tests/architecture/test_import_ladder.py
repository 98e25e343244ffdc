"""Imports go down the ladder only; the two packages do not know each other; torch has one room."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
RUNTIME = ROOT / "pytest_gradhealth"
LINT = ROOT / "lint" / "gradhealth_lint"

# One level per module or package of the runtime; a file may import from its own package's files,
# and otherwise from strictly lower levels.
RUNTIME_LEVELS = {
    "atomic": 0,
    "errors": 0,
    "progress": 0,
    "registry": 0,
    "serial": 0,
    "threshold": -1,
    "baseline_limits": 0,
    "facts": 1,
    "training_limits": 1,
    "limits": 2,
    "profile": 2,
    "baseline": 3,
    "checks": 3,
    "message": 3,
    "overview": 3,
    "github": 4,
    "recorder": 4,
    "remedies": 5,
    "report": 5,
    "diagnosis": 6,
    "assertions": 7,
    "matching": 7,
    "settings": 7,
    "training": 7,
    "fixture": 8,
    "plugin": 9,
    "__init__": 10,
}
LINT_LEVELS = {
    "violation": 0,
    "limits": 0,
    "curves": 0,
    "fluctuations": 0,
    "initializers": 0,
    "errors": 0,
    "atomic": 0,
    "globs": 0,
    "comments": 0,
    "notebooks": 1,
    "gitignore": 1,
    "directives": 1,
    "activations": 1,
    "trees": 1,
    "theory": 2,
    "source": 2,
    "edits": 1,
    "rewriting": 2,
    "fixing": 7,
    "suppress": 2,
    "semantics": 2,
    "stack_inits": 1,
    "prediction": 3,
    "networks": 4,
    "located": 4,
    "rules": 5,
    "selection": 4,
    "own_findings": 5,
    "formats": 6,
    "engine": 6,
    "config": 7,
    "config_files": 8,
    "discovery": 9,
    "settings": 9,
    "baseline": 7,
    "changed": 7,
    "task": 7,
    "add_ignore": 7,
    "cache": 8,
    "jobs": 8,
    "run": 9,
    "prediction_run": 7,
    "facts_run": 7,
    "nesting": 5,
    "quick": 6,
    "cli": 12,
    "__main__": 13,
    "__init__": 14,
}


def imported(source: str) -> Iterator[str]:
    """Every absolute module name a source text imports at run time, at any depth."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            node.body = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                yield f"{node.module}.{alias.name}"


def room_of(path: Path, package: Path) -> str:
    """The top-level module or folder of the package that a file belongs to."""
    return path.relative_to(package).parts[0].removesuffix(".py")


def upward_imports(source: str, room: str, package: str, levels: dict[str, int]) -> list[str]:
    """Imports of the same package that do not go down the ladder."""
    wrong = []
    for name in imported(source):
        parts = name.split(".")
        if parts[0] != package or parts[1:] in ([], ["__version__"]):
            continue
        target = parts[1] if len(parts) > 1 and parts[1] in levels else "__init__"
        if target != room and levels[target] >= levels[room]:
            wrong.append(name)
    return wrong


def files(package: Path) -> list[Path]:
    return sorted(package.rglob("*.py"))


@pytest.mark.parametrize("path", files(RUNTIME), ids=lambda p: str(p.relative_to(ROOT)))
def test_runtime_imports_go_down(path: Path) -> None:
    room = room_of(path, RUNTIME)
    if room == "__init__":
        return
    assert room in RUNTIME_LEVELS, f"give {room} a level in RUNTIME_LEVELS"
    assert upward_imports(path.read_text(), room, "pytest_gradhealth", RUNTIME_LEVELS) == []


@pytest.mark.parametrize("path", files(LINT), ids=lambda p: str(p.relative_to(ROOT)))
def test_lint_imports_go_down(path: Path) -> None:
    room = room_of(path, LINT)
    if room == "__init__":
        return
    assert room in LINT_LEVELS, f"give {room} a level in LINT_LEVELS"
    assert upward_imports(path.read_text(), room, "gradhealth_lint", LINT_LEVELS) == []


def test_the_ladder_test_can_fail() -> None:
    source = "def late():\n    from pytest_gradhealth.plugin import gradhealth\n"
    assert upward_imports(source, "facts", "pytest_gradhealth", RUNTIME_LEVELS)
    assert upward_imports("import gradhealth_lint.cli", "rules", "gradhealth_lint", LINT_LEVELS)
    assert not upward_imports(
        "from pytest_gradhealth.errors import ProbeError",
        "facts",
        "pytest_gradhealth",
        RUNTIME_LEVELS,
    )


def importers(package: Path, module: str) -> set[str]:
    """Files of a package that import a module at run time."""
    return {
        path.relative_to(package).as_posix()
        for path in files(package)
        if any(name.split(".")[0] == module for name in imported(path.read_text()))
    }


def test_the_packages_do_not_import_each_other() -> None:
    assert importers(RUNTIME, "gradhealth_lint") == set()
    assert importers(LINT, "pytest_gradhealth") == set()


def test_torch_only_in_the_recorder() -> None:
    rooms = {name.split("/")[0] for name in importers(RUNTIME, "torch")}
    assert rooms == {"recorder"}
    assert importers(LINT, "torch") == set()


def test_pytest_only_in_the_plugin() -> None:
    rooms = {name.split("/")[0] for name in importers(RUNTIME, "pytest")}
    assert rooms == {"plugin"}


def test_libcst_only_in_the_linter() -> None:
    assert importers(RUNTIME, "libcst") == set()
    # The engine and the source reader load it late, for its exceptions; trees are of its nodes.
    rooms = {name.split("/")[0] for name in importers(LINT, "libcst")}
    assert rooms == {"semantics", "trees", "engine.py", "source.py"}


def test_matplotlib_and_jinja_only_in_the_report() -> None:
    for module in ("matplotlib", "jinja2"):
        assert {name.split("/")[0] for name in importers(RUNTIME, module)} <= {"report"}
