from dataclasses import dataclass

import numpy as np
import pytest
from scipy import integrate, special, stats

from rfsk.analysis import cumulant
from rfsk.datasets import (
    NLGP,
    EllipticalField,
    GaussianField,
    Ising,
    Phi4,
    Pulses,
    SpikedCumulant,
    StationaryField,
    StudentT,
)
from rfsk.datasets._fourth_order import erf_fourth_moment
from rfsk.datasets._kernels import covariance_matrix, pairwise
from rfsk.testing import check_input_model

N_SAMPLES = 400_000
INDICES = {
    "distinct": [0, 1, 3, 7],
    "one pair": [2, 2, 3, 5],
    "two pairs": [1, 1, 4, 4],
    "three alike": [6, 6, 6, 5],
    "all alike": [3, 3, 3, 3],
}
MODELS = {
    **{f"nlgp {gain:g}": NLGP(12, correlation_length=3.0, gain=gain) for gain in (0.3, 3.0, 30.0)},
    "sign": NLGP(12, correlation_length=3.0, gain=1.0, nonlinearity="sign"),
    "open": NLGP(12, correlation_length=3.0, gain=3.0, boundary="open"),
    "torus": NLGP((3, 4), correlation_length=1.0, gain=3.0),
    "gaussian": GaussianField(12, correlation_length=3.0),
    "clone": NLGP(12, correlation_length=3.0, gain=3.0).gaussian_clone(),
    "shell": EllipticalField(12, correlation_length=3.0),
    "t": EllipticalField(12, correlation_length=3.0, radial=StudentT(30.0)),
    "ising": Ising(12, temperature=1.5),
    "phi4": Phi4(12, coupling=1.0),
    "free field": Phi4((3, 4), coupling=1.0, mass_squared=1.0, quartic=0.0),
    "pulses": Pulses(12, length=(2, 7)),
}


@pytest.mark.parametrize("name", MODELS)
def test_fourth_moment_is_that_of_samples(name):
    """Compare with 400,000 samples at distinct and repeated sites, to five standard errors."""
    model = MODELS[name]
    X = model.sample(N_SAMPLES, random_state=11)
    for indices in INDICES.values():
        products = X[:, indices].prod(axis=1)
        error = 5 * products.std() / np.sqrt(N_SAMPLES) + 1e-10
        assert abs(products.mean() - model.fourth_moment(indices)) < error
    if model.gaussian_clone() == model or name == "free field":
        np.testing.assert_allclose(model.fourth_cumulant_slice(), 0.0, atol=1e-14)
    kappa = model.fourth_cumulant([4, 4, 4, 4]) / model.autocovariance().flat[0] ** 2
    assert kappa == pytest.approx(model.excess_kurtosis(), abs=1e-10)


@pytest.mark.parametrize("indices", [[0, 1, 2, 3], [0, 5, 10, 15]])
def test_sign_of_a_field_far_longer_than_its_ring_stays_a_product_of_spins(indices):
    model = NLGP(20, correlation_length=50.0, gain=1.0, nonlinearity="sign")
    products = model.sample(400_000, random_state=0)[:, indices].prod(axis=1)
    error = 5 * products.std() / np.sqrt(400_000) + 1e-4
    assert products.mean() - error < model.fourth_moment(indices) <= 1.0


@pytest.mark.parametrize("side", [2, 5, 9])
def test_pulses_have_the_moments_of_their_enumeration(side):
    model = Pulses(side, length=(1, side))
    offset = (np.arange(side) - np.arange(side)[:, None]) % side
    every = np.concatenate([np.where(offset < n, 1.0, -1.0) for n in range(1, side)])
    sites = np.indices((side,) * 4).reshape(4, -1).T
    expected = every[:, sites].prod(axis=2).mean(axis=0)
    np.testing.assert_allclose(model.fourth_moment(sites), expected, atol=1e-12)
    np.testing.assert_allclose(model.covariance(), every.T @ every / len(every), atol=1e-12)


def random_correlations(n, seed):
    A = np.random.default_rng(seed).normal(size=(n, 4, 5))
    C = A @ A.transpose(0, 2, 1)
    scale = np.sqrt(np.einsum("nii->ni", C))
    C /= scale[:, :, None] * scale[:, None, :]
    repeated = C[:, [0, 0, 1, 2]][:, :, [0, 0, 1, 2]]
    return np.concatenate([C, repeated])


@pytest.mark.parametrize("gain", [1e-3, 0.3, 3.0, 10.0, 30.0, 100.0])
def test_quadrature_has_converged(gain):
    C = random_correlations(40, 0)
    reference = erf_fourth_moment(C, gain, n_nodes=1500)
    scale = np.abs(reference).max()
    np.testing.assert_allclose(erf_fourth_moment(C, gain), reference, rtol=0, atol=1e-10 * scale)


