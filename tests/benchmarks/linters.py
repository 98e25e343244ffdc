"""The linter's CPU time beside what a user would run instead, on the same files in one run.

``python -m tests.benchmarks.linters TREE...`` takes every Python file of the trees that mentions
torch, by default a random thousand of them, and gives each command the same list. Times are user
and system CPU of whole processes, start-up included, the least of some rounds; only their ratios
mean anything. A peer that is not installed (``--peers``: a folder with the commands ``torchfix``,
``flake8`` and ``ruff``) is left out and said to be.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

_PARSE: Final = """
import sys, libcst
for name in open(sys.argv[1]).read().split("\\n"):
    try:
        libcst.parse_module(open(name, "rb").read())
    except Exception:
        pass
"""
_OURS: Final = ("-m", "gradhealth_lint", "check", "--isolated", "-j1", "--quiet")


@dataclass(frozen=True, slots=True)
class Command:
    """What is run; each batch of files is appended to it."""

    name: str
    words: tuple[str, ...]
    #: Whether it takes the files as arguments, in one process per batch.
    takes_files: bool = True


def cpu(words: list[str]) -> float:
    """The user and system seconds of a process and its children, whatever it says of the files."""
    with tempfile.TemporaryFile() as out:
        process = subprocess.Popen(words, stdout=out, stderr=subprocess.STDOUT)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode not in {0, 1}:
            out.seek(0)
            last = out.read()[-2000:].decode("utf-8", "replace")
            raise SystemExit(f"{words[0]} ended with {process.returncode}:\n{last}")
    return used.ru_utime + used.ru_stime


def torch_files(trees: list[Path], count: int, seed: int) -> list[Path]:
    """Some of the trees' Python files that mention torch, in a random order."""
    files = sorted(file for tree in trees for file in tree.rglob("*.py") if file.is_file())
    random.Random(seed).shuffle(files)
    found: list[Path] = []
    for file in files:
        if len(found) == count:
            break
        if b"torch" in file.read_bytes():
            found.append(file)
    return found


def peers(folder: Path | None) -> tuple[list[Command], list[str]]:
    """The installed peers, and the names of the others."""
    every = [
        Command("torchfix -j1", ("torchfix", "-j", "1")),
        Command("flake8 with torchfix", ("flake8", "-j1", "--isolated", "--select=TOR")),
        Command("ruff", ("ruff", "check", "--isolated", "--no-cache", "-q")),
    ]
    found, missing = [], []
    for one in every:
        place = shutil.which(one.words[0], path=None if folder is None else str(folder))
        if place is None:
            missing.append(one.name)
        else:
            found.append(Command(one.name, (place, *one.words[1:])))
    return found, missing


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("trees", nargs="*", type=Path, help="by default, the installed torch")
    parser.add_argument("--files", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--peers", type=Path)
    given = parser.parse_args()
    files = torch_files(given.trees or [_installed()], given.files, given.seed)
    if not files:
        parser.error("no Python file in these trees mentions torch")
    python = sys.executable
    with tempfile.TemporaryDirectory() as folder:
        names = Path(folder) / "names"
        names.write_text("\n".join(map(str, files)), encoding="utf-8")
        cache = Path(folder) / "cache"
        ours = (python, *_OURS)
        found, missing = peers(given.peers)
        commands = [
            Command("libcst.parse_module", (python, "-c", _PARSE, str(names)), takes_files=False),
            Command("gradhealth-lint", (*ours, "--no-cache")),
            Command("gradhealth-lint, cold cache", (*ours, "--cache-dir", str(cache))),
            Command("gradhealth-lint, warm cache", (*ours, "--cache-dir", str(cache))),
            *found,
        ]
        least: dict[str, float] = {}
        for _ in range(given.rounds):
            shutil.rmtree(cache, ignore_errors=True)
            for one in commands:
                paths = [str(file) for file in files] if one.takes_files else []
                used = cpu([*one.words, *paths])
                least[one.name] = min(used, least.get(one.name, used))
    size = sum(file.stat().st_size for file in files) / 1e6
    lines = [f"{len(files)} files that mention torch, {size:.1f} MB; least CPU of the rounds"]
    lines += [*_rows(least), *(f"{name}: not installed, left out" for name in missing)]
    sys.stdout.write("\n".join([*lines, ""]))


def _rows(least: dict[str, float]) -> Iterator[str]:
    parse, ours = least["libcst.parse_module"], least["gradhealth-lint"]
    for name, used in least.items():
        yield f"{name:28s} {used:8.1f} s {used / parse:7.2f} of parsing {used / ours:7.2f} of ours"
    cold, warm = least["gradhealth-lint, cold cache"], least["gradhealth-lint, warm cache"]
    yield f"a warm run is 1/{cold / warm:.0f} of a cold one"


def _installed() -> Path:
    import torch

    return Path(torch.__file__).parent


if __name__ == "__main__":
    main()
