import numpy as np
import pytest

from rfsk.datasets._lattice_kernels import covariance_matrix, periodic_kernel, spectrum


def sum_over_images(shape, xi, kernel, n_images=60):
    """The definition, term by term."""
    total = np.zeros(shape)
    images = [side * np.arange(-n_images, n_images + 1) for side in shape]
    for shift in np.stack(np.meshgrid(*images), axis=-1).reshape(-1, len(shape)):
        sites = np.indices(shape) + shift.reshape(-1, *[1] * len(shape))
        distance = np.sqrt((sites**2).sum(axis=0))
        total += np.exp(-((distance / xi) ** 2)) if kernel == "gaussian" else np.exp(-distance / xi)
    return total / total.flat[0]


@pytest.mark.parametrize("kernel", ["gaussian", "exponential"])
@pytest.mark.parametrize(("shape", "xi"), [((7,), 0.4), ((12,), 5.0), ((9,), 12.0)])
def test_ring_kernel_is_the_sum_over_periodic_images(shape, xi, kernel):
    expected = sum_over_images(shape, xi, kernel)
    np.testing.assert_allclose(periodic_kernel(shape, xi, kernel), expected, atol=1e-12)


@pytest.mark.parametrize("kernel", ["gaussian", "exponential"])
@pytest.mark.parametrize(("shape", "xi"), [((5, 8), 1.3), ((6, 6), 0.7)])
def test_torus_kernel_is_the_sum_over_periodic_images(shape, xi, kernel):
    expected = sum_over_images(shape, xi, kernel, n_images=14)
    np.testing.assert_allclose(periodic_kernel(shape, xi, kernel), expected, atol=1e-12)


def test_wrapping_is_positive_where_the_shortest_distance_is_not():
    distance = np.minimum(np.arange(40), 40 - np.arange(40))
    shortest = np.exp(-((distance / 16.0) ** 2))
    with pytest.raises(ValueError, match=r"smallest eigenvalue is -0\.5"):
        spectrum(shortest)
    assert spectrum(periodic_kernel((40,), 16.0, "gaussian")).min() >= 0.0


def test_spectrum_holds_the_eigenvalues_of_the_dense_matrix():
    autocovariance = periodic_kernel((5, 6), 1.1, "exponential")
    full = np.fft.fftn(autocovariance).real.ravel()
    dense = np.linalg.eigvalsh(covariance_matrix(autocovariance))
    np.testing.assert_allclose(np.sort(full), dense, atol=1e-12)
    assert set(spectrum(autocovariance).round(10).ravel()) <= set(full.round(10))


def test_one_sided_autocovariance_is_refused():
    with pytest.raises(ValueError, match="differs between a displacement and its opposite"):
        spectrum(np.array([1.0, 0.5, 0.0, 0.0]))


@pytest.mark.parametrize(
    ("shape", "xi", "kernel", "message"),
    [
        ((10,), 0.0, "gaussian", "correlation_length=0.0; expected a finite number > 0"),
        ((10,), np.nan, "gaussian", "correlation_length=nan; expected a finite number > 0"),
        ((10,), 1.0, "square", "kernel='square' is unknown; expected one of 'gaussian'"),
        ((10,), 1e5, "gaussian", "too long for a lattice of shape"),
        ((10, 10), 11.0, "exponential", "too long for a lattice of shape"),
    ],
)
def test_bad_kernel_is_refused(shape, xi, kernel, message):
    from rfsk.datasets import GaussianField

    with pytest.raises(ValueError, match=message):
        GaussianField(shape, correlation_length=xi, kernel=kernel)
