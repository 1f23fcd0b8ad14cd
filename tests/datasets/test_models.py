import math
import pickle
from functools import partial

import numpy as np
import pytest
import torch
from scipy import integrate, special, stats

from rfsk.datasets import (
    NLGP,
    Algebraic,
    EllipticalField,
    EmpiricalDistribution,
    GaussianClone,
    GaussianField,
    ImagePatches,
    Ising,
    Matern,
    MultivariateGaussian,
    Phi4,
    Pulses,
    SpikedCumulant,
    StudentT,
    TransformedField,
)
from rfsk.testing import check_input_model

ROWS = np.random.default_rng(2).exponential(size=(300, 6)).cumsum(axis=1)
PICTURES = [
    np.random.default_rng(0).exponential(size=(30, 40)).cumsum(axis=1),
    np.random.default_rng(1).exponential(size=(20, 25, 3)),
]


def ring(model, **parameters):
    return model(12, correlation_length=2.0, **parameters)


MODELS = {
    "gaussian ring": GaussianField(12, correlation_length=2.0),
    "exponential torus": GaussianField((4, 5), correlation_length=1.5, kernel="exponential"),
    "nlgp gain 0.3": NLGP(12, correlation_length=2.0, gain=0.3),
    "nlgp gain 3": NLGP(12, correlation_length=2.0, gain=3.0),
    "nlgp gain 30 torus": NLGP((4, 4), correlation_length=1.0, gain=30.0),
    "clone": NLGP(12, correlation_length=2.0, gain=3.0).gaussian_clone(),
    "matern torus": GaussianField((5, 4), correlation_length=(1.0, 2.0), kernel=Matern(2.5)),
    "open gaussian": GaussianField((4, 3), correlation_length=1.5, boundary="open"),
    "open nlgp": ring(NLGP, gain=3.0, boundary="open", kernel="exponential"),
    "clone of open nlgp": ring(NLGP, gain=3.0, boundary="open").gaussian_clone(),
    "tanh": ring(NLGP, gain=2.0, nonlinearity="tanh"),
    "sign": ring(NLGP, gain=2.0, nonlinearity="sign"),
    "relu": ring(NLGP, gain=1.0, nonlinearity=lambda h: np.maximum(h, 0.0)),
    "threshold": ring(NLGP, gain=2.0, nonlinearity=lambda h: h > 1.0),
    "uniform": ring(TransformedField, marginal="uniform"),
    "signs": ring(TransformedField, marginal="sign"),
    "laplace": ring(TransformedField, marginal="laplace"),
    "algebraic 9": ring(TransformedField, marginal=Algebraic(9.0)),
    "gumbel": ring(TransformedField, marginal=stats.gumbel_r()),
    "quantile": ring(TransformedField, marginal=lambda u: u**3, boundary="open"),
    "shell": ring(EllipticalField),
    "t": EllipticalField((3, 5), correlation_length=1.0, radial=StudentT(13.0)),
    "radial": ring(EllipticalField, radial=stats.uniform(1.0, 2.0)),
    "ising": Ising(12, temperature=1.0),
    "ising of 70": Ising(70, temperature=0.8),
    "phi4": Phi4(12, coupling=2.0),
    "phi4 odd, standardized": Phi4(7, coupling=1.0, standardize=True),
    "free field": Phi4((4, 5), coupling=2.0, mass_squared=0.5, quartic=0.0),
    "pulses": Pulses(12, length=(2, 9)),
    "patches": ImagePatches((3, 4), images=PICTURES),
    "whitened patches": ImagePatches((3, 4), images=PICTURES, whiten=True),
    "rows": EmpiricalDistribution(ROWS - ROWS.mean(axis=0), shape=(2, 3)),
    "spiked": SpikedCumulant(6, strength=4.0, spike=[3, 1, 0, 0, 1, 0], latent="uniform"),
    "mixed cumulant": SpikedCumulant(
        3, strength=4.0, spike=[2, 1, 0], latent="laplace", gaussian_spike=[0, 1, 1], coupling=-0.6
    ),
    "spiked skew": SpikedCumulant(3, strength=2.0, latent=stats.gamma(4.0)),
}
SKEWED = {"gumbel", "patches", "whitened patches", "rows", "spiked skew"}
SKEWED |= {"relu", "threshold", "quantile"}


