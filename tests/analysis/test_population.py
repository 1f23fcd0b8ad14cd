import json

import numpy as np
import pytest
from scipy.stats import false_discovery_control

from rfsk import GaussianField, LocalizationAnalyzer, population_summary
from rfsk.analysis import group_split, tiling
from rfsk.analysis._groups import peak_mode_p_values
from rfsk.analysis._measures import scaled_images
from rfsk.analysis._population import rayleigh_p_value

SITES = np.arange(100)


def bumps(n, step, scale=20.0):
    """Gaussian bumps exp(-d^2 / scale), each a step further than the one before."""
    bump = np.exp(-((SITES - 50.0) ** 2) / scale)
    return np.array([np.roll(bump, step * k) for k in range(n)])


def waves(frequencies, phase=0.0):
    return np.cos(2 * np.pi * (np.array(frequencies)[:, None] * SITES / 100 + phase))


def white(n, seed=0):
    return np.random.default_rng(seed).standard_normal((n, 100))


def modes_p_values(fields, sides, n_draws, seed=0):
    return peak_mode_p_values(scaled_images(fields, sides), n_draws, np.random.default_rng(seed))


def test_rayleigh_p_value_is_uniform_under_uniform_angles():
    """4000 draws of 20 angles: the fraction of p below .05, .2 and .5 within five errors."""
    rng = np.random.default_rng(4)
    length = np.abs(np.exp(2j * np.pi * rng.random((4000, 20))).mean(axis=1))
    p = np.array([rayleigh_p_value(value, 20) for value in length])
    for level in (0.05, 0.2, 0.5):
        assert abs((p < level).mean() - level) < 5 * np.sqrt(level * (1 - level) / 4000)
    assert rayleigh_p_value(1.0, 1) == 1.0


def test_evenly_tiled_bumps_cover_and_clustered_ones_do_not():
    for scale in (1.0, -1.0, 1e-200):  # sites within half of the peak and of its sign
        assert tiling([scale * np.array([0.2, 1.0, 0.6, -0.9] + [0.0] * 4)]).coverage == 2 / 8
    assert tiling(bumps(20, 5), (1, 100)) == tiling(bumps(20, 5))
    bars = np.repeat(np.exp(-((np.arange(10) - 5.0) ** 2)), 10)[None]  # centred on rows alone
    assert tiling(bars, (10, 10)).resultant_length == pytest.approx(1.0)
    tiled, clustered = tiling(bumps(25, 4)), tiling(np.tile(bumps(5, 1), (5, 1)))
    assert (tiled.n_units, tiled.coverage, clustered.coverage) == (25, 1.0, 0.11)
    assert tiled.resultant_length == pytest.approx(0.0, abs=1e-9)
    assert tiled.rayleigh_p > 0.99
    assert clustered.rayleigh_p < 1e-6


def test_random_coverage_is_the_mean_over_random_places():
    """Closed form against 2000 random placements, within five standard errors."""
    rng = np.random.default_rng(5)
    fields = np.exp(-((SITES - 50.0) ** 2) / (2 * rng.uniform(1, 4, (6, 1)) ** 2))

    def placed():
        return tiling([np.roll(field, rng.integers(100)) for field in fields]).coverage

    drawn = np.array([placed() for _ in range(2000)])
    error = drawn.std() / np.sqrt(2000)
    assert abs(drawn.mean() - tiling(fields).random_coverage) < 5 * error


def test_fields_of_zeros_and_fields_without_a_center_do_not_tile():
    clump, even = bumps(5, 0), waves(range(3, 23))
    among = tiling(np.vstack([clump, even, np.zeros((2, 100))]))
    assert among.n_units == 25
    assert among.rayleigh_p == pytest.approx(tiling(clump).rayleigh_p)
    assert np.isnan(tiling(even).rayleigh_p)
    summary = population_summary(np.zeros((3, 8)))
    assert summary.split.share["dead"] == 1.0
    assert np.isnan(summary.median_ipr["localized"])
    dead = summary.tiling
    assert dead.n_units == 0
    assert np.isnan([dead.resultant_length, dead.rayleigh_p, dead.coverage]).all()


@pytest.mark.parametrize(
    ("sides", "xi", "kernel"),
    [
        (100, 1e-3, "gaussian"),
        (100, 1.0, "gaussian"),
        (100, 20.0, "gaussian"),
        (100, 5.0, "exponential"),
        ((12, 12), 2.0, "gaussian"),
    ],
)
def test_noise_of_a_falling_spectrum_does_not_oscillate(sides, xi, kernel):
    """400 fields: p below .05 for at most 5 %, and below .2 for 20 %, within four errors."""
    model = GaussianField(sides, correlation_length=xi, kernel=kernel)
    fields = model.sample(400, random_state=1)
    p = modes_p_values(fields, model.shape, 199)
    for level in (0.05, 0.2):
        assert (p <= level).mean() < level + 4 * np.sqrt(level * (1 - level) / len(fields))


