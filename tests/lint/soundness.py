"""The linter on files nobody here wrote: it never fails, and its short cuts change nothing.

``python -m tests.lint.soundness TREE...`` reads every Python file of the trees, or some of them at
random, with all rules, and holds three ways of reading against each other: with the screen, without
it, and from libcst's tree instead of the one made from CPython's parse. With ``--mutants`` each
file is read as often again with some of its bytes changed. Exits with 1 if anything differs.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from pathlib import Path
from random import Random

from gradhealth_lint import engine, source
from gradhealth_lint.limits import Limits
from gradhealth_lint.rules import ALL_RULES
from tests.lint import mutating


def differences(file: Path) -> list[str]:
    """What goes wrong on one file, a word for the kind first."""
    limits = Limits()
    settings = engine.Settings(tuple(ALL_RULES), limits)
    result = engine.attempt(file, str(file), settings)
    if result.failure is not None:
        return [f"failure: {result.failure}"]
    try:
        read = source.read(file, str(file))
        exact, light = (
            sorted(
                (rule.code, item.anchor)
                for rule in ALL_RULES
                for item in rule.check(
                    engine.read(read, limits, stacks=True, exact=how).facts, limits
                )
            )
            for how in (True, False)
        )
    except source.UnreadableError:
        return []
    passing = {rule.code for rule in engine.needed(ALL_RULES, read.data)}
    wrong = [f"screen: {code}" for code, _ in exact if code not in passing]
    wrong += [f"tree: {one}" for one in {*exact}.symmetric_difference(light)]
    return wrong


def main() -> int:
    """Go through the trees and print what differs, and how many files were read."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("trees", nargs="+", type=Path)
    parser.add_argument("--files", type=int, help="so many at random (default: all)")
    parser.add_argument("--mutants", type=int, default=0, help="so many of each file (default 0)")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    random = Random(given.seed)
    files = sorted(file for tree in given.trees for file in tree.rglob("*.py") if file.is_file())
    random.shuffle(files)
    counts: Counter[str] = Counter()
    for file in files[: given.files]:
        found = differences(file)
        for number in range(given.mutants):
            data = mutating.mutated(file.read_bytes(), random)
            failure = mutating.failure(data)
            found += [] if failure is None else [f"mutant: {number}: {failure}"]
        counts["files"] += 1
        counts["mutants"] += given.mutants
        for one in found:
            counts[one.partition(":")[0]] += 1
            sys.stdout.write(f"{file}: {one}\n")
            sys.stdout.flush()
    sys.stdout.write(", ".join(f"{name}: {count}" for name, count in counts.items()) + "\n")
    return 1 if set(counts) - {"files", "mutants"} else 0


if __name__ == "__main__":
    sys.exit(main())