GREY, COLOUR = PICTURES[0], PICTURES[1]
OPACITY = np.random.default_rng(3).random((20, 25))


BOTH = np.stack([GREY, GREY[::-1]])
PHOTOGRAPHS = [
    (GREY, [GREY]),
    (GREY.astype(np.float32), [GREY.astype(np.float32)]),
    (COLOUR, [COLOUR]),
    (np.dstack([COLOUR, OPACITY]), [COLOUR]),
    ([np.dstack([OPACITY, OPACITY[::-1]])], [OPACITY]),
    (BOTH, list(BOTH)),
    (torch.tensor(BOTH), list(BOTH)),
    (np.stack([COLOUR, COLOUR[::-1]]), [COLOUR, COLOUR[::-1]]),
    ([torch.tensor(COLOUR), GREY], [COLOUR, GREY]),
]


@pytest.mark.parametrize("images", PHOTOGRAPHS)
def test_photographs_can_be_one_array_a_list_or_a_stack(images):
    rows, expected = (ImagePatches((3, 4), images=i).sample(5, random_state=0) for i in images)
    np.testing.assert_array_equal(rows, expected)


@pytest.mark.parametrize("shape", [(3, 4), (5, 2), (1, 6), (7, 1)])
def test_covariance_of_patches_is_the_average_over_all_positions(shape):
    rng = np.random.default_rng(0)
    images = [rng.normal(size=sides) for sides in ((7, 9), (12, 6))]
    views = [np.lib.stride_tricks.sliding_window_view(image, shape) for image in images]
    rows = np.concatenate([view.reshape(-1, math.prod(shape)) for view in views])
    expected = np.cov(rows - rows.mean(axis=1, keepdims=True), rowvar=False, ddof=0)
    expected *= len(expected) / np.trace(expected)
    covariance = ImagePatches(shape, images=images).covariance()
    np.testing.assert_allclose(covariance, expected, rtol=0, atol=1e-13)


@pytest.mark.parametrize("name", MODELS)
def test_every_model_passes_the_checks_that_users_run(name):
    expected = {"sign_symmetry": "skewed on purpose"} if name in SKEWED else {}
    results = check_input_model(
        MODELS[name], n_samples=100_000, random_state=0, expected_failed_checks=expected
    )
    assert {name for name, said in results.items() if said.startswith("xfail")} == set(expected)
    assert {results[name] for name in ("covariance_of_samples", "gaussian_clone")} == {"passed"}
    clone = MODELS[name].gaussian_clone()
    np.testing.assert_allclose(clone.covariance(), MODELS[name].covariance(), rtol=0, atol=1e-12)
    assert clone.gaussian_clone() is clone
    if isinstance(clone, GaussianClone):
        values, weights = clone.pixel_quadrature()
        assert weights @ values**2 == pytest.approx(clone.covariance()[0, 0], rel=1e-12)


@pytest.mark.parametrize("gain", [1.0, 1e3, 1e6])
@pytest.mark.parametrize("boundary", ["periodic", "open"])
@pytest.mark.parametrize("shape", [(60,), (9, 11), (1100,)])
def test_clone_draws_the_covariance_it_claims(gain, boundary, shape):
    """Compare the covariance of the linear map that draws fields with the closed form."""
    model = NLGP(shape, correlation_length=4.0, gain=gain, boundary=boundary)
    clone = model.gaussian_clone()
    noise = np.zeros((1, *clone.noise_shape))
    noise.flat[0] = 1.0
    if boundary == "open" and math.prod(shape) <= 1024:
        drawn = clone.noise_filter.root @ clone.noise_filter.root
        expected = clone.covariance()
    else:  # the response to one site's noise, correlated with itself around the torus
        spectrum = np.abs(clone.noise_filter.response) ** 2
        lattice = np.fft.irfftn(spectrum, s=clone.noise_shape, axes=range(len(clone.noise_shape)))
        drawn = lattice[tuple(slice(side) for side in shape)]
        expected = clone.autocovariance()
    np.testing.assert_allclose(drawn, expected, rtol=0, atol=1e-10 if gain < 1e5 else 2e-8)


