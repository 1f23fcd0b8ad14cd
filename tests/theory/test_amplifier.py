"""The amplifier against closed forms, expansions, quadrature of another kind and samples."""

import numpy as np
import pytest
from scipy import integrate, stats
from scipy.special import erf

from rfsk import NLGP, GaussianField, Ising, Phi4, Pulses, TransformedField
from rfsk.datasets import Algebraic, EllipticalField, ImagePatches, StudentT
from rfsk.theory import Amplifier, RectifiedFlow, field_statistics

A = np.array([-0.999, -0.7, -0.2, 1e-3, 0.05, 0.3, 0.6, 0.9, 0.99, 0.9999])


def uniform(a):
    s, c = np.sqrt(3), a / np.sqrt(2 * (1 - a**2))
    return (s / 2 - 1 / (4 * c**2 * s)) * erf(c * s) + np.exp(-((c * s) ** 2)) / (
        2 * c * np.sqrt(np.pi)
    )


def integral(density, half_width):
    def over_density(a):
        c, options = a / np.sqrt(2 * (1 - a**2)), {"epsabs": 1e-12, "limit": 200}
        return (
            2 * integrate.quad(lambda x: x * erf(x * c) * density(x), 0, half_width, **options)[0]
        )

    return np.vectorize(over_density)


def mapped(marginal):
    return TransformedField(20, correlation_length=2.0, marginal=marginal)


LAPLACE = integral(lambda x: np.exp(-np.sqrt(2) * np.abs(x)) / np.sqrt(2), 30.0)
LOGISTIC = integral(stats.logistic(scale=np.sqrt(3) / np.pi).pdf, 25.0)
# The uniform closed form loses its digits to cancellation at small overlaps.
CLOSED = {
    "Gaussian": (
        GaussianField(20, correlation_length=2.0),
        lambda a: np.sqrt(2 / np.pi) * a,
        1e-10,
    ),
    "sign": (Ising(20, temperature=1.0), lambda a: erf(a / np.sqrt(2 * (1 - a**2))), 1e-10),
    "uniform": (NLGP(20, correlation_length=2.0, gain=1.0), uniform, 1e-4),
    "pulses": (Pulses(20, length=(3, 6)), lambda a: erf(a / np.sqrt(2 * (1 - a**2))), 1e-10),
    "laplace": (mapped("laplace"), LAPLACE, 1e-9),
    "logistic": (mapped(stats.logistic()), LOGISTIC, 1e-9),
}


@pytest.mark.parametrize("name", CLOSED)
def test_closed_forms_and_integrals_over_the_density_are_met(name):
    model, closed, rtol = CLOSED[name]
    np.testing.assert_allclose(Amplifier(model)(A), closed(A), rtol=rtol, atol=1e-12)


MODELS = {
    "NLGP": NLGP(20, correlation_length=2.0, gain=3.0),
    "laplace": mapped("laplace"),
    "algebraic": mapped(Algebraic(7.0)),
    "phi4": Phi4(20, coupling=1.0, mass_squared=-3.0, quartic=3.0),
    "shell": EllipticalField(20, correlation_length=2.0),
    "t": EllipticalField(20, correlation_length=2.0, radial=StudentT(5.0)),
}


@pytest.mark.parametrize("name", MODELS)
def test_it_is_odd_increasing_and_ends_at_the_mean_size_of_a_pixel(name):
    amplifier = Amplifier(MODELS[name])
    a = np.linspace(-1, 1, 401)
    values = amplifier(a)
    np.testing.assert_allclose(values, -values[::-1], atol=1e-12)
    assert np.all(np.diff(values) > 0)
    pixels = np.abs(MODELS[name].sample(4000, random_state=0))
    pixels /= np.sqrt(field_statistics(MODELS[name]).variance)
    error = 5 * pixels.mean(axis=1).std() / np.sqrt(4000)
    assert abs(values[-1] - pixels.mean()) < error


@pytest.mark.parametrize("name", ["NLGP", "algebraic", "phi4"])
def test_small_overlaps_are_cubed_by_minus_a_sixth_of_the_excess_kurtosis(name):
    """amp(a) = sqrt(2/pi) (a - excess a^3 / 6) to the fifth order."""
    model = MODELS[name]
    amplifier, a = Amplifier(model), np.array([0.02, 0.04])
    expected = np.sqrt(2 / np.pi) * (a - model.excess_kurtosis() / 6 * a**3)
    np.testing.assert_allclose(amplifier(a) - expected, 0.0, atol=2.0 * a[1] ** 5)
    assert np.abs(amplifier(a) - np.sqrt(2 / np.pi) * a).max() > 1e-6


@pytest.mark.parametrize("name", MODELS)
def test_slope_and_elasticity_are_those_of_a_difference_and_the_table_equals_the_sum(name):
    amplifier, h = Amplifier(MODELS[name]), 1e-5
    for a in (0.1, 0.5, 0.9):
        slope = (amplifier(a + h) - amplifier(a - h)) / (2 * h)
        assert amplifier.derivative(a) == pytest.approx(slope, rel=1e-6)
        assert amplifier.elasticity(a) == pytest.approx(a * slope / amplifier(a), rel=1e-6)
    a = np.concatenate([A, np.random.default_rng(0).uniform(-1, 1, 200), [-1.0, 0.0, 1.0 + 1e-16]])
    np.testing.assert_allclose(amplifier.tabulated(a), amplifier(a), atol=2e-9)


def test_samples_estimate_what_the_model_knows():
    """40,000 samples of 20 sites: spectrum within six errors, amplifier within .005."""
    model = MODELS["NLGP"]
    samples = model.sample(40_000, random_state=0)
    exact, estimated = field_statistics(model), field_statistics(samples)
    error = exact.spectrum * np.sqrt(2 / 40_000)
    assert np.all(np.abs(estimated.spectrum - exact.spectrum) < 6 * error + 1e-12)
    np.testing.assert_allclose(Amplifier(samples)(A), Amplifier(model)(A), atol=5e-3)


def test_elliptical_drive_is_exact_and_of_transformed_fields_close():
    """E[x sign(w.x)] of 200,000 samples: within five errors; of saturated ones within 15 %."""
    w = GaussianField(20, correlation_length=2.0).sample(3, random_state=1)
    for name in ("shell", "t", "NLGP"):
        model = MODELS[name]
        closure = RectifiedFlow([model, model]).drive(w)
        x = np.split(model.sample(200_000, random_state=0), 20)
        parts = np.stack([np.sign(w @ part.T) @ part / len(part) for part in x])
        sampled, error = parts.mean(axis=0), parts.std(axis=0) / np.sqrt(20)
        off = np.linalg.norm(closure - sampled) / np.linalg.norm(sampled)
        assert 0.005 < off < 0.15 if name == "NLGP" else np.all(abs(sampled - closure) < 6 * error)


def test_models_and_samples_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match=r"must be 'periodic', .* got 'open'"):
        field_statistics(NLGP(20, correlation_length=2.0, gain=1.0, boundary="open"))
    with pytest.raises(NotImplementedError, match="no closed form"):
        field_statistics(Phi4((4, 4), coupling=1.0, mass_squared=-3.0, quartic=3.0))
    with pytest.raises(NotImplementedError, match="must be translation-invariant, got a"):
        field_statistics(ImagePatches((8, 8)))
