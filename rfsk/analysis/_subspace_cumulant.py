"""The part of a cumulant that lies in a subspace."""

import numpy as np
from numpy.typing import NDArray

from ._cumulant import Cumulant

Array = NDArray[np.float64]


class SubspaceCumulant(Cumulant):
    """Cumulant of inputs that are combinations of a few orthogonal axes.

    Parameters
    ----------
    inner : Cumulant
        Cumulant of the coordinates along the axes.
    axes : ndarray of shape (n_axes, n_features)
        Orthonormal rows.
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