@pytest.mark.parametrize("name", ["tanh", "laplace", "phi4", "open nlgp", "ising", "shell"])
def test_models_are_pickled_without_cached_results(name):
    MODELS[name].covariance()
    data = pickle.dumps(MODELS[name])
    assert len(data) < 2000
    assert pickle.loads(data) == MODELS[name]


@pytest.mark.parametrize(("k", "expected"), [(5, 1.285), (5.890, 0.0), (6, -0.078), (10, -0.930)])
def test_algebraic_distribution_has_its_moments_and_quantiles(k, expected):
    """Compare the kurtosis with known values and quantiles with the integrated density."""
    algebraic = Algebraic(k)
    assert algebraic.excess_kurtosis() == pytest.approx(expected, abs=1.5e-3)
    scale = np.sqrt(algebraic._absolute_moment(2.0))
    for x in (-2.0, 0.3, 4.0):
        above = integrate.quad(
            lambda t: 0.5 * (1 + abs(t) ** k) ** (-1 - 1 / k), 0, x, epsabs=1e-13
        )
        z = special.ndtri(0.5 + above[0])
        assert algebraic.of_normal(np.array([z]))[0] * scale == pytest.approx(x, rel=1e-7)


def test_shell_has_one_length_in_whitened_coordinates():
    model = EllipticalField((4, 5), correlation_length=0.7)
    X = model.sample(50, random_state=0)
    squared = np.einsum("ni,ij,nj->n", X, np.linalg.inv(model.covariance()), X)
    np.testing.assert_allclose(squared, model.n_features, rtol=1e-10)


def test_pulses_are_single_arcs_of_the_given_lengths():
    X = Pulses(30, length=(3, 8)).sample(2000, random_state=0)
    assert set(np.unique(X)) == {-1.0, 1.0}
    assert np.all((np.roll(X, 1, axis=1) != X).sum(axis=1) == 2)
    inside = np.minimum((X > 0).sum(axis=1), (X < 0).sum(axis=1))
    assert set(np.unique(inside)) == {3, 4, 5, 6, 7}


@pytest.mark.parametrize("name", MODELS)
def test_chunks_are_the_rows_of_one_draw(name, monkeypatch):
    model = MODELS[name]
    monkeypatch.setattr(type(model), "block_size", 84)
    rows = model.sample(50, random_state=3)
    for size in (None, 20):
        chunks = list(model.chunks(50, size, random_state=3))
        np.testing.assert_array_equal(np.concatenate(chunks), rows)


@pytest.mark.parametrize("gain", [0.05, 0.7, 3.0, 30.0])
@pytest.mark.parametrize("rho", [0.0, 0.3, 0.95])
def test_nlgp_covariance_is_the_double_integral(gain, rho):
    """Quadrature over z, in which E[psi(g z') | z] is an error function of the mean rho z."""
    spread = np.sqrt(1.0 + gain**2 * (1.0 - rho**2))

    def integrand(z):
        inner = special.erf(gain * rho * z / spread / np.sqrt(2.0))
        return special.erf(gain * z / np.sqrt(2.0)) * inner * stats.norm.pdf(z)

    expected = 2.0 * integrate.quad(integrand, 0.0, 12.0, epsabs=1e-13, limit=400)[0]
    model = NLGP(5, correlation_length=1.0, gain=gain)
    pixels = model.pixel_map.correlation(np.array([rho]))
    assert pixels[0] * model.normalization**2 == pytest.approx(expected, abs=1e-10)


