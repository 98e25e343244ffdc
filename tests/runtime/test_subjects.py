"""Models by name from timm and transformers: random weights, nothing fetched."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
import torch

from pytest_gradhealth import ProbeError, diagnose
from pytest_gradhealth.recorder.subjects import subject_named
from tests.runtime import torchvision_operators


@pytest.fixture(scope="module", autouse=True)
def _operators() -> None:
    torchvision_operators.declare()


def test_timm() -> None:
    pytest.importorskip("timm", reason="timm is not installed")
    name = "timm:test_vit(num_classes=5)"
    subject = subject_named(name, Path())
    images, target = subject.batch
    assert images.shape[0] == target.shape[0] == 8
    assert target.max() < 5
    assert diagnose(subject.model, subject.batch, subject.loss_fn).report.loss_kind == "loss_fn"
    assert torch.equal(subject_named(name, Path()).batch[0], images)
    headless = subject_named("timm:test_vit(num_classes=0)", Path())
    assert headless.loss_fn is None
    with pytest.raises(ProbeError, match="timm has no model 'test_vi'; it has test_vit"):
        subject_named("timm:test_vi", Path())


SMALL = "hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16"


@pytest.mark.parametrize(
    ("name", "kind", "inputs"),
    [
        (f"BertConfig({SMALL}, vocab_size=50)", "BertForMaskedLM", {"input_ids", "labels"}),
        ("GPT2Config(n_layer=1, n_embd=16, n_head=2, vocab_size=50)", "GPT2LMHeadModel", None),
        (f"ViTConfig({SMALL}, image_size=32)", "ViTForImageClassification", {"pixel_values"}),
    ],
)
def test_transformers(name: str, kind: str, inputs: set[str] | None) -> None:
    pytest.importorskip("transformers", reason="transformers is not installed")
    subject = subject_named(f"hf:{name}", Path())
    assert type(subject.model).__name__ == kind
    assert set(subject.batch) >= (inputs or {"input_ids", "labels"})
    assert diagnose(subject.model, subject.batch).report.loss_kind == "output.loss"


def test_a_local_configuration(tmp_path: Path) -> None:
    pytest.importorskip("transformers", reason="transformers is not installed")
    config = {
        "model_type": "bert",
        "architectures": ["BertModel"],
        "hidden_size": 16,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "vocab_size": 50,
    }
    (tmp_path / "config.json").write_text(json.dumps(config))
    for name in ("hf:config.json", "hf:."):
        assert type(subject_named(name, tmp_path).model).__name__ == "BertModel"
    with pytest.raises(ProbeError, match="neither a configuration class of transformers nor a"):
        subject_named("hf:NoConfig", tmp_path)


def test_a_missing_library_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "timm", None)
    with pytest.raises(ProbeError, match="timm:resnet18 needs timm, which cannot be imported"):
        subject_named("timm:resnet18", Path())


def test_the_generators_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mod.py").write_text(
        "import torch\ndef pair():\n    return torch.nn.Linear(4, 2), torch.randn(8, 4)\n"
    )
    before = torch.get_rng_state()
    first = subject_named("mod.py:pair", tmp_path, seed=1)
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.equal(subject_named("mod.py:pair", tmp_path, seed=1).batch, first.batch)
    assert not torch.equal(subject_named("mod.py:pair", tmp_path, seed=2).batch, first.batch)
