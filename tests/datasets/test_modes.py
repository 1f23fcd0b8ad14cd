"""Smooth fields drawn as sums of few modes, and batches drawn with them."""

import numpy as np
import pytest
import torch

from rfsk.datasets import (
    NLGP,
    Discrimination,
    EllipticalField,
    GaussianField,
    MultivariateGaussian,
    StudentT,
    TransformedField,
)
from rfsk.datasets._modes import few_modes, mode_factors
from rfsk.datasets._streams import BatchSampler

SMOOTH = {
    "even ring": NLGP(100, correlation_length=5.0, gain=3.0),
    "odd ring": NLGP(101, correlation_length=7.0, gain=1.0),
    "Gaussian": GaussianField(40, correlation_length=6.0),
    "torus": NLGP((30, 31), correlation_length=(9.0, 12.0), gain=3.0),
    "thin torus": GaussianField((2, 60), correlation_length=(0.3, 9.0)),
}


@pytest.mark.parametrize("name", SMOOTH)
def test_modes_have_the_covariance_of_the_latent_field(name):
    model = SMOOTH[name]
    kernel = model.latent_autocovariance()
    modes = few_modes(kernel)
    assert len(modes) <= min(128, 0.8 * kernel.size)
    covariance = modes.T @ modes
    for site in (0, 1, kernel.size // 3):
        shift = np.unravel_index(site, kernel.shape)
        expected = np.roll(kernel, shift, tuple(range(kernel.ndim))).ravel()
        np.testing.assert_allclose(covariance[site], expected, atol=1e-13)
    strength = (modes**2).sum(axis=1)
    assert np.all(np.diff(strength) < 1e-12)


TORI = {
    "product": SMOOTH["torus"],
    "thin": SMOOTH["thin torus"],
    "clone": NLGP((20, 21), correlation_length=(1.0, 3.0), gain=3.0).gaussian_clone(),
    "exponential": GaussianField((9, 14), correlation_length=2.0, kernel="exponential"),
}


@pytest.mark.parametrize("name", TORI)
def test_factors_of_modes_have_the_covariance_of_the_field(name):
    model = TORI[name]
    kernel = model._latent
    rows, columns, amplitudes = mode_factors(kernel)
    products = amplitudes[:, :, None, None] * np.einsum("ar,bc->abrc", rows, columns)
    modes = products.reshape(-1, kernel.size)
    for site in (0, 1, kernel.size // 3):
        expected = np.roll(kernel, np.unravel_index(site, kernel.shape), (0, 1)).ravel()
        np.testing.assert_allclose(modes[:, site] @ modes, expected, atol=1e-13)


def test_oblique_covariance_of_a_torus_has_no_factors():
    rows, columns = np.ogrid[:20, :20]
    phase = 2.0 * np.pi * (rows + columns) / 20
    assert mode_factors(1.0 + np.cos(phase)) is None
    assert mode_factors(1.0 + np.cos(2.0 * np.pi * rows / 20) * np.ones(20)) is not None


@pytest.mark.parametrize(
    "model",
    [
        GaussianField(100, correlation_length=5.0, kernel="exponential"),
        NLGP((20, 20), correlation_length=1.0, gain=3.0),
        NLGP(100, correlation_length=5.0, gain=3.0).gaussian_clone(),
        NLGP((70, 70), correlation_length=20.0, gain=3.0),
        NLGP(100, correlation_length=5.0, gain=3.0, boundary="open"),
    ],
)
def test_rough_large_and_open_fields_are_drawn_from_white_noise(model):
    assert model._modes is None


@pytest.mark.parametrize("sides", [(545,), (998,), (30, 30), (50, 50), (2,), (1,)])
def test_white_noise_has_no_few_modes(sides):
    kernel = np.zeros(sides)
    kernel.flat[0] = 1.0
    assert few_modes(kernel) is None


@pytest.mark.parametrize(
    "model",
    [
        EllipticalField(100, correlation_length=5.0, radial=StudentT(df=9.0)),
        EllipticalField(100, correlation_length=5.0),
        GaussianField((30, 30), correlation_length=0.5, kernel="exponential"),
        TransformedField(60, correlation_length=9.0, marginal="laplace"),
    ],
    ids=str,
)
def test_streamed_inputs_have_the_moments_of_the_model(model):
    """20,000 inputs, seed 3: variance and fourth moment within five of their errors."""
    sampler = BatchSampler(
        Discrimination([model, model]), torch.Generator().manual_seed(3), np.random.default_rng(3)
    )
    X = sampler.draw(2, 10_000)[0].reshape(-1, model.n_features).double().numpy()
    for power, expected in ((2, 1.0), (4, 3.0 + model.excess_kurtosis())):
        moments = (X**power).mean(axis=1)
        assert abs(moments.mean() - expected) < 5 * moments.std() / np.sqrt(len(X))


@pytest.mark.parametrize("name", ["even ring", "odd ring", "thin torus"])
def test_fields_drawn_by_modes_have_the_moments_of_the_model(name):
    """200,000 fields, seed 3: covariance and kurtosis within five of their standard errors."""
    model = SMOOTH[name]
    assert model._modes is not None
    task = Discrimination([model, model])
    sampler = BatchSampler(task, torch.Generator().manual_seed(3), np.random.default_rng(3))
    X, _ = sampler.draw(20, 10_000)
    X = X.reshape(-1, model.n_features).double().numpy()
    products = X[:, :1] * X
    error = products.std(axis=0) / np.sqrt(len(X))
    np.testing.assert_array_less(np.abs(products.mean(axis=0) - model.covariance()[0]), 5 * error)
    fourth = (X**4).mean(axis=1)
    expected = 3.0 + model.excess_kurtosis()
    assert abs(fourth.mean() - expected) < 5 * fourth.std() / np.sqrt(len(X))


@pytest.mark.parametrize("priors", [None, (0.31, 0.69)])
def test_filling_part_of_a_larger_tensor_is_the_same_draw(priors):
    task = Discrimination([SMOOTH["even ring"], SMOOTH["even ring"].gaussian_clone()], priors)

    def sampler():
        return BatchSampler(task, torch.Generator().manual_seed(1), np.random.default_rng(1))

    X, counts = sampler().draw(7, 9)
    larger = torch.full((7, 3, 9, 100), torch.nan)
    same_counts = sampler().fill(larger[:, 1])
    np.testing.assert_array_equal(counts, same_counts)
    assert torch.equal(larger[:, 1], X)
    assert torch.isnan(larger[:, [0, 2]]).all()
    assert np.all(counts.sum(axis=1) == 9)
    if priors is not None:
        assert len(np.unique(counts[:, 0])) == 2  # 2.79 rows: two or three
    else:
        assert set(counts[:, 0]) == {4, 5}


def test_classes_come_sorted_within_a_batch_and_in_their_proportions():
    models = [MultivariateGaussian(np.full(3, mean), 1e-4 * np.eye(3)) for mean in (-1.0, 1.0)]
    task = Discrimination(models, (0.3, 0.7))
    sampler = BatchSampler(task, torch.Generator().manual_seed(0), np.random.default_rng(0))
    X, counts = sampler.draw(300, 7)
    signs = np.sign(X.numpy())
    assert np.all(np.diff(signs[:, :, 0], axis=1) >= 0)
    np.testing.assert_array_equal((signs[:, :, 0] < 0).sum(axis=1), counts[:, 0])
    assert counts[:, 0].mean() == pytest.approx(2.1, abs=0.1)
    assert set(counts[:, 0]) == {2, 3}
