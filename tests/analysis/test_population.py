import json

import numpy as np
import pytest
from scipy.stats import false_discovery_control
from sklearn.decomposition import PCA

from rfsk import (
    FCNet,
    GaussianField,
    LocalizationAnalyzer,
    fit_many_online,
    ipr,
    population_summary,
)
from rfsk.analysis import _population, group_split, tiling
from rfsk.analysis._groups import peak_mode_p_values
from rfsk.analysis._measures import scaled_images
from rfsk.experiments import nlgp_task

SITES = np.arange(100)


def bumps(n, step, scale=20.0):
    """Gaussian bumps exp(-d^2 / scale), each a step further than the one before."""
    bump = np.exp(-((SITES - 50.0) ** 2) / scale)
    return np.array([np.roll(bump, step * k) for k in range(n)])


def sinusoids(frequencies, phase=0.0):
    return np.cos(2 * np.pi * (np.array(frequencies)[:, None] * SITES / 100 + phase))


def white(n, seed=0):
    return np.random.default_rng(seed).standard_normal((n, 100))


def modes_p_values(fields, sides, n_draws, seed=0):
    return peak_mode_p_values(scaled_images(fields, sides), n_draws, np.random.default_rng(seed))


@pytest.mark.slow
@pytest.mark.parametrize(("sides", "n"), [((100,), 20), ((20, 20), 20), ((100,), 3)])
def test_uniform_positions_are_random_at_the_level_and_others_are_not(sides, n):
    """p <= .025 in at most 2.5 % of 200 draws, within four errors; else in 95 % of 20 draws."""
    rng, side, axes = np.random.default_rng(4), sides[0], len(sides)

    def calls(draw, n_draws=20):
        p_values = [_population._p_values_of_places(draw() % side, sides) for _ in range(n_draws)]
        return (np.array(p_values) <= 0.025).mean(axis=0)

    uniform = calls(lambda: side * rng.random((n, axes)), 200)
    assert np.all(uniform < 0.025 + 4 * np.sqrt(0.025 * 0.975 / 200))
    if n < 20:
        return
    m = 20 if axes == 1 else 5
    even = np.stack(np.meshgrid(*[side / m * np.arange(m)] * axes), axis=-1).reshape(-1, axes)
    jitter = 0.2 * side / m
    assert calls(lambda: even + rng.normal(0, jitter, even.shape))[0] >= 0.95
    opposite = np.arange(n)[:, None] % 2 * side / 2
    assert calls(lambda: opposite + rng.normal(0, 2, (n, axes)))[1] >= 0.95
    half = np.array([0.5, 1.0][:axes])
    assert calls(lambda: side * half * rng.random((n, axes)))[1] >= 0.95


def test_evenly_tiled_bumps_cover_and_clustered_ones_do_not():
    for scale in (1.0, -1.0, 1e-200):  # sites within half of the peak and of its sign
        assert tiling([scale * np.array([0.2, 1.0, 0.6, -0.9] + [0.0] * 4)]).coverage == 2 / 8
    assert tiling(bumps(20, 5), (1, 100)) == tiling(bumps(20, 5))
    bars = np.repeat(np.exp(-((np.arange(10) - 5.0) ** 2)), 10)[None]  # centred on rows alone
    assert tiling(bars, (10, 10)).arrangement is None
    tiled, clustered = tiling(bumps(25, 4)), tiling(np.tile(bumps(5, 1), (5, 1)))
    assert (tiled.n_units, tiled.coverage, clustered.coverage) == (25, 1.0, 0.11)
    assert (tiled.arrangement, tiled.p_regular) == ("regular", 0.001)
    assert (clustered.arrangement, clustered.p_clustered) == ("clustered", 0.001)
    opposite = tiling(np.vstack([bumps(10, 0), bumps(2, 50)[[1] * 10]]))  # the mean direction is 0
    assert opposite.arrangement == "clustered"


