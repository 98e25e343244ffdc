"""Scores the linter, with every rule on, on a recall set: ``python -m tests.lint.recall.score``.

A fault is found if one of its acceptable codes is reported on its line or on one of the other
lines it may be reported on. It is found elsewhere if the code is right and the line is not. Every
finding in a look-alike is a false alarm. Only totals are printed, so that a figure can be followed
while the files stay unread; ``--names`` tells the files and is for the set's keepers.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

HERE: Final = Path(__file__).parent
DRAWINGS: Final = ("first",)
FAMILIES: Final = {
    "0": "files and comments",
    "1": "depth and activations",
    "2": "initialisation",
    "3": "training loop",
    "4": "losses and numerics",
    "5": "autograd graph",
    "6": "data and normalisation",
}


@dataclass(frozen=True)
class Fault:
    """One fault of the set: its file, the lines it may be reported on, the codes it may have."""

    file: str
    lines: tuple[int, ...]
    codes: tuple[str, ...]

    @property
    def family(self) -> str:
        """The family of its first code, which is the best one."""
        return family(self.codes[0])


@dataclass(frozen=True)
class Finding:
    """What the linter said, without its words; ``kind`` is the folder, faults or lookalikes."""

    kind: str
    file: str
    line: int
    code: str


@dataclass
class Score:
    """Faults by what became of them, and findings that no fault of the set explains."""

    found: list[Fault] = field(default_factory=list)
    elsewhere: list[Fault] = field(default_factory=list)
    missed: list[Fault] = field(default_factory=list)
    false_alarms: list[Finding] = field(default_factory=list)
    unlabelled: list[Finding] = field(default_factory=list)


def family(code: str) -> str:
    """The name of a code's family: ``GRD302`` is of the training loop."""
    digit = code.removeprefix("GRD")[:1]
    return f"{digit}xx {FAMILIES.get(digit, 'unknown')}"


def read_faults(root: Path) -> list[Fault]:
    """The labels: expected.json maps a file to its faults."""
    labels = json.loads((root / "expected.json").read_text(encoding="utf-8"))
    return [
        Fault(file, (one["line"], *one.get("also", ())), tuple(one["codes"]))
        for file, faults in labels.items()
        for one in faults
    ]


def lint(root: Path) -> list[Finding]:
    """Run the linter on both folders of a set, every rule on, no configuration, no cache.

    Raises:
        RuntimeError: the linter could not run; the message is what it wrote to stderr.
    """
    command = [sys.executable, "-m", "gradhealth_lint", "check", "--isolated", "--select", "ALL"]
    command += ["--no-cache", "--no-baseline", "--no-respect-gitignore", "--output-format", "json"]
    paths = [str(root / "faults"), str(root / "lookalikes")]
    run = subprocess.run([*command, *paths], capture_output=True, text=True, check=False)
    if run.returncode not in {0, 1}:
        raise RuntimeError(run.stderr.strip())
    return [
        Finding(Path(one["path"]).parent.name, Path(one["path"]).name, one["line"], one["code"])
        for one in json.loads(run.stdout)
    ]


def judge(faults: Sequence[Fault], findings: Sequence[Finding]) -> Score:
    """Hold the findings against the labels; one finding may explain several faults."""
    score = Score(false_alarms=[one for one in findings if one.kind == "lookalikes"])
    in_faults = [one for one in findings if one.kind == "faults"]
    said = {(one.file, one.line, one.code) for one in in_faults}
    codes = {(one.file, one.code) for one in in_faults}
    for fault in faults:
        if any((fault.file, line, code) in said for line in fault.lines for code in fault.codes):
            score.found.append(fault)
        elif any((fault.file, code) in codes for code in fault.codes):
            score.elsewhere.append(fault)
        else:
            score.missed.append(fault)
    known = {(fault.file, code) for fault in faults for code in fault.codes}
    score.unlabelled = [one for one in in_faults if (one.file, one.code) not in known]
    return score


def table(score: Score) -> list[str]:
    """The totals by family, and of all."""
    outcomes = {"found": score.found, "elsewhere": score.elsewhere, "missed": score.missed}
    counts = {name: Counter(one.family for one in ones) for name, ones in outcomes.items()}
    alarms = Counter(family(one.code) for one in score.false_alarms)
    rows = [("family", "faults", *outcomes, "false alarms")]
    for name in sorted({*alarms, *(row for count in counts.values() for row in count)}):
        each = [count[name] for count in counts.values()]
        rows.append((name, *(str(n) for n in (sum(each), *each, alarms[name]))))
    each = [len(ones) for ones in outcomes.values()]
    rows.append(("all", *(str(n) for n in (sum(each), *each, len(score.false_alarms)))))
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = [
        "  ".join(
            [
                row[0].ljust(widths[0]),
                *(c.rjust(w) for c, w in zip(row[1:], widths[1:], strict=True)),
            ]
        )
        for row in rows
    ]
    files = len({one.file for one in score.false_alarms})
    lines.append(f"look-alikes with a false alarm: {files}")
    lines.append(f"findings in fault files that no label explains: {len(score.unlabelled)}")
    return lines


def names(score: Score) -> list[str]:
    """Every fault that was not found where it is, and every finding that no label explains."""
    lines = [
        f"{word}  {one.file}:{one.lines[0]}  {','.join(one.codes)}"
        for word, ones in (("missed", score.missed), ("elsewhere", score.elsewhere))
        for one in ones
    ]
    lines += [
        f"{word}  {one.file}:{one.line}  {one.code}"
        for word, ones in (("false alarm", score.false_alarms), ("unlabelled", score.unlabelled))
        for one in ones
    ]
    return lines


def main(given: Sequence[str] | None = None) -> int:
    """The command; 0 whatever the score, 2 if the linter could not run."""
    parser = argparse.ArgumentParser(description="Score the linter on the recall set.")
    parser.add_argument("--names", action="store_true", help="tell the files, not only totals")
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--drawing", choices=DRAWINGS, default=DRAWINGS[-1], help="which set")
    where.add_argument("--root", type=Path, help="the folder of another set")
    options = parser.parse_args(given)
    root = options.root or HERE / options.drawing
    try:
        score = judge(read_faults(root), lint(root))
    except RuntimeError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    lines = table(score) + (names(score) if options.names else [])
    sys.stdout.write("\n".join(lines) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
