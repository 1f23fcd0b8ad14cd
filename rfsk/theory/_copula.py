"""Expectations of units whose local fields are saturated Gaussians, coupled by a Gaussian copula.

A local field of variance q and excess kurtosis k is modelled as h = sqrt(q) f(zeta; v) with zeta
standard normal and f = e / sqrt(N), where, for v > 0,

    e(zeta; v) = sqrt(pi/2) erf(sqrt(v) zeta / sqrt 2) / sqrt(v),    N(v) = asin(v / (1 + v)) / v,

so that E f^2 = 1. Both are analytic at v = 0, where f = zeta. Negative v turns erf into erfi, and
the kurtosis becomes positive. If zeta_j and zeta_k have correlation r,

    E e_j e_k = asin(sqrt(p) r / c) / sqrt(p),    p = v_j v_k,    c = sqrt((1 + v_j)(1 + v_k)).
"""

import math
from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import scipy.special
from numpy.polynomial.hermite_e import hermegauss, hermevander
from scipy.interpolate import PchipInterpolator

from .._core._types import Array

N_NODES, N_TERMS = 48, 24
_SATURATION = (-0.2, 1e3)  # range of v; the fourth moment is infinite from -1/4 on
_SMALL = 1e-4

NODES, _weights = hermegauss(N_NODES)
WEIGHTS: Array = _weights / math.sqrt(2.0 * math.pi)
_norms = np.sqrt(scipy.special.factorial(np.arange(N_TERMS)))
HERMITE: Array = hermevander(NODES, N_TERMS - 1) / _norms  # orthonormal, (node, order)


def _erf_over(v: Array, zeta: Array) -> tuple[Array, Array]:
    """e(zeta; v) and its derivative by v."""
    small = np.abs(v) < _SMALL
    safe = np.where(small, 1.0, v)
    argument = np.sqrt(0.5 * np.abs(safe)) * zeta
    value = _by_sign(safe, argument, scipy.special.erf, scipy.special.erfi)
    value *= np.sqrt(0.5 * np.pi / np.abs(safe))
    slope = (zeta * np.exp(-0.5 * safe * zeta**2) - value) / (2.0 * safe)
    if not small.any():
        return value, slope
    series = zeta * (1.0 - v * zeta**2 / 6.0 + v**2 * zeta**4 / 40.0)
    series_slope = zeta * (-(zeta**2) / 6.0 + v * zeta**4 / 20.0)
    return np.where(small, series, value), np.where(small, series_slope, slope)


def _by_sign(
    sign: Array, x: Array, positive: Callable[[Array], Any], negative: Callable[[Array], Any]
) -> Array:
    """One function of x where the sign is positive, and another one elsewhere."""
    is_positive = sign > 0.0
    if is_positive.all():
        return np.asarray(positive(x))
    return np.asarray(np.where(is_positive, positive(x), negative(x)))


@cache
def _saturation_table() -> tuple[Any, Any, float, float]:
    """Interpolation of v / (1 + v) as a function of the excess kurtosis, and its derivative."""
    v = np.concatenate([-np.geomspace(-_SATURATION[0], 1e-3, 60), [0.0]])
    v = np.concatenate([v, np.geomspace(1e-3, _SATURATION[1], 140)])[:, None]
    zeta = np.linspace(-14.0, 14.0, 20_001)
    density = np.exp(-0.5 * zeta**2)
    squares = _erf_over(v, zeta)[0] ** 2
    kurtosis = density.sum() * (squares**2 @ density) / (squares @ density) ** 2 - 3.0
    kurtosis[60] = 0.0
    table = PchipInterpolator(kurtosis[::-1], (v / (1.0 + v))[::-1, 0])
    return table, table.derivative(), float(kurtosis[-1]), float(kurtosis[0])


def saturation(kurtosis: Array) -> tuple[Array, Array]:
    """The v of a local field of given excess kurtosis, and its derivative."""
    table, derivative, lowest, highest = _saturation_table()
    clipped = np.clip(kurtosis, lowest, highest)
    y = table(clipped)
    slope = np.where(clipped == kurtosis, derivative(clipped), 0.0)
    return np.asarray(y / (1.0 - y)), np.asarray(slope / (1.0 - y) ** 2)


