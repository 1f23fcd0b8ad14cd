"""Pointwise maps of Gaussian fields, and the moments and covariances of the mapped fields."""

import math
from collections.abc import Callable
from functools import cached_property
from typing import Any

import numpy as np
import scipy.special
from numpy.polynomial.legendre import leggauss, legvander
from numpy.polynomial.polynomial import polyval
from scipy.optimize import brentq

from .._core._array import apply_numpy, array_namespace, erf_
from .._core._types import Array

_RANGE = 37.0  # in standard deviations; the normal density underflows beyond this value
# Edges of the initial panels: a quarter apart, and at powers of two close to zero.
_EDGES = np.linspace(0.0, _RANGE, 149)
_EDGES = np.unique(np.concatenate([_EDGES, 2.0 ** -np.arange(3.0, 100.0)]))
_EDGES = np.concatenate([-_EDGES[:0:-1], _EDGES])
_SPLIT = 0.45
_MAX_PANELS = 20_000
_MAX_HALVINGS = 60
_NODES, _WEIGHTS = leggauss(16)
_ENDS = np.array([-1.0, 1.0]) * (1.0 - 1e-12)  # just inside a panel, outside its outermost nodes
# Matrix from values at the nodes to values of the interpolating polynomial at the ends.
_TO_ENDS = np.linalg.solve(legvander(_NODES, 15).T, legvander(_ENDS, 15).T)
_RULE = np.concatenate([_NODES, _ENDS]), np.concatenate([_WEIGHTS, np.zeros(2)])
_TOLERANCE = 1e-15
_MAX_ORDER = 4000
_NO_TAIL = 1e-10  # a smaller fraction of the variance beyond the last order is not modelled


class PixelMap:
    """Pointwise map of a Gaussian field to a field of zero mean and unit variance.

    `PixelMap` itself represents the identity map.
    """

    scale: float = 1.0  # `forward` expects the latent field times this factor
    compiled: tuple[str, float] | None = ("identity", 1.0)  # name and factor of the compiled map
    normalization: float = 1.0

    def forward(self, latent: Any) -> Any:
        """Map an array or tensor, the latent field times `scale`, to pixels, possibly in place."""
        return latent

    def correlation(self, rho: Array) -> Array:
        """Correlation of two pixels whose latent variables have the correlation `rho`."""
        return rho

    def excess_kurtosis(self) -> float:
        """Excess kurtosis of a pixel."""
        return 0.0

    def quadrature(self) -> tuple[Array, Array]:
        """Values and weights such that E g(x) = weights @ g(values) for a pixel x, for any g."""
        return MapMoments(lambda z: self.forward(self.scale * z), variance=1.0).quadrature()


class SignMap(PixelMap):
    """Map sign(z) of a latent variable z.

    Two pixels whose latent variables have the correlation rho have the correlation 2 asin(rho) /
    pi.
    """

    compiled = "sign", 1.0

    def forward(self, latent: Any) -> Any:
        return array_namespace(latent).sign(latent)

    def correlation(self, rho: Array) -> Array:
        return np.asarray(np.arcsin(np.clip(rho, -1.0, 1.0)) / math.asin(1.0))

    def excess_kurtosis(self) -> float:
        return -2.0


class FunctionMap(PixelMap):
    """Map (f(scale z) - mean) / standard deviation for any function f.

    The variance and the kurtosis are computed by quadrature unless they are given.
    """

    compiled: tuple[str, float] | None = None

    def __init__(
        self,
        function: Callable[[Array], Array],
        scale: float = 1.0,
        variance: float | None = None,
        kurtosis: float | None = None,
    ) -> None:
        self.function, self.scale = function, scale
        self._variance, self._kurtosis = variance, kurtosis

    @cached_property
    def moments(self) -> "MapMoments":
        return MapMoments(lambda z: self.function(self.scale * z), self._variance)

    @cached_property
    def normalization(self) -> float:  # type: ignore[override]
        return math.sqrt(self.moments.variance)

    def forward(self, latent: Any) -> Any:
        fields = apply_numpy(self.function, latent) - self.moments.mean
        fields *= 1.0 / self.normalization
        return fields

    def correlation(self, rho: Array) -> Array:
        return self.moments.correlation(rho)

    def excess_kurtosis(self) -> float:
        return self.moments.excess_kurtosis if self._kurtosis is None else self._kurtosis


