import itertools

import numpy as np
import pytest
import torch
from scipy import integrate, special, stats

from rfsk.datasets import NLGP, GaussianClone, GaussianField, MultivariateGaussian

N_SAMPLES = 100_000
MODELS = {
    "gaussian ring": GaussianField(12, correlation_length=2.0),
    "exponential torus": GaussianField((4, 5), correlation_length=1.5, kernel="exponential"),
    "nlgp gain 0.3": NLGP(12, correlation_length=2.0, gain=0.3),
    "nlgp gain 3": NLGP(12, correlation_length=2.0, gain=3.0),
    "nlgp gain 30 torus": NLGP((4, 4), correlation_length=1.0, gain=30.0),
    "clone": NLGP(12, correlation_length=2.0, gain=3.0).gaussian_clone(),
}


@pytest.mark.parametrize("name", MODELS)
def test_samples_have_the_mean_covariance_and_kurtosis_of_the_closed_form(name):
    """Each statistic within five of its own standard errors, 10^5 samples, fixed seed."""
    model = MODELS[name]
    X = model.sample(N_SAMPLES, random_state=7)
    covariance = model.covariance()
    assert np.all(np.abs(X.mean(axis=0)) < 5 * np.sqrt(covariance.diagonal() / N_SAMPLES))
    products = X[:, :, None] * X[:, None, :]
    error = products.std(axis=0) / np.sqrt(N_SAMPLES)
    assert np.all(np.abs(products.mean(axis=0) - covariance) < 5 * error + 1e-12)
    fourth = X[:, 0] ** 4 / covariance[0, 0] ** 2
    error = fourth.std() / np.sqrt(N_SAMPLES)
    assert abs(fourth.mean() - 3.0 - model.excess_kurtosis()) < 5 * error


@pytest.mark.parametrize("gain", [0.05, 0.7, 3.0, 30.0])
@pytest.mark.parametrize("correlation", [0.0, 0.3, 0.95])
def test_nlgp_covariance_is_the_double_integral(gain, correlation):
    """The arcsine law against quadrature over the two latent variables."""

    def inner(z):
        # E[psi(g z') | z] in closed form: a Gaussian of mean rho z through an error function.
        spread = np.sqrt(1.0 + gain**2 * (1.0 - correlation**2))
        return special.erf(gain * correlation * z / spread / np.sqrt(2.0))

    def integrand(z):
        return special.erf(gain * z / np.sqrt(2.0)) * inner(z) * stats.norm.pdf(z)

    expected = 2.0 * integrate.quad(integrand, 0.0, 12.0, epsabs=1e-13, limit=400)[0]
    model = NLGP(5, correlation_length=1.0, gain=gain)
    q = gain**2 / (1 + gain**2)
    ours = np.arcsin(q * correlation) / np.arcsin(q) * model.normalization**2
    assert ours == pytest.approx(expected, abs=1e-10)
    # and autocovariance() applies exactly that map to the latent one
    latent = model.latent_autocovariance()
    np.testing.assert_allclose(
        model.autocovariance(), np.arcsin(q * latent) / np.arcsin(q), rtol=1e-12
    )


@pytest.mark.parametrize("gain", [1e-3, 0.1, 1.0, 3.0, 10.0, 1e3])
def test_nlgp_kurtosis_is_the_integral(gain):
    def moment(power):
        def integrand(z):
            return special.erf(gain * z / np.sqrt(2.0)) ** power * stats.norm.pdf(z)

        breaks = [min(5.0 / gain, 1.0), min(30.0 / gain, 2.0), 12.0]
        edges = [0.0, *breaks]
        pieces = [
            integrate.quad(integrand, low, high, epsabs=0, epsrel=1e-12)[0]
            for low, high in itertools.pairwise(edges)
        ]
        return 2.0 * sum(pieces)

    expected = moment(4) / moment(2) ** 2 - 3.0
    ours = NLGP(5, correlation_length=1.0, gain=gain).excess_kurtosis()
    assert ours == pytest.approx(expected, abs=1e-10)


def test_nlgp_of_gain_one_has_uniform_pixels():
    model = NLGP(8, correlation_length=0.2, gain=1.0)
    assert model.excess_kurtosis() == pytest.approx(-1.2, abs=1e-12)
    X = model.sample(20_000, random_state=0)[:, 0]
    assert stats.kstest(X, stats.uniform(-np.sqrt(3), 2 * np.sqrt(3)).cdf).pvalue > 1e-3


def test_nlgp_of_large_gain_is_the_sign_of_its_latent_field():
    noise = np.random.default_rng(0).standard_normal((50, 30))
    latent = GaussianField(30, correlation_length=3.0).from_noise(noise.copy())
    fields = NLGP(30, correlation_length=3.0, gain=1e8).from_noise(noise)
    np.testing.assert_allclose(fields, np.sign(latent), atol=1e-6)


