"""The lines that changed since a revision, as git knows them."""

from __future__ import annotations

import os
import re
import subprocess
from typing import TYPE_CHECKING, Final

from gradhealth_lint.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gradhealth_lint.violation import Violation

_HUNK: Final = re.compile(rb"@@ -\d+(?:,\d+)? \+(\d+)(?:,(\d+))? @@")
_ESCAPE: Final = re.compile(rb"\\([abtnvfr\"\\]|[0-7]{3})")
_ESCAPED: Final = {
    b"a": b"\a", b"b": b"\b", b"t": b"\t", b"n": b"\n", b"v": b"\v", b"f": b"\f", b"r": b"\r",
    b'"': b'"', b"\\": b"\\",
}  # fmt: skip


class GitError(UsageError):
    """Git cannot tell what changed."""


class Changed:
    """What changed between the merge base of a revision with HEAD and the working tree.

    Where lines were only taken away, their neighbours count as changed: what is missing there
    may be what a finding is about.
    """

    def __init__(self, revision: str) -> None:
        try:
            top = _git("rev-parse", "--show-toplevel")
        except GitError as error:
            raise GitError(f"--diff-base needs a git repository: {error}") from None
        self._top = os.fsdecode(top.removesuffix(b"\n"))
        base = _base(revision)
        diff = _git(
            "-c", "core.quotePath=true", "diff", "--unified=0", "--no-color", "--no-ext-diff",
            "--no-textconv", "--find-renames", "--src-prefix=a/", "--dst-prefix=b/",
            "--no-relative", "--ignore-submodules", "--diff-filter=d", base, "--", self._top,
        )  # fmt: skip
        self._lines: dict[str, list[tuple[int, int]] | None] = {}
        for path, lines in _parsed(diff):
            self._lines[os.path.join(self._top, path)] = lines
        others = _git(
            "-C", self._top, "ls-files", "--others", "--exclude-standard", "-z", "--full-name"
        )
        for name in others.split(b"\0"):
            if name:
                self._lines[os.path.join(self._top, os.fsdecode(name))] = None

    def has(self, file: str) -> bool:
        """Whether anything changed in a file, by its absolute name.

        Raises:
            GitError: it is not in the repository.
        """
        real = self._real(file)
        if not real.startswith(os.path.join(self._top, "")):
            raise GitError(f"--diff-base: {file} is not in the repository {self._top}")
        return real in self._lines

    def touches(self, file: str, violation: Violation) -> bool:
        """Whether a finding stands on changed lines; of a notebook, whether it changed."""
        lines = self._lines.get(self._real(file), [])
        if lines is None or file.endswith(".ipynb"):
            return self.has(file)
        return any(first <= violation.end_line and violation.line <= last for first, last in lines)

    def _real(self, file: str) -> str:
        """As git names it: its top folder has no links in its name."""
        folder, name = os.path.split(file)
        return os.path.join(os.path.realpath(folder), name)


def _base(revision: str) -> str:
    """The commit that a revision and HEAD have in common."""
    try:
        commit = _git(
            "rev-parse", "--verify", "--quiet", "--end-of-options", revision + "^{commit}"
        )
    except GitError:
        raise GitError(f"--diff-base: git knows no revision {revision!r} here") from None
    try:
        base = _git("merge-base", commit.decode().strip(), "HEAD")
    except GitError:
        shallow = _git("rev-parse", "--is-shallow-repository").strip() == b"true"
        more = "; the clone is shallow: fetch more of its history" if shallow else ""
        raise GitError(
            f"--diff-base: {revision!r} and HEAD have no common ancestor{more}"
        ) from None
    return base.decode().strip()


def _parsed(diff: bytes) -> Iterator[tuple[str, list[tuple[int, int]]]]:
    """Each file of a diff without context, with the first and last lines of its changes."""
    path: str | None = None
    lines: list[tuple[int, int]] = []
    inside = 0  # lines of a hunk still to come, which may look like anything
    for row in diff.split(b"\n"):
        if inside and row[:1] in {b"+", b"-"}:
            inside -= 1
        elif row.startswith(b"+++ "):
            if path is not None:
                yield path, lines
            path, lines = _path(row[4:]), []
        elif (match := _HUNK.match(row)) is not None:
            start, count = int(match[1]), int(match[2] or 1)
            lines.append((start, start + count - 1) if count else (start, start + 1))
            inside = count + _removed(row)
        elif row.startswith(b"diff "):
            inside = 0
    if path is not None:
        yield path, lines


def _removed(row: bytes) -> int:
    """How many lines a hunk takes away."""
    _, _, count = row.split(b" ")[1].partition(b",")
    return int(count or 1)


def _path(name: bytes) -> str:
    """A path as a diff names it: quoted if it has unusual characters, a tab after odd ones."""
    if name.startswith(b'"'):
        name = _ESCAPE.sub(_unescaped, name.rstrip(b"\t")[1:-1])
    return os.fsdecode(name.rstrip(b"\t").removeprefix(b"b/"))


def _unescaped(match: re.Match[bytes]) -> bytes:
    code = match[1]
    return bytes([int(code, 8)]) if code.isdigit() else _ESCAPED[code]


def _git(*arguments: str) -> bytes:
    try:
        run = subprocess.run(
            ["git", *arguments], capture_output=True, check=False, stdin=subprocess.DEVNULL
        )
    except OSError as error:
        raise GitError(f"git cannot be run: {error.strerror or error}") from None
    if run.returncode != 0:
        said = run.stderr.decode(errors="replace").strip().splitlines()
        raise GitError(said[-1] if said else f"git {arguments[0]} failed")
    return run.stdout
