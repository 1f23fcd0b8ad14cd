"""Covariance kernels on a ring or torus, and their spectra."""

import itertools
import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from .._core._validation import check_option, check_positive

Array = NDArray[np.float64]

# Distance, in correlation lengths, beyond which a kernel is below 1e-18.
_REACH = {"gaussian": 6.5, "exponential": 42.0}
_MAX_LENGTH_IN_SIDES = 1000.0
# An eigenvalue this far below zero, relative to the largest, is rounding and set to zero.
ROUNDING = 1e-12


def _wrapped_gaussian(side: int, correlation_length: float) -> Array:
    n_images = math.ceil(_REACH["gaussian"] * correlation_length / side) + 1
    displacement = np.arange(side)[:, None] + side * np.arange(-n_images, n_images + 1)
    kernel: Array = np.exp(-((displacement / correlation_length) ** 2)).sum(axis=1)
    return np.asarray(kernel / kernel[0])


def _gaussian(shape: tuple[int, ...], correlation_length: float) -> Array:
    kernel = _wrapped_gaussian(shape[0], correlation_length)
    for side in shape[1:]:
        kernel = np.multiply.outer(kernel, _wrapped_gaussian(side, correlation_length))
    return kernel


def _exponential(shape: tuple[int, ...], correlation_length: float) -> Array:
    if len(shape) == 1:  # the geometric sum over images, in closed form
        distance = np.arange(shape[0])
        forward = np.exp(-distance / correlation_length)
        backward = np.exp(-(shape[0] - distance) / correlation_length)
        return np.asarray((forward + backward) / (forward[0] + backward[0]))
    kernel = np.zeros(shape)
    images = [
        side * np.arange(-n, n + 1)
        for side in shape
        for n in [math.ceil(_REACH["exponential"] * correlation_length / side) + 1]
    ]
    rows, columns = np.indices(shape)
    for row_image, column_image in itertools.product(*images):
        distance = np.hypot(rows + row_image, columns + column_image)
        kernel += np.exp(-distance / correlation_length)
    return kernel / kernel.flat[0]


KERNELS: dict[str, Callable[[tuple[int, ...], float], Array]] = {
    "gaussian": _gaussian,
    "exponential": _exponential,
}


def check_kernel(shape: tuple[int, ...], correlation_length: float, kernel: str) -> None:
    """Raise unless these describe a kernel that can be wrapped around the lattice."""
    check_positive(correlation_length, "correlation_length")
    check_option(kernel, "kernel", KERNELS)
    limit = _MAX_LENGTH_IN_SIDES if kernel == "gaussian" or len(shape) == 1 else 1.0
    if correlation_length > limit * min(shape):
        raise ValueError(
            f"correlation_length={correlation_length!r} is too long for a lattice of shape "
            f"{shape}; expected at most {limit:g} times its shortest side."
        )


def periodic_kernel(shape: tuple[int, ...], correlation_length: float, kernel: str) -> Array:
    """Autocovariance of unit variance, wrapped around a ring or torus.

    Summing the kernel over all periodic images keeps it positive semi-definite at every
    correlation length; taking the shortest distance instead does not.

    Parameters
    ----------
    shape : tuple of int
        Sides of the lattice, in sites.
    correlation_length : float
        xi, in sites: the Gaussian kernel is exp(-(d / xi)^2), the exponential exp(-d / xi).
    kernel : {"gaussian", "exponential"}
        In two dimensions the Gaussian is a product of 1-D kernels and the exponential
        depends on the Euclidean distance.

    Returns
    -------
    autocovariance : ndarray of shape `shape`
        Covariance of site 0 with every site; 1 at site 0.
    """
    return KERNELS[kernel](shape, float(correlation_length))


def spectrum(autocovariance: Array, rounding: float = ROUNDING) -> Array:
    """Eigenvalues of a stationary covariance on a ring or torus.

    Parameters
    ----------
    autocovariance : ndarray of shape (L,) or (rows, columns)
        Covariance of site 0 with every site.
    rounding : float, default=1e-12
        Negative eigenvalues of at most this share of the largest are set to zero.

    Returns
    -------
    eigenvalues : ndarray
        Laid out as the real FFT has it: one for each frequency of ``numpy.fft.rfftn``.

    Raises
    ------
    ValueError
        If the autocovariance is not symmetric, or an eigenvalue is negative beyond rounding.
    """
    if not np.isfinite(autocovariance).all():
        raise ValueError("autocovariance holds NaN or infinity; expected finite numbers.")
    transform = np.fft.rfftn(autocovariance)
    eigenvalues = transform.real
    largest = np.abs(eigenvalues).max()
    if np.abs(transform.imag).max() > 1e-10 * largest:
        raise ValueError(
            "autocovariance differs between a displacement and its opposite; a stationary "
            "covariance has C(d) = C(-d) around the ring."
        )
    if eigenvalues.min() < -rounding * largest:
        raise ValueError(
            f"The autocovariance is not positive semi-definite: its smallest eigenvalue is "
            f"{eigenvalues.min():.3g} (largest {largest:.3g}). Wrap the kernel around the "
            "ring (sum it over all periodic images) or shorten its correlation length."
        )
    return np.asarray(np.maximum(eigenvalues, 0.0))


def covariance_matrix(autocovariance: Array) -> Array:
    """Dense (circulant) covariance, (n_features, n_features), of a stationary field."""
    shape = autocovariance.shape
    sites = np.indices(shape).reshape(len(shape), -1)
    displacements = [
        (axis[:, None] - axis[None, :]) % side for axis, side in zip(sites, shape, strict=True)
    ]
    return np.asarray(autocovariance[tuple(displacements)])
