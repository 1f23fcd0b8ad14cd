"""The claims on pruning and non-Gaussian inputs at small size, and their controls."""

import numpy as np
import pytest

from rfsk.analysis import field_spread
from rfsk.papers._masks import scattered
from rfsk.papers.redman2024 import CLAIMS, eigenvector_masks

FAILS = {"b < 0, an eighth left: over random phases"}  # R2, which does not hold
DECISIVE = {
    "R1": "a third left: over random phases",
    "R2": "b > 0, a third left: over random phases",
    "R3": "control, an eighth left: over eigenvectors",
    "R4": "removal: growth of |kurtosis| in four rounds",
}


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.name)
def test_claims_except_r2_hold_at_small_size_and_fail_on_their_controls(claim, bench, failures):
    assert failures(claim, bench) == (FAILS if claim.name == "R2" else set())
    assert claim.controls
    for control in claim.controls:
        assert DECISIVE[claim.name] in failures(claim, bench.under(control)), control
    claim.draw(bench)


def test_pruned_eigenvectors_of_a_chain_keep_its_middle():
    """On n neighbours in a row the leading eigenvector is sin(pi i / (n + 1))."""
    ring = np.roll(np.eye(20), 1, axis=0) + np.roll(np.eye(20), -1, axis=0)
    chains = np.array([np.isin(np.arange(20), range(4, 13)), np.isin(np.arange(20), range(11))])
    found = eigenvector_masks(ring, chains, np.array([[7, 5], [3, 5]]))
    assert np.flatnonzero(found[0]).tolist() == [7, 8, 9]
    assert np.flatnonzero(found[1]).tolist() == [3, 4, 5, 6, 7]


def test_random_masks_have_the_resultant_length_of_draws_without_replacement():
    """E R^2 = (D - m) / (m (D - 1)), with R = exp(-(2 pi spread / D)^2 / 2)."""
    masks = scattered(np.tile(np.arange(50) < 12, (4000, 1)), seed=0)
    length = np.exp(-((2.0 * np.pi * field_spread(masks.astype(float)) / 50.0) ** 2) / 2.0)
    assert np.mean(length**2) == pytest.approx((50 - 12) / (12 * 49), rel=0.06)
