"""Invariants of fields and cumulants, searched for exceptions by Hypothesis."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rfsk.analysis import cumulant, group_split, ipr, symmetric_cp, tiling, translation_orbits
from rfsk.testing import fields

seeds = st.integers(0, 2**32 - 1)
# A field drawn at random may look as if its sides were exchanged.
pytestmark = pytest.mark.filterwarnings("ignore::rfsk.exceptions.LikelyMistakeWarning")


@given(fields())
def test_ipr_is_bounded_and_the_uncentred_kurtosis_over_the_number_of_features(field):
    w = field.ravel()
    value = ipr([w])[0]
    assert 1 / w.size - 1e-12 <= value <= 1 + 1e-12
    kurtosis = np.mean(w**4) / np.mean(w**2) ** 2
    assert w.size * value == pytest.approx(kurtosis, rel=1e-9, abs=1e-9)


@given(fields(), seeds)
def test_orbits_join_a_field_to_its_shifts_and_negatives(field, seed):
    axes = tuple(range(field.ndim))
    shift = np.random.default_rng(seed).integers(0, field.shape)
    rows = np.stack([field.ravel(), -np.roll(field, shift, axes).ravel()])
    orbits = translation_orbits(rows, field.shape)
    assert orbits.label.tolist() == [0, 0]
    shifts = [int(orbits[f"shift_{axis}"][1]) for axis in axes]
    placed = orbits.sign[1] * np.roll(field, shifts, axes).ravel()
    np.testing.assert_allclose(placed, rows[1], atol=1e-6 * np.abs(field).max())


@given(st.integers(4, 24), seeds)
def test_tiling_does_not_depend_on_the_origin_and_groups_not_on_scales(side, seed):
    rng = np.random.default_rng(seed)
    rows = rng.standard_normal((6, side))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("rfsk.analysis._population._N_DRAWS", 39)  # fewer, for speed
        here, there = tiling(rows), tiling(np.roll(rows, int(rng.integers(side)), axis=1))
    assert there.coverage == here.coverage
    assert there.arrangement == here.arrangement
    one, other = (group_split(factor * rows, n_null=39, random_state=0) for factor in (1.0, -7.0))
    assert one.groups.tolist() == other.groups.tolist()


@given(seeds, st.sampled_from([2, 3, 4]))
def test_cumulants_are_multilinear_and_symmetric(seed, order):
    """Of maps of the data: kappa[X M' + c](a) = kappa[X](M' a), whatever the order of axes."""
    rng = np.random.default_rng(seed)
    X, M = rng.standard_exponential((40, 4)), rng.normal(size=(3, 4))
    a = rng.normal(size=(2, 3))
    mapped = cumulant(X @ M.T + 5.0, order)
    expected = cumulant(X, order).contract(a @ M) @ M.T
    scale = np.abs(expected).max() + 1e-12
    np.testing.assert_allclose(mapped.contract(a), expected, atol=1e-9 * scale)
    tensor = mapped.tensor()
    np.testing.assert_allclose(tensor, np.moveaxis(tensor, 0, -1), atol=1e-9 * np.abs(tensor).max())


@given(seeds)
def test_cumulant_of_a_sum_of_independent_features_adds(seed):
    """On the product of two empirical distributions the cross cumulants vanish exactly."""
    rng = np.random.default_rng(seed)
    u, v = rng.standard_normal((2, 12)) ** 3
    X = np.array([(a, b) for a in u for b in v])
    one, other = cumulant(u[:, None]), cumulant(v[:, None])
    together = cumulant(X).contract(np.array([[1.0, 1.0]]))[0]
    expected = [one.contract(np.ones((1, 1)))[0, 0], other.contract(np.ones((1, 1)))[0, 0]]
    np.testing.assert_allclose(together, expected, atol=1e-9 * np.abs(expected).max())


@given(seeds)
def test_cp_does_not_depend_on_the_order_or_sign_of_the_samples(seed):
    rng = np.random.default_rng(seed)
    X = rng.choice([-1.0, 1.0], size=(400, 4)) * [1.0, 1.3, 1.6, 2.0]
    X = np.concatenate([X, -X])  # symmetric, so that negating it keeps the mean
    once = symmetric_cp(X, 2, tol=1e-12, random_state=0)
    again = symmetric_cp(-X[rng.permutation(800)], 2, tol=1e-12, random_state=0)
    np.testing.assert_allclose(again.weights, once.weights, rtol=1e-4)
    np.testing.assert_allclose(again.components, once.components, atol=1e-3)
