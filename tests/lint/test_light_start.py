"""Start-up stays light: libcst is loaded for the first file that passes the screen, torch never."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

HEAVY = ("libcst", "torch", "numpy", "pytest", "pytest_gradhealth", "importlib.metadata", "json")


def loaded(program: str, *, cwd: Path) -> set[str]:
    program += "\nimport sys; print('\\n'.join(sys.modules))"
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=cwd
    )
    return set(result.stdout.split())


def test_importing_the_command_line_loads_nothing_heavy(tmp_path: Path) -> None:
    assert loaded("import gradhealth_lint.cli", cwd=tmp_path).isdisjoint(HEAVY)


def test_this_test_can_fail(tmp_path: Path) -> None:
    assert "libcst" in loaded("import gradhealth_lint.semantics.reader", cwd=tmp_path)


def test_a_file_that_no_rule_needs_does_not_load_libcst(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("import os\nprint(os.name)\n")
    program = "from gradhealth_lint.cli import main; main(['a.py'])"
    assert "libcst" not in loaded(program, cwd=tmp_path)


def test_a_file_that_is_surely_clean_loads_next_to_nothing(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("import torch\nprint(torch.pi)\n")
    before = loaded("", cwd=tmp_path)
    program = "from gradhealth_lint.cli import main; main(['check', '--force-exclude', 'a.py'])"
    more = {name for name in loaded(program, cwd=tmp_path) - before if "gradhealth" not in name}
    assert more <= {"no", "findings", "warnings", "__future__"}


def test_linting_loads_neither_torch_nor_matchers(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(
        "import torch\ntorch.nn.Linear(1, 1).weight.data.normal_(2, 1)\n"
    )
    program = "from gradhealth_lint.cli import main; main(['a.py'])"
    modules = loaded(program, cwd=tmp_path)
    assert "libcst" in modules
    assert modules.isdisjoint({"torch", "libcst.matchers", "numpy", "pytest"})