def test_random_coverage_is_the_mean_over_random_positions(monkeypatch):
    """Closed form against 2000 random placements, within five standard errors."""
    monkeypatch.setattr(_population, "_N_DRAWS", 1)
    rng = np.random.default_rng(5)
    fields = np.exp(-((SITES - 50.0) ** 2) / (2 * rng.uniform(1, 4, (6, 1)) ** 2))

    def placed():
        return tiling([np.roll(field, rng.integers(100)) for field in fields]).coverage

    drawn = np.array([placed() for _ in range(2000)])
    error = drawn.std() / np.sqrt(2000)
    assert abs(drawn.mean() - tiling(fields).random_coverage) < 5 * error


def test_fields_of_zeros_and_fields_without_a_center_do_not_tile():
    clump, even = bumps(5, 0), sinusoids(range(3, 23))
    among = tiling(np.vstack([clump, even, np.zeros((2, 100))]))
    assert among.n_units == 25
    assert among.p_clustered == tiling(clump).p_clustered
    assert np.isnan(tiling(even).p_regular)
    assert tiling(even).arrangement is None
    summary = population_summary(np.zeros((3, 8)))
    assert summary.split.fraction["dead"] == 1.0
    assert np.isnan(summary.median_ipr["localized"])
    dead = summary.tiling
    assert dead.n_units == 0
    assert np.isnan([dead.p_regular, dead.p_clustered, dead.coverage]).all()


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


def test_sinusoids_oscillate_unless_their_wavelength_is_the_lattice():
    fields = np.vstack([sinusoids([3, 1]), np.ones((1, 100)), 1e-200 * sinusoids([3])])
    p = modes_p_values(fields, (100,), 99)
    np.testing.assert_allclose(p[[0, 2, 3]], [0.01, 1.0, 0.01])
    noisy = white(100) + np.sqrt(2.0) * sinusoids(
        [5]
    )  # as much power in the sinusoid as in the noise
    assert (modes_p_values(noisy, (100,), 199, seed=1) <= 0.05).mean() > 0.9
    assert p[1] > 0.3
    assert modes_p_values(np.eye(2), (2,), 9).tolist() == [1.0, 1.0]  # no mode is left


def test_population_is_split_into_bumps_sinusoids_noise_unchanged_and_dead_units():
    kinds = [bumps(11, 9, 40.0), sinusoids(range(2, 9), 0.1), white(20), 0.01 * np.eye(100)[:4]]
    diverged = np.where(SITES == 3, np.inf, 1.0)
    split = group_split(np.vstack([*kinds, np.zeros(100), diverged]), random_state=0)
    assert split.groups.tolist()[:18] == ["localized"] * 11 + ["oscillating"] * 7
    # One wrong call among twelve, and among eight: on average one in twenty is allowed.
    for name in ("localized", "oscillating"):
        assert (split.groups[18:38] == name).sum() <= 1
    assert (split.groups[18:38] == "other").sum() >= 18
    assert split.groups[38:].tolist() == ["unchanged"] * 4 + ["dead"] * 2
    assert np.isnan(split.p_values[38:]).all()
    assert sum(split.fraction.values()) == pytest.approx(1.0)
    assert split.fraction["dead"] == 2 / 44
    low, high = split.interval["localized"]
    assert low < split.fraction["localized"] < high
    small = np.eye(100)[:11] * np.array([0.049, 0.051, *[1.0] * 9])[:, None]
    split = group_split(small, n_null=99, random_state=0)
    assert split.groups.tolist() == ["unchanged"] + ["localized"] * 10


def test_corrected_p_values_are_those_of_benjamini_and_hochberg():
    fields = np.vstack([np.eye(100)[:5], white(15, 1)])
    *_, concentration, _, _, raw, _ = (
        LocalizationAnalyzer(n_null=999, random_state=3).fit_transform(fields).T
    )
    raw[concentration <= 0.55] = 1.0  # those above are of a single site
    corrected = group_split(fields, random_state=3).p_values
    np.testing.assert_allclose(corrected, false_discovery_control(raw))


