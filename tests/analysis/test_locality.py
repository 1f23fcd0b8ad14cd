"""Locality of sets of fields."""

import numpy as np
import pytest

from rfsk.analysis import locality
from rfsk.datasets import GaussianField

SIDE = 40
DISTANCE = np.minimum(np.arange(SIDE), SIDE - np.arange(SIDE))
NOISE = GaussianField(SIDE, correlation_length=2.0)


def bumps(n, width=1.5):
    places = np.random.default_rng(n).integers(SIDE, size=n)
    return np.stack([np.roll(np.exp(-0.5 * (DISTANCE / width) ** 2), place) for place in places])


def test_locality_is_the_product_of_alignment_and_reach():
    found = locality(bumps(5) + 0.1 * NOISE.sample(5, 0), random_state=0)
    assert found["locality"] == pytest.approx(found["alignment"] * found["reach"])
    assert min(found["locality"], found["alignment"]) > 0.7
    assert found["p_value"] == pytest.approx(1 / 200)


def test_fields_with_narrow_spectra_have_no_reach():
    sinusoids = np.cos(2.0 * np.pi * np.outer([1, 2, 5], np.arange(SIDE)) / SIDE)
    found = locality(sinusoids, random_state=0)
    assert (found["locality"], found["alignment"], found["reach"]) == pytest.approx(
        (0, 0, 0), abs=1e-6
    )
    assert found["p_value"] == 1.0


def test_locality_is_that_of_the_more_compact_half():
    mixed = np.concatenate([bumps(6), NOISE.sample(6, 0)])
    assert locality(mixed, random_state=0)["locality"] > 0.5


def test_the_null_has_its_level_on_noise():
    rng = np.random.default_rng(0)
    found = [locality(NOISE.sample(10, rng), n_null=39, random_state=rng) for _ in range(200)]
    assert abs(np.mean([each["locality"] for each in found])) < 0.02
    for level in (0.05, 0.25, 0.5):
        n_below = sum(each["p_value"] <= level for each in found)
        assert abs(n_below - 200 * level) < 3.3 * np.sqrt(200 * level * (1 - level))


@pytest.mark.parametrize("n_left", [4, 10])
def test_sparse_fields_are_compared_with_random_sites(n_left):
    block = (np.arange(SIDE) < n_left).astype(float)
    masks = np.random.default_rng(0).permuted(np.tile(block, (40, 1)), axis=1)
    assert abs(locality(masks, random_state=0)["locality"]) < 0.1
    found = locality([block], random_state=0)
    assert found["locality"] > 0.8
    assert found["alignment"] == pytest.approx(1.0)


def test_images_and_invariances():
    disc = np.outer(bumps(1)[0, :], np.roll(bumps(1)[0, :], 7))
    there = locality([disc.ravel()], (SIDE, SIDE), random_state=0)
    here = locality([-3.0 * np.roll(disc, 9, axis=1).ravel()], (SIDE, SIDE), random_state=0)
    assert there["locality"] > 0.8
    assert here == pytest.approx(there)


def test_fields_of_zeros_are_ignored():
    with_zeros = np.concatenate([bumps(4), np.zeros((9, SIDE))])
    assert locality(with_zeros, random_state=0) == locality(bumps(4), random_state=0)
    half_sites = np.concatenate([np.eye(SIDE)[:3], np.eye(SIDE)[:2] + np.eye(SIDE)[9:11]])
    for empty in (np.zeros((3, SIDE)), np.eye(SIDE), half_sites):
        assert np.isnan([*locality(empty).values()]).all()


def test_wrong_arguments_are_refused():
    with pytest.raises(ValueError, match="n_null"):
        locality(bumps(2), n_null=0)
    with pytest.raises(ValueError, match="shape"):
        locality(bumps(2), (3, 3))
