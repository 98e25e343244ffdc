"""[tool.gradhealth.lint]: every key, the nearest file, and errors that name file and key."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
from pathlib import Path

import pytest

from gradhealth_lint import config
from gradhealth_lint.cli import main
from gradhealth_lint.config_files import Configs
from gradhealth_lint.limits import Limits

BAD = "from torch import nn\nlayer = nn.Linear(8, 8)\nnn.init.normal_(layer.weight, 1.5, 0.1)\n"
TABLE = "[tool.gradhealth.lint]\n"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.py").write_text(BAD)
    return tmp_path


def configure(folder: Path, text: str) -> None:
    folder.mkdir(exist_ok=True)
    (folder / "pyproject.toml").write_text(TABLE + text)


def found(capsys: pytest.CaptureFixture[str], *options: str) -> list[str]:
    assert main([*options, "--output-format", "json"]) in {0, 1}
    return [f"{f['path']} {f['code']}" for f in json.loads(capsys.readouterr().out)]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", 1),
        ('select = ["GRD201"]', 1),
        ('select = ["GRD301"]', 0),
        ("select = []", 0),
        ('extend-select = ["GRD2"]', 1),
        ('ignore = ["grd201"]', 0),
        ('select = ["ALL"]\nignore = ["GRD2"]', 0),
        ('per-file-ignores = {"a.py" = ["GRD2"]}', 0),
        ('per-file-ignores = {"*.py" = ["GRD301"]}', 1),
        ('per-file-ignores = {"!b.py" = ["ALL"]}', 0),
        ('per-file-ignores = {"!a.py" = ["ALL"]}', 1),
        ("limits = {init_mean_over_std = 100}", 0),
        ("limits = {init-mean-over-std = 100.0}", 0),
        ('include = ["*.txt"]', 0),
        ('exclude = ["a.py"]', 0),
        ('extend-exclude = ["/a.py"]', 0),
        ('extend-exclude = ["sub/a.py"]', 1),
    ],
)
def test_keys_count(folder: Path, text: str, code: int) -> None:
    configure(folder, text)
    assert main(["."]) == code


@pytest.mark.parametrize(
    ("text", "options", "code"),
    [
        ('ignore = ["GRD201"]', ("--select", "GRD201"), 1),
        ('ignore = ["GRD201"]', ("--extend-select", "GRD201"), 1),
        ('ignore = ["GRD201"]', ("--isolated",), 1),
        ('select = ["GRD201"]', ("--ignore", "GRD2"), 0),
        ('select = ["GRD201"]', ("--select", "GRD301"), 0),
        ('select = ["GRD201"]', ("--extend-select", "GRD301"), 1),
        ('exclude = ["a.py"]', ("--exclude", "b.py"), 1),
        ('extend-exclude = ["a.py"]', ("--exclude", "b.py"), 0),
        ("", ("--extend-exclude", "*.py"), 0),
    ],
)
def test_the_command_line_beats_it(
    folder: Path, text: str, options: tuple[str, ...], code: int
) -> None:
    configure(folder, text)
    assert main([".", *options]) == code


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('ignroe = ["GRD1"]', ("'ignroe'", "did you mean 'ignore'", "per-file-ignores")),
        ('select = "GRD1"', ("select must be a list of strings", "'GRD1'")),
        ('select = ["GRD9"]', ("unknown code 'GRD9'", "GRD201")),
        ('per-file-ignores = {"a.py" = ["X1"]}', ("per-file-ignores 'a.py'", "unknown code 'X1'")),
        ('per-file-ignores = {"a.py" = "X1"}', ("per-file-ignores 'a.py' must be a list",)),
        ('per-file-ignores = ["a.py"]', ("per-file-ignores must be a table",)),
        ("require-ignore-reason = 1", ("require-ignore-reason must be true or false",)),
        ("jobs = 0", ('jobs must be a whole number from 1 or "auto"',)),
        ("jobs = true", ("jobs must be",)),
        ('output-format = "xml"', ("output-format must be one of text, ", "'xml'")),
        ("baseline = 3", ("baseline must be a path",)),
        ("limits = 3", ("limits must be a table",)),
        ("limits = {assumed_dept = 3}", ("'assumed_dept'", "did you mean 'assumed_depth'")),
        ("limits = {assumed_depth = 2.5}", ("assumed_depth must be a whole number",)),
        ("limits = {init_coherent_gain = -1}", ("init_coherent_gain must be a number above 0",)),
        ("select = [", ("is not TOML",)),
    ],
)
def test_what_is_wrong_exits_2_and_names_file_and_key(
    folder: Path, capsys: pytest.CaptureFixture[str], text: str, words: tuple[str, ...]
) -> None:
    configure(folder, text)
    assert main(["."]) == 2
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.count("\n") == 1
    assert str(folder / "pyproject.toml") in output.err
    assert all(word in output.err for word in words), output.err


def test_the_nearest_file_with_the_table_holds_for_each_file(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    configure(folder, 'ignore = ["GRD201"]')
    configure(folder / "inner", "")
    (folder / "inner" / "b.py").write_text(BAD)
    (folder / "other" / "deep").mkdir(parents=True)
    (folder / "other" / "pyproject.toml").write_text("[tool.gradhealth]\nx = 1\n[project]\n")
    (folder / "other" / "deep" / "c.py").write_text(BAD)
    assert found(capsys, ".") == ["inner/b.py GRD201"]
    assert found(capsys, "inner/b.py", "other/deep/c.py") == ["inner/b.py GRD201"]


def test_a_file_that_is_named_holds_for_everything(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    configure(folder, 'ignore = ["GRD201"]')
    (folder / "own.toml").write_text('select = ["GRD2"]\n')
    (folder / "other").mkdir()
    (folder / "other" / "pyproject.toml").write_text(TABLE)
    (folder / "empty").mkdir()
    (folder / "empty" / "pyproject.toml").write_text("[project]\n")
    assert found(capsys, ".", "--config", "own.toml") == ["a.py GRD201"]
    assert found(capsys, ".", "--config", "other/pyproject.toml") == ["a.py GRD201"]
    for missing in ("no.toml", "empty/pyproject.toml"):
        assert main([".", "--config", missing]) == 2
        assert missing in capsys.readouterr().err


@pytest.mark.parametrize(
    "text",
    [
        "[tool]\ngradhealth.lint.ignore = ['GRD201']\n",
        "[tool . 'gradhealth' . lint]\nignore = ['GRD201']\n",
        "tool.gradhealth.lint.ignore = ['GRD201']\n",
        "[tool]\ngradhealth = {lint = {ignore = ['GRD201']}}\n",
    ],
)
def test_every_spelling_of_the_table_is_seen(folder: Path, text: str) -> None:
    (folder / "pyproject.toml").write_text(text)
    assert main(["."]) == 0


def test_toml_is_not_loaded_for_a_file_that_does_not_mention_us(folder: Path) -> None:
    program = (
        "import sys; from gradhealth_lint.cli import main; main(['a.py']);"
        "print('tomllib' in sys.modules or 'tomli' in sys.modules)"
    )
    for text, loaded in (('[project]\nname = "x"\n', "False"), (TABLE, "True")):
        (folder / "pyproject.toml").write_text(text)
        run = subprocess.run(
            [sys.executable, "-c", program], cwd=folder, capture_output=True, text=True, check=True
        )
        assert run.stdout.split()[-1] == loaded


def test_every_key_has_a_field_and_the_other_way_round() -> None:
    fields = {item.name.replace("_", "-") for item in dataclasses.fields(config.Config)}
    assert fields - {"file", "root"} == set(config._READERS)


def test_every_limit_can_be_set(folder: Path) -> None:
    every = {item.name: item.default for item in dataclasses.fields(Limits)}
    text = "\n".join(f"{name} = {value}" for name, value in every.items())
    (folder / "pyproject.toml").write_text(f"[tool.gradhealth.lint.limits]\n{text}\n")
    assert Configs().of_folder(str(folder)).limits == Limits()


def test_paths_are_relative_to_the_file(folder: Path) -> None:
    configure(folder, 'baseline = "b.json"\ncache-dir = "../cache"\njobs = "auto"\ncache = false')
    read = Configs().of_folder(str(folder))
    assert read.baseline == folder / "b.json"
    assert read.cache_dir == folder / ".." / "cache"
    assert (read.jobs, read.cache) == (None, False)
