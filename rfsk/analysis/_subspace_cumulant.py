"""Cumulants of few features: within a subspace, and as a matrix between pairs of features."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._cumulant import Cumulant

Array = NDArray[np.float64]


class SubspaceCumulant(Cumulant):
    """Cumulant of inputs ``coordinates @ axes`` that are combinations of a few axes.

    Parameters
    ----------
    inner : Cumulant
        Cumulant of the coordinates.
    axes : ndarray of shape (n_axes, n_features)
        One axis per row.
    """

    def __init__(self, inner: Cumulant, axes: Array) -> None:
        self._inner, self._axes = inner, axes
        self.n_features, self.order = axes.shape[1], inner.order

    def contract(self, directions: Array) -> Array:
        """Contract the coordinates of the directions."""
        return self._inner.contract(directions @ self._axes.T) @ self._axes

    def strength(self, directions: Array) -> Array:
        """kappa(a, ..., a) from the coordinates of each row a."""
        return self._inner.strength(directions @ self._axes.T)

    def tensor(self) -> Array:
        """Tensor of the coordinates, each of its axes turned into features."""
        tensor = self._inner.tensor()
        for _ in range(self.order):
            tensor = np.tensordot(tensor, self._axes, (0, 0))
        return tensor


class PairCumulant(Cumulant):
    """Cumulant of order four as a matrix between pairs of features.

    Contracting it costs n_features^4 / 4 a direction, whatever the number of samples.

    Parameters
    ----------
    entries : ndarray of shape (n_pairs, n_pairs)
        kappa_ijkl for the pairs i <= j and k <= l, in the order of `numpy.triu_indices`.
    n_features : int
    """

    order = 4

    def __init__(self, entries: Array, n_features: int) -> None:
        self._entries, self.n_features = entries, n_features
        first, second = np.triu_indices(n_features)
        self._pairs = first, second
        self._times = np.where(first == second, 1.0, 2.0)  # of each pair among all ordered ones
        self._position = np.empty((n_features, n_features), dtype=np.intp)
        self._position[first, second] = self._position[second, first] = np.arange(len(first))

    def contract(self, directions: Array) -> Array:
        """Contract the pairs k <= l, then one feature of the other pair."""
        first, second = self._pairs
        products = self._times * directions[:, first] * directions[:, second]
        matrices = (products @ self._entries)[:, self._position]
        return np.asarray((matrices @ directions[:, :, None])[:, :, 0])

    def tensor(self) -> Array:
        """Copy each entry to all places that it has in the tensor."""
        return np.asarray(self._entries[self._position[:, :, None, None], self._position])

    def squared_norm(self, random_state: Any = None) -> float:
        """Sum over pairs, exactly."""
        return float(self._times @ self._entries**2 @ self._times)