class LocalFields(NamedTuple):
    """Standardized local fields at the nodes, (..., node), and what is needed of N, (...,)."""

    values: Array
    by_v: Array
    norm: Array
    log_norm_by_v: Array

    @classmethod
    def of(cls, v: Array) -> "LocalFields":
        """Local fields of units with the given v, of any shape."""
        value, slope = _erf_over(v[..., None], NODES)
        small = np.abs(v) < _SMALL
        safe = np.where(small, 1.0, v)
        ratio = safe / (1.0 + safe)
        norm = np.arcsin(ratio) / safe
        by_v = (1.0 / np.sqrt(1.0 - ratio**2) / (1.0 + safe) ** 2 - norm) / safe
        norm = np.where(small, 1.0 - v + 7.0 / 6.0 * v**2, norm)
        log_by_v = np.where(small, -1.0 + 7.0 / 3.0 * v, by_v) / norm
        root = np.sqrt(norm)[..., None]
        values = value / root
        return cls(values, slope / root - 0.5 * values * log_by_v[..., None], norm, log_by_v)


class Copula(NamedTuple):
    """Correlations r of the latent variables of pairs of units, and their derivatives.

    Entries are zero on the diagonal, and the derivatives are zero where |r| is clipped to 1.
    """

    r: Array
    by_x: Array
    by_v: Array

    @classmethod
    def of(cls, x: Array, v: Array) -> "Copula":
        """Copula of local fields of correlation x / sqrt(N_j N_k).

        x has the shape (..., unit, unit) and v the shape (..., unit). `by_v` is the derivative by
        the v of the second unit at constant x.
        """
        p = v[..., :, None] * v[..., None, :]
        small = np.abs(p) < _SMALL**2
        safe = np.where(small, 1.0, p)
        root = np.sqrt(np.abs(safe))
        with np.errstate(over="ignore"):
            sine = _by_sign(safe, root * x, np.sin, np.sinh) / root
            cosine = _by_sign(safe, root * x, np.cos, np.cosh)
        sine_by_p = 0.5 * (x * cosine - sine) / safe
        if small.any():
            sine = np.where(small, x - p * x**3 / 6.0, sine)
            cosine = np.where(small, 1.0 - 0.5 * p * x**2, cosine)
            sine_by_p = np.where(small, -(x**3) / 6.0, sine_by_p)
        c = np.sqrt((1.0 + v)[..., :, None] * (1.0 + v)[..., None, :])
        others = 1.0 - np.eye(v.shape[-1])
        r = np.clip(c * sine, -1.0, 1.0) * others
        inside = (np.abs(r) < 1.0) * others
        by_v = c * sine_by_p * v[..., :, None] + 0.5 * r / (1.0 + v)[..., None, :]
        return cls(r, inside * c * cosine, inside * by_v)


def mehler(a: Array, r: Array) -> tuple[Array, Array, Array]:
    """Sums over pairs of units of E s_j s_k = sum_n a_jn a_kn r_jk^n, by F. G. Mehler's formula.

    a has the shape (..., unit, order) and r the shape (..., unit, unit). Returns the sum over pairs
    of two units, its derivative by a divided by two, (..., unit, order), and the derivative by r of
    each term, (..., unit, unit).
    """
    by_a = np.empty_like(a)
    by_a[..., 0] = a[..., 0].sum(axis=-1, keepdims=True) - a[..., 0]
    by_r = np.zeros_like(r)
    power = np.ones_like(r)
    for n in range(1, a.shape[-1]):
        of_order = a[..., n, None]
        by_r += n * of_order * power * of_order.swapaxes(-1, -2)
        power = power * r
        by_a[..., n] = (power @ of_order)[..., 0]
    return np.sum(a * by_a, axis=(-2, -1)), by_a, by_r
