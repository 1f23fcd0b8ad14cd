"""Fourth moments of error functions of Gaussian variables, and fourth cumulants on a lattice."""

import itertools
import math
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .._core._types import Array, Integers, Shape

_LARGEST_SLICE = 256
_CHUNK = 2**16  # number of moments computed at a time
_NODES = (1.0, 16), (5.0, 20), (10.0, 24), (30.0, 40), (math.inf, 64)  # largest gain, n_nodes
_TINY = 1e-60  # lower bound of positive quantities that rounding can make negative


def erf_fourth_moment(covariances: Array, gain: float, n_nodes: int | None = None) -> Array:
    r"""Compute E psi(g z_1) psi(g z_2) psi(g z_3) psi(g z_4) with psi(h) = erf(h / sqrt 2).

    The variables z are Gaussian with zero mean and covariance C, and g is the gain. `covariances`
    has shape (n, 4, 4), and the result has shape (n,). The moment is zero if the four variables z_i
    are independent. The moment for the covariance C is therefore the integral over t from 0 to 1 of
    the derivative of the moment along C(t) = diag C + t offdiag C. By Price's theorem, this
    derivative is a sum over pairs (a, b),

    .. math::
        \sum_{a<b} \frac{(2/\pi)^2 C_{ab}}{\sqrt{(C_{aa} + e) (C_{bb} + e) - t^2 C_{ab}^2}}
        \arcsin \frac{S_{cd}}{\sqrt{S_{cc} S_{dd}}}, \qquad e = 1 / g^2.

    In the summand for the indices (a, b), c and d are the other two of the four indices. S is the
    covariance matrix of z_c and z_d given z_a and z_b, after the addition of independent noise of
    variance e = 1 / g^2 to the four variables z.

    The error of the moment is below 1e-11 up to gain 100 and below 1e-4 up to gain 1e6. For the
    sign function (infinite gain), the error of the moment is below 1e-5 if no correlation exceeds
    0.9996.
    """
    if n_nodes is None:  # numbers of nodes at which the moment has converged to 1e-11
        n_nodes = next(number for limit, number in _NODES if gain <= limit)
    e = 0.0 if math.isinf(gain) else gain**-2.0
    x, weights = np.polynomial.legendre.leggauss(n_nodes)
    u = 0.5 * (x + 1.0)
    moments, entries = np.zeros(len(covariances)), np.moveaxis(covariances, 0, 2).copy()
    for t, weight in zip(1.0 - (1.0 - u) ** 3, 1.5 * weights * (1.0 - u) ** 2, strict=True):
        moments += weight * _moment_derivative(entries, t, e)
    return np.clip(moments, -1.0, 1.0)  # the range of a product of four values of psi


def _moment_derivative(C: Array, t: float, e: float) -> Array:
    """Integrand of `erf_fourth_moment` at t, for covariances of shape (4, 4, n)."""
    derivative, noisy, scaled = np.zeros(C.shape[2]), [C[a, a] + e for a in range(4)], t * C
    for a, b in itertools.combinations(range(4), 2):
        c, d = {0, 1, 2, 3} - {a, b}
        determinant = np.maximum(noisy[a] * noisy[b] - scaled[a, b] ** 2, _TINY)
        S_cc, S_dd, S_cd = (
            total
            - (
                scaled[a, i] * scaled[a, j] * noisy[b]
                + scaled[b, i] * scaled[b, j] * noisy[a]
                - (scaled[a, i] * scaled[b, j] + scaled[b, i] * scaled[a, j]) * scaled[a, b]
            )
            / determinant
            for total, i, j in ((noisy[c], c, c), (noisy[d], d, d), (scaled[c, d], c, d))
        )
        scale = np.sqrt(np.maximum(S_cc, _TINY) * np.maximum(S_dd, _TINY))
        correlation = np.clip(S_cd / scale, -1.0, 1.0)
        derivative += C[a, b] / np.sqrt(determinant) * np.arcsin(correlation)
    return (2.0 / math.pi) ** 2 * derivative


def sites_of(indices: ArrayLike, n_features: int) -> Integers:
    """Return indices of sites as int64; raise ValueError if they are invalid."""
    sites = np.asarray(indices)
    valid = np.issubdtype(sites.dtype, np.integer) and sites.ndim >= 1 and sites.shape[-1] == 4
    if not valid or (sites.size and (sites.min() < 0 or sites.max() >= n_features)):
        raise ValueError(
            f"`indices` must be integers from 0 to {n_features - 1} of shape (..., 4), got shape "
            f"{sites.shape} and dtype {sites.dtype}."
        )
    return sites.astype(np.int64)


def canonical_codes(sites: Integers, shape: Shape) -> Integers:
    """Canonical code of each row of four sites, up to permutation, translation and inversion.

    Rows that differ only by a permutation, translation or inversion on the ring or torus `shape`
    have the same code.
    """
    coordinates = np.unravel_index(sites, shape)
    codes = []
    for origin, sign in itertools.product(range(4), (1, -1)):
        moved = tuple(
            sign * (axis - axis[:, origin : origin + 1]) % side
            for axis, side in zip(coordinates, shape, strict=True)
        )
        candidate = np.sort(np.ravel_multi_index(moved, shape), axis=1)
        codes.append(np.ravel_multi_index(tuple(candidate.T), (math.prod(shape),) * 4))
    return np.asarray(np.min(codes, axis=0))


def cumulant_slice(cumulant: Callable[[Integers], Array], shape: Shape, periodic: bool) -> Array:
    """Compute the cumulants kappa_0jkl, (D, D, D); `cumulant` is called once for equal entries."""
    n_features = math.prod(shape)
    if n_features > _LARGEST_SLICE:
        raise ValueError(
            f"The lattice must have at most {_LARGEST_SLICE} sites, got {n_features} sites, for "
            f"which the slice of the fourth cumulant has {n_features**3:.2g} entries. Compute "
            "single entries by fourth_cumulant."
        )
    sites, numbers = _distinct_entries(tuple(shape), periodic)
    chunks = np.split(sites, range(_CHUNK, len(sites), _CHUNK))
    return np.concatenate([cumulant(chunk) for chunk in chunks])[numbers]


@lru_cache(maxsize=1)  # a sweep computes many cumulants on the same lattice
def _distinct_entries(shape: Shape, periodic: bool) -> tuple[Integers, Integers]:
    """Sites, (n, 4), of the distinct entries kappa_0jkl, and the index of each entry in this list.

    The array of the indices of all entries kappa_0jkl has shape (D, D, D) for D sites.
    """
    n_features = math.prod(shape)
    j, k, l = np.indices((n_features,) * 3).reshape(3, -1)  # noqa: E741
    ordered = (j <= k) & (k <= l)
    sites = np.stack([np.zeros_like(j), j, k, l], axis=1)[ordered]
    unique: Any = sites
    inverse = np.arange(len(sites))
    if periodic:
        codes, inverse = np.unique(canonical_codes(sites, shape), return_inverse=True)
        unique = np.stack(np.unravel_index(codes, (n_features,) * 4), axis=1)
    numbers: Any = np.empty((n_features,) * 3, dtype=np.int32)
    for order in itertools.permutations(sites[:, 1:].T):
        numbers[order] = inverse
    return unique, numbers
