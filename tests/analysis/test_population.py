import json

import numpy as np
import pytest

from rfsk import GaussianField, population_summary
from rfsk.analysis import group_split, tiling, translation_orbits
from rfsk.analysis._groups import peak_mode_p_values
from rfsk.analysis._measures import scaled_images
from rfsk.analysis._tiling import rayleigh_p_value

SITES = np.arange(100)


def test_rayleigh_p_value_is_uniform_under_uniform_angles():
    """4000 draws of 20 angles: the share of p below .05, .2 and .5 within five errors."""
    rng = np.random.default_rng(4)
    length = np.abs(np.exp(2j * np.pi * rng.random((4000, 20))).mean(axis=1))
    p = np.array([rayleigh_p_value(value, 20) for value in length])
    for level in (0.05, 0.2, 0.5):
        assert abs((p < level).mean() - level) < 5 * np.sqrt(level * (1 - level) / 4000)


def test_evenly_tiled_bumps_cover_and_clustered_ones_do_not():
    bump = np.exp(-((SITES - 50.0) ** 2) / 20)
    tiled = tiling([np.roll(bump, 4 * k) for k in range(25)])
    clustered = tiling([np.roll(bump, k % 5) for k in range(25)])
    assert (tiled.coverage, clustered.coverage) == (1.0, 0.11)
    assert tiled.rayleigh_p > 0.99
    assert clustered.rayleigh_p < 1e-6


def test_random_coverage_is_the_mean_over_random_places():
    """Closed form against 2000 random placements, within five standard errors."""
    rng = np.random.default_rng(5)
    bumps = np.exp(-((SITES - 50.0) ** 2) / (2 * rng.uniform(1, 4, (6, 1)) ** 2))
    expected = tiling(bumps).random_coverage

    def placed():
        return tiling([np.roll(bump, rng.integers(100)) for bump in bumps]).coverage

    drawn = np.array([placed() for _ in range(2000)])
    assert abs(drawn.mean() - expected) < 5 * drawn.std() / np.sqrt(2000)


def test_fields_without_a_center_do_not_make_a_clump_tile():
    bump = np.exp(-((SITES - 50.0) ** 2) / 20)
    waves = [np.cos(2 * np.pi * k * SITES / 100) for k in range(3, 23)]
    alone, among = tiling([bump] * 5), tiling([*[bump] * 5, *waves])
    assert among.rayleigh_p == pytest.approx(alone.rayleigh_p)
    assert np.isnan(tiling(waves).rayleigh_p)


def test_empty_and_dead_populations_have_no_tiling():
    bump = np.exp(-((SITES - 50.0) ** 2) / 20)
    assert tiling([bump, np.zeros(100)]).n_units == 1
    dead = tiling(np.zeros((3, 8)))
    assert dead.n_units == 0
    assert np.isnan([dead.resultant_length, dead.rayleigh_p, dead.coverage]).all()


NOISE = {
    "white": lambda: np.random.default_rng(0).standard_normal((400, 100)),
    "length 1": lambda: GaussianField(100, correlation_length=1.0).sample(400, 1),
    "length 5": lambda: GaussianField(100, correlation_length=5.0).sample(400, 2),
    "length 20": lambda: GaussianField(100, correlation_length=20.0).sample(400, 3),
    "exponential": lambda: GaussianField(100, correlation_length=5.0, kernel="exponential").sample(
        400, 4
    ),
    "torus": lambda: GaussianField((12, 12), correlation_length=2.0).sample(400, 5),
}


@pytest.mark.parametrize("name", NOISE)
def test_noise_of_a_falling_spectrum_does_not_oscillate(name):
    """400 fields: p below .05 for at most 5 %, and below .2 for 20 %, within four errors."""
    fields = NOISE[name]()
    sides = (12, 12) if name == "torus" else (100,)
    p = peak_mode_p_values(scaled_images(fields, sides), 199, np.random.default_rng(0))
    for level in (0.05, 0.2):
        assert (p <= level).mean() < level + 4 * np.sqrt(level * (1 - level) / len(fields))


