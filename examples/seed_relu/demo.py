"""The main job on the seed's networks: lint them, probe them, show both verdicts side by side."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from examples.seed_relu import exploding_chain, remedied, vanishing_stacks
from pytest_gradhealth import diagnose, message
from pytest_gradhealth.report import Entry, write_page

HERE = Path(__file__).parent
FILES = ("exploding_chain.py", "vanishing_stacks.py", "remedied.py")
PAGE = Path("out/seed_relu.html")


def main() -> None:
    torch.manual_seed(0)
    wide = remedied.normalised(torch.rand(32, 64) * 255)
    networks: list[tuple[nn.Module, Tensor]] = [
        (exploding_chain.ExplodingChain(), torch.rand(16, 1) + 0.5),
        (vanishing_stacks.DeepSigmoid(), wide),
        (vanishing_stacks.DeepTanh(), wide),
        (remedied.HeChain(), wide),
        (remedied.NormalisedSigmoid(), wide),
        (remedied.ResidualTanh(), wide),
        (remedied.XavierTanh(), wide),
    ]
    heading("1. The linter reads the source; nothing is run")
    print(lint("check"))
    predictions = {entry["class"]: entry for entry in json.loads(lint("predict", as_json=True))}
    findings = json.loads(lint("check", as_json=True))

    heading("2. The plugin runs the models, forward and backward")
    entries = []
    for model, batch in networks:
        diagnosis = diagnose(model, batch)
        name = type(model).__name__
        prediction = predictions.get(name)
        found = tuple(told(f) for f in findings if belongs(f, model))
        entries.append(Entry(name, diagnosis, found, gain(prediction)))
        if diagnosis.findings:
            print(f"--- {name}\n{message.failure(diagnosis, diagnosis.findings)}\n")

    heading("3. Predicted from the source, measured on the model")
    print(f"{'network':<20} {'predicted':>20} {'measured':>20}  verdict")
    for entry, (model, batch) in zip(entries, networks, strict=True):
        print(compared(entry, predictions.get(entry.title), end_to_end(model, batch)))

    write_page(PAGE, entries, title="The seed's networks")
    print(f"\nThe same with plots: {PAGE}")


def lint(command: str, *, as_json: bool = False) -> str:
    """What ``gradhealth-lint`` prints for this folder."""
    arguments = [command, *(str((HERE / name).relative_to(Path.cwd())) for name in FILES)]
    if as_json:
        arguments += ["--output-format", "json"]
    result = subprocess.run(
        [sys.executable, "-m", "gradhealth_lint", *arguments],
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode > 1:
        sys.exit(result.stderr)
    return result.stdout


def belongs(finding: dict[str, Any], model: nn.Module) -> bool:
    """Whether a finding lies in the file that defines a model's class."""
    return Path(finding["path"]).stem == type(model).__module__.rpartition(".")[2]


def told(finding: dict[str, Any]) -> str:
    where = f"{finding['path']}:{finding['line']}"
    return f"{where}: {finding['code']} {finding['message']}"


def gain(prediction: dict[str, Any] | None) -> float | None:
    return None if prediction is None else prediction["gain_per_layer"]


def end_to_end(model: nn.Module, batch: Tensor) -> float:
    """The gradient at the input in multiples of that at the output, for a random cotangent."""
    x = batch.clone().requires_grad_()
    y = model(x)
    cotangent = torch.randn_like(y)
    (arrived,) = torch.autograd.grad(y, x, cotangent)
    return float(arrived.norm() / cotangent.norm())


def compared(entry: Entry, prediction: dict[str, Any] | None, measured: float) -> str:
    """One line: gain per layer and in total, from the input to the output."""
    if prediction is None or prediction["gain_per_layer"] is None:
        return f"{entry.title:<20} {'not predicted':>20} {f'{measured:.1e}':>20}  {told_of(entry)}"
    predicted = f"x{prediction['gain_per_layer']:.3f}, {prediction['total_gain']:.1e}"
    found = f"x{measured ** (1 / prediction['depth']):.3f}, {measured:.1e}"
    return f"{entry.title:<20} {predicted:>20} {found:>20}  {told_of(entry)}"


def told_of(entry: Entry) -> str:
    return ", ".join(sorted(entry.diagnosis.symptoms)) or "healthy"


def heading(text: str) -> None:
    print(f"\n{text}\n{'=' * len(text)}\n")


if __name__ == "__main__":
    main()
