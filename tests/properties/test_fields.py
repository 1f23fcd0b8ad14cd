"""Invariants of measures of fields, searched for exceptions by Hypothesis."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rfsk.analysis import (
    group_split,
    ipr,
    tiling,
    translation_orbits,
)
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
    assert orbits.labels.tolist() == [0, 0]
    placed = orbits.signs[1] * np.roll(field, orbits.shifts[1], axes).ravel()
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
