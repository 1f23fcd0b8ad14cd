"""Expectations of units whose local fields are saturated Gaussians, coupled by a Gaussian copula.

A local field of variance q and excess kurtosis k is modelled as h = sqrt(q) f(zeta; v) with zeta
standard normal and f = e / sqrt(N), where, for v > 0,

    e(zeta; v) = sqrt(pi/2) erf(sqrt(v) zeta / sqrt 2) / sqrt(v),    N(v) = asin(v / (1 + v)) / v,

so that E f^2 = 1. Both are analytic at v = 0, where f = zeta. Negative v turns erf into erfi, and
the kurtosis becomes positive. If zeta_j and zeta_k have correlation r,

    E e_j e_k = asin(sqrt(p) r / c) / sqrt(p),    p = v_j v_k,    c = sqrt((1 + v_j)(1 + v_k)).
"""

import math
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
    value = np.where(safe > 0.0, scipy.special.erf(argument), scipy.special.erfi(argument))
    value *= np.sqrt(0.5 * np.pi / np.abs(safe))
    slope = (zeta * np.exp(-0.5 * safe * zeta**2) - value) / (2.0 * safe)
    series = zeta * (1.0 - v * zeta**2 / 6.0 + v**2 * zeta**4 / 40.0)
    series_slope = zeta * (-(zeta**2) / 6.0 + v * zeta**4 / 20.0)
    return np.where(small, series, value), np.where(small, series_slope, slope)


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
    """Standardized local fields at the nodes, (unit, node), and what is needed of N, (unit,)."""

    values: Array
    by_v: Array
    norm: Array
    log_norm_by_v: Array

    @classmethod
    def of(cls, v: Array) -> "LocalFields":
        """Local fields of units with the given v, (unit,)."""
        value, slope = _erf_over(v[:, None], NODES)
        small = np.abs(v) < _SMALL
        safe = np.where(small, 1.0, v)
        ratio = safe / (1.0 + safe)
        norm = np.arcsin(ratio) / safe
        by_v = (1.0 / np.sqrt(1.0 - ratio**2) / (1.0 + safe) ** 2 - norm) / safe
        norm = np.where(small, 1.0 - v + 7.0 / 6.0 * v**2, norm)
        log_by_v = np.where(small, -1.0 + 7.0 / 3.0 * v, by_v) / norm
        root = np.sqrt(norm)[:, None]
        values = value / root
        return cls(values, slope / root - 0.5 * values * log_by_v[:, None], norm, log_by_v)


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

        `by_v` is the derivative by the v of the second unit at constant x.
        """
        p = np.outer(v, v)
        small = np.abs(p) < _SMALL**2
        safe = np.where(small, 1.0, p)
        root = np.sqrt(np.abs(safe))
        with np.errstate(over="ignore"):
            sine = np.where(safe > 0.0, np.sin(root * x), np.sinh(root * x)) / root
            cosine = np.where(safe > 0.0, np.cos(root * x), np.cosh(root * x))
        sine = np.where(small, x - p * x**3 / 6.0, sine)
        cosine = np.where(small, 1.0 - 0.5 * p * x**2, cosine)
        sine_by_p = np.where(small, -(x**3) / 6.0, 0.5 * (x * cosine - sine) / safe)
        c = np.sqrt(np.outer(1.0 + v, 1.0 + v))
        r = np.clip(c * sine, -1.0, 1.0)
        np.fill_diagonal(r, 0.0)
        inside = (np.abs(r) < 1.0) & ~np.eye(len(v), dtype=bool)
        by_v = c * sine_by_p * v[:, None] + 0.5 * r / (1.0 + v)
        return cls(r, np.where(inside, c * cosine, 0.0), np.where(inside, by_v, 0.0))


def mehler(a: Array, r: Array) -> tuple[float, Array, Array]:
    """Sums over pairs of units of E s_j s_k = sum_n a_jn a_kn r_jk^n, by F. G. Mehler's formula.

    Returns the sum over pairs of two units, its derivative by a divided by two, (unit, order), and
    the derivative by r of each term, (unit, unit).
    """
    by_a = np.empty_like(a)
    by_a[:, 0] = a[:, 0].sum() - a[:, 0]
    by_r = np.zeros_like(r)
    power = np.ones_like(r)
    for n in range(1, a.shape[1]):
        by_r += np.outer(n * a[:, n], a[:, n]) * power
        power = power * r
        by_a[:, n] = power @ a[:, n]
    return float(np.sum(a * by_a)), by_a, by_r
