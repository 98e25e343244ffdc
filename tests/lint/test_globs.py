"""Patterns mean what git takes them to mean; git itself is asked."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from gradhealth_lint.globs import Patterns

PATHS = [
    "a.py", "b.txt", "sub/a.py", "sub/b.py", "sub/deep/a.py", "sub/deep/er/c.py", "build/x.py",
    "sub/build/x.py", "docs/conf.py", "docs/a/b/conf.py", "x1.py", "x2.py", "xa.py", "#h.py",
    "!n.py", "foo/bar.py", "a/foo/bar.py", "sp ace.py", "[b].py", "sub/[b].py",
]  # fmt: skip
CASES = [
    ["*.py"], ["a.py"], ["/a.py"], ["sub/"], ["sub"], ["build/"], ["/build"], ["sub/*.py"],
    ["sub/**"], ["**/deep"], ["**/a.py"], ["sub/**/a.py"], ["docs/**/conf.py"], ["x?.py"],
    ["x[12].py"], ["x[!12].py"], ["x[0-9].py"], ["x[[:alpha:]].py"], ["\\#h.py"], ["\\!n.py"],
    ["# a.py", "", "b.txt"], ["*.py", "!a.py"], ["*.py", "!sub/a.py"], ["sub/", "!sub/a.py"],
    ["*", "!*.py"], ["!a.py", "a.py"], ["foo/bar.py"], ["**/foo/bar.py"], ["sp ace.py  "],
    ["a.py/"], ["**"], ["/**"], ["/*"], ["/*", "!/sub", "/sub/*", "!/sub/deep"], ["\\[b\\].py"],
    ["[[]b].py"], ["x[12"], ["/"], ["**/"], ["sub/deep/"], ["*/a.py"], ["a*y"], ["s*/**/*.py"],
]  # fmt: skip


def ignored(patterns: Patterns, path: str) -> bool:
    """As git walks: folders first, and what is in an ignored one stays ignored."""
    parts = path.split("/")
    folders = ("/".join(parts[:count]) for count in range(1, len(parts)))
    if any(patterns.decide(folder, folder=True) for folder in folders):
        return True
    return patterns.decide(path) is True


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("repository")
    subprocess.run(["git", "init", "-q", root], check=True)
    for path in PATHS:
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("")
    return root


@pytest.mark.parametrize("lines", CASES, ids=" ".join)
def test_git_agrees(repository: Path, lines: list[str]) -> None:
    (repository / ".gitignore").write_text("\n".join(lines) + "\n")
    asked = subprocess.run(
        ["git", "-c", "core.quotePath=false", "check-ignore", "-z", "--stdin", "--no-index"],
        cwd=repository, input="\0".join(PATHS), capture_output=True, text=True, check=False,
    )  # fmt: skip
    patterns = Patterns(lines)
    assert [path for path in PATHS if ignored(patterns, path)] == [
        path for path in PATHS if path in asked.stdout.split("\0")
    ]
