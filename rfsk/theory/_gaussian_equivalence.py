"""Loss and accuracy of nets on Gaussian inputs, in closed form."""

import math
from typing import Any

import numpy as np
import scipy.special
from numpy.typing import ArrayLike

from .._core._types import Array
from .._core._validation import check_features, check_fields, check_number, check_numbers
from ..analysis import cumulant
from ._statistics import class_pair


def gaussian_loss(fields: ArrayLike, biases: ArrayLike, task: Any) -> float:
    r"""Mean squared error of a committee machine of erf units on Gaussian inputs.

    The output of the net is the mean over units k of s_k = erf((u_k.x + b_k) / sqrt 2), and the
    targets are +1 and -1 for two classes of equal size. With the covariance C of a class, Q = u C
    u^T, v = 1 + diag Q, m_k = b_k / sqrt(v_k) and r_kl = Q_kl / sqrt(v_k v_l), the loss follows
    from

    .. math::

        E s_k &= 2 \Phi(m_k) - 1, \\
        E s_k s_l &= 4 \Phi_2(m_k, m_l; r_{kl}) - 2 \Phi(m_k) - 2 \Phi(m_l) + 1.

    Phi and Phi_2 are the cumulative distribution functions of one and two standard normal
    variables.

    Parameters
    ----------
    fields : array-like of shape (n_units, n_features)
        Fields u, such as `receptive_fields_` of an `FCNet` with erf units and the mean readout.
    biases : array-like of shape (n_units,)
        Biases b, such as `biases_` of an `FCNet`.
    task : Discrimination, data (X, y), or pair of input models or of arrays of samples
        Inputs of class 0 and class 1, which determine the covariances C. The means of the inputs
        are assumed to be zero.

    Returns
    -------
    loss : float

    Examples
    --------
    >>> from rfsk import NLGP, theory
    >>> task = [NLGP(20, correlation_length=xi, gain=3.0) for xi in (1.0, 2.0)]
    >>> theory.gaussian_loss([[0.0] * 20], [0.0], task)  # an output of zero
    1.0
    """
    u, b = check_fields(fields), check_numbers(biases, "biases")
    if b.shape != (len(u),):
        raise ValueError(f"`biases` must have shape ({len(u)},), one per field, got {b.shape}.")
    losses = []
    for source, target in zip(class_pair(task), (1.0, -1.0), strict=True):
        C = cumulant(source, 2).tensor()
        check_features(u, len(C), "fields")
        Q = u @ C @ u.T
        deviation = np.sqrt(1.0 + np.diag(Q))
        m = b / deviation
        below = scipy.special.ndtr(m)
        both = bivariate_normal_cdf(m[:, None], m, Q / np.outer(deviation, deviation))
        second = float(np.mean(4.0 * both - 2.0 * below[:, None] - 2.0 * below + 1.0))
        losses.append(second - 2.0 * target * float(np.mean(2.0 * below - 1.0)) + 1.0)
    return 0.5 * sum(losses)


def gaussian_accuracy(field: ArrayLike, bias: float, task: Any) -> float:
    """Accuracy on Gaussian inputs of one unit, which predicts class 0 if field.x + bias > 0.

    The accuracy is [Phi(bias / q_0) + Phi(-bias / q_1)] / 2, where q_c^2 = field.C_c field, C_c is
    the covariance of class c, and Phi the cumulative distribution function of a standard normal
    variable.

    Parameters
    ----------
    field : array-like of shape (n_features,)
    bias : float
    task : Discrimination, data (X, y), or pair of input models or of arrays of samples
        Inputs of class 0 and class 1, which determine the covariances C_0 and C_1. The means of the
        inputs are assumed to be zero.

    Returns
    -------
    accuracy : float

    Examples
    --------
    >>> from rfsk import NLGP, theory
    >>> task = [NLGP(20, correlation_length=xi, gain=3.0) for xi in (1.0, 2.0)]
    >>> round(theory.gaussian_accuracy([0.3] * 20, 1.5, task), 3)
    0.537
    """
    u = check_numbers(field, "field")
    check_number(bias, "bias")
    fractions = []
    for source, side in zip(class_pair(task), (1.0, -1.0), strict=True):
        C = cumulant(source, 2).tensor()
        if u.shape != (len(C),):
            raise ValueError(f"`field` must have shape ({len(C)},), got {u.shape}.")
        spread = math.sqrt(max(0.0, float(u @ C @ u)))  # rounding may make it negative
        if spread > 0.0:
            fractions.append(float(scipy.special.ndtr(side * bias / spread)))
        else:  # the unit predicts the same class for all inputs
            fractions.append(0.5 * (1.0 + math.copysign(1.0, side * bias)) if bias else 0.5)
    return 0.5 * sum(fractions)


def bivariate_normal_cdf(h: ArrayLike, k: ArrayLike, correlation: ArrayLike) -> Array:
    """Probability P(X < h, Y < k) for standard normal variables X and Y.

    The probability is computed by Owen's T function (Owen, Ann. Math. Stat. 27, 1075, 1956).

    Parameters
    ----------
    h, k, correlation : array-like
        Thresholds and correlations of X and Y, which are broadcast against one another.
        Correlations must be in [-1, 1].

    Returns
    -------
    probability : ndarray

    Examples
    --------
    >>> from rfsk.theory import bivariate_normal_cdf
    >>> bivariate_normal_cdf(0.0, 0.0, [0.0, 0.5, 1.0]).round(4)
    array([0.25  , 0.3333, 0.5   ])
    """
    named = {"h": h, "k": k, "correlation": correlation}
    h, k, r = np.broadcast_arrays(*(check_numbers(v, name) for name, v in named.items()))
    if not np.all(np.abs(r) <= 1.0 + 1e-12):
        raise ValueError("`correlation` must be in [-1, 1], got values outside.")
    root = np.sqrt(np.maximum(0.0, (1.0 - r) * (1.0 + r)))
    ndtr, owens_t = scipy.special.ndtr, scipy.special.owens_t
    with np.errstate(divide="ignore", invalid="ignore"):
        slope_h = np.where(h == 0.0, np.copysign(np.inf, k - r * h), (k - r * h) / (h * root))
        slope_k = np.where(k == 0.0, np.copysign(np.inf, h - r * k), (h - r * k) / (k * root))
    # The slope is 0 / 0 for equal thresholds with a correlation of 1.
    slope_h, slope_k = np.nan_to_num(slope_h, nan=0.0), np.nan_to_num(slope_k, nan=0.0)
    apart = (h * k < 0.0) | ((h * k == 0.0) & (h + k < 0.0))
    found = 0.5 * (ndtr(h) + ndtr(k)) - owens_t(h, slope_h) - owens_t(k, slope_k) - 0.5 * apart
    at_origin = 0.25 + np.arcsin(np.clip(r, -1.0, 1.0)) / (2.0 * math.pi)
    return np.asarray(np.where((h == 0.0) & (k == 0.0), at_origin, found))
