"""Cumulants of samples, in memory or in blocks that are read again for each contraction."""

from abc import abstractmethod
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils import check_array

from .._core._blocks import is_lazy, row_blocks
from .._core._random import as_generator
from ._cumulant import Cumulant, check_tensor_size, pair_products, pairings

Array = NDArray[np.float64]

_CHUNK_ROWS = 2048  # rows contracted at a time: the block of projections stays in cache
_FEW_FEATURES = 40  # up to here the norm is computed from products of features
_EXACT_ROWS = 16384  # up to here all pairs of rows enter the norm, beyond a sample of them


class EmpiricalCumulant(Cumulant):
    """Cumulant of the empirical law of samples.

    With x centred and C = mean x x' it is C at order two, mean x x x at order three, and at
    order four kappa(a, a, a, .) = mean (x.a)^3 x - 3 (a.Ca) C a: two matrix products with the
    data, O(n_samples n_features) a direction, where the tensor itself has n_features^4 entries.

    Attributes
    ----------
    n_samples : int
    mean : ndarray of shape (n_features,)
    """

    n_samples: int
    mean: Array
    _covariance: Array

    @abstractmethod
    def _chunks(self) -> Iterator[Array]:
        """Centred rows, some at a time."""

    def contract(self, directions: Array) -> Array:
        """Contract by two passes over the data."""
        gaussian = directions @ self._covariance
        if self.order == 2:
            return np.asarray(gaussian)
        moment = np.zeros((len(directions), self.n_features))
        for rows in self._chunks():
            projections = rows @ directions.T
            powers = projections * projections
            if self.order == 4:
                powers *= projections
            moment += powers.T @ rows
        moment /= self.n_samples
        if self.order == 3:
            return moment
        variance = np.einsum("rd,rd->r", directions, gaussian)
        return np.asarray(moment - 3.0 * variance[:, None] * gaussian)

    def tensor(self) -> Array:
        """Form all entries, in one pass."""
        D, order = self.n_features, self.order
        check_tensor_size(D, order)
        C = self._covariance
        if order == 2:
            return C.copy()
        moment = np.zeros((D * D, D if order == 3 else D * D))
        for rows in self._chunks():
            products = pair_products(rows)
            moment += products.T @ (rows if order == 3 else products)
        moment = moment.reshape((D,) * order) / self.n_samples
        if order == 3:
            return moment
        return np.asarray(moment - pairings(C))

    def squared_norm(self, random_state: Any = None) -> float:
        """Sum of the squares of all entries.

        At order four ||kappa||^2 = ||M||^2 - 6 mean_i (x_i.C x_i)^2 + 3 (tr C^2)^2 + 6 tr C^4
        with M the fourth moment. Up to 40 features ||M||^2 comes from the products x_i x_j,
        exactly; beyond it is mean_ij (x_i.x_j)^4, over all pairs up to 16384 rows and over
        that many random rows against all others where there are more: an unbiased estimate.
        At order three the same with (x_i.x_j)^3.

        Parameters
        ----------
        random_state : int, Generator, RandomState or None, default=None
            Chooses those rows.
        """
        if self.order == 2:
            return float((self._covariance**2).sum())
        if self.n_features <= _FEW_FEATURES and self.order == 3:
            return float((self.tensor() ** 2).sum())
        if self.n_features <= _FEW_FEATURES:
            moment = self._moment_norm_from_products()
        else:
            moment = self._moment_norm_from_rows(random_state)
        if self.order == 3:
            return moment
        quadratic = 0.0
        for rows in self._chunks():
            quadratic += float((np.einsum("nd,nd->n", rows @ self._covariance, rows) ** 2).sum())
        square = self._covariance @ self._covariance
        gaussian = 3.0 * np.trace(square) ** 2 + 6.0 * (square**2).sum()
        return float(moment - 6.0 * quadratic / self.n_samples + gaussian)

    def _moment_norm_from_products(self) -> float:
        first, second = np.triu_indices(self.n_features)
        moment = np.zeros((len(first), len(first)))
        for rows in self._chunks():
            products = rows[:, first] * rows[:, second]
            moment += products.T @ products
        times = np.where(first == second, 1.0, 2.0)  # of each product among all ordered pairs
        return float(times @ (moment / self.n_samples) ** 2 @ times)

    def _moment_norm_from_rows(self, random_state: Any) -> float:
        n, order = self.n_samples, self.order
        chosen = np.arange(n)
        if n > _EXACT_ROWS:
            chosen = np.sort(as_generator(random_state).choice(n, _EXACT_ROWS, replace=False))
        some, start = [], 0
        for rows in self._chunks():
            inside = chosen[(chosen >= start) & (chosen < start + len(rows))]
            some.append(rows[inside - start])
            start += len(rows)
        picked = np.concatenate(some)
        with_others = -float(((picked**2).sum(axis=1) ** order).sum())
        with_itself = 0.0
        for rows in self._chunks():
            with_others += float(((picked @ rows.T) ** order).sum())
            with_itself += float(((rows**2).sum(axis=1) ** order).sum())
        return (with_itself + with_others * n / len(picked)) / n**2