@pytest.mark.parametrize("gain", [0.3, 3.0, 30.0])
@pytest.mark.parametrize("rho", [0.5, 0.99])
def test_moment_with_three_equal_sites_is_a_single_integral(gain, rho):
    """The integral is E psi(z)^3 E[psi(z') | z], where the conditional mean has a closed form."""
    spread = np.sqrt(2.0 * (1.0 + gain**2 * (1.0 - rho**2)))

    def integrand(z):
        cube = special.erf(gain * z / np.sqrt(2.0)) ** 3
        return cube * special.erf(gain * rho * z / spread) * stats.norm.pdf(z)

    options = {"points": np.geomspace(1e-3, 10.0, 12), "epsabs": 1e-13, "limit": 400}
    expected = 2.0 * integrate.quad(integrand, 0.0, 12.0, **options)[0]
    C = np.ones((1, 4, 4))
    C[0, 3, :3] = C[0, :3, 3] = rho
    assert erf_fourth_moment(C, gain)[0] == pytest.approx(expected, abs=1e-11)


@pytest.mark.parametrize("gain", [1e-3, 0.1, 1.0, 3.0, 10.0, 1e2])
def test_kurtosis_is_the_fourth_moment_at_one_site(gain):
    model = NLGP(3, correlation_length=1.0, gain=gain)
    fourth = erf_fourth_moment(np.ones((1, 4, 4)), gain)[0] / model.normalization**4
    assert model.excess_kurtosis() == pytest.approx(fourth - 3.0, abs=1e-10)


@pytest.mark.parametrize("name", ["torus", "ising", "phi4", "pulses", "shell", "open"])
def test_slice_contains_the_cumulants(name):
    model = MODELS[name]
    j, k, l = np.indices((12, 12, 12))  # noqa: E741
    expected = model.fourth_cumulant(np.stack([np.zeros_like(j), j, k, l], axis=-1))
    np.testing.assert_allclose(model.fourth_cumulant_slice(), expected, atol=1e-12)


def test_spiked_cumulant_is_rank_one_along_its_spike():
    spike = np.array([3.0, 1.0, 0.0, -2.0])
    model = SpikedCumulant(4, strength=3.0, spike=spike, latent="uniform")
    v = spike / np.linalg.norm(spike)
    sampled = cumulant(model.sample(200_000, random_state=0)).contract(v[None])[0]
    np.testing.assert_allclose(sampled, -1.2 * 0.75**2 * v, atol=5 * np.sqrt(96 / 200_000))
    sites = np.indices((4,) * 4).reshape(4, -1).T
    expected = -1.2 * 0.75**2 * v[sites].prod(axis=1)
    np.testing.assert_allclose(model.fourth_cumulant(sites), expected, atol=1e-12)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda m: m.fourth_moment([0, 1, 2]), r"`indices` must be integers .* got shape \(3,\)"),
        (lambda m: m.fourth_moment([0.0, 1, 2, 3]), "`indices` must be integers .* dtype float64"),
        (lambda m: m.fourth_cumulant([0, 1, 2, 12]), "integers from 0 to 11"),
        (
            lambda m: Ising(300, temperature=1.0).fourth_cumulant_slice(),
            "at most 256 sites, got 300 sites",
        ),
    ],
)
def test_bad_indices_and_sizes_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call(MODELS["nlgp 3"])


@dataclass(frozen=True)
class OrientedNLGP(StationaryField):
    """Error function of a Gaussian field whose covariance differs along the two diagonals."""

    shape: tuple[int, ...] = (4, 5)

    def latent(self):
        down, across = np.meshgrid(*(np.arange(side) for side in self.shape), indexing="ij")
        diagonal, vertical = down / 4 + across / 5, down / 4
        return 0.7 * np.cos(2 * np.pi * diagonal) + 0.3 * np.cos(2 * np.pi * vertical)

    def autocovariance(self):
        return 2.0 / np.pi * np.arcsin(0.5 * self.latent())

    def product_moment(self, sites):
        j, k = sites[:, :, None], sites[:, None, :]
        return erf_fourth_moment(pairwise(self.latent(), j, k), 1.0)

    def draw(self, n_samples, rng):
        root = np.linalg.svd(covariance_matrix(self.latent()))
        root = root.U * np.sqrt(root.S)
        return special.erf(rng.standard_normal((n_samples, 20)) @ root.T / np.sqrt(2.0))


def test_cumulants_of_an_oriented_field_are_those_of_samples():
    results = check_input_model(OrientedNLGP(), n_samples=200_000, random_state=3)
    missing = {name for name, result in results.items() if result != "passed"}
    assert missing == {"pixel_quadrature", "from_noise"}
