"""The pipelines of examples/ci: valid for their servers, and their commands do what they say."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

CI = Path(__file__).resolve().parents[2] / "examples" / "ci"
INSTALL = "pip install pytest-gradhealth"
BASELINE = ".gradhealth-baseline.json"
FAULT = """\
from torch import nn

layer = nn.Linear(8, 8)
nn.init.normal_(layer.weight, mean=1.5, std=0.1)
"""
CLEAN = FAULT.replace("mean=1.5, ", "")


@dataclass(frozen=True)
class Command:
    """A command of a pipeline, with the variables its job or step sets."""

    job: str
    text: str
    variables: dict[str, str]


def loaded(name: str) -> Any:
    # Version 1.2 of YAML, as the servers read it: "on" is no boolean.
    return YAML(typ="safe").load(CI / name)


def github(context: dict[str, str]) -> list[Command]:
    def filled(value: str) -> str:
        return re.sub(r"\$\{\{ (.*?) \}\}", lambda match: context[match[1]], value)

    return [
        Command(
            name,
            filled(step["run"]),
            {key: filled(value) for key, value in step.get("env", {}).items()},
        )
        for name, job in loaded("github.yml")["jobs"].items()
        for step in job["steps"]
        if "run" in step
    ]


def gitlab(context: dict[str, str]) -> list[Command]:
    jobs = loaded("gitlab.yml")
    return [
        Command(name, text, context)
        for name, job in jobs.items()
        if not name.startswith(".")
        for text in [*jobs[job["extends"]]["before_script"], *job["script"]]
    ]


@dataclass
class Repository:
    """A repository whose baseline accepts an old fault, and a branch with changes."""

    folder: Path

    def __post_init__(self) -> None:
        self.git("init", "--quiet", "--initial-branch=main")
        self.write("old.py", FAULT)
        self.run("gradhealth-lint baseline .")
        self.write("new.py", CLEAN)
        self.commit()
        self.base = self.git("rev-parse", "HEAD").strip()
        self.git("switch", "--quiet", "--create", "branch")

    def write(self, name: str, text: str) -> None:
        (self.folder / name).write_text(text)

    def commit(self) -> None:
        self.git("add", "--all")
        who = ("-c", "user.name=someone", "-c", "user.email=someone@example.org")
        self.git(*who, "commit", "--quiet", "--message=change")

    def git(self, *arguments: str) -> str:
        run = subprocess.run(
            ["git", *arguments], cwd=self.folder, capture_output=True, text=True, check=True
        )
        return run.stdout

    def run(self, text: str, **variables: str) -> subprocess.CompletedProcess[str]:
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
        environment = {**os.environ, "CI": "true", "PATH": path, **variables}
        return subprocess.run(
            ["bash", "-e", "-o", "pipefail", "-c", text],
            cwd=self.folder, env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip

    def codes(self, commands: list[Command]) -> dict[str, int]:
        """The exit code of each job's command; that of the linter must not be 2."""
        found = {}
        for one in commands:
            if one.text == INSTALL:
                continue
            assert one.text.startswith("gradhealth-lint ")
            run = self.run(one.text, **one.variables)
            assert run.returncode in {0, 1}, run.stderr
            found[one.job] = run.returncode
        return found


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("github.yml", ("vendor.github-workflows",)),
        ("gitlab.yml", ("vendor.gitlab-ci", "--data-transform", "gitlab-ci")),
    ],
)
def test_the_server_would_take_it(name: str, options: tuple[str, ...]) -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", *options]
    run = subprocess.run([*command, str(CI / name)], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr


def test_every_job_installs_the_linter_first() -> None:
    context = {"github.event.pull_request.base.sha": "0"}
    for commands in (github(context), gitlab({})):
        for job in {one.job for one in commands}:
            mine = [one.text for one in commands if one.job == job]
            assert mine[0] == INSTALL
            assert len(mine) == 2


def test_github_gates_new_faults_only(repository: Repository) -> None:
    commands = github({"github.event.pull_request.base.sha": repository.base})
    gates = {"new-findings": 0, "changed-lines": 0, "code-scanning": 0}
    repository.write("old.py", "# moved\n" + FAULT)
    repository.commit()
    assert repository.codes(commands) == gates

    repository.write("new.py", FAULT)
    repository.commit()
    assert repository.codes(commands) == {**gates, "new-findings": 1, "changed-lines": 1}
    (annotating,) = (one for one in commands if "--output-format github" in one.text)
    shown = repository.run(annotating.text).stdout.splitlines()
    assert len(shown) == 1
    assert shown[0].startswith("::warning title=GRD201 normal-init-large-mean,file=new.py,line=4")

    repository.write("new.py", CLEAN + "# better\n")
    repository.commit()
    assert repository.codes(commands) == gates


def test_github_uploads_what_the_linter_wrote(repository: Repository) -> None:
    (job,) = (job for job in loaded("github.yml")["jobs"].values() if "security-events" in str(job))
    (upload,) = (step["with"] for step in job["steps"] if "upload-sarif" in step.get("uses", ""))
    repository.codes(github({"github.event.pull_request.base.sha": repository.base}))
    log = json.loads((repository.folder / upload["sarif_file"]).read_text())
    (result,) = log["runs"][0]["results"]
    location = result["locations"][0]["physicalLocation"]["artifactLocation"]
    assert location == {"uri": "old.py", "uriBaseId": "SRCROOT"}


def test_gitlab_gates_new_faults_only(repository: Repository) -> None:
    commands = gitlab({"CI_MERGE_REQUEST_DIFF_BASE_SHA": repository.base})
    report = loaded("gitlab.yml")["gradhealth-report"]["artifacts"]["reports"]["codequality"]

    def known() -> dict[str, str]:
        rows = json.loads((repository.folder / report).read_text())
        return {row["fingerprint"]: row["location"]["path"] for row in rows}

    gates = {
        "gradhealth-report": 0, "gradhealth-new-findings": 0, "gradhealth-changed-lines": 0,
    }  # fmt: skip
    repository.write("old.py", "# moved\n" + FAULT)
    repository.commit()
    assert repository.codes(commands) == gates
    before = known()
    assert list(before.values()) == ["old.py"]

    repository.write("new.py", FAULT)
    repository.commit()
    assert repository.codes(commands) == {
        **gates, "gradhealth-new-findings": 1, "gradhealth-changed-lines": 1,
    }  # fmt: skip
    assert sorted(known().values()) == ["new.py", "old.py"]
    assert before.items() <= known().items()

    repository.write("new.py", CLEAN + "# better\n")
    repository.commit()
    assert repository.codes(commands) == gates
    assert known() == before


def test_ci_leaves_the_baseline_as_it_is(repository: Repository) -> None:
    accepted = (repository.folder / BASELINE).read_text()
    repository.write("old.py", CLEAN)
    repository.commit()
    commands = github({"github.event.pull_request.base.sha": repository.base})
    assert set(repository.codes(commands).values()) == {0}
    assert (repository.folder / BASELINE).read_text() == accepted