@pytest.mark.parametrize("gain", [1e-30, 1e-8, 1e3, 1e30])
def test_nlgp_statistics_stay_finite_at_every_gain(gain):
    model = NLGP((6, 4), correlation_length=2.0, gain=gain)
    assert np.isfinite(model.covariance()).all()
    assert np.isfinite(model.sample(10, random_state=0)).all()
    assert -2.0 <= model.excess_kurtosis() < 1e-9
    single = torch.randn(2, 24, generator=torch.Generator().manual_seed(0))
    assert torch.isfinite(model.from_noise(single)).all()


@pytest.mark.parametrize("gain", [1e4, 1e6, 1e8])
def test_clone_exists_at_large_gain_and_long_correlation(gain):
    """The arcsine magnifies rounding there; the clone must neither fail nor be NaN."""
    for shape, xi in (((20, 20), 50.0), ((40,), 100.0), ((100,), 1000.0)):
        clone = NLGP(shape, correlation_length=xi, gain=gain).gaussian_clone()
        assert np.isfinite(clone.covariance()).all()
        assert np.isfinite(clone.sample(3, random_state=0)).all()


@pytest.mark.parametrize("name", MODELS)
def test_numpy_and_torch_draw_the_same_field_from_the_same_noise(name):
    model = MODELS[name]
    noise = np.random.default_rng(1).standard_normal((3, *model.shape))
    ours = model.from_noise(noise)
    theirs = model.from_noise(torch.from_numpy(noise))
    np.testing.assert_allclose(ours, theirs.numpy(), atol=1e-12)
    single = model.from_noise(torch.from_numpy(noise).float())
    assert single.dtype == torch.float32
    np.testing.assert_allclose(ours, single.numpy(), atol=2e-4)


def test_from_noise_leaves_the_noise_as_it_was():
    noise = np.random.default_rng(1).standard_normal((3, 12))
    before = noise.copy()
    MODELS["nlgp gain 3"].from_noise(noise)
    np.testing.assert_array_equal(noise, before)


def test_large_draws_equal_small_ones_row_by_row(monkeypatch):
    from rfsk.datasets import _model

    whole = MODELS["nlgp gain 3"].sample(100, random_state=3)
    monkeypatch.setattr(_model, "_CHUNK", 12 * 7)
    np.testing.assert_array_equal(MODELS["nlgp gain 3"].sample(100, random_state=3), whole)


def test_models_are_values():
    assert NLGP(10, correlation_length=2.0, gain=3.0) == NLGP(
        (10,), correlation_length=2.0, gain=3.0
    )
    assert len({MODELS["clone"], GaussianClone(MODELS["nlgp gain 3"])}) == 1


def test_wrong_noise_shape_is_refused():
    with pytest.raises(ValueError, match=r"noise has shape \(3, 5\); expected \(n_samples, 12\)"):
        MODELS["nlgp gain 3"].from_noise(np.zeros((3, 5)))
    with pytest.raises(ValueError, match=r"expected \(n_samples, 20\) or \(n_samples, 4, 5\)"):
        MODELS["exponential torus"].from_noise(np.zeros((2, 10, 2)))
    with pytest.raises(ValueError, match="noise has dtype int64; expected single or double"):
        MODELS["nlgp gain 3"].from_noise(np.zeros((3, 12), dtype=np.int64))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"gain": -1.0}, r"gain=-1.0; expected a finite number > 0"),
        ({"gain": np.inf}, r"gain=inf; expected a finite number > 0"),
        ({"gain": "high"}, r"gain='high'; expected a finite number > 0"),
        ({"gain": 1e-200}, r"gain=1e-200; expected between 1e-30 and 1e30"),
        ({"shape": 0}, r"shape=0; expected a number of sites"),
        ({"shape": (3, 4, 5)}, r"shape=\(3, 4, 5\); expected a number of sites"),
        ({"shape": 2.5}, r"shape=2.5; expected a number of sites"),
    ],
)
def test_bad_nlgp_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        NLGP(**{"shape": 10, "correlation_length": 2.0, "gain": 3.0, **arguments})


@pytest.mark.parametrize("n_samples", [0, -3, 2.5, True])
def test_bad_n_samples_is_refused(n_samples):
    with pytest.raises(ValueError, match=r"n_samples=.*; expected an integer > 0"):
        MODELS["clone"].sample(n_samples)


@pytest.mark.parametrize(
    ("mean", "cov", "message"),
    [
        ([0.0], np.eye(2), r"mean has shape \(1,\) and cov \(2, 2\)"),
        ([0.0, 0.0], [[1.0, 0.5], [0.0, 1.0]], "cov is not symmetric"),
        ([0.0, 0.0], [[1.0, 2.0], [2.0, 1.0]], "smallest eigenvalue is -1"),
        ([0.0, 0.0], [[1.0, np.nan], [np.nan, 1.0]], "cov contains NaN"),
        ([np.nan, 0.0], np.eye(2), "mean contains NaN"),
    ],
)
def test_bad_multivariate_gaussian_is_refused(mean, cov, message):
    with pytest.raises(ValueError, match=message):
        MultivariateGaussian(mean, cov)
