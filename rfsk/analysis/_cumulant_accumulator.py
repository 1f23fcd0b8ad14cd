"""CumulantAccumulator: sums from which a cumulant follows, and which can be merged."""

import itertools

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils import check_array

from .._core._validation import check_positive
from ._cumulant import (
    DenseCumulant,
    check_order,
    check_tensor_size,
    pair_products,
    pairings,
    symmetrized,
)

Array = NDArray[np.float64]

_CHUNK_ROWS = 2048  # rows whose products are held at a time


class CumulantAccumulator:
    """Sums from which a cumulant follows, gathered block by block or worker by worker.

    Merging the sums of parts gives those of the whole, to rounding. They hold the tensor:
    n_features^order numbers, at most 2^24.

    Parameters
    ----------
    n_features : int
    order : int, default=4
        2, 3 or 4.
    shift : array-like of shape (n_features,), optional
        A point near the mean, zero by default, the same for all that are to be merged; far from
        the mean digits are lost.

    Attributes
    ----------
    n_samples : int
        Rows seen.

    Examples
    --------
    >>> import numpy as np
    >>> from rfsk.analysis import CumulantAccumulator, cumulant
    >>> X = np.random.default_rng(0).normal(size=(1000, 5)) ** 3
    >>> parts = [CumulantAccumulator(5).update(X[rows::2]) for rows in (0, 1)]
    >>> merged = parts[0].merge(parts[1]).cumulant()
    >>> bool(np.allclose(merged.tensor(), cumulant(X).tensor()))
    True
    """

    def __init__(self, n_features: int, order: int = 4, shift: ArrayLike | None = None) -> None:
        check_positive(n_features, "n_features", integer=True)
        check_order(order)
        check_tensor_size(n_features, order)
        self.n_features, self.order, self.n_samples = n_features, order, 0
        self.shift = np.zeros(n_features) if shift is None else np.array(shift, dtype=np.float64)
        if self.shift.shape != (n_features,):
            raise ValueError(f"shift has shape {self.shift.shape}; expected ({n_features},).")
        self._sums = [np.zeros((n_features,) * axes) for axes in range(1, order + 1)]

    def update(self, X: ArrayLike) -> "CumulantAccumulator":
        """Add rows of samples, (n_samples, n_features), and return the accumulator.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Further samples.
        """
        rows = check_array(X, dtype=np.float64, input_name="X", ensure_min_samples=0)
        if rows.shape[1] != self.n_features:
            raise ValueError(f"X has {rows.shape[1]} features; expected {self.n_features}.")
        for start in range(0, len(rows), _CHUNK_ROWS):
            self._add(rows[start : start + _CHUNK_ROWS] - self.shift)
        return self

    def _add(self, rows: Array) -> None:
        self.n_samples += len(rows)
        self._sums[0] += rows.sum(axis=0)
        self._sums[1] += rows.T @ rows
        if self.order == 2:
            return
        products = pair_products(rows)
        self._sums[2] += (products.T @ rows).reshape(self._sums[2].shape)
        if self.order == 4:
            self._sums[3] += (products.T @ products).reshape(self._sums[3].shape)

    def merge(self, other: "CumulantAccumulator") -> "CumulantAccumulator":
        """Add the sums of another accumulator, and return this one.

        Parameters
        ----------
        other : CumulantAccumulator
            Of the same number of features, order and shift.

        Raises
        ------
        ValueError
            If sizes, orders or shifts differ.
        """
        same = (self.n_features, self.order) == (other.n_features, other.order)
        if not same or not np.array_equal(self.shift, other.shift):
            raise ValueError(
                "Only accumulators of the same n_features, order and shift can be merged."
            )
        self.n_samples += other.n_samples
        for mine, theirs in zip(self._sums, other._sums, strict=True):
            mine += theirs
        return self

    def cumulant(self) -> DenseCumulant:
        """Cumulant of all rows so far.

        Raises
        ------
        ValueError
            If there are fewer than two.
        """
        if self.n_samples < 2:
            raise ValueError(f"The accumulator has seen {self.n_samples} row(s); expected >= 2.")
        moments = [total / self.n_samples for total in self._sums]
        mean = moments[0]
        # Moments about the mean from those about the shift, by the binomial theorem.
        covariance = moments[1] - np.multiply.outer(mean, mean)
        if self.order == 2:
            return DenseCumulant(symmetrized(covariance))
        square = np.multiply.outer(mean, mean)
        cube = np.multiply.outer(square, mean)
        if self.order == 3:
            third = moments[2] - _spread(moments[1], mean) + 2.0 * cube
            return DenseCumulant(symmetrized(third))
        fourth = moments[3] - _spread(moments[2], mean) + _spread(moments[1], square)
        fourth -= 3.0 * np.multiply.outer(cube, mean)
        return DenseCumulant(symmetrized(fourth - pairings(covariance)))


def _spread(left: Array, right: Array) -> Array:
    """Sum of the outer product over all ways to share out its axes."""
    product = np.multiply.outer(left, right)
    places = range(product.ndim)
    return np.asarray(
        sum(
            np.moveaxis(product, places, [*mine, *(axis for axis in places if axis not in mine)])
            for mine in itertools.combinations(places, left.ndim)
        )
    )