def test_waves_oscillate_and_constants_and_waves_as_long_as_the_lattice_do_not():
    fields = np.vstack([waves([3, 1]), np.ones((1, 100)), 1e-200 * waves([3])])
    p = modes_p_values(fields, (100,), 99)
    np.testing.assert_allclose(p[[0, 2, 3]], [0.01, 1.0, 0.01])
    noisy = white(100) + np.sqrt(2.0) * waves([5])  # as much power in the wave as in the noise
    assert (modes_p_values(noisy, (100,), 199, seed=1) <= 0.05).mean() > 0.9
    assert p[1] > 0.3
    assert modes_p_values(np.eye(2), (2,), 9).tolist() == [1.0, 1.0]  # no mode is left


def test_population_is_split_into_bumps_waves_noise_unchanged_and_dead_units():
    kinds = [bumps(11, 9, 40.0), waves(range(2, 9), 0.1), white(20), 0.01 * np.eye(100)[:4]]
    diverged = np.where(SITES == 3, np.inf, 1.0)
    split = group_split(np.vstack([*kinds, np.zeros(100), diverged]), random_state=0)
    assert split.groups.tolist()[:18] == ["localized"] * 11 + ["oscillating"] * 7
    # One wrong call among twelve, and among eight: on average one in twenty is allowed.
    for name in ("localized", "oscillating"):
        assert (split.groups[18:38] == name).sum() <= 1
    assert (split.groups[18:38] == "other").sum() >= 18
    assert split.groups[38:].tolist() == ["unchanged"] * 4 + ["dead"] * 2
    assert np.isnan(split.p_values[38:]).all()
    assert sum(split.share.values()) == pytest.approx(1.0)
    assert split.share["dead"] == 2 / 44
    low, high = split.interval["localized"]
    assert low < split.share["localized"] < high
    small = np.eye(100)[:11] * np.array([0.049, 0.051, *[1.0] * 9])[:, None]
    split = group_split(small, n_null=99, random_state=0)
    assert split.groups.tolist() == ["unchanged"] + ["localized"] * 10


def test_corrected_p_values_are_those_of_benjamini_and_hochberg():
    fields = np.vstack([np.eye(100)[:5], white(15, 1)])
    raw = LocalizationAnalyzer(n_null=999, random_state=3).fit_transform(fields)[:, -2]
    corrected = group_split(fields, random_state=3).p_values
    np.testing.assert_allclose(corrected, false_discovery_control(raw))


def test_few_bumps_and_a_lone_wave_are_found_in_a_large_population():
    """Smallest p-values that would not pass: units at them get just as many surrogates as it takes.

    Three of 60 bumps pass if the smallest p-value is at most 3 x .05 / 60: 400 surrogates. One of
    30 waves passes if it is at most .05 / 30, from 600 draws.
    """
    split = group_split(np.vstack([bumps(3, 20, 40.0), white(57)]), n_null=199, random_state=0)
    np.testing.assert_allclose(split.p_values[:3], 1 / 401 * 60 / 3)
    assert split.groups.tolist() == ["localized"] * 3 + ["other"] * 57
    split = group_split(np.vstack([waves([7]), white(29, 1)]), n_null=99, random_state=0)
    assert split.groups.tolist() == ["oscillating"] + ["other"] * 29


def test_summary_measures_each_group_and_the_tiling_of_the_localized_one():
    fields = np.vstack([bumps(20, 5), waves(range(2, 7)), np.zeros((1, 100))])
    summary = population_summary(fields, random_state=0)
    assert summary.tiling == tiling(bumps(20, 5))
    assert summary.median_ipr["oscillating"] == pytest.approx(0.015)
    assert summary.median_width["localized"] == pytest.approx(7.4, abs=0.2)
    assert np.isnan(summary.median_ipr["other"])
    printed = json.loads(json.dumps(summary.as_dict(), allow_nan=False))
    assert printed["median_ipr"]["other"] is None
    assert printed["p_values"][-1] is None
    fields[-1] = 3.0
    fields[-1, 7] = np.nan  # a diverged unit is a dead one
    assert str(population_summary(fields, random_state=0)) == str(summary)


def test_trained_net_splits_by_the_sign_of_its_biases(ring_nets):
    """Each net's positive half localizes; of its clone's units at most a few do."""
    for net, clone in ring_nets:
        split = group_split(net.receptive_fields_, random_state=0)
        assert (split.groups[:20] == "localized").mean() >= 0.95
        assert (split.groups[20:] == "oscillating").mean() >= 0.7
        control = group_split(clone.receptive_fields_, random_state=0)
        assert control.share["localized"] <= 0.1


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"alpha": 2.0}, r"alpha=2\.0; expected a number between 0 and 1"),
        ({"n_null": 9.5}, "n_null=9.5; expected an integer > 0"),
        ({"shape": (3, 3)}, r"shape=\(3, 3\) has 9 sites, but the data have 8"),
    ],
)
def test_bad_parameters_of_a_split_are_refused(parameters, message):
    for function in (group_split, population_summary):
        with pytest.raises(ValueError, match=message):
            function(np.eye(8), **parameters)


def test_few_units_of_noise_are_called_localized_in_any_population():
    """80 populations of ten: any call in at most 5 % of them, within five errors."""
    rng = np.random.default_rng(2)
    draws = [rng.standard_normal((10, 100)) for _ in range(80)]
    splits = [group_split(rows, n_null=199, random_state=k) for k, rows in enumerate(draws)]
    any_call = np.mean([split.share["localized"] > 0.0 for split in splits])
    assert any_call <= 0.05 + 5 * np.sqrt(0.05 * 0.95 / 80)