class ErfMap(FunctionMap):
    """Map erf(g z / sqrt 2) / Z with gain g and normalization Z.

    Two pixels whose latent variables have the correlation rho have the correlation asin(q rho) /
    asin(q) with q = g^2 / (1 + g^2).
    """

    def __init__(self, gain: float) -> None:
        super().__init__(scipy.special.erf, gain / math.sqrt(2.0))
        self.saturation = float((gain / math.hypot(1.0, gain)) ** 2)
        self.normalization = math.sqrt(2.0 / math.pi * math.asin(self.saturation))
        self.compiled = "erf", 1.0 / self.normalization

    def forward(self, latent: Any) -> Any:
        fields = erf_(latent)
        fields *= 1.0 / self.normalization
        return fields

    def correlation(self, rho: Array) -> Array:
        rho = np.clip(rho, -1.0, 1.0)
        return np.asarray(np.arcsin(self.saturation * rho) / math.asin(self.saturation))


class StandardMap(FunctionMap):
    """Map by a function whose output, an array or tensor, has zero mean and unit variance."""

    def __init__(self, function: Callable[[Any], Any], kurtosis: float) -> None:
        super().__init__(function, 1.0, 1.0, kurtosis)

    def forward(self, latent: Any) -> Any:
        return self.function(latent)


class TanhMap(FunctionMap):
    """Map tanh(gain z) / Z."""

    def __init__(self, gain: float) -> None:
        super().__init__(np.tanh, gain)

    @cached_property
    def compiled(self) -> tuple[str, float]:  # type: ignore[override]
        return "tanh", 1.0 / self.normalization

    def forward(self, latent: Any) -> Any:
        fields = array_namespace(latent).tanh(latent)
        fields *= 1.0 / self.normalization
        return fields


def _weigh(function: Callable[[Array], Array], edges: Array) -> tuple[Array, Array, Array]:
    """Quadrature nodes, weights and function values, one row per panel.

    The last two nodes of a panel are its ends, with zero weight.
    """
    half = 0.5 * (edges[:, 1:] - edges[:, :1])
    z = 0.5 * (edges[:, 1:] + edges[:, :1]) + half * _RULE[0]
    weights = half * _RULE[1] * np.exp(-0.5 * z * z) / math.sqrt(2.0 * math.pi)
    with np.errstate(all="ignore"):
        values = np.asarray(function(z.ravel()))
    is_real = values.dtype.kind in "biuf"
    if values.shape != (z.size,) or not is_real or not np.isfinite(values).all():
        raise ValueError(
            "The pointwise map must return one finite real number for each entry of an array, got "
            "NaN, infinity or another shape for some z in (-37, 37)."
        )
    return z, weights, values.astype(np.float64).reshape(z.shape)


def _adapted_nodes(function: Callable[[Array], Array]) -> tuple[Array, Array, Array]:
    """Quadrature nodes z, Gaussian weights and f(z) on panels divided until they resolve f."""
    active = np.stack([_EDGES[:-1], _EDGES[1:]], axis=1)
    kept, n_kept, scale = [], 0, 0.0
    for n_left in reversed(range(_MAX_HALVINGS)):
        z, weights, values = _weigh(function, active)
        scale = scale or math.sqrt((weights * values**2).sum())
        # A panel resolves f if the polynomial through the nodes agrees with f at its ends.
        mismatch = np.abs(values[:, :-2] @ _TO_ENDS - values[:, -2:]).max(axis=1)
        rough = mismatch * weights.sum(axis=1) > _TOLERANCE * scale
        rough &= n_left > 0 and n_kept < _MAX_PANELS
        kept.append((z[~rough], weights[~rough], values[~rough]))
        n_kept += (~rough).sum()
        if not rough.any():
            break
        left, right = active[rough].T
        middle = (1.0 - _SPLIT) * left + _SPLIT * right
        active = np.concatenate([np.stack([left, middle], 1), np.stack([middle, right], 1)])
    z, weights, values = (np.concatenate([rows[i].ravel() for rows in kept]) for i in range(3))
    order = np.argsort(z)
    return z[order], weights[order], values[order]


