"""Cavity score: effect of single weights on the kurtosis of a unit's input."""

import numpy as np
from numpy.typing import ArrayLike

from .._core._types import Array
from .._core._validation import check_array, check_features, check_fields


def cavity_score(fields: ArrayLike, X: ArrayLike) -> Array:
    """Change in the kurtosis of a unit's input w.x when a single weight is set to zero.

    In w.x, w is the field of the unit, and x is an input. Without the weight w_i, the unit's input
    is w.x - w_i x_i. To first order in the weights, the cavity scores of a field sum to zero,
    because the kurtosis does not depend on the scale of w. Redman et al. (arXiv:2412.06545) compare
    the cavity scores of weights that pruning removes with the cavity scores of weights that pruning
    keeps.

    Parameters
    ----------
    fields : array-like of shape (n_units, n_features)
    X : array-like of shape (n_samples, n_features)
        Samples of one distribution, such as those of one class.

    Returns
    -------
    score : ndarray of shape (n_units, n_features)
        Kurtosis of the unit's input without the weight minus its kurtosis with the weight. The
        cavity score of a zero weight is 0, and that of the only nonzero weight of a field is NaN.

    Examples
    --------
    >>> from rfsk.analysis import cavity_score
    >>> cavity_score([[1.0, 1.0, 0.0]], [[1, 1, 1], [1, -1, 1], [-1, 1, 1], [-1, -1, 1]])
    array([[-1., -1.,  0.]])
    """
    weights, data = check_fields(fields, "the fields"), check_array(X, "X", ensure_min_samples=2)
    check_features(data, weights.shape[1], "X")
    data = data - data.mean(axis=0)
    projections = data @ weights.T

    def moment(order: int) -> tuple[Array, Array]:
        """Moments of w.x, and of w.x - w_i x_i for each i."""
        total, binomial = (projections**order).mean(axis=0)[:, None], 1.0
        without = np.tile(total, weights.shape[1])
        for p in range(1, order + 1):
            binomial *= (order - p + 1) / p
            mixed = (projections ** (order - p)).T @ data**p / len(data)
            without += binomial * (-weights) ** p * mixed
        return total, without

    (variance, variances), (fourth, fourths) = moment(2), moment(4)
    # A field without its only nonzero weight has no variance except rounding errors.
    variances[variances <= 1e-12 * variance] = variance[variance == 0.0] = np.nan
    return np.asarray(fourths / variances**2 - fourth / variance**2)
