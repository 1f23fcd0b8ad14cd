"""Invariants of input models, whatever their parameters, searched for exceptions by Hypothesis."""

import numpy as np
from hypothesis import assume, given
from hypothesis import strategies as st

from rfsk.datasets import (
    NLGP,
    Discrimination,
    EllipticalField,
    GaussianField,
    Ising,
    Phi4,
    Pulses,
    TransformedField,
)
from rfsk.testing import input_models, lattice_shapes

seeds = st.integers(0, 2**32 - 1)
LATENT = (GaussianField, NLGP, TransformedField, EllipticalField)
WITH_FOURTH_CUMULANT = (GaussianField, NLGP, EllipticalField, Ising, Pulses, Phi4)


@given(input_models(), seeds)
def test_moments_are_possible_and_the_clone_shares_those_of_second_order(model, seed):
    covariance, clone = model.covariance(), model.gaussian_clone()
    np.testing.assert_allclose(covariance, covariance.T, atol=1e-12)
    np.testing.assert_allclose(covariance.diagonal(), 1.0, atol=1e-10)
    assert np.linalg.eigvalsh(covariance).min() > -1e-7
    assert model.excess_kurtosis() >= -2.0 - 1e-9
    np.testing.assert_allclose(clone.covariance(), covariance, rtol=0, atol=1e-12)
    assert clone.excess_kurtosis() == 0.0
    assert clone.gaussian_clone() == clone
    for drawn in (model, clone):
        np.testing.assert_array_equal(drawn.sample(3, seed), drawn.sample(3, seed))
        assert np.isfinite(drawn.sample(3, seed)).all()


@given(input_models(LATENT, boundary="periodic"), seeds)
def test_rolling_the_noise_rolls_the_field_and_negating_it_negates_it(model, seed):
    noise = np.random.default_rng(seed).standard_normal((2, *model.shape))
    field = model.from_noise(noise).reshape(2, *model.shape)
    np.testing.assert_allclose(model.from_noise(-noise).reshape(field.shape), -field, atol=1e-12)
    jumps = "sign" in (getattr(model, "marginal", None), getattr(model, "nonlinearity", None))
    for axis in range(1, 1 + len(model.shape)):
        rolled = model.from_noise(np.roll(noise, 2, axis=axis)).reshape(field.shape)
        expected = np.roll(field, 2, axis=axis)
        if jumps:  # rounding may flip a pixel at zero, where the latent field vanishes
            assert np.mean(rolled != expected) < 0.05
            continue
        # A steep map magnifies the rounding of the latent field, most of all at small xi.
        tolerance = 1e-12 * max(1.0, getattr(model, "gain", 1.0)) + 1e-8
        np.testing.assert_allclose(rolled, expected, atol=tolerance, rtol=1e-8)


@given(input_models(WITH_FOURTH_CUMULANT), seeds)
def test_fourth_cumulants_do_not_depend_on_order_or_origin(model, seed):
    assume(getattr(model, "nonlinearity", "erf") != "tanh")
    assume(np.isfinite(model.excess_kurtosis()))
    assume(getattr(model, "gain", 1.0) < 100.0)  # rounding: see erf_fourth_moment
    rng = np.random.default_rng(seed)
    sites = rng.integers(model.n_features, size=(5, 4))
    kappa = model.fourth_cumulant(sites)
    np.testing.assert_allclose(model.fourth_cumulant(sites[:, ::-1]), kappa, atol=1e-9)
    if model.boundary == "periodic":
        shift = rng.integers(0, 9, size=(len(model.shape), 1, 1))
        coordinates = np.array(np.unravel_index(sites, model.shape)) + shift
        moved = np.ravel_multi_index(tuple(coordinates), model.shape, mode="wrap")
        np.testing.assert_allclose(model.fourth_cumulant(moved), kappa, atol=1e-9)


@given(lattice_shapes(), st.floats(0.1, 1.0), seeds)
def test_vanishing_gain_meets_the_gaussian_field(shape, length, seed):
    xi = length * min(shape)
    noise = np.random.default_rng(seed).standard_normal((2, *shape))
    nlgp = NLGP(shape, correlation_length=xi, gain=1e-6)
    gaussian = GaussianField(shape, correlation_length=xi)
    np.testing.assert_allclose(nlgp.from_noise(noise), gaussian.from_noise(noise), atol=1e-9)
    np.testing.assert_allclose(nlgp.covariance(), gaussian.covariance(), atol=1e-9)


@given(st.lists(st.floats(0.01, 1.0), min_size=2, max_size=5), st.integers(1, 10_000), seeds)
def test_class_fractions_are_within_one_row_of_their_priors(weights, n_samples, seed):
    priors = np.array(weights) / np.sum(weights)
    task = Discrimination([NLGP(3, correlation_length=1.0, gain=3.0)] * len(priors), priors)
    offset = np.random.default_rng(seed).random()
    boundaries = task.class_boundaries(n_samples, offset)
    counts = np.diff(boundaries, prepend=0)
    assert boundaries[-1] == n_samples
    assert np.all(np.abs(counts - n_samples * priors) < 1.0 + 1e-6)
