"""Invariants of measures of fields, searched for exceptions by Hypothesis."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from rfsk import FieldMatcher
from rfsk.analysis import (
    field_center,
    field_spread,
    field_width,
    group_split,
    ipr,
    tiling,
    translation_orbits,
)
from rfsk.testing import fields

seeds = st.integers(0, 2**32 - 1)
# A field drawn at random may look as if its sides were exchanged.
pytestmark = pytest.mark.filterwarnings("ignore::rfsk.exceptions.LikelyMistakeWarning")


@given(fields(), st.floats(1e-3, 1e3), st.integers(0, 30))
def test_ipr_is_bounded_and_unchanged_by_scale_sign_and_roll(field, scale, shift):
    n_features = field.size
    value = ipr([field.ravel()])[0]
    assert 1 / n_features - 1e-12 <= value <= 1 + 1e-12
    rolled = np.roll(field, shift, axis=-1).ravel()
    for other in (scale * field.ravel(), -field.ravel(), rolled):
        assert ipr([other])[0] == pytest.approx(value, rel=1e-9)


@given(fields())
def test_features_times_ipr_minus_three_is_the_uncentred_excess_kurtosis(field):
    w = field.ravel()
    kurtosis = np.mean(w**4) / np.mean(w**2) ** 2 - 3
    assert w.size * ipr([w])[0] - 3 == pytest.approx(kurtosis, rel=1e-9, abs=1e-9)


@given(st.integers(2, 30).flatmap(fields), st.integers(0, 30))
def test_width_does_not_change_with_place_and_sign(field, shift):
    peaks = np.flatnonzero(np.abs(field) == np.abs(field).max())
    assume(len(peaks) == 1)  # with equal peaks the first is followed
    widths = field_width([field, np.roll(field, shift), -field])
    np.testing.assert_allclose(widths, widths[0])


@given(fields(), seeds)
def test_rolling_a_field_across_its_seams_moves_its_center_and_nothing_else(field, seed):
    axes = tuple(range(field.ndim))
    shift = np.random.default_rng(seed).integers(0, field.shape)
    rows = np.stack([field.ravel(), np.roll(field, shift, axes).ravel()])
    centers = field_center(rows, field.shape)
    for axis, side in enumerate(field.shape):
        profile = (field**2).sum(axis=tuple(a for a in axes if a != axis))
        resultant = np.abs(profile @ np.exp(2j * np.pi * np.arange(side) / side))
        assume(resultant > 1e-3 * profile.sum())
        distance = (centers[1, axis] - centers[0, axis] - shift[axis]) % side
        assert min(distance, side - distance) < 1e-6
    spread = field_spread(rows, field.shape)
    assert spread[1] == pytest.approx(spread[0], rel=1e-6, abs=1e-6)


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
    here, there = tiling(rows), tiling(np.roll(rows, int(rng.integers(side)), axis=1))
    assert there.coverage == here.coverage
    assert there.resultant_length == pytest.approx(here.resultant_length, abs=1e-6)
    one, other = (group_split(factor * rows, n_null=39, random_state=0) for factor in (1.0, -7.0))
    assert one.groups.tolist() == other.groups.tolist()


@given(fields(), seeds)
def test_match_is_invariant_to_shift_and_sign_and_one_for_a_copy(field, seed):
    rng = np.random.default_rng(seed)
    references = rng.standard_normal((3, field.size))
    matcher = FieldMatcher(field.shape).fit(references)
    shift = tuple(rng.integers(0, side) for side in field.shape)
    moved = -np.roll(field, shift, axis=tuple(range(field.ndim)))
    match = matcher.transform([field.ravel(), moved.ravel()])[:, 0]
    assert match[0] == pytest.approx(match[1], abs=1e-9)
    copy = FieldMatcher(field.shape).fit([field.ravel()]).transform([moved.ravel()])[0, 0]
    assert copy == pytest.approx(1.0, abs=1e-9)