def test_waves_oscillate_and_constants_and_waves_as_long_as_the_lattice_do_not():
    waves = [np.cos(2 * np.pi * k * SITES / 100) for k in (3, 1)]
    fields = np.stack([*waves, np.ones(100), 1e-200 * waves[0]])
    p = peak_mode_p_values(scaled_images(fields, (100,)), 99, np.random.default_rng(0))
    np.testing.assert_allclose(p[[0, 2, 3]], [0.01, 1.0, 0.01])
    assert p[1] > 0.3


def test_noisy_waves_oscillate():
    """A wave with as much power as the white noise on it, of five periods: nine in ten or more."""
    noise = np.random.default_rng(0).standard_normal((100, 100))
    fields = noise + np.sqrt(2.0) * np.cos(2 * np.pi * 5 * SITES / 100)
    p = peak_mode_p_values(scaled_images(fields, (100,)), 199, np.random.default_rng(1))
    assert (p <= 0.05).mean() > 0.9


def test_units_that_have_not_grown_are_not_counted():
    bumps = [np.roll(np.exp(-((SITES - 50.0) ** 2) / 40), 9 * k) for k in range(8)]
    small = 0.01 * np.eye(100)[:4]
    split = group_split(np.vstack([*bumps, small, np.zeros((1, 100))]), random_state=0)
    assert split.groups.tolist() == ["localized"] * 8 + ["unchanged"] * 4 + ["dead"]
    assert np.isnan(split.p_values[8:]).all()


def test_single_place_is_no_clump():
    assert rayleigh_p_value(1.0, 1) == 1.0


def test_population_is_split_into_bumps_waves_noise_and_dead_units():
    rng = np.random.default_rng(0)
    bumps = [np.roll(np.exp(-((SITES - 50.0) ** 2) / 40), 9 * k) for k in range(11)]
    waves = [np.cos(2 * np.pi * (k * SITES / 100 + 0.1)) for k in range(2, 9)]
    fields = np.vstack([*bumps, *waves, rng.standard_normal((20, 100)), np.zeros((2, 100))])
    split = group_split(fields, random_state=0)
    assert split.groups.tolist()[:18] == ["localized"] * 11 + ["oscillating"] * 7
    # One wrong call among twelve: on average one in twenty is allowed.
    assert (split.groups[18:38] == "localized").sum() <= 1
    assert split.groups[38:].tolist() == ["dead"] * 2
    assert np.isnan(split.p_values[38:]).all()
    assert sum(split.share.values()) == pytest.approx(1.0)
    low, high = split.interval["localized"]
    assert low < split.share["localized"] < high


def test_corrected_p_values_are_those_of_benjamini_and_hochberg():
    rng = np.random.default_rng(1)
    fields = np.vstack([np.eye(100)[:5], rng.standard_normal((15, 100))])
    from rfsk import LocalizationAnalyzer

    raw = LocalizationAnalyzer(n_null=999, random_state=3).fit_transform(fields)[:, -2]
    corrected = group_split(fields, random_state=3).p_values
    order = np.argsort(raw)
    steps = raw[order] * 20 / np.arange(1, 21)
    expected = np.minimum.accumulate(steps[::-1])[::-1]
    np.testing.assert_allclose(corrected[order], np.minimum(expected, 1.0))


def test_few_units_of_noise_are_called_localized_in_large_populations():
    """80 populations of ten: any call in at most 5 % of them, within five errors."""
    rng = np.random.default_rng(2)
    split = group_split(rng.standard_normal((400, 100)), n_null=199, random_state=0)
    assert split.share["localized"] == 0.0
    raw = np.mean(
        [
            (
                group_split(rng.standard_normal((10, 100)), n_null=199, random_state=seed).groups
                == "localized"
            ).any()
            for seed in range(80)
        ]
    )
    assert raw <= 0.05 + 5 * np.sqrt(0.05 * 0.95 / 80)