@pytest.mark.parametrize("gain", [1e-30, 1e-8, 1e3, 1e30])
def test_nlgp_statistics_stay_finite_at_every_gain(gain):
    model = NLGP((6, 4), correlation_length=2.0, gain=gain)
    assert np.isfinite(model.covariance()).all()
    assert np.isfinite(model.sample(10, random_state=0)).all()
    assert -2.0 <= model.excess_kurtosis() < 1e-9
    noise = torch.randn(2, 24, generator=torch.Generator().manual_seed(0))
    fields = model.from_noise(noise)
    assert torch.isfinite(fields).all()
    if gain > 1e6:
        latent = GaussianField((6, 4), correlation_length=2.0).from_noise(noise)
        np.testing.assert_allclose(fields, np.sign(latent.numpy()), atol=1e-6)


@pytest.mark.parametrize("gain", [1e4, 1e8])
@pytest.mark.parametrize(("shape", "xi"), [((20, 20), 50.0), ((100,), 1000.0)])
def test_clone_exists_at_large_gain_and_long_correlation(gain, shape, xi):
    """There, the arcsine magnifies rounding errors, but the clone must not fail or be NaN."""
    clone = NLGP(shape, correlation_length=xi, gain=gain).gaussian_clone()
    assert np.isfinite([*clone.covariance()[0], *clone.sample(1, random_state=0)[0]]).all()


