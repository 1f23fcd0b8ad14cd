import numpy as np
import pytest
from scipy import special, stats

from rfsk.datasets import NLGP, Algebraic, EllipticalField, StudentT, TransformedField
from rfsk.datasets._pixel_map import MapMoments

RHO = np.concatenate([np.linspace(-1.0, 1.0, 41), [0.99, 0.999, 0.9999, 0.99999]])


@pytest.mark.parametrize("gain", [0.1, 1.0, 3.0, 30.0, 1e3, 1e5])
def test_series_of_the_error_function_is_the_arcsine(gain):
    law = MapMoments(lambda z: special.erf(gain * z / np.sqrt(2.0)))
    q = gain**2 / (1.0 + gain**2)
    assert law.variance == pytest.approx(2.0 / np.pi * np.arcsin(q), abs=1e-11)
    expected = np.arcsin(q * RHO) / np.arcsin(q)
    np.testing.assert_allclose(law.correlation(RHO), expected, rtol=0, atol=1e-10)


_PRODUCT = (np.sqrt(1.0 - RHO**2) + RHO * (np.pi - np.arccos(RHO))) / (2.0 * np.pi)
_RECTIFIED = (_PRODUCT - 1.0 / (2.0 * np.pi)) / (0.5 - 1.0 / (2.0 * np.pi))
_JUMP = (2.0 / np.pi * np.arcsin(RHO) + 0.18 * RHO**2) / 1.18
# A map, its correlation and excess kurtosis in closed form, and the accuracy of the test. Odd
# and even parts are uncorrelated, so that their covariances add.
CLOSED = {
    "sign": (np.sign, 2.0 / np.pi * np.arcsin(RHO), -2.0, 1e-12),
    "uniform": (special.ndtr, 6.0 / np.pi * np.arcsin(RHO / 2), -1.2, 1e-12),
    "cubic": (lambda z: z**3, (9.0 * RHO + 6.0 * RHO**3) / 15.0, 10395.0 / 225.0 - 3.0, 1e-12),
    "rectifier": (lambda z: np.maximum(z, 0.0), _RECTIFIED, None, 1e-6),
    "jump at zero": (lambda z: np.sign(z) + 0.3 * z**2, _JUMP, None, 1e-9),
}


@pytest.mark.parametrize("name", CLOSED)
def test_maps_have_the_moments_of_their_closed_form(name):
    function, correlation, kurtosis, tolerance = CLOSED[name]
    moments = MapMoments(function)
    np.testing.assert_allclose(moments.correlation(RHO), correlation, atol=tolerance)
    if kurtosis is not None:
        assert moments.excess_kurtosis == pytest.approx(kurtosis, rel=1e-12)


JUMPS = [0.0, 1.0, 0.3752, 1.1253, *np.random.default_rng(0).uniform(-2.0, 2.0, size=20)]


@pytest.mark.parametrize("jump", JUMPS)
def test_a_jump_is_found_wherever_it_is(jump):
    law = MapMoments(lambda z: (z > jump).astype(float))
    below = special.ndtr(-jump)
    assert law.mean == pytest.approx(below, abs=1e-13)
    assert law.variance == pytest.approx(below * (1.0 - below), abs=1e-13)


@pytest.mark.parametrize("jump", [1.0, 0.3752])
@pytest.mark.parametrize("rho", [-0.7, 0.3, 0.9, 0.99])
def test_covariance_of_two_thresholds_is_the_orthant_probability(jump, rho):
    law = MapMoments(lambda z: (z > jump).astype(float))
    normal = stats.multivariate_normal([0.0, 0.0], [[1.0, rho], [rho, 1.0]])
    ours = law.correlation(np.array([rho]))[0] * law.variance
    assert ours == pytest.approx(normal.cdf([-jump, -jump]) - special.ndtr(-jump) ** 2, abs=1e-7)


@pytest.mark.parametrize(
    "marginal",
    [stats.poisson(3.0), stats.nbinom(5, 0.5), stats.f(8, 12), stats.beta(0.5, 2.0), stats.wald()],
    ids=lambda law: law.dist.name,
)
def test_scipy_distributions_keep_their_mean_and_variance(marginal):
    """Quadrature over the quantiles of discrete, skewed and heavy-tailed distributions."""
    model = TransformedField(5, correlation_length=1.0, marginal=marginal)
    law = model.pixel_map.moments
    assert law.mean == pytest.approx(marginal.mean(), rel=1e-8)
    second = law._weights @ law._values**2
    assert second == pytest.approx(marginal.var(), rel=1e-6)
    standard = model.sample(20_000, random_state=0)
    assert abs(standard.mean()) < 5 / np.sqrt(20_000)


def test_kurtosis_that_scipy_does_not_know_is_infinite():
    field = {"shape": 4, "correlation_length": 1.0}
    for marginal in (stats.pareto(3.0), stats.t(3.0), Algebraic(4.0)):
        model = TransformedField(**field, marginal=marginal)
        assert model.excess_kurtosis() == np.inf
        assert model.autocovariance()[0] == pytest.approx(1.0, abs=1e-12)
    for radial in (stats.pareto(3.0), StudentT(4.0)):
        assert EllipticalField(**field, radial=radial).excess_kurtosis() == np.inf
    with pytest.raises(ValueError, match=r"`radial` must have a finite fourth moment"):
        EllipticalField(**field, radial=StudentT(3.0)).fourth_moment([0, 1, 2, 3])


def test_tanh_is_between_the_error_functions_that_bound_it():
    """Compare with a double integral by a tensor product of two Gauss-Hermite rules."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(120)
    weights = weights / np.sqrt(2.0 * np.pi)
    rho, psi = 0.6, np.tanh(0.8 * nodes)
    partner = np.tanh(0.8 * (rho * nodes[:, None] + np.sqrt(1 - rho**2) * nodes))
    expected = weights @ (psi * (partner @ weights)) / (weights @ psi**2)
    model = NLGP(3, correlation_length=1.0, gain=0.8, nonlinearity="tanh")
    assert model.pixel_map.correlation(np.array([rho]))[0] == pytest.approx(expected, abs=1e-9)