class MapMoments:
    """Moments of f(z) for standard normal z, and the correlation of f(z) and f(z')."""

    def __init__(self, function: Callable[[Array], Array], variance: float | None = None) -> None:
        z, weights, values = _adapted_nodes(function)
        counts = weights > 0.0
        self._z, self._weights, values = z[counts], weights[counts], values[counts]
        self.mean = float(self._weights @ values)
        self._values = values - self.mean
        second = float(self._weights @ self._values**2)
        self.variance = second if variance is None else variance
        if not self.variance > 1e-24 * float(self._weights @ values**2):
            raise ValueError("The pointwise map must not be constant: all inputs would be equal.")

    def quadrature(self) -> tuple[Array, Array]:
        """Values of f and weights such that E g(f(z)) = weights @ g(values) for any function g."""
        return self._values + self.mean, self._weights / self._weights.sum()

    @cached_property
    def excess_kurtosis(self) -> float:
        """Excess kurtosis E (f(z) - mean)^4 / variance^2 - 3 of f(z)."""
        with np.errstate(over="ignore"):  # infinite if the fourth moment is infinite
            fourth = (self._values / math.sqrt(self.variance)) ** 4
        return float(self._weights @ fourth) - 3.0

    @cached_property
    def _series(self) -> tuple[Array, float]:
        """Squared Hermite coefficients of f divided by the variance of f, and 1 minus their sum."""
        damping = np.exp(-0.25 * self._z**2)
        # The square root of the factor exp(-z^2 / 2) in the weights multiplies the polynomial, so
        # that neither factor overflows.
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            integrand = self._weights * self._values / damping
        integrand = np.where(np.isfinite(integrand), integrand, 0.0)
        before, now = np.zeros_like(damping), damping
        fractions, left = [0.0], 1.0
        for n in range(_MAX_ORDER):
            before, now = now, (self._z * now - math.sqrt(n) * before) / math.sqrt(n + 1.0)
            fractions.append(float(integrand @ now) ** 2 / self.variance)
            left -= fractions[-1]
            if left < _TOLERANCE:
                break
        return np.array(fractions), max(left, 0.0)

    def correlation(self, rho: Array) -> Array:
        """Correlation of f(z) and f(z') for standard normal z and z' of correlation `rho`.

        The result is Mehler's series sum_n c_n^2 rho^n divided by the variance of f, where c_n are
        the Hermite coefficients of f.
        """
        distinct, inverse = np.unique(np.clip(rho, -1.0, 1.0), return_inverse=True)
        fractions, left = self._series
        values = polyval(distinct, fractions)
        if left < _NO_TAIL:
            values += left * distinct ** len(fractions)
        else:
            q, arcsine = self._tail
            tail = np.arcsin(q * distinct) - polyval(distinct, arcsine)
            tail /= math.asin(q) - arcsine.sum()
            last = fractions[3 * len(fractions) // 4 & ~1 :]  # the first of these orders is even
            even = last[0::2].sum() / last.sum()
            values += left * tail * (1.0 - even + even * distinct)
        return np.asarray(values[inverse].reshape(np.shape(rho)))

    @cached_property
    def _tail(self) -> tuple[float, Array]:
        """Factor q and Taylor coefficients of asin(q rho), a model of the tail of Mehler's series.

        The factor q is chosen such that asin(q rho) and Mehler's series of the map have the same
        ratio of two sums of coefficients: the sum over all orders beyond the last computed order,
        divided by the sum over the last quarter of the computed orders.
        """
        fractions, left = self._series
        n = len(fractions)
        arcsine, m = np.zeros(n), np.arange(n // 2)  # Taylor coefficients
        arcsine[1::2] = scipy.special.poch(m + 1.0, -0.5) / (math.sqrt(math.pi) * (2 * m + 1))
        ratio = left / max(float(fractions[3 * n // 4 :].sum()), 1e-300)

        def series(log_decay: float) -> tuple[float, Array]:
            q = math.exp(-math.exp(log_decay))
            return q, arcsine * q ** np.arange(n)

        def excess(log_decay: float) -> float:
            q, terms = series(log_decay)
            return float((math.asin(q) - terms.sum()) / terms[3 * n // 4 :].sum() - ratio)

        never, fastest = -100.0, math.log(16.0 / n)
        if excess(never) <= 1e-8 * ratio:
            return series(never)
        if excess(fastest) >= 0.0:
            return series(fastest)
        return series(float(brentq(excess, never, fastest)))
