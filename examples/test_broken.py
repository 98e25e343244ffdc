"""Of each example broken by its one line the plugin says what examples/README.md has it say."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROWS = dict(
    re.findall(r"^\| `(\w+)` \| .* \| ([\w, ]+) \|$", (HERE / "README.md").read_text(), flags=re.M)
)


def test_every_example_is_in_the_table() -> None:
    assert set(ROWS) == {path.parent.name for path in HERE.glob("*/broken.diff")}


@pytest.mark.parametrize("name", sorted(ROWS))
def test_one_line_breaks_it(name: str, tmp_path: Path) -> None:
    shutil.copytree(HERE / name, tmp_path / "examples" / name)
    diff = HERE / name / "broken.diff"
    changed = re.findall(r"^[+-](?![+-])", diff.read_text(), flags=re.M)
    assert changed == ["-", "+"]
    subprocess.run(["git", "apply", str(diff)], cwd=tmp_path, check=True)
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"examples/{name}"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 1, run.stdout + run.stderr
    said = re.findall(r"^E +(?:[\w.]+GradientHealthError: )?([a-z_]+): ", run.stdout, flags=re.M)
    assert said == ROWS[name].split(", "), run.stdout
