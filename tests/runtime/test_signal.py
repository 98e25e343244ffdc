"""What a reference learner finds in a batch, and that it finds nothing in noise."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from pytest_gradhealth.recorder.batch import Objective
from pytest_gradhealth.recorder.signal import signals_in

ROWS = 64


def loss(output: Any, target: Any) -> Tensor:
    raise AssertionError("the reference learner needs no model")


def signals(inputs: Tensor, target: Any) -> Any:
    return signals_in(Objective((inputs, target), loss), 0)


def drawn(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def test_a_linear_signal_is_found() -> None:
    x = drawn(ROWS, 8)
    (found,) = signals(x, x @ drawn(8, 2, seed=1))
    assert found.found
    assert found.explained > 0.8
    assert (found.view, found.step) == ("all inputs", None)


def test_a_nonlinear_signal_is_found() -> None:
    x = drawn(ROWS, 2)
    (found,) = signals(x, (x[:, 0] * x[:, 1] > 0).long())
    assert found.found


def test_the_time_step_that_holds_the_answer_is_named() -> None:
    x = drawn(ROWS, 30, 4)
    (found,) = signals(x, (x[:, 17, 0] > 0).long())
    assert found.found
    assert (found.view, found.step, found.steps) == ("step 18", 17, 30)


def test_the_token_that_holds_the_answer_is_named() -> None:
    tokens = torch.randint(0, 12, (ROWS, 20), generator=torch.Generator().manual_seed(0))
    (found,) = signals(tokens, tokens[:, 3] % 4)
    assert found.found
    assert found.step == 3
    assert found.explained > 0.9


def test_noise_holds_nothing() -> None:
    """By design one in 200 inputs does by chance."""
    targets = torch.arange(ROWS) % 4
    found = [signals(drawn(ROWS, 10, 4, seed=seed), targets)[0].found for seed in range(100)]
    assert sum(found) <= 3


USELESS = {
    "the same for all": torch.zeros(ROWS),
    "not finite": torch.full((ROWS,), float("nan")),
    "of another length": torch.zeros(ROWS - 1),
    "a scalar": torch.tensor(3.0),
    "no tensor": ["a"] * ROWS,
}


@pytest.mark.parametrize("name", USELESS)
def test_such_targets_tell_nothing(name: str) -> None:
    assert signals(drawn(ROWS, 4), USELESS[name]) == ()


def test_more_classes_than_can_be_learned_tell_nothing() -> None:
    assert signals(drawn(300, 4), torch.arange(300)) == ()


def test_too_few_samples_and_no_target_tell_nothing() -> None:
    assert signals(drawn(8, 4), torch.arange(8) % 2) == ()
    assert signals_in(Objective(drawn(ROWS, 4)), 0) == ()


def test_a_target_by_name_is_found_in_a_mapping() -> None:
    x = drawn(ROWS, 4)
    (found,) = signals_in(Objective({"x": x, "labels": (x[:, 0] > 0).long()}), 0)
    assert found.found


def test_images_and_several_inputs_are_looked_at_one_by_one() -> None:
    target = torch.arange(ROWS) % 2
    images = drawn(ROWS, 3, 8, 8) + target.reshape(-1, 1, 1, 1)
    first, second = signals_in(Objective((images, drawn(ROWS, 4, seed=1), target), loss), 0)
    assert (first.found, second.found) == (True, False)


def test_an_input_without_a_difference_holds_nothing() -> None:
    assert signals(torch.ones(ROWS, 4), torch.arange(ROWS) % 4) == ()


def test_the_users_generators_are_left_alone() -> None:
    state = torch.get_rng_state()
    signals(drawn(ROWS, 4), torch.arange(ROWS) % 4)
    assert torch.equal(state, torch.get_rng_state())
