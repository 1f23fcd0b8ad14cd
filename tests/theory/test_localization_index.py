"""The index against independent figures and flows, and the number of samples that it takes."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from rfsk import NLGP, Discrimination, EllipticalField, GaussianField, Ising, TransformedField
from rfsk.analysis import cumulant, ipr, match_matrix, symmetric_cp
from rfsk.datasets import Algebraic
from rfsk.exceptions import LikelyMistakeWarning
from rfsk.theory import (
    CubicFlow,
    RectifiedFlow,
    fixed_point,
    localization_index,
    localization_sample_size,
)


def nlgps(gain, n=40, lengths=(1.0, 3.0)):
    return [NLGP(n, correlation_length=xi, gain=gain) for xi in lengths]


def mapped(marginal, n=40, lengths=(1.0, 3.0)):
    return [TransformedField(n, correlation_length=xi, marginal=marginal) for xi in lengths]


def test_growth_rate_is_that_of_a_perturbed_uniform_field():
    """Growth rate of `RectifiedFlow` about w = alpha, measured over a short time."""
    flow = RectifiedFlow(nlgps(2.0))
    found = localization_index(nlgps(2.0))
    uniform = flow.integrate(np.full((1, 40), 0.5), 30.0).fields
    mode = np.cos(2 * np.pi * found.mode[0] * np.arange(40) / 40)
    h = 1e-6
    ahead, back = (flow.velocity(uniform + s * h * mode)[0] for s in (1, -1))
    rate = (ahead - back) @ mode / (2 * h) / (mode @ mode)
    # The norm of w moves as well; along a mode it does so to second order only.
    assert rate == pytest.approx(flow.rates[found.mode] * (found.closure - 1.0), rel=1e-4)
    assert found.growth_rate == pytest.approx(flow.rates[found.mode] * (found.index - 1.0))


@pytest.mark.parametrize(
    ("pair", "index", "error"),
    [
        (nlgps(0.20 * 2**0.5), 0.9993, 0.0006),
        (nlgps(0.22 * 2**0.5), 1.0018, 0.0004),
        (nlgps(0.25 * 2**0.5), 1.0051, 0.0007),
        pytest.param(mapped(Algebraic(6.0)), 1.0067, 0.0009, marks=pytest.mark.slow),
        (nlgps(2**0.5), 1.072, 0.002),
    ],
    ids=["erf(.20 z)", "erf(.22 z)", "erf(.25 z)", "algebraic(6)", "erf(z)"],
)
def test_index_is_that_of_an_independent_code(pair, index, error):
    """Monte Carlo with a kernel and a Gaussian control variate, at L=40, xi=(1, 3)."""
    found = localization_index(pair, n_samples=100_000, random_state=0)
    assert found.standard_error < 2.0 * error
    assert abs(found.index - index) < 3.0 * np.hypot(error, found.standard_error)
    other = localization_index(pair, n_samples=20_000, random_state=1)
    bound = 3.5 * np.hypot(other.standard_error, found.standard_error)
    assert abs(found.index - other.index) < bound
    again = (localization_index(pair, n_samples=1000, random_state=2) for _ in range(2))
    assert next(again) == next(again)


def test_smoothed_density_has_the_index_of_the_exact_one():
    """Samples against the model."""
    pair = nlgps(2**0.5)
    exact = localization_index(pair, n_samples=50_000, random_state=0)
    samples = [model.sample(50_000, random_state=seed) for seed, model in enumerate(pair)]
    smoothed = localization_index(samples)
    assert 0.003 < smoothed.standard_error < 0.015
    assert abs(smoothed.index - exact.index) < 3.0 * smoothed.standard_error


@pytest.mark.parametrize(("zeros", "index"), [(2 / 3, 0.977), (0.6, 1.015)])
def test_index_of_discrete_pixels_is_the_mass_at_zero_over_the_step(zeros, index):
    """Values -s, 0, s: mass P(S = 0) / s from 400,000 draws, known to 0.5 %."""
    pair = mapped(lambda u: (u > 0.5 + zeros / 2) * 1.0 - (u < 0.5 - zeros / 2))
    found = localization_index(pair, n_samples=100_000, random_state=0)
    assert abs(found.index - index) < 3.0 * np.hypot(found.standard_error, 0.005)


def test_growth_rates_of_a_committee_machine_are_eigenvalues_of_the_jacobian():
    """About the uniform fixed point of the cubic flow, scaled by -s2(b), for three biases."""
    pair = nlgps(3.0, 20, (1.0, 2.0))
    found = localization_index(pair, theory="committee")
    for bias in (0.5, 1.0, 1.5):
        flow = CubicFlow(pair, bias=bias)
        uniform = fixed_point(flow, 0.3 * np.ones(20), end=0.0)
        mode = np.cos(2 * np.pi * found.mode[0] * np.arange(20) / 20)
        rate = mode @ flow.jacobian(uniform.field) @ mode / (mode @ mode)
        slope = bias * np.sqrt(2 / np.pi) * np.exp(-(bias**2) / 2)  # -s2
        assert rate / slope == pytest.approx(found.growth_rate, rel=1e-6)
    assert found.index > 1


def test_closure_is_on_the_side_of_one_on_which_the_effective_flow_ends():
    """Eleven models at L=40, xi=(1, 3): closure above 1 exactly if its fields localize."""
    pairs = [nlgps(g * 2**0.5) for g in (0.1, 0.2, 0.3, 0.5, 1.0)]
    pairs += [mapped(Algebraic(k)) for k in (5.0, 5.5, 6.0, 7.0)]
    pairs += [mapped("laplace"), [Ising(40, temperature=t) for t in (3.0, 1.2)]]
    for pair in pairs:
        fields = RectifiedFlow(pair).integrate(2, 6000.0, n_steps=6000, random_state=0).fields
        localized = 40 * ipr(fields).max() > 1.2
        assert localized == (localization_index(pair, n_samples=1000).closure > 1.0)


def test_kurtosis_errs_where_the_index_does_not():
    steep, soft = mapped(Algebraic(6.0)), nlgps(0.1 * 2**0.5)
    assert steep[0].excess_kurtosis() == pytest.approx(soft[0].excess_kurtosis(), abs=0.003)
    steep, soft, none = (
        localization_index(pair, random_state=0) for pair in (steep, soft, mapped(Algebraic(5.89)))
    )
    assert steep.closure == pytest.approx(1.003, abs=1e-3)
    assert soft.closure == pytest.approx(0.990, abs=1e-3)
    assert soft.index + 3.0 * soft.standard_error < 1.0
    assert min(each.index - 2.0 * each.standard_error for each in (steep, none)) > 1.0


@pytest.mark.parametrize("theory", ["rectified", "committee"])
def test_index_of_samples_meets_that_of_their_model(theory):
    pair = nlgps(3.0, 20, (1.0, 2.0))
    exact = localization_index(pair, theory=theory, random_state=0)
    samples = [model.sample(60_000, random_state=seed) for seed, model in enumerate(pair)]
    estimated = localization_index(samples, theory=theory)
    assert estimated.index == pytest.approx(exact.index, abs=0.03)
    assert abs(estimated.index - exact.index) < 3.0 * estimated.standard_error
    assert {abs(estimated.mode[0]), abs(exact.mode[0])} == {abs(exact.mode[0])}


@pytest.mark.parametrize("theory", ["rectified", "committee"])
def test_standard_error_is_the_spread_over_samples(theory):
    """40 pairs of 1,000 samples: their deviation is known to 11 %. The bound is a factor of 1.5."""
    pair = nlgps(3.0, 12, (0.6, 1.5))
    found = []
    for seed in range(0, 400, 10):
        samples = [model.sample(1000, random_state=seed + k) for k, model in enumerate(pair)]
        found.append(localization_index(samples, theory=theory))
    spread = np.std([each.index for each in found])
    error = np.sqrt(np.mean([each.standard_error**2 for each in found]))
    assert 1 / 1.5 < error / spread < 1.5
    exact = localization_index(pair, theory=theory, n_samples=200_000, random_state=0)
    assert exact.standard_error < 0.1 * spread
    errors = [(each.index - exact.index) / each.standard_error for each in found]
    assert np.mean(np.abs(errors) < 3.0) > 0.9


def test_class_that_is_a_model_adds_nothing_to_the_standard_error():
    model, other = nlgps(3.0, 12, (0.6, 1.5))
    errors = []
    for seed in range(8):
        samples = [
            each.sample(2000, random_state=2 * seed + k) for k, each in enumerate((model, other))
        ]
        pairs = ([*map(pd.DataFrame, samples)], [samples[0], other], [model, samples[1]])
        errors.append(
            [
                localization_index(pair, n_samples=2000, random_state=0).standard_error
                for pair in pairs
            ]
        )
    both, first, second = np.sqrt(np.mean(np.square(errors), axis=0))
    assert max(first, second) < both < 1.4 * np.hypot(first, second)
    few = [rows[:19] for rows in samples]
    assert np.isnan(localization_index([few[0], other]).standard_error)


def test_torus_has_wave_vectors_of_two_components():
    found = localization_index(nlgps(3.0, (8, 8), (0.7, 2.0)), random_state=0)
    assert len(found.mode) == 2
    assert found.localizes


@pytest.mark.parametrize(("factor", "localizes"), [(0.1, False), (0.3, True), (1.0, True)])
def test_index_of_a_committee_machine_predicts_where_its_flow_ends(factor, localizes):
    """erf(0.1 z), index .988; erf(0.3 z), 1.03; erf(z), 1.17: from small random fields."""
    pair = nlgps(factor * 2**0.5)
    assert localization_index(pair, theory="committee").localizes is localizes
    fields = CubicFlow(pair).integrate(2, 600.0, random_state=0).fields
    assert bool(40 * ipr(fields).max() > 1.6) == localizes


SHORT, LONG = (1.0, 3.0), (6.0, 12.0)
SLOW = pytest.param("committee", 130, LONG, marks=pytest.mark.slow)  # costs n^3
CASES = [("rectified", 40, SHORT), ("committee", 40, SHORT), ("rectified", 100, (5.0, 10.0))]
CASES += [("rectified", 200, LONG), ("committee", 60, LONG), SLOW]


@pytest.mark.parametrize(("theory", "n", "lengths"), CASES)
def test_modes_without_power_do_not_count(theory, n, lengths):
    """Gaussian kernels leave most modes with rounding only: Gaussian inputs stay below 1."""
    for make in (GaussianField, EllipticalField):
        pair = [make(n, correlation_length=xi) for xi in lengths]
        found = localization_index(pair, theory=theory)
        assert found.index < 1.0
        assert found.growth_rate < 0.0
        assert not found.localizes
    soft = [NLGP(n, correlation_length=xi, gain=0.02) for xi in lengths]
    assert localization_index(soft, theory=theory).index < 1.0
    samples = [make(n, correlation_length=xi).sample(3000, random_state=0) for xi in lengths]
    assert localization_index(samples).index < 1.1


@pytest.mark.parametrize("theory", ["rectified", "committee"])
def test_there_is_no_index_where_another_field_than_the_uniform_one_grows_first(theory):
    for pair in (nlgps(3.0)[::-1], [GaussianField(40, correlation_length=xi) for xi in (3.0, 1.0)]):
        with pytest.warns(
            LikelyMistakeWarning, match="Class 0 must have the shorter correlation length"
        ):
            found = localization_index(pair, theory=theory)
        assert np.isnan(found.index)
        assert found.reason.startswith("Class 0 must have the shorter")
        assert not found.localizes


def test_inputs_without_brightness_are_refused_with_the_remedy():
    samples = [model.sample(2000, random_state=seed) for seed, model in enumerate(nlgps(3.0))]
    flat = [rows - rows.mean(axis=1, keepdims=True) for rows in samples]
    signs = np.random.default_rng(0).choice([-1.0, 1.0], size=(50, 4))
    for pair in (flat, [np.hstack([signs, -signs])] * 2):  # exactly flat
        with pytest.raises(ValueError, match=r"must vary\. .* brightness was not removed"):
            localization_index(pair)


def test_one_site_constant_and_labelled_samples_are_refused():
    rng = np.random.default_rng(0)
    half, y = rng.normal(size=(25, 4)), np.arange(50) % 2
    X = np.vstack([half, -half])
    with pytest.raises(ValueError, match=r"`theory` must be one of .*, got 'quartic'"):
        localization_index(nlgps(1.0), theory="quartic")
    with pytest.raises(ValueError, match="lattice must have at least two sites"):
        localization_index([X[:, :1], X[:, 1:2]])
    with pytest.raises(ValueError, match="The samples must not be constant"):
        localization_index([X, np.ones((50, 4))])
    with pytest.raises(ValueError, match=r"got arrays with \[2, 1\] axes"):
        localization_index([X, y])


def test_inputs_that_are_not_symmetric_are_warned_of():
    skewed = mapped(stats.gamma(2.0), 12, (0.6, 1.5))
    with pytest.warns(
        UserWarning, match=r"third moment of 1\.41 .* The theory assumes inputs with P"
    ):
        localization_index(skewed)
    samples = [model.sample(2000, random_state=0) for model in nlgps(3.0, 12, (0.6, 1.5))]
    with pytest.warns(UserWarning, match="pixels of class 1 have a mean or third moment of 2.0"):
        localization_index([samples[0], samples[1] + 2.0])


def median_match(model, n_samples):
    """Median match of the leading factors of seven samples with that of the model."""
    exact = symmetric_cp(cumulant(model), 1, tol=1e-10, random_state=0).components
    found = [
        symmetric_cp(model.sample(n_samples, seed), 1, random_state=seed).components[0]
        for seed in range(7)
    ]
    return float(np.median(match_matrix(found, exact)))


@pytest.mark.parametrize("gain", [1.0, 3.0])
@pytest.mark.parametrize(("n_sites", "length"), [(45, 3.0), (64, 3.0), (64, 6.4)])
def test_factors_appear_at_one_to_a_few_times_the_predicted_number(n_sites, length, gain):
    """Median match with the exact factor below .9 at half the number, above it at four times."""
    model = NLGP(n_sites, correlation_length=length, gain=gain)
    scale = localization_sample_size(model)
    assert median_match(model, int(0.5 * scale)) < 0.9 < median_match(model, int(4.0 * scale))


def test_it_scales_with_the_sites_at_fixed_length_and_samples_estimate_it():
    def sizes(*pairs):
        models = [NLGP(n, correlation_length=length, gain=3.0) for n, length in pairs]
        return [localization_sample_size(model) for model in models]

    first, second, third = sizes((30, 3.0), (60, 3.0), (90, 3.0))
    # The first term grows as D^2, the term of Gaussian noise as log D.
    assert 2.4 < (third - first) / (second - first) < 8 / 3
    np.testing.assert_allclose(sizes((60, 6.0), (90, 9.0)), first, rtol=1e-3)
    samples = NLGP(20, correlation_length=2.0, gain=3.0).sample(20_000, random_state=0)
    assert localization_sample_size(samples) == pytest.approx(sizes((20, 2.0))[0], rel=0.1)


def test_gaussian_inputs_show_no_factor_at_any_size():
    clone = NLGP(20, correlation_length=2.0, gain=3.0).gaussian_clone()
    with pytest.raises(ValueError, match="The fourth cumulant must not be zero"):
        localization_sample_size(clone)
    with pytest.raises(ValueError, match="must exceed the sampling noise"):
        localization_sample_size(clone.sample(2000, random_state=0))
    with pytest.raises(TypeError, match="`source` must be one class, got a task"):
        localization_sample_size(Discrimination([clone, clone]))
