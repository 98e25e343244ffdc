"""The second drawing: cases in groups of their own, written after the first had been looked at."""

from __future__ import annotations

from tests.faults.case import Case
from tests.faults.families import (
    second_autoencoder,
    second_cnn,
    second_copies,
    second_diffusion,
    second_gan,
    second_graph,
    second_half,
    second_mixing,
    second_mlp,
    second_pairs,
    second_policy,
    second_residual,
    second_rnn,
    second_shapes,
    second_transformer,
    second_values,
)

SECOND_CASES: tuple[Case, ...] = (
    *second_autoencoder.CASES,
    *second_cnn.CASES,
    *second_copies.CASES,
    *second_diffusion.CASES,
    *second_gan.CASES,
    *second_graph.CASES,
    *second_half.CASES,
    *second_mixing.CASES,
    *second_mlp.CASES,
    *second_pairs.CASES,
    *second_policy.CASES,
    *second_residual.CASES,
    *second_rnn.CASES,
    *second_shapes.CASES,
    *second_transformer.CASES,
    *second_values.CASES,
)
