"""Fields of the linear denoiser, against formulas, enumeration and errors."""

from itertools import product

import numpy as np
import pytest
from scipy.special import softmax

from rfsk import NLGP, Ising
from rfsk.theory import denoiser_fields


@pytest.mark.parametrize("noise", [0.1, 1.0, 5.0])
def test_fields_solve_the_normal_equations(noise):
    """S (C + s^2) = C, for a model, its clone and its covariance."""
    model = NLGP((4, 5), correlation_length=1.0, gain=2.0)
    C, fields = model.covariance(), denoiser_fields(model, noise)
    np.testing.assert_allclose(fields @ (C + noise**2 * np.eye(20)), C, atol=1e-12)
    for source in (model.gaussian_clone(), C):
        np.testing.assert_allclose(denoiser_fields(source, noise), fields, atol=1e-12)


def test_fields_of_a_singular_covariance_are_nearly_its_projection():
    fields = denoiser_fields(np.ones((3, 3)), 1e-3)
    np.testing.assert_allclose(fields, 1.0 / (3.0 + 1e-6), atol=1e-9)


@pytest.mark.parametrize("noise", [0.5, 1.0, 2.0])
def test_the_best_denoiser_is_less_sensitive_than_the_linear_one(noise):
    """Mean Jacobian cov(x | y) / s^2 of eight spins, by enumeration of the posterior."""
    spins, rng = Ising(8, temperature=1.0), np.random.default_rng(0)
    states = np.array(list(product((-1.0, 1.0), repeat=8)))
    energy = (states * np.roll(states, 1, axis=1)).sum(axis=1)
    noisy = spins.sample(20_000, rng) + noise * rng.standard_normal((20_000, 8))
    posterior = softmax(noisy @ states.T / noise**2 + energy, axis=1)
    means = posterior @ states
    second = (states.T * posterior.mean(axis=0)) @ states - means.T @ means / len(means)
    gap = np.linalg.eigvalsh(denoiser_fields(spins, noise) - second / noise**2)
    assert gap[0] > -0.01
    assert gap[-1] > 0.05


def test_errors_name_what_is_wrong():
    with pytest.raises(ValueError, match="noise"):
        denoiser_fields(np.eye(3), 0.0)
    with pytest.raises(ValueError, match="symmetric"):
        denoiser_fields(np.triu(np.ones((3, 3))), 1.0)
    with pytest.raises(ValueError, match="3 axes"):
        denoiser_fields(np.zeros((2, 2, 2)), 1.0)