@pytest.mark.parametrize("shape", [(100,), (20, 20)])
def test_pixels_must_be_together(shape):
    """90 % of 40 bumps are localized, and at most 10 % of scattered fields with the same IPR."""
    rng, n = np.random.default_rng(0), np.prod(shape)
    distances = sum((np.indices(shape)[axis] - side / 2) ** 2 for axis, side in enumerate(shape))
    rolled = [np.roll(np.exp(-distances.ravel() / 5), k) for k in rng.integers(n, size=40)]
    fields = np.array(rolled) + 0.02 * rng.standard_normal((40, n))
    images, far = fields.reshape(40, *shape), tuple(side // 2 for side in shape)
    opposite = (images + np.roll(images, far, range(1, images.ndim))).reshape(40, -1)
    scattered = {
        "one permutation": fields[:, rng.permutation(n)],
        "own permutations": rng.permuted(fields, axis=1),
        "two bumps": opposite + 0.05 * rng.standard_normal((40, n)),
    }
    assert group_split(fields, shape, random_state=0).fraction["localized"] >= 0.9
    for name, rows in scattered.items():
        assert np.all(ipr(rows) > 2 * 3 / n), name
        assert group_split(rows, shape, random_state=0).fraction["localized"] <= 0.1, name
        analyzer = LocalizationAnalyzer(shape, random_state=0)
        assert analyzer.fit_transform(rows)[:, -1].mean() <= 0.1, name


def test_fields_are_compared_with_those_of_a_control():
    """A control of sinusoids: a bump is more localized than all of them, a sinusoid is not."""
    control, fields = (
        sinusoids(np.arange(1, 40), 0.1),
        np.vstack([bumps(10, 9), sinusoids(range(41, 49))]),
    )
    net = PCA().fit(control)
    net.components_ = control
    for null in (control, net):
        summary = population_summary(fields, null=null)
        assert summary.split.groups.tolist() == ["localized"] * 10 + ["oscillating"] * 8
        assert summary.split.p_values.min() == pytest.approx(18 / 10 / 40)
        assert LocalizationAnalyzer(null=null).fit_transform(fields)[:, -1].sum() == 10


def test_few_bumps_and_a_single_sinusoid_are_found_in_a_large_population():
    """Smallest p-values that would not pass: units at them get just as many surrogates as it takes.

    Three of 60 bumps pass if the smallest p-value is at most 3 x .05 / 60: 400 surrogates. One of
    30 sinusoids passes if it is at most .05 / 30, from 600 draws.
    """
    split = group_split(np.vstack([bumps(3, 20, 40.0), white(57)]), n_null=199, random_state=0)
    np.testing.assert_allclose(split.p_values[:3], 1 / 401 * 60 / 3)
    assert split.groups.tolist() == ["localized"] * 3 + ["other"] * 57
    split = group_split(np.vstack([sinusoids([7]), white(29, 1)]), n_null=99, random_state=0)
    assert split.groups.tolist() == ["oscillating"] + ["other"] * 29


def test_summary_measures_each_group_and_the_tiling_of_the_localized_one():
    fields = np.vstack([bumps(20, 5), sinusoids(range(2, 7)), np.zeros((1, 100))])
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


def test_trained_net_splits_by_the_sign_of_its_biases():
    """Units with b > 0 localize, and at most a few units of nets on the control. Two seeds."""
    task = nlgp_task()
    options = {"learning_rate": 5.0, "batch_size": 100, "weight_decay": 0.0}
    nets = [FCNet(40, **options, random_state=seed) for seed in (0, 0, 1, 1)]
    fit_many_online(nets, [task, task.gaussian_clone()] * 2, 400_000, n_jobs=1)
    for net, on_control in (nets[:2], nets[2:]):
        split = group_split(net.receptive_fields_, random_state=0)
        assert (split.groups[:20] == "localized").mean() >= 0.95
        assert (split.groups[20:] == "oscillating").mean() >= 0.7
        control = group_split(on_control.receptive_fields_, random_state=0)
        assert control.fraction["localized"] <= 0.1


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"alpha": 2.0}, r"`alpha` must be between 0 and 1, got 2\.0"),
        ({"null": "white"}, "`null` must be one of 'phase'.*, got 'white'"),
        ({"null": np.eye(9)}, r"`null` must have 8 features, got shape \(9, 9\)"),
        ({"n_null": 9.5}, "`n_null` must be a positive integer, got 9.5"),
        ({"shape": (3, 3)}, r"features, 8, got \(3, 3\), which has 9 sites"),
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
    any_call = np.mean([split.fraction["localized"] > 0.0 for split in splits])
    assert any_call <= 0.05 + 5 * np.sqrt(0.05 * 0.95 / 80)
