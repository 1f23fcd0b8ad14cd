r"""Model of local fields as saturated Gaussian variables with a Gaussian copula.

A local field h of variance q is modelled as h = sqrt(q) e(zeta; v) / sqrt(N(v)), where zeta is
standard normal, e and N are functions of the saturation parameter v, and v is chosen according to
the excess kurtosis of h. For v > 0,

.. math::

    e(\zeta; v) = \sqrt{\pi / 2}\; \mathrm{erf}(\sqrt{v / 2}\, \zeta) / \sqrt v, \qquad
    N(v) = \arcsin(v / (1 + v)) / v,

so that E h^2 = q. The functions e and N are analytic at v = 0, where h = sqrt(q) zeta. For v < 0,
the function erf in e(zeta; v) is replaced by erfi, and the excess kurtosis of h is positive. If
zeta_j and zeta_k have the correlation r, then

.. math::

    E\, e_j e_k = \arcsin(\sqrt p\, r / c) / \sqrt p, \qquad
    p = v_j v_k, \qquad c = \sqrt{(1 + v_j)(1 + v_k)}.
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
_SATURATION = (-0.2, 1e3)  # range of v; the fourth moment is infinite for v <= -1/4
_SMALL = 1e-4

NODES, _weights = hermegauss(N_NODES)
WEIGHTS: Array = _weights / math.sqrt(2.0 * math.pi)
_norms = np.sqrt(scipy.special.factorial(np.arange(N_TERMS)))
HERMITE: Array = hermevander(NODES, N_TERMS - 1) / _norms  # orthonormal, (node, order)


def _erf_over(v: Array, zeta: Array) -> tuple[Array, Array]:
    """Compute the function e(zeta; v) of the model and its derivative with respect to v."""
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
    """Evaluate `positive` at x where `sign` is positive, and `negative` elsewhere."""
    is_positive = sign > 0.0
    if is_positive.all():
        return np.asarray(positive(x))
    return np.asarray(np.where(is_positive, positive(x), negative(x)))


@cache
def _saturation_table() -> tuple[Any, Any, float, float]:
    """Splines of v / (1 + v) and its slope as functions of the kurtosis, and the kurtosis range."""
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
    """Saturation parameter v of local fields of given excess kurtosis, and its derivative."""
    table, derivative, lowest, highest = _saturation_table()
    clipped = np.clip(kurtosis, lowest, highest)
    y = table(clipped)
    slope = np.where(clipped == kurtosis, derivative(clipped), 0.0)
    return np.asarray(y / (1.0 - y)), np.asarray(slope / (1.0 - y) ** 2)


class LocalFields(NamedTuple):
    """Local fields f = e / sqrt(N) of unit variance at the quadrature nodes, and the norm N.

    `values`, the local fields f, have the shape (..., node). `by_v` and `log_norm_by_v` are the
    derivatives of f and of log N with respect to the saturation parameter v.
    """

    values: Array
    by_v: Array
    norm: Array
    log_norm_by_v: Array

    @classmethod
    def of(cls, v: Array) -> "LocalFields":
        """Compute local fields for the saturation parameters v, an array of any shape."""
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
