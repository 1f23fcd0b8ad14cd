"""Amplifier: the function that gives the drive of the weights of a ReLU neuron."""

import math
from functools import cached_property
from typing import Any

import numpy as np
import scipy.special
from numpy.typing import ArrayLike
from scipy.interpolate import CubicHermiteSpline
from sklearn.utils import gen_batches

from .._core._types import Array
from .._core._validation import check_numbers
from ._statistics import FieldStatistics, field_statistics

_N_CUBIC = 4096  # intervals of the angle arcsin(a) in the table of amp
_NEGLIGIBLE = 1e-19  # weight below which nodes of the quadrature are left out
_SMALLEST = 1e-280  # avoids a division by zero for an overlap of 1
_CELLS = 2**22  # number of pairs of an overlap and a node that are evaluated at a time
_SLOPE = math.sqrt(2.0 / math.pi)  # amp'(0)


class Amplifier:
    r"""Amplifier of a ReLU neuron, the function that gives the drive of its weights.

    For a pixel X of unit variance, the amplifier is the function

    .. math:: \mathrm{amp}(a) = E\left[X\, \mathrm{erf}\,\frac{a X}{\sqrt{2 (1 - a^2)}}\right].

    If the pixels x_i depend weakly on one another, the drive E[x_i sign(w.x)] of the weight w_i of
    a ReLU neuron is amp(a_i), where a_i is the overlap, that is, the correlation of x_i and w.x
    (Lufkin, Saxe and Grant, NeurIPS 2024, arXiv:2501.17284). For small overlaps a, the amplifier is
    amp(a) = sqrt(2/pi) (a - k a^3 / 6 + ...), where k is the excess kurtosis of a pixel. A negative
    excess kurtosis sharpens fields, and a positive excess kurtosis flattens them. For elliptical
    models, the exact function amp(a) = E[abs(X)] a is used, where X is a pixel of unit variance.

    Parameters
    ----------
    source : stationary input model, FieldStatistics, or array-like of shape (n_samples, n_features)
        Inputs whose pixel distribution is used.

    Attributes
    ----------
    largest : float
        amp(1), the mean absolute value of a pixel of unit variance.

    Examples
    --------
    >>> from rfsk import Ising, theory
    >>> float(theory.Amplifier(Ising(40, temperature=1.0))(0.6).round(6))  # erf(0.6 / (0.8 sqrt 2))
    0.546745
    """

    def __init__(self, source: Any) -> None:
        pixel = source if isinstance(source, FieldStatistics) else field_statistics(source)
        deviation = math.sqrt(pixel.variance)
        self.largest = pixel.mean_absolute / deviation
        self._is_linear = pixel.is_elliptical
        self._values = self._weights = np.zeros(0)
        if pixel.values is not None and pixel.weights is not None:
            counts = pixel.weights * (1.0 + pixel.values**2) > _NEGLIGIBLE
            self._values, self._weights = pixel.values[counts] / deviation, pixel.weights[counts]

    def __call__(self, overlap: ArrayLike) -> Array:
        """Compute amp(a) for an array of overlaps a, which are clipped to the interval [-1, 1]."""
        a = np.clip(check_numbers(overlap, "overlap"), -1.0, 1.0)
        if self._is_linear:
            return np.asarray(self.largest * a)
        c = a / np.sqrt(np.maximum(2.0 * (1.0 - a) * (1.0 + a), _SMALLEST))
        return self._expectation(lambda x, c: x * scipy.special.erf(x * c), c)

    def derivative(self, overlap: ArrayLike) -> Array:
        """Derivative of amp(a) at overlaps a strictly between -1 and 1.

        Parameters
        ----------
        overlap : array-like
        """
        a = check_numbers(overlap, "overlap")
        if self._is_linear:
            return np.full(a.shape, self.largest)
        left = (1.0 - a) * (1.0 + a)
        return self._slope(a / np.sqrt(2 * left)) * np.asarray(left) ** -1.5

    def elasticity(self, overlap: float) -> float:
        """Elasticity a amp'(a) / amp(a); above 1, amp(a) increases faster than linearly.

        Parameters
        ----------
        overlap : float
        """
        if self._is_linear or overlap == 0.0:
            return 1.0
        return float(overlap * self.derivative(overlap) / self(overlap))

    def tabulated(self, overlap: Array) -> Array:
        """Interpolate amp(a) in a table, with an error below 1e-9; overlaps are clipped to [-1, 1].

        Parameters
        ----------
        overlap : ndarray
        """
        if self._is_linear:
            return self.largest * overlap
        return np.asarray(self._curve(np.arcsin(np.clip(overlap, -1.0, 1.0))))

    @cached_property
    def _curve(self) -> CubicHermiteSpline:
        """Amplifier as a function of the angle arcsin(a)."""
        angle = np.linspace(0.0, 0.5 * math.pi, _N_CUBIC + 1)
        value = np.append(self(np.sin(angle[:-1])), self.largest)
        slope = self._slope(np.tan(angle[:-1]) / math.sqrt(2.0)) / np.cos(angle[:-1]) ** 2
        slope = np.append(slope, 0.0)
        odd, even = (
            np.append(sign * half[:0:-1], half) for sign, half in ((-1, value), (1, slope))
        )
        return CubicHermiteSpline(np.append(-angle[:0:-1], angle), odd, even)

    def _slope(self, c: Array) -> Array:
        """Compute amp'(0) E[X^2 exp(-X^2 c^2)] for pixels X and each number c."""
        return _SLOPE * self._expectation(lambda x, c: x**2 * np.exp(-((x * c) ** 2)), c)

    def _expectation(self, function: Any, c: Array) -> Array:
        """Compute the expectation of function(X, c) over pixels X for each number c."""
        flat = c.reshape(-1, 1)
        parts = [
            function(self._values, flat[rows]) @ self._weights
            for rows in gen_batches(len(flat), max(1, _CELLS // len(self._values)))
        ]
        return np.concatenate(parts).reshape(c.shape)
