"""The command line: exit codes, formats, selection, broken files."""

from __future__ import annotations

import json
from pathlib import Path
from textwrap import dedent

import pytest

from gradhealth_lint.cli import main
from gradhealth_lint.rules import ALL_RULES

FINDING_FIELDS = [
    "path", "line", "column", "end_line", "end_column", "code", "name", "severity", "message",
    "remedy", "fix",
]  # fmt: skip
PREDICTION_FIELDS = [
    "path", "line", "class", "depth", "width", "activation", "init", "gain_per_layer",
    "total_gain", "assumed", "structure", "better_gain", "better",
]  # fmt: skip
CLEAN = "import torch\n\nlayer = torch.nn.Linear(4, 4)\n"
BAD = """\
import torch
from torch import nn

layer = nn.Linear(8, 8)
nn.init.normal_(layer.weight, mean=1.5, std=0.1)
"""
SIGMOIDS = """
    from torch import nn

    class Net(nn.Module):
        def __init__(self, depth=20):
            super().__init__()
            layers = []
            for _ in range(depth):
                layers += [nn.Linear(64, 64), nn.Sigmoid()]
            self.net = nn.Sequential(*layers)

        def forward(self, x):
            return self.net(x)
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_clean_file_exits_0(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "a.py").write_text(CLEAN)
    assert main(["a.py"]) == 0
    assert capsys.readouterr().out == "no findings\n"


def test_findings_exit_1_and_json_has_the_contracts_fields(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "sub").mkdir()
    (folder / "sub" / "a.py").write_text(BAD)
    assert main(["check", ".", "--output-format", "json"]) == 1
    output = capsys.readouterr()
    (finding,) = json.loads(output.out)
    assert list(finding) == FINDING_FIELDS
    assert finding["path"] == "sub/a.py"
    assert (finding["line"], finding["column"], finding["end_line"]) == (5, 1, 5)
    assert finding["end_column"] == len(BAD.splitlines()[4]) + 1
    assert (finding["code"], finding["severity"]) == ("GRD201", "warning")
    assert "1.5" in finding["message"]
    assert "kaiming_normal_(layer.weight" in finding["remedy"]
    assert output.err == ""
    end = {"end_line": 5, "end_column": finding["end_column"]}
    (edit,) = finding["fix"].pop("edits")
    better = 'nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")'
    assert edit == {"line": 5, "column": 1, **end, "text": better}
    assert finding["fix"] == {"applicability": "unsafe"}


def test_json_of_no_findings_is_an_empty_array(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "a.py").write_text(CLEAN)
    assert main(["a.py", "--output-format", "json"]) == 0
    assert json.loads(capsys.readouterr().out) == []


@pytest.mark.parametrize(
    "broken",
    [
        b"def f(:\n    pass\n",
        b"import torch\nx = (\n",
        b"x = '\xff'\n",
        b"# coding: no-such-codec\nimport torch\n",
        b"import torch\0\n",
        b"import torch\nx = " + b"(" * 500 + b")" * 500 + b"\n",
        BAD.encode() + b"x = " + b"+".join([b"'a'"] * 20_000) + b"\n",
        BAD.encode() + b"x = (\n" + b"+\n".join([b"'a'"] * 2_000) + b")\n",
        BAD.encode() + b"x = a" + b".b()" * 20_000 + b"\n",
        b"import torch\n\tif x:\n pass\n",
    ],
    ids=[
        "syntax", "torch-syntax", "not-utf8", "codec", "nul", "parens", "sum", "long-sum",
        "calls", "indent",
    ],
)  # fmt: skip
def test_a_broken_file_is_a_finding_and_the_run_goes_on(
    folder: Path, capsys: pytest.CaptureFixture[str], broken: bytes
) -> None:
    (folder / "a.py").write_bytes(broken)
    (folder / "b.py").write_text(BAD)
    assert main([".", "--output-format", "json"]) == 1
    codes = [(f["path"], f["code"]) for f in json.loads(capsys.readouterr().out)]
    assert codes == [("a.py", "GRD002"), ("b.py", "GRD201")]


@pytest.mark.parametrize(
    "readable",
    [
        b"\xef\xbb\xbfimport torch\n",
        b"# -*- coding: latin-1 -*-\nimport torch\ns = '\xe9'\n",
        b"import torch\r\nx = 1\r\n",
        b"",
        b"import torch\rx = 1\r",
        b"# -*- coding: utf-8 -*-\nimport torch",
        b"import torch\nx = '\\d'\n",
    ],
    ids=["bom", "latin-1", "crlf", "empty", "cr", "no-newline", "invalid-escape"],
)
def test_what_python_can_read_is_readable(
    folder: Path, capsys: pytest.CaptureFixture[str], readable: bytes
) -> None:
    (folder / "a.py").write_bytes(readable)
    assert main(["a.py"]) == 0
    assert capsys.readouterr().err == ""


def test_a_missing_path_exits_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["no/such/path.py"]) == 2
    output = capsys.readouterr()
    assert output.out == ""
    assert "no/such/path.py" in output.err


@pytest.mark.parametrize("option", ["--select", "--ignore", "--extend-select"])
def test_an_unknown_code_exits_2_and_lists_the_valid_ones(
    folder: Path, capsys: pytest.CaptureFixture[str], option: str
) -> None:
    (folder / "a.py").write_text(CLEAN)
    assert main([option, "GRD999", "a.py"]) == 2
    error = capsys.readouterr().err
    assert all(rule.code in error for rule in ALL_RULES)


def test_a_bad_option_exits_2(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["--no-such-option"])
    assert stopped.value.code == 2
    assert "--no-such-option" in capsys.readouterr().err


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["--version"])
    assert stopped.value.code == 0
    assert capsys.readouterr().out.startswith("gradhealth-lint 0.")


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ((), 1),
        (("--select", "GRD201"), 1),
        (("--select", "GRD1,GRD2"), 1),
        (("--select", "ALL"), 1),
        (("--select", "GRD301"), 0),
        (("--ignore", "GRD2"), 0),
        (("--ignore", "ALL"), 0),
        (("--select", "GRD2", "--ignore", "GRD201"), 0),
        (("--select", "GRD201", "--ignore", "GRD2"), 1),
        (("--select", "GRD301", "--extend-select", "GRD201"), 1),
    ],
)
def test_selection(folder: Path, options: tuple[str, ...], code: int) -> None:
    (folder / "a.py").write_text(BAD)
    assert main([*options, "a.py"]) == code


def test_folders_that_are_not_the_projects_are_skipped(folder: Path) -> None:
    for name in (".hidden", "venv", ".venv", "__pycache__", "node_modules", "build", "dist"):
        (folder / name).mkdir()
        (folder / name / "a.py").write_text(BAD)
    assert main(["."]) == 0
    assert main(["build/a.py"]) == 1
    assert main(["build"]) == 1


@pytest.mark.parametrize(
    ("comment", "code"),
    [
        ("# noqa", 0),
        ("# noqa: GRD201", 0),
        ("# NOQA:GRD201", 0),
        ("# noqa: E501, GRD201", 0),
        ("# noqa: E501", 1),
        ("# gradhealth: ignore[GRD201] a study of bad inits", 0),
        ("# gradhealth: ignore[GRD101]", 1),
        ("# gradhealth: ignore[GRD301, GRD201] GRD001 says which is not needed", 1),
    ],
)
def test_comments_silence(folder: Path, comment: str, code: int) -> None:
    (folder / "a.py").write_text(BAD.rstrip() + "  " + comment + "\n")
    assert main(["a.py"]) == code


def test_a_string_is_not_a_comment(folder: Path) -> None:
    (folder / "a.py").write_text(BAD.rstrip() + '; s = "# noqa"\n')
    assert main(["a.py"]) == 1


def test_predict_json_has_the_contracts_fields(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "a.py").write_text(dedent(SIGMOIDS))
    assert main(["predict", "a.py", "--output-format", "json"]) == 0
    (prediction,) = json.loads(capsys.readouterr().out)
    assert list(prediction) == PREDICTION_FIELDS
    assert prediction["class"] == "Net"
    assert (prediction["depth"], prediction["width"]) == (20, 64)
    assert (prediction["activation"], prediction["init"]) == ("sigmoid", "default")
    assert prediction["gain_per_layer"] == pytest.approx(0.143, abs=0.005)
    assert prediction["total_gain"] == pytest.approx(prediction["gain_per_layer"] ** 20, rel=1e-6)
    assert prediction["assumed"] == []


def test_predict_says_what_it_assumed_and_why_it_did_not(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "a.py").write_text(
        dedent(SIGMOIDS).replace("depth=20", "depth").replace("64", "width")
        + "\nweight = nn.utils.weight_norm(nn.Linear(4, 4))\n"
        + "normed = nn.Sequential(weight, nn.Tanh(), nn.Linear(4, 4))\n"
    )
    assert main(["predict", ".", "--output-format", "json"]) == 0
    assumed, normed = json.loads(capsys.readouterr().out)
    assert assumed["assumed"][0] == "depth is not known: 4 assumed"
    assert (assumed["depth"], assumed["width"]) == (4, None)
    assert normed["gain_per_layer"] is None
    assert normed["assumed"] == ["not predicted: it is normalised"]
    assert main(["predict", "."]) == 0
    assert "not predicted: it is normalised" in capsys.readouterr().out


@pytest.mark.parametrize("rule", ALL_RULES, ids=lambda rule: rule.code)
def test_every_rule_has_a_page(rule: object, capsys: pytest.CaptureFixture[str]) -> None:
    code = getattr(rule, "code", "")
    assert main(["rule", code]) == 0
    page = capsys.readouterr().out
    assert page.startswith(code)
    assert all(title in page for title in ("Why", "Write instead", "Reported", "References"))


def test_an_unknown_rule_exits_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rule", "GRD999"]) == 2
    assert "GRD101" in capsys.readouterr().err


def test_rules_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rules", "--output-format", "json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [row["code"] for row in rows] == [rule.code for rule in ALL_RULES]


def test_a_fault_of_ours_is_one_line_and_exits_2(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from gradhealth_lint import engine

    read = engine.read

    def failing(source: object, *given: object, **options: object) -> object:
        if getattr(source, "path", "") == "a.py":
            raise KeyError("oops")
        return read(source, *given, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(engine, "read", failing)
    (folder / "a.py").write_text(BAD)
    (folder / "b.py").write_text(BAD)
    assert main([".", "--output-format", "json"]) == 2
    output = capsys.readouterr()
    assert [f["path"] for f in json.loads(output.out)] == ["b.py"]
    assert output.err.count("\n") == 1
    assert "a.py: internal error: KeyError" in output.err


def test_a_class_made_twice_is_reported_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = """
from torch import nn

class Net(nn.Module):
    def __init__(self, out):
        super().__init__()
        self.body = nn.Sequential(*[m for _ in range(20) for m in (nn.Linear(8, 8), nn.Sigmoid())])
        self.head = nn.Linear(8, out)

    def forward(self, x):
        return self.head(self.body(x))

small, large = Net(2), Net(3)
"""
    (tmp_path / "a.py").write_text(text)
    assert main([str(tmp_path), "--output-format", "concise", "--no-cache"]) == 1
    assert capsys.readouterr().out.count("GRD101") == 1


@pytest.mark.parametrize("terms", [400, 900])
def test_a_deep_sum_is_gone_through(
    folder: Path, capsys: pytest.CaptureFixture[str], terms: int
) -> None:
    (folder / "a.py").write_text(f"{BAD}x = {'+'.join(['1'] * terms)}\n")
    assert main(["a.py", "--output-format", "json"]) == 1
    assert [found["code"] for found in json.loads(capsys.readouterr().out)] == ["GRD201"]