class SampleCumulant(EmpiricalCumulant):
    """Cumulant of samples in memory."""

    def __init__(self, X: ArrayLike, order: int = 4) -> None:
        data = check_array(X, dtype=np.float64, input_name="X", ensure_min_samples=2)
        self.order = order
        self.n_samples, self.n_features = data.shape
        self.mean = data.mean(axis=0)
        self._data = data - self.mean
        self._covariance = self._data.T @ self._data / len(data)

    def _chunks(self) -> Iterator[Array]:
        for start in range(0, self.n_samples, _CHUNK_ROWS):
            yield self._data[start : start + _CHUNK_ROWS]


class BlockCumulant(EmpiricalCumulant):
    """Cumulant of samples that come in blocks, read anew for each contraction.

    Parameters
    ----------
    blocks : re-iterable of array-like of shape (n_rows, n_features), or Dask array
        A list, or an object whose ``__iter__`` starts from the beginning every time, as one
        that opens files does. Blocks may be empty.
    order : int, default=4
        2, 3 or 4.
    """

    def __init__(self, blocks: Iterable[ArrayLike], order: int = 4) -> None:
        if iter(blocks) is blocks:
            raise TypeError(
                f"blocks={blocks!r} can be read only once; expected a list, a Dask array, or an "
                "object whose __iter__ starts anew."
            )
        self._blocks, self.order = blocks, order
        n_samples, total, largest = 0, np.zeros(1), 0.0
        for rows in self._rows():
            n_samples += len(rows)
            total = total + rows.sum(axis=0)
            largest = max(largest, float(np.abs(rows).max(initial=0.0)))
        if n_samples < 2:
            raise ValueError(f"blocks hold {n_samples} row(s); expected at least 2.")
        self.n_samples, self.n_features, self.largest = n_samples, len(total), largest
        self.mean = total / n_samples
        self._covariance = (
            sum((rows.T @ rows for rows in self._chunks()), np.zeros((self.n_features,) * 2))
            / n_samples
        )

    def _rows(self) -> Iterator[Array]:
        """Blocks as they are, checked."""
        source: Iterable[Any] = self._blocks
        if is_lazy(source):
            source = (block for (block,) in row_blocks(source))
        width = None
        for block in source:
            rows = check_array(block, dtype=np.float64, input_name="block", ensure_min_samples=0)
            if width is not None and rows.shape[1] != width:
                raise ValueError(
                    f"A block has {rows.shape[1]} columns and the first one {width}; expected the "
                    "same features in each."
                )
            width = rows.shape[1]
            yield rows

    def _chunks(self) -> Iterator[Array]:
        for block in self._rows():
            for start in range(0, len(block), _CHUNK_ROWS):
                yield block[start : start + _CHUNK_ROWS] - self.mean
