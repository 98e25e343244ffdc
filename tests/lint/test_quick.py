"""The shortest way decides nothing that the long way would decide otherwise."""

from __future__ import annotations

import json
from pathlib import Path
from textwrap import dedent

import pytest

from gradhealth_lint import cli, quick
from gradhealth_lint.rules import ALL_RULES
from tests.lint.rule_cases import BAD, GOOD

CLEAN = "import torch\n\n\ndef double(x):\n    return 2 * x\n"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def long_way(*given: str, monkeypatch: pytest.MonkeyPatch) -> int:
    with monkeypatch.context() as patch:
        patch.setattr(quick, "is_clean", lambda _: False)
        return cli.main([*given, "--no-cache"])


@pytest.mark.parametrize("text", ["", "x = 1\n", CLEAN, "\ufeffx = 1\n", r"x = '\d'" + "\n"])
@pytest.mark.parametrize(
    "given", [["a.py"], ["check", "a.py"], ["check", "--force-exclude", "--fix", "a.py"]]
)
def test_clean_files_are_known_at_once(
    text: str,
    given: list[str],
    here: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (here / "a.py").write_text(text, encoding="utf-8")
    assert quick.is_clean(given)
    assert cli.main(given) == 0
    short = capsys.readouterr()
    assert long_way(*given, monkeypatch=monkeypatch) == 0
    assert short == capsys.readouterr()


def test_what_it_calls_clean_is_clean(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spared: list[str] = []
    for rule in ALL_RULES:
        for example in (*rule.good, *rule.bad, *GOOD[rule.code], *BAD[rule.code]):
            file = here / f"example_{len(spared)}.py"
            file.write_text(dedent(example.text), encoding="utf-8")
            if quick.is_clean([file.name]):
                spared.append(file.name)
    assert spared
    cli.main([*spared, "--no-cache", "--output-format", "json"])
    assert json.loads(capsys.readouterr().out) == []


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.py", b"def f(:\n"),
        ("a.py", b"x = 1\0\n"),
        ("a.py", b"# coding: latin-1\nx = 1\n"),
        ("a.py", b"x = '\xe9'\n"),
        ("a.py", b"x = 1  # noqa: GRD101\n"),
        ("a.py", b"x = 1  # gradhealth: ignore[GRD101] of no use\n"),
        ("a.py", b"x = 1\n" * 100_000),
        ("a.ipynb", b"{}"),
        ("a.txt", b"x = 1\n"),
        ("a.py", b"import torch\nnet = torch.nn.Linear(1, 1)\nnet.weight.data.normal_(2, 1)\n"),
    ],
)
def test_where_it_is_not_sure_it_says_so(name: str, data: bytes, here: Path) -> None:
    (here / name).write_bytes(data)
    assert not quick.is_clean([name])


@pytest.mark.parametrize(
    "given",
    [[], ["check"], ["."], ["missing.py"], ["a.py", "--select", "ALL"], ["-q", "a.py"], ["-"],
     ["a.py"] * 13, ["rules"], ["predict", "a.py"]],
)  # fmt: skip
def test_what_is_no_plain_check_of_a_few_files_goes_the_long_way(
    given: list[str], here: Path
) -> None:
    (here / "a.py").write_text(CLEAN)
    assert quick.is_clean(["a.py"])
    assert not quick.is_clean(given)


def test_a_configuration_goes_the_long_way(here: Path) -> None:
    folder = here / "src" / "deep"
    folder.mkdir(parents=True)
    (folder / "a.py").write_text(CLEAN)
    assert quick.is_clean(["src/deep/a.py"])
    (here / "src" / "pyproject.toml").write_text("[tool.gradhealth.lint]\nselect = ['ALL']\n")
    assert not quick.is_clean(["src/deep/a.py"])
