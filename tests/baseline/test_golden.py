"""A golden profile's text: read back as it was, and refused in plain words where it is not one."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_gradhealth.baseline.golden import Golden, GoldenLayer

LAYERS = st.lists(
    st.builds(
        GoldenLayer,
        path=st.text(max_size=12),
        kind=st.text(max_size=8),
        weight=st.lists(st.integers(0, 10**6), max_size=4).map(tuple),
        share=st.floats(0, 1e30),
        noise=st.floats(1, 1e6),
    ),
    min_size=1,
    max_size=6,
    unique_by=lambda layer: layer.path,
)


@given(st.text(max_size=12), LAYERS)
def test_what_is_written_is_read_back(model: str, layers: list[GoldenLayer]) -> None:
    golden = Golden(model, tuple(layers))
    assert Golden.from_json(golden.to_json()) == golden


def test_a_layer_has_one_line_so_that_a_diff_shows_it() -> None:
    one, two = GoldenLayer("a", "Linear", (4, 3), 0.5, 1.2), GoldenLayer("b", "LSTM", (), 1.0, 1.0)
    lines = Golden("Net", (one, two)).to_json().splitlines()
    assert [json.loads(line.rstrip(","))["path"] for line in lines[4:6]] == ["a", "b"]
    changed = Golden("Net", (one, GoldenLayer("b", "LSTM", (), 2.0, 1.0))).to_json().splitlines()
    assert sum(left != right for left, right in zip(lines, changed, strict=True)) == 1


def text_with(**changed: Any) -> str:
    """A profile of one layer, with other values; ``None`` leaves a key out."""
    layer = {"path": "a", "kind": "Linear", "weight": [4, 3], "share": 0.5, "noise": 1.2}
    data: dict[str, Any] = {"gradhealth_baseline": 1, "model": "Net", "layers": [layer]}
    for key, value in changed.items():
        (layer if key in layer else data)[key] = value
        if value is None:
            del (layer if key in layer else data)[key]
    return json.dumps(data)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "is not JSON: line 1"),
        ('{"gradhealth_baseline": 1,\n "model', "is not JSON: line 2"),
        ("<<<<<<< HEAD\n{}\n", "merge conflict"),
        ("[]", "is no gradient profile"),
        ('{"model": "Net"}', "is no gradient profile"),
        (text_with(gradhealth_baseline=2), "is of format 2, and this version reads up to 1"),
        (text_with(gradhealth_baseline="1"), "unknown format, '1'"),
        (text_with(gradhealth_baseline=True), "unknown format, True"),
        (text_with(gradhealth_baseline=0), "unknown format, 0"),
        (text_with(more=1), 'holds an unknown "more" in the file'),
        (text_with(model=None), 'lacks "model" in the file'),
        (text_with(model=3), '"model" that is no text'),
        (text_with(layers={}), '"layers" that are no list'),
        (text_with(layers=[]), "has no layers"),
        (text_with(layers=[3]), "layer 1 that is no object"),
        (text_with(share=None), 'lacks "share" in layer 1'),
        (text_with(path=3), '"path", "kind" or "weight" is of another type'),
        (text_with(weight=[4, -3]), '"path", "kind" or "weight" is of another type'),
        (text_with(share=-1), "layer 1 (a) with the share -1; it must be at least 0"),
        (text_with(share=float("nan")), "with the share nan"),
        (text_with(share="0.5"), "with the share '0.5'"),
        (text_with(noise=0.5), "with the noise 0.5; it must be at least 1"),
        (text_with(noise=float("inf")), "with the noise inf"),
    ],
)
def test_anything_else_is_refused_in_plain_words(text: str, told: str) -> None:
    with pytest.raises(ValueError) as refused:  # noqa: PT011
        Golden.from_json(text)
    assert told in str(refused.value)


def test_a_layer_twice_is_refused() -> None:
    layer = GoldenLayer("a", "Linear", (4, 3), 0.5, 1.2)
    with pytest.raises(ValueError, match="layer 'a' twice"):
        Golden.from_json(Golden("Net", (layer, layer)).to_json())
