"""Covariance kernels on a lattice, and their spectra."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce
from typing import Any, TypeAlias

import numpy as np
import scipy.fft
import scipy.special
from numpy.typing import NDArray

from .._core._types import Array, Integers, Shape
from .._core._validation import check_lattice_shape, check_option, check_positive

Profile = Callable[[Array], Array]
Kernel: TypeAlias = "str | Profile"
CorrelationLength: TypeAlias = "float | tuple[float, ...]"

# Negative eigenvalues up to this fraction of the largest are rounding errors and are set to zero.
ROUNDING = 1e-12

_NEGLIGIBLE = 1e-18  # periodic images with a smaller correlation are not summed
_MAX_REACH = 1000.0  # distance in correlation lengths at which a kernel must have decayed
_MATERN_ORDERS = (0.01, 50.0)
_MAX_LENGTH_IN_SIDES = 1000.0
_DENSE_SITES = 1024  # largest open lattice whose fields are drawn by a dense matrix
_LARGEST_TORUS = 2**24


@dataclass(frozen=True)
class Matern:
    r"""Matérn kernel of order nu, a value for the parameter `kernel` of input models.

    .. math:: k(r) = \frac{2^{1 - \nu}}{\Gamma(\nu)} (\sqrt{2 \nu} r)^\nu K_\nu(\sqrt{2 \nu} r)

    The argument r is the distance in correlation lengths, and K_nu is the modified Bessel function
    of the second kind, as in scikit-learn. With nu = 1/2, the kernel is exponential, and for large
    nu it approaches exp(-r^2 / 2).

    Parameters
    ----------
    nu : float, default=1.5
        Order, from 0.01 to 50. A field with a Matérn kernel of order nu is ceil(nu) - 1 times
        differentiable.

    Examples
    --------
    >>> from rfsk.datasets import GaussianField, Matern
    >>> model = GaussianField(100, correlation_length=5.0, kernel=Matern(nu=2.5))
    """

    nu: float = 1.5

    def __post_init__(self) -> None:
        check_positive(self.nu, "nu")
        if not _MATERN_ORDERS[0] <= self.nu <= _MATERN_ORDERS[1]:
            raise ValueError(
                f"`nu` must be from {_MATERN_ORDERS[0]:g} to {_MATERN_ORDERS[1]:g}, got "
                f'{self.nu!r}. Use kernel="gaussian" for the limit of large orders.'
            )

    def __call__(self, r: Array) -> Array:
        """Correlation at the distance `r`, which is in units of the correlation length."""
        # Computed from logarithms, because scikit-learn's kernel is NaN at zero for large orders.
        s = math.sqrt(2.0 * self.nu) * np.asarray(r, dtype=np.float64)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            log_factor = (1.0 - self.nu) * math.log(2.0) - scipy.special.gammaln(self.nu)
            values = np.exp(log_factor + self.nu * np.log(s) - s)
            values = values * scipy.special.kve(self.nu, s)
        return np.asarray(np.where(np.isfinite(values), values, 1.0))  # at and near r = 0


_KERNELS: dict[str, Profile] = {
    "gaussian": lambda r: np.exp(-(r**2)),
    "exponential": lambda r: np.exp(-r),
}


def check_kernel(model: Any) -> None:
    """Check and normalize the lattice and kernel of a model, which is a frozen dataclass."""
    shape = check_lattice_shape(model.shape)
    object.__setattr__(model, "shape", shape)
    kernel, boundary = model.kernel, model.boundary
    check_option(boundary, "boundary", ("periodic", "open"))
    given = f"correlation_length={model.correlation_length!r}"
    lengths = np.atleast_1d(np.asarray(model.correlation_length, dtype=object))
    if lengths.ndim != 1 or lengths.size not in (1, len(shape)):
        raise ValueError(
            f"{given} does not fit a lattice of shape {shape}. It must be one number or, in two "
            "dimensions, a pair with one length per axis."
        )
    for length in lengths:
        check_positive(length, "correlation_length")
    if not callable(kernel):
        check_option(kernel, "kernel", _KERNELS)
    if boundary == "periodic":
        limit = _MAX_LENGTH_IN_SIDES if kernel == "gaussian" or len(shape) == 1 else 1.0
        if np.any(lengths > limit * np.array(shape)):
            raise ValueError(
                f"{given} is too long for a lattice of shape {shape}. It must be at most {limit:g} "
                "times the side along each axis."
            )
    values = tuple(float(length) for length in lengths)
    if callable(kernel):
        if isinstance(kernel, type):
            raise TypeError(f"`kernel` must not be a class; pass an instance, {kernel.__name__}().")
        at_zero = np.asarray(kernel(np.zeros(1)), dtype=np.float64)
        if at_zero.shape != (1,) or abs(at_zero[0] - 1.0) > 1e-12:
            raise ValueError(
                "`kernel` must be a function that maps an array of distances, in correlation "
                f"lengths, to correlations and is 1 at zero, got kernel(0) = {at_zero!r}."
            )
        _reach(kernel)
        autocovariance = lattice_kernel(shape, values, kernel, boundary)
        (square_root if is_dense(shape, boundary) else spectrum)(autocovariance)
    object.__setattr__(model, "correlation_length", values[0] if len(set(values)) == 1 else values)


def _profile(kernel: Kernel) -> Profile:
    """Kernel as a function of the distance in correlation lengths."""
    return _KERNELS[kernel] if isinstance(kernel, str) else kernel


def _reach(profile: Profile, threshold: float = _NEGLIGIBLE) -> float:
    """Distance, in correlation lengths, beyond which the correlation is below `threshold`."""
    distances = np.geomspace(0.1, _MAX_REACH, 400)
    above = np.flatnonzero(~(np.abs(profile(distances)) < threshold))
    last = above[-1] + 1 if len(above) else 0
    if last == len(distances):
        raise ValueError(
            f"`kernel` must decay to zero at a distance of {_MAX_REACH:g} correlation lengths, got "
            f"kernel({_MAX_REACH:g}) = {float(profile(distances[-1:])[0]):.3g}."
        )
    return float(distances[last])


def is_dense(shape: Shape, boundary: str) -> bool:
    """Whether a dense matrix maps white noise to fields, as on small open lattices."""
    return boundary == "open" and math.prod(shape) <= _DENSE_SITES


def lattice_kernel(
    shape: Shape, correlation_length: CorrelationLength, kernel: Kernel, boundary: str
) -> Array:
    """Autocovariance on the lattice on which the white noise of a field is drawn.

    The kernel is evaluated at the distance r, where r^2 is the sum over axes of (d / xi)^2 for a
    displacement d and a correlation length xi.
    """
    if boundary == "periodic":
        return periodic_kernel(shape, correlation_length, kernel)
    if is_dense(shape, boundary):
        return open_kernel([np.arange(side) for side in shape], correlation_length, kernel)
    return embedding(shape, correlation_length, kernel)


def periodic_kernel(shape: Shape, correlation_length: CorrelationLength, kernel: Kernel) -> Array:
    """Autocovariance of unit variance, summed over all periodic images of a ring or torus."""
    profile = _profile(kernel)
    lengths = np.broadcast_to(correlation_length, len(shape))
    if kernel == "gaussian" and len(shape) == 2:  # a product of two rings
        rings = [
            periodic_kernel((side,), xi, kernel) for side, xi in zip(shape, lengths, strict=True)
        ]
        return np.multiply.outer(*rings)
    squares = []  # of distances in correlation lengths, (images, sites), along each axis
    for side, xi in zip(shape, lengths, strict=True):
        n_images = -(-math.ceil(_reach(profile) * xi) // side)
        images = side * np.arange(-n_images, n_images + 1)
        squares.append(((np.arange(side) + images[:, None]) / xi) ** 2)
    down, across = squares if len(shape) == 2 else (squares[0], np.zeros((1, 1)))
    total = np.zeros((shape[0], across.shape[1]))
    for rows in down:
        total += profile(np.sqrt(rows[:, None, None] + across)).sum(axis=1)
    for axis in range(2):  # makes the kernel exactly symmetric, so that the order of modes is fixed
        total = total + np.roll(np.flip(total, axis), 1, axis)
    return np.asarray(total / total.flat[0]).reshape(shape)


def open_kernel(
    distances: list[NDArray[Any]], correlation_length: CorrelationLength, kernel: Kernel
) -> Array:
    """Kernel at all combinations of the given distances, one array of distances per axis."""
    lengths = np.broadcast_to(correlation_length, len(distances))
    squares = [(d / xi) ** 2 for d, xi in zip(distances, lengths, strict=True)]
    return np.asarray(_profile(kernel)(np.sqrt(reduce(np.add.outer, squares))))


def embedding(shape: Shape, correlation_length: CorrelationLength, kernel: Kernel) -> Array:
    """Autocovariance on a torus that contains an open lattice (Wood and Chan, 1994).

    On the open lattice, the autocovariance equals the kernel with an error below 1e-12.
    """
    margin = _reach(_profile(kernel), 1e-14)
    widest = [
        scipy.fft.next_fast_len(side + math.ceil(margin * xi), real=True)
        for side, xi in zip(shape, np.broadcast_to(correlation_length, len(shape)), strict=True)
    ]
    for growth in (1.0, 1.5, 2.0, 3.0, 4.0):
        sides = [
            scipy.fft.next_fast_len(math.ceil(growth * max(1, 2 * (side - 1))), real=True)
            for side in shape
        ]
        if math.prod(sides) >= math.prod(widest):
            break
        shortest = [np.minimum(np.arange(side), side - np.arange(side)) for side in sides]
        autocovariance = open_kernel(shortest, correlation_length, kernel)
        eigenvalues = np.fft.rfftn(autocovariance).real
        if eigenvalues.min() > -1e-15 * eigenvalues.max():
            return autocovariance
    if math.prod(widest) > _LARGEST_TORUS:
        raise ValueError(
            f"correlation_length={correlation_length!r} on an open lattice of shape {shape} needs "
            f"a torus of shape {tuple(widest)}, which must have at most {_LARGEST_TORUS} sites. "
            "Reduce the correlation length or the lattice."
        )
    return periodic_kernel(tuple(widest), correlation_length, kernel)


def spectrum(autocovariance: Array, rounding: float = ROUNDING) -> Array:
    """Eigenvalues of a stationary covariance on a ring or torus, in the layout of `rfftn`."""
    if not np.isfinite(autocovariance).all():
        raise ValueError("The autocovariance must be finite, got NaN or infinity.")
    transform = np.fft.rfftn(autocovariance)
    eigenvalues = transform.real
    if np.abs(transform.imag).max() > 1e-10 * np.abs(eigenvalues).max():
        raise ValueError(
            "The autocovariance differs between a displacement and its opposite. A stationary "
            "covariance must have C(d) = C(-d) around the ring."
        )
    return _positive(eigenvalues, rounding, autocovariance.ndim)


def square_root(autocovariance: Array, rounding: float = ROUNDING) -> Array:
    """Symmetric square root of the covariance of an open lattice, (n_features, n_features)."""
    eigenvalues, vectors = np.linalg.eigh(covariance_matrix(autocovariance, "open"))
    eigenvalues = _positive(eigenvalues, rounding, autocovariance.ndim)
    return np.asarray(vectors * np.sqrt(eigenvalues) @ vectors.T)


def _positive(eigenvalues: Array, rounding: float, n_axes: int) -> Array:
    """Set negative eigenvalues to zero; raise ValueError if they are more than rounding errors."""
    smallest, largest = float(eigenvalues.min()), float(np.abs(eigenvalues).max())
    if smallest < -rounding * largest:
        raise ValueError(
            "The autocovariance must be positive semi-definite, but its smallest eigenvalue is "
            f"{smallest:.3g} (the largest is {largest:.3g}). Use a kernel that is positive "
            f"semi-definite in {n_axes}-D (Gaussian, exponential, Matern), and sum it over all "
            "periodic images instead of evaluating it at the shortest distance."
        )
    return np.asarray(np.maximum(eigenvalues, 0.0))


def covariance_matrix(autocovariance: Array, boundary: str = "periodic") -> Array:
    """Dense covariance, (n_features, n_features), from the autocovariance."""
    sites = np.arange(autocovariance.size)
    return pairwise(autocovariance, sites[None, :], sites[:, None], boundary)


def pairwise(
    autocovariance: Array, first: Integers, second: Integers, boundary: str = "periodic"
) -> Array:
    """Covariance of pairs of sites, from the autocovariance at their displacements.

    With periodic boundaries, displacements are taken modulo the sides. With open boundaries, the
    absolute values of displacements are used.
    """
    # np.unravel_index is wrong for large arrays whose last axis has one entry (NumPy issue 31980).
    displacement = []
    for side in reversed(autocovariance.shape):
        offset = second % side - first % side
        displacement.append(offset % side if boundary == "periodic" else np.abs(offset))
        first, second = first // side, second // side
    return np.asarray(autocovariance[tuple(reversed(displacement))])
