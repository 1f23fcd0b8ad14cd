"""Kernels laid on a lattice, wrapped around it or open, and their spectra."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from .._core._validation import check_lattice_shape, check_option, check_positive
from ._kernels import (
    KERNELS,
    CorrelationLength,
    Kernel,
    axis_lengths,
    check_profile,
    kernel_profile,
    reach,
)

Array = NDArray[np.float64]

# An eigenvalue this far below zero, relative to the largest, is rounding and set to zero.
ROUNDING = 1e-12

_BOUNDARIES = ("periodic", "open")
_MAX_LENGTH_IN_SIDES = 1000.0
_BLOCK = 2**16  # distances at which a kernel is evaluated at a time
_DENSE_SITES = 1024  # open lattices up to here are drawn by a dense matrix
_LARGEST_TORUS = 2**24


def check_kernel(
    shape: tuple[int, ...], correlation_length: Any, kernel: Any, boundary: str
) -> CorrelationLength:
    """Return the correlation length, or a tuple of one an axis, of a kernel that is fit for use.

    Raises
    ------
    ValueError
        If a correlation length is not positive or too long for the lattice, the kernel is
        unknown, does not decay, is not 1 at zero or not positive semi-definite, or the
        boundary is unknown.
    """
    check_option(boundary, "boundary", _BOUNDARIES)
    lengths = np.atleast_1d(np.asarray(correlation_length, dtype=object))
    if lengths.ndim != 1 or lengths.size not in (1, len(shape)):
        raise ValueError(
            f"correlation_length={correlation_length!r} does not fit a lattice of shape {shape}; "
            "expected one number, or in two dimensions a pair (down the rows, across the columns)."
        )
    for length in lengths:
        check_positive(length, "correlation_length")
    if not callable(kernel):
        check_option(kernel, "kernel", KERNELS)
    if boundary == "periodic":
        limit = _MAX_LENGTH_IN_SIDES if kernel == "gaussian" or len(shape) == 1 else 1.0
        by_axis = axis_lengths(tuple(lengths), len(shape))
        if any(length > limit * side for length, side in zip(by_axis, shape, strict=True)):
            raise ValueError(
                f"correlation_length={correlation_length!r} is too long for a lattice of shape "
                f"{shape}; expected at most {limit:g} times the side along its axis."
            )
    values = tuple(float(length) for length in lengths)
    if callable(kernel):
        check_profile(kernel)
        autocovariance = lattice_kernel(shape, values, kernel, boundary)
        (square_root if is_dense(shape, boundary) else spectrum)(autocovariance)
    return values[0] if len(set(values)) == 1 else values


def check_lattice_law(model: Any) -> None:
    """Check and normalise the lattice and kernel of a frozen dataclass."""
    object.__setattr__(model, "shape", check_lattice_shape(model.shape))
    length = check_kernel(model.shape, model.correlation_length, model.kernel, model.boundary)
    object.__setattr__(model, "correlation_length", length)


def _fold(values: Callable[[Array], Array], width: int, side: int) -> Array:
    """Sum over periodic images of a function of the distance 0, 1, ..., width on the last axis."""
    n_images = width // side + 1
    block = side * min(n_images, max(1, _BLOCK // side))
    forward: Array | float = 0.0
    for start in range(0, width + 1, block):
        distances = np.arange(start, start + block, dtype=np.float64)
        pieces = values(distances)
        forward = forward + pieces.reshape(*pieces.shape[:-1], -1, side).sum(axis=-2)
    backward = np.roll(np.asarray(forward)[..., ::-1], 1, axis=-1)  # d counts at d and at -d
    folded = np.asarray(forward + backward)
    folded[..., 0] -= values(np.zeros(1))[..., 0]
    return folded


def periodic_kernel(
    shape: tuple[int, ...], correlation_length: CorrelationLength, kernel: Kernel
) -> Array:
    """Autocovariance of unit variance, wrapped around a ring or torus.

    Summing the kernel over all periodic images keeps it positive semi-definite at every
    correlation length; taking the shortest distance instead does not.

    Parameters
    ----------
    shape : tuple of int
        Sides of the lattice, in sites.
    correlation_length : float or tuple of float
        xi, in sites; in two dimensions also one an axis.
    kernel : {"gaussian", "exponential"} or callable
        exp(-r^2), exp(-r) or any function of r, the distance in correlation lengths:
        r^2 = sum over axes of (d / xi)^2.

    Returns
    -------
    autocovariance : ndarray of shape `shape`
        Covariance of site 0 with every site; 1 at site 0.
    """
    profile = kernel_profile(kernel)
    lengths = axis_lengths(correlation_length, len(shape))
    if kernel == "gaussian" and len(shape) == 2:  # a product of two rings
        rings = [
            periodic_kernel((side,), xi, kernel) for side, xi in zip(shape, lengths, strict=True)
        ]
        return np.multiply.outer(*rings)
    widths = [math.ceil(reach(profile) * xi) for xi in lengths]
    if len(shape) == 1:
        total = _fold(lambda d: profile(d / lengths[0]), widths[0], shape[0])
    else:
        n_images = -(-widths[0] // shape[0])
        images = shape[0] * np.arange(-n_images, n_images + 1)

        def down(distances: Array) -> Array:
            """Sum over images down the rows, at distances across the columns."""
            across = (distances / lengths[1]) ** 2
            sums = np.zeros((shape[0], len(distances)))
            for image in images:
                rows = ((np.arange(shape[0]) + image) / lengths[0]) ** 2
                sums += profile(np.sqrt(rows[:, None] + across))
            return sums

        total = _fold(down, widths[1], shape[1])
    return np.asarray(total / total.flat[0])


def _profile_on(
    displacements: list[NDArray[Any]], correlation_length: CorrelationLength, kernel: Kernel
) -> Array:
    lengths = axis_lengths(correlation_length, len(displacements))
    squares = [(d / xi) ** 2 for d, xi in zip(displacements, lengths, strict=True)]
    r = np.sqrt(squares[0] if len(squares) == 1 else np.add.outer(squares[0], squares[1]))
    return np.asarray(kernel_profile(kernel)(r))


def open_kernel(
    shape: tuple[int, ...], correlation_length: CorrelationLength, kernel: Kernel
) -> Array:
    """Covariance of the first site with every site of an open lattice, of shape `shape`."""
    return _profile_on([np.arange(side) for side in shape], correlation_length, kernel)


def embedding(
    shape: tuple[int, ...], correlation_length: CorrelationLength, kernel: Kernel
) -> Array:
    """Autocovariance on a torus large enough to hold an open lattice, exact on it to 1e-12.

    Circulant embedding (Wood and Chan, 1994): the shortest-distance kernel on about twice
    the lattice equals the open kernel there. Where it has negative eigenvalues the torus
    grows, until the kernel decays across the margin; then wrapping it is exact, and positive.
    """
    profile = kernel_profile(kernel)
    lengths = axis_lengths(correlation_length, len(shape))
    margin = reach(profile, 1e-14)
    widest = [
        scipy.fft.next_fast_len(side + math.ceil(margin * xi), real=True)
        for side, xi in zip(shape, lengths, strict=True)
    ]
    for growth in (1.0, 1.5, 2.0, 3.0, 4.0):
        sides = [
            scipy.fft.next_fast_len(math.ceil(growth * max(1, 2 * (side - 1))), real=True)
            for side in shape
        ]
        if math.prod(sides) >= math.prod(widest):
            break
        shortest = [np.minimum(np.arange(side), side - np.arange(side)) for side in sides]
        autocovariance = _profile_on(shortest, correlation_length, kernel)
        eigenvalues = np.fft.rfftn(autocovariance).real
        if eigenvalues.min() > -1e-15 * eigenvalues.max():
            return autocovariance
    if math.prod(widest) > _LARGEST_TORUS:
        raise ValueError(
            f"correlation_length={correlation_length!r} needs a torus of {tuple(widest)} sites to "
            f"cut an open lattice of {shape} from; shorten it, or take a smaller lattice."
        )
    return periodic_kernel(tuple(widest), correlation_length, kernel)


def is_dense(shape: tuple[int, ...], boundary: str) -> bool:
    """Whether fields are drawn by a dense matrix: small open lattices are, being cut from none."""
    return boundary == "open" and math.prod(shape) <= _DENSE_SITES


def lattice_kernel(
    shape: tuple[int, ...],
    correlation_length: CorrelationLength,
    kernel: Kernel,
    boundary: str,
) -> Array:
    """Autocovariance on what is filled with noise: the lattice, or a torus it is cut from."""
    if boundary == "periodic":
        return periodic_kernel(shape, correlation_length, kernel)
    lay = open_kernel if is_dense(shape, boundary) else embedding
    return lay(shape, correlation_length, kernel)


def square_root(autocovariance: Array, rounding: float = ROUNDING) -> Array:
    """Symmetric square root of the covariance of an open lattice, (n_features, n_features).

    Raises ValueError if an eigenvalue is negative beyond rounding.
    """
    eigenvalues, vectors = np.linalg.eigh(covariance_matrix(autocovariance, "open"))
    _check_positive(eigenvalues, rounding, autocovariance.ndim)
    return np.asarray(vectors * np.sqrt(np.maximum(eigenvalues, 0.0)) @ vectors.T)


def _check_positive(eigenvalues: Array, rounding: float, n_axes: int) -> None:
    smallest, largest = float(eigenvalues.min()), float(np.abs(eigenvalues).max())
    if smallest < -rounding * largest:
        raise ValueError(
            f"The autocovariance is not positive semi-definite: its smallest eigenvalue is "
            f"{smallest:.3g} (largest {largest:.3g}). Take a kernel that is positive in "
            f"{n_axes}-D (Gaussian, exponential, Matern), summed over all periodic images rather "
            "than taken at the shortest distance."
        )


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
    _check_positive(eigenvalues, rounding, autocovariance.ndim)
    return np.asarray(np.maximum(eigenvalues, 0.0))


def covariance_matrix(autocovariance: Array, boundary: str = "periodic") -> Array:
    """Dense covariance, (n_features, n_features), from that of the first site with every site."""
    shape = autocovariance.shape
    sites = np.indices(shape).reshape(len(shape), -1)
    displacements = [axis[:, None] - axis[None, :] for axis in sites]
    if boundary == "open":
        return np.asarray(autocovariance[tuple(np.abs(d) for d in displacements)])
    wrapped = [d % side for d, side in zip(displacements, shape, strict=True)]
    return np.asarray(autocovariance[tuple(wrapped)])
