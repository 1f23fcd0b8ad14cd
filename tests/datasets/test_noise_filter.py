"""Representation of smooth fields by few Fourier modes."""

import numpy as np
import pytest

from rfsk.datasets import NLGP, GaussianField
from rfsk.datasets._noise_filter import NoiseFilter

SMOOTH = {
    "even ring": NLGP(100, correlation_length=5.0, gain=3.0),
    "odd ring": NLGP(101, correlation_length=7.0, gain=1.0),
    "Gaussian": GaussianField(40, correlation_length=6.0),
    "torus": NLGP((30, 31), correlation_length=(9.0, 12.0), gain=3.0),
    "thin torus": GaussianField((2, 60), correlation_length=(0.3, 9.0)),
}
TORI = {
    "product": SMOOTH["torus"],
    "thin": SMOOTH["thin torus"],
    "clone": NLGP((20, 21), correlation_length=(1.0, 3.0), gain=3.0).gaussian_clone(),
    "exponential": GaussianField((9, 14), correlation_length=2.0, kernel="exponential"),
}


def assert_modes_have_the_latent_covariance(modes, model):
    kernel = model.noise_filter.torus
    modes = modes / model.noise_filter.scale
    for site in (0, 1, kernel.size // 3):
        shift = np.unravel_index(site, kernel.shape)
        expected = np.roll(kernel, shift, tuple(range(kernel.ndim))).ravel()
        np.testing.assert_allclose(modes[:, site] @ modes, expected, atol=1e-13)


@pytest.mark.parametrize("name", SMOOTH)
def test_modes_have_the_covariance_of_the_latent_field(name):
    modes = SMOOTH[name].noise_filter.modes
    assert len(modes) <= min(128, 0.8 * SMOOTH[name].n_features)
    assert_modes_have_the_latent_covariance(modes, SMOOTH[name])
    assert np.all(np.diff((modes**2).sum(axis=1)) < 1e-12)


@pytest.mark.parametrize("name", TORI)
def test_factors_of_modes_have_the_covariance_of_the_field(name):
    rows, columns, amplitudes = TORI[name].noise_filter.mode_factors
    products = amplitudes[:, :, None, None] * np.einsum("ar,bc->abrc", rows, columns)
    modes = products.reshape(-1, TORI[name].n_features)
    assert_modes_have_the_latent_covariance(modes, TORI[name])


def test_oblique_covariance_of_a_torus_has_no_factors():
    rows, columns = (axis * (2.0 * np.pi / 20.0) for axis in np.ogrid[:20, :20])
    oblique, straight = 1.0 + np.cos(rows + columns), 1.0 + np.cos(rows) * np.ones(20)
    assert NoiseFilter(oblique, (20, 20), "periodic").mode_factors is None
    assert NoiseFilter(straight, (20, 20), "periodic").mode_factors is not None


ROUGH = [
    GaussianField(100, correlation_length=5.0, kernel="exponential"),
    NLGP((20, 20), correlation_length=1.0, gain=3.0),
    NLGP(100, correlation_length=5.0, gain=3.0).gaussian_clone(),
    NLGP((70, 70), correlation_length=20.0, gain=3.0),
    NLGP(100, correlation_length=5.0, gain=3.0, boundary="open"),
    *(GaussianField(side, correlation_length=1e-3) for side in (545, (30, 30), 1)),
]


@pytest.mark.parametrize("model", ROUGH, ids=str)
def test_rough_large_and_open_fields_are_drawn_from_white_noise(model):
    assert model.noise_filter.modes is None
