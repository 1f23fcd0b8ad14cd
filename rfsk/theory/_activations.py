"""Derivatives of activations, the coefficients of the small-field expansion."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import scipy.special
from numpy.typing import ArrayLike, NDArray

from .._core._validation import check_option

Array = NDArray[np.float64]

_NAMES = ("erf", "tanh", "linear")


def activation_derivatives(activation: Any, bias: ArrayLike) -> Array:
    """sigma(b) and its first four derivatives, s_0 to s_4.

    For erf, sigma(h) = erf(h / sqrt 2): s_1 = sqrt(2/pi) exp(-b^2/2), s_2 = -b s_1,
    s_3 = (b^2 - 1) s_1, s_4 = (3b - b^3) s_1. For tanh, with t = tanh b: s_1 = 1 - t^2,
    s_2 = -2t s_1, s_3 = (6t^2 - 2) s_1, s_4 = (16t - 24t^3) s_1.

    Parameters
    ----------
    activation : {"erf", "tanh", "linear"} or sequence of five callables
        A name, or sigma and its derivatives as functions of an array.
    bias : array-like
        b.

    Returns
    -------
    derivatives : ndarray of shape (5,) + bias.shape

    Raises
    ------
    ValueError
        If the activation is unknown, or not five functions.

    Examples
    --------
    >>> from rfsk.theory import activation_derivatives
    >>> activation_derivatives("tanh", 0.0)
    array([ 0.,  1., -0., -2.,  0.])
    """
    b = np.asarray(bias, dtype=np.float64)
    if isinstance(activation, Sequence) and not isinstance(activation, str):
        functions: Sequence[Callable[[Array], Array]] = activation
        if len(functions) != 5 or not all(callable(function) for function in functions):
            raise ValueError(
                f"activation={activation!r}; expected a name or five functions: sigma and its "
                "first four derivatives."
            )
        return np.stack([np.asarray(function(b), dtype=np.float64) for function in functions])
    check_option(activation, "activation", _NAMES)
    if activation == "linear":
        return np.stack([b, np.ones_like(b), *[np.zeros_like(b)] * 3])
    if activation == "tanh":
        t = np.tanh(b)
        s1 = 1.0 - t**2
        return np.stack([t, s1, -2.0 * t * s1, (6.0 * t**2 - 2.0) * s1, (16 * t - 24 * t**3) * s1])
    s1 = math.sqrt(2.0 / math.pi) * np.exp(-0.5 * b**2)
    value = scipy.special.erf(b / math.sqrt(2.0))
    return np.stack([value, s1, -b * s1, (b**2 - 1.0) * s1, (3.0 * b - b**3) * s1])
