from functools import partial

import numpy as np
import pytest

from rfsk.datasets import GaussianField, Matern
from rfsk.datasets._kernels import (
    _profile,
    embedding,
    open_kernel,
    periodic_kernel,
    spectrum,
)

KERNELS = ["gaussian", "exponential", Matern(1.5), Matern(4.0)]


def sum_over_images(shape, xi, kernel, n_images):
    """Sum over periodic images according to the definition, term by term."""
    total = np.zeros(shape)
    images = [side * np.arange(-n_images, n_images + 1) for side in shape]
    for shift in np.stack(np.meshgrid(*images), axis=-1).reshape(-1, len(shape)):
        sites = np.indices(shape) + shift.reshape(-1, *[1] * len(shape))
        scaled = sites / np.reshape(xi, (-1, *[1] * len(shape)))
        total += _profile(kernel)(np.sqrt((scaled**2).sum(axis=0)))
    return total / total.flat[0]


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize(
    ("shape", "xi"),
    [((7,), 0.4), ((12,), 5.0), ((9,), 12.0), ((5, 8), 1.3), ((6, 6), 0.7), ((6, 5), (0.6, 1.9))],
)
def test_kernel_is_the_sum_over_periodic_images(shape, xi, kernel):
    expected = sum_over_images(shape, xi, kernel, n_images=60 if len(shape) == 1 else 14)
    np.testing.assert_allclose(periodic_kernel(shape, xi, kernel), expected, atol=1e-12)


def test_covariances_that_are_not_stationary_and_positive_are_refused():
    distance = np.minimum(np.arange(40), 40 - np.arange(40))
    with pytest.raises(ValueError, match=r"smallest eigenvalue is -0\.5"):
        spectrum(np.exp(-((distance / 16.0) ** 2)))
    with pytest.raises(ValueError, match="differs between a displacement and its opposite"):
        spectrum(np.array([1.0, 0.5, 0.0, 0.0]))


@pytest.mark.parametrize(
    ("shape", "xi", "kernel", "message"),
    [
        ((10,), 1.0, "square", "`kernel` must be one of 'gaussian'.*, got 'square'"),
        ((10,), 1e5, "gaussian", "too long for a lattice of shape"),
        ((10, 10), 11.0, "exponential", "too long for a lattice of shape"),
        ((10,), (1.0, 2.0), "gaussian", "does not fit a lattice of shape"),
        (
            (10, 10),
            (1.0, -2.0),
            "gaussian",
            "`correlation_length` must be positive and finite, got -2.0",
        ),
        ((10,), 2.0, lambda r: 2.0 * np.exp(-r), r"got kernel\(0\) = array\(\[2.\]\)"),
        ((10,), 2.0, lambda r: 1.0 / (1.0 + r), r"got kernel\(1000\) = 0.000999"),
        (
            (8, 8),
            2.0,
            partial(np.greater, 1.0),
            r"eigenvalue is -\d.* Use .* positive semi-definite in 2-D",
        ),
    ],
)
def test_bad_kernel_is_refused(shape, xi, kernel, message):
    with pytest.raises(ValueError, match=message):
        GaussianField(shape, correlation_length=xi, kernel=kernel)


def test_matern_of_order_one_half_and_three_halves_has_a_closed_form():
    r = np.concatenate([[0.0], np.geomspace(1e-9, 40.0, 200)])
    np.testing.assert_allclose(Matern(0.5)(r), np.exp(-r), rtol=1e-12)
    s = np.sqrt(3.0) * r
    np.testing.assert_allclose(Matern(1.5)(r), (1.0 + s) * np.exp(-s), rtol=1e-12)
    np.testing.assert_allclose(Matern(50.0)(r), np.exp(-(r**2) / 2.0), atol=0.01)
    with pytest.raises(ValueError, match=r"`nu` must be positive and finite, got 0.0"):
        Matern(0.0)
    with pytest.raises(ValueError, match=r"`nu` must be from 0.01 to 50, got 51.0"):
        Matern(51.0)


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize(
    ("shape", "xi"),
    [((1,), 3.0), ((30,), 0.3), ((30,), 90.0), ((9, 12), 1.5), ((12, 7), (20.0, 2.0))],
)
def test_crop_of_the_embedding_has_the_open_kernel_as_covariance(shape, xi, kernel):
    """Compare the covariance of drawn fields, from the clipped spectrum, with the kernel."""
    torus = embedding(shape, xi, kernel)
    drawn = np.fft.irfftn(spectrum(torus), s=torus.shape, axes=range(torus.ndim))
    crop = drawn[tuple(slice(side) for side in shape)]
    expected = open_kernel([np.arange(side) for side in shape], xi, kernel)
    np.testing.assert_allclose(crop, expected, rtol=0, atol=1e-10)


@pytest.mark.parametrize("shape", [(15,), (4, 5)])
def test_open_covariance_is_the_kernel_of_the_distance(shape):
    sites = np.indices(shape).reshape(len(shape), -1).T
    distance = np.linalg.norm(sites[:, None] - sites[None], axis=2)
    field = GaussianField(shape, correlation_length=2.0, boundary="open")
    np.testing.assert_allclose(field.covariance(), np.exp(-((distance / 2.0) ** 2)), atol=1e-12)


def test_lengths_of_two_axes_make_the_field_longer_along_the_longer_one():
    autocovariance = GaussianField((20, 20), correlation_length=(1.0, 3.0)).autocovariance()
    assert autocovariance[1, 0] == pytest.approx(np.exp(-1.0), abs=1e-12)
    assert autocovariance[0, 1] == pytest.approx(np.exp(-1.0 / 9.0), abs=1e-12)
    pair, one = (GaussianField((4, 4), correlation_length=xi) for xi in ((2.0, 2.0), 2.0))
    assert pair == one