PICTURE = {
    "`images` must be a photograph, a list": [],
    r"no smaller than a patch of \(4, 4\), got shape \(3, 9\)": [np.zeros((3, 9))],
    "they are constant over every patch": [np.ones((9, 9))],
    r"at most 4 channels .* np.moveaxis\(image, 0, -1\)": np.ones((2, 3, 9, 9)),
}
nlgp, mapped, elliptical = (partial(ring, m) for m in (NLGP, TransformedField, EllipticalField))
spiked, gaussian = partial(SpikedCumulant, 2), partial(GaussianField, correlation_length=1.0)
ising, phi4 = partial(Ising, temperature=3.0), partial(Phi4, coupling=1.0)
of_length, mvn = Ising.from_correlation_length, MultivariateGaussian
REFUSED = {
    ValueError: [
        (lambda: nlgp(gain=-1.0), "`gain` must be positive and finite, got -1.0"),
        (lambda: nlgp(gain=1e-200), "`gain` must be between 1e-30 and 1e30, got 1e-200"),
        (lambda: nlgp(gain=1.0, nonlinearity=lambda h: h / 0.0), "got NaN, infinity"),
        (lambda: nlgp(gain=1.0, nonlinearity=np.sum), "or another shape"),
        (lambda: nlgp(gain=1.0, nonlinearity=np.ones_like), "map must not be constant"),
        (lambda: mapped(marginal=stats.t(2.0)), "finite variance, got inf"),
        (lambda: elliptical(radial=stats.norm()), "non-negative lengths .* lower limit -inf"),
        *(
            (partial(gaussian, shape), "`shape` must be a positive integer")
            for shape in (0, (3, 4, 5), 2.5, True)
        ),
        (lambda: Algebraic(2.0), "`k` must be above 2, got 2.0"),
        (lambda: StudentT(2.0), "`df` must be above 2, got 2.0"),
        (lambda: Ising(8, temperature=1e-3), "`temperature` must be at least 0.01, got 0.001"),
        (lambda: of_length((8, 8), 1e-3), "`correlation_length` must be from 0.1 to 1e"),
        (lambda: phi4(8, quartic=0.0), "`mass_squared` must be positive .* got -12.0"),
        (lambda: phi4((8, 8), standardize=True), "`standardize` must be False on a torus"),
        (
            lambda: phi4(8, mass_squared=-1e3, quartic=1.0).sample(1),
            "reduce the coupling or the depth of the wells",
        ),
        (
            lambda: GaussianField((40, 40), correlation_length=1e4, boundary="open").sample(1),
            r"on an open lattice of shape \(40, 40\) needs a torus",
        ),
        (lambda: Pulses((4, 4), length=(1, 2)), "`shape` must be the number of sites of a ring"),
        (lambda: Pulses(10, length=3), r"`length` must be a pair \(lo, hi\) of integers, got 3"),
        (lambda: Pulses(10, length=(4, 4)), "with lo < hi <= 10"),
        (lambda: ImagePatches(16), r"`shape` must be \(rows, columns\) of a patch"),
        (lambda: ImagePatches((4, 4), whiten="no"), "`whiten` must be True or False, got 'no'"),
        *((partial(ImagePatches, (4, 4), images=PICTURE[key]), key) for key in PICTURE),
        (lambda: spiked(strength=1.0, spike=[0, 0]), "numbers that are not all zero, .* norm 0"),
        (
            lambda: spiked(strength=1.0, coupling=0.5),
            "0 without `gaussian_spike`, .* gaussian_spike=None",
        ),
        (lambda: spiked(strength=1.0, gaussian_spike=[1, 0], coupling=2.0), "from -1 to 1"),
        (
            lambda: spiked(strength=1.0, gaussian_spike=[1]),
            r"`gaussian_spike` must have shape \(2,\), got \(1,\)",
        ),
        *(
            (partial(MODELS["clone"].sample, n), "`n_samples` must be a positive integer")
            for n in (0, 2.5, True)
        ),
        (
            lambda: nlgp(gain=3.0).from_noise(np.zeros((3, 5))),
            r"`noise` must have shape \(n_samples, 12\)",
        ),
        (
            lambda: MODELS["exponential torus"].from_noise(np.zeros((2, 10, 2))),
            r"shape \(n_samples, 20\) or \(n_samples, 4, 5\), got \(2, 10, 2\)",
        ),
        (
            lambda: nlgp(gain=3.0).from_noise(np.eye(12, dtype=int)),
            "`noise` must be in single .* dtype int64",
        ),
        (lambda: nlgp(gain=3.0).from_noise(np.full((1, 12), np.inf)), "`noise` must be finite"),
        (lambda: elliptical().from_noise(torch.full((1, 12), torch.nan)), "`noise` must be finite"),
        (lambda: mvn(np.zeros(6), np.eye(6), shape=(2, 2)), r"got \(2, 2\), which has 4 sites"),
        (lambda: mvn([0.0], np.eye(2)), r"`mean` and `cov` must .* got \(1,\) and \(2, 2\)"),
        (lambda: mvn([0, 0], [[1, 0.5], [0, 1]]), "`cov` must be symmetric"),
        (lambda: mvn([0, 0], [[1, 2], [2, 1]]), "smallest eigenvalue is -1"),
    ],
    TypeError: [
        (lambda: mapped(marginal=3), "`marginal` must be .* a quantile function .*, got 3"),
        (lambda: mapped(marginal=stats.gamma), "got a family of distributions"),
        (lambda: gaussian(9, kernel=Matern), r"must not be a class; pass an instance, Matern\(\)"),
        (lambda: GaussianClone(3), "`model` must be a StationaryField, got 3"),
        (lambda: elliptical(radial=3), r"`radial` must be 'shell', StudentT\(df\) .*, got 3"),
    ],
    NotImplementedError: [
        (lambda: ising((4, 4)).gaussian_clone(), "no closed form.*make_gaussian_clone"),
        (lambda: phi4((4, 4)).covariance(), "no closed form; .*make_gaussian_clone"),
        (lambda: MODELS["laplace"].fourth_moment([0, 1, 2, 3]), "TransformedField has no closed"),
        (lambda: MODELS["tanh"].fourth_moment([0, 1, 2, 3]), "but not for 'tanh'"),
    ],
}


@pytest.mark.parametrize(
    ("error", "make", "message"),
    [(error, *case) for error, cases in REFUSED.items() for case in cases],
)
def test_invalid_models_are_refused_with_the_remedy(error, make, message):
    with np.errstate(all="ignore"), pytest.raises(error, match=message):
        make()