def test_summary_measures_each_group_and_the_tiling_of_the_localized_one():
    bumps = [np.roll(np.exp(-((SITES - 50.0) ** 2) / 20), 5 * k) for k in range(20)]
    waves = [np.cos(2 * np.pi * k * SITES / 100) for k in range(2, 7)]
    summary = population_summary([*bumps, *waves, np.zeros(100)], random_state=0)
    assert summary.tiling == tiling(bumps)
    assert summary.median_ipr["oscillating"] == pytest.approx(0.015)
    assert summary.median_width["localized"] == pytest.approx(7.4, abs=0.2)
    assert np.isnan(summary.median_ipr["other"])
    printed = json.loads(json.dumps(summary.as_dict(), allow_nan=False))
    assert printed["median_ipr"]["other"] is None
    assert printed["p_values"][-1] is None


def test_dead_population_is_summarised_without_numbers():
    summary = population_summary(np.zeros((3, 8)))
    assert summary.split.share["dead"] == 1.0
    assert summary.tiling.n_units == 0
    assert np.isnan(summary.median_ipr["localized"])


def test_a_diverged_unit_is_dead_and_leaves_the_others_as_they_are():
    bumps = np.array([np.roll(np.exp(-((SITES - 50.0) ** 2) / 20), 5 * k) for k in range(20)])
    whole = population_summary(np.vstack([bumps, np.zeros(100)]), random_state=0)
    bumps = np.vstack([bumps, np.full(100, 3.0)])
    bumps[-1, 7] = np.nan
    summary = population_summary(bumps, random_state=0)
    assert summary.split.groups[-1] == "dead"
    assert str(summary) == str(whole)


def test_trained_net_splits_by_the_sign_of_its_biases(ring_nets):
    """Each net's positive half localizes; of its clone's units at most a few do."""
    for net, clone in ring_nets:
        split = group_split(net.receptive_fields_, random_state=0)
        assert (split.groups[:20] == "localized").mean() >= 0.95
        assert (split.groups[20:] == "oscillating").mean() >= 0.7
        control = group_split(clone.receptive_fields_, random_state=0)
        assert control.share["localized"] <= 0.1


def test_bad_parameters_of_a_split_are_refused():
    with pytest.raises(ValueError, match=r"alpha=2\.0; expected a number between 0 and 1"):
        group_split(np.eye(4), alpha=2.0)
    with pytest.raises(ValueError, match=r"shape=\(3, 3\) has 9 sites, but the data have 8"):
        population_summary(np.eye(8), (3, 3))


def test_a_lone_bump_is_found_in_a_large_population():
    """Smallest p-value 1/1000 of 300 units would not pass: the few at it get more surrogates."""
    rng = np.random.default_rng(0)
    fields = np.vstack([np.exp(-((SITES - 50.0) ** 2) / 40), rng.standard_normal((300, 100))])
    split = group_split(fields, random_state=0)
    assert split.groups[0] == "localized"
    assert split.p_values[0] <= 0.05
    assert (split.groups[1:] == "localized").sum() <= 1


def test_an_axis_of_one_site_does_not_count_for_tiling():
    bump = np.exp(-((SITES - 50.0) ** 2) / 20)
    bumps = [np.roll(bump, 5 * k) for k in range(20)]
    assert tiling(bumps, (1, 100)) == tiling(bumps)
    bars = np.repeat(np.exp(-((np.arange(10) - 5.0) ** 2)), 10)[None]  # centred on rows alone
    found = tiling(bars, (10, 10))
    assert found.resultant_length == pytest.approx(1.0)


def test_measures_do_not_depend_on_the_output_that_is_configured():
    from sklearn import config_context

    fields = np.vstack([np.eye(20)[:3], np.random.default_rng(0).normal(size=(3, 20))])
    plain = group_split(fields, random_state=0).groups, translation_orbits(fields).labels
    with config_context(transform_output="pandas"):
        tables = group_split(fields, random_state=0).groups, translation_orbits(fields).labels
    for one, other in zip(plain, tables, strict=True):
        np.testing.assert_array_equal(one, other)
