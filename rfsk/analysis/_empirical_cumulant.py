"""Cumulants of samples, in memory or in blocks that are read again for each contraction."""

from abc import abstractmethod
from collections.abc import Callable, Iterable, Iterator
from contextlib import nullcontext
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils import check_array

from .._core._blas import blas_on_one_thread
from .._core._blocks import LazyBlocks, is_lazy
from .._core._random import as_generator
from ._cumulant import Cumulant, check_tensor_size, pair_products, pairings
from ._subspace_cumulant import PairCumulant, SubspaceCumulant

Array = NDArray[np.float64]

_CHUNK_ROWS = 512  # rows, and directions, contracted at a time: their projections stay in cache
_CHUNK_FEATURES = 128  # with fewer features there are more rows in a chunk
_ONE_THREAD = 256  # features up to which products are too small to be shared among threads
_FEW_FEATURES = 40  # up to here the norm comes from products of features, and all axes are kept
_PAIR_AXES = 32  # up to here a condensed cumulant is formed, pair of axes by pair of axes
_NORM_ROWS = 1024  # rows that are drawn for the norm if there are at least four times as many
_TAIL = 3e-3  # fraction of the variance that a condensed cumulant leaves out


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

    def _total(self, function: Callable[..., Array], *arguments: Any) -> Array:
        """Sum of ``function(rows, *arguments)`` over all centred rows, some at a time."""
        return _sum_of(self._chunks(), function, arguments)

    def _mean(self, function: Callable[..., Array], directions: Array) -> Array:
        """Mean over all rows of what a function sums over some."""
        # Threads that share so little work wait for one another in busy loops.
        is_small = self.n_features <= _ONE_THREAD and len(directions) < _CHUNK_ROWS
        with blas_on_one_thread() if is_small else nullcontext():
            return self._total(function, directions, self.order) / self.n_samples

    def contract(self, directions: Array) -> Array:
        """Contract by two passes over the data."""
        gaussian = directions @ self._covariance
        if self.order == 2:
            return np.asarray(gaussian)
        moment = self._mean(_contraction, directions)
        if self.order == 3:
            return moment
        variance = np.einsum("rd,rd->r", directions, gaussian)
        return np.asarray(moment - 3.0 * variance[:, None] * gaussian)

    def strength(self, directions: Array) -> Array:
        """kappa(a, ..., a) for each row a, in one pass over the data."""
        if self.order == 2:
            return super().strength(directions)
        moment = self._mean(_strength, directions)
        if self.order == 3:
            return moment
        variance = np.einsum("rd,rd->r", directions @ self._covariance, directions)
        return np.asarray(moment - 3.0 * variance**2)

    def _rough_strength(self, rows: Array) -> Array:
        """kappa(y, ..., y) for each row y in single precision, which suffices for an estimate."""
        unit = float(_squared_lengths(rows).max()) or 1.0  # with which powers stay in range
        return np.asarray(self.strength((rows / unit).astype(np.float32))) * unit**self.order

    def tensor(self) -> Array:
        """Form all entries, in one pass."""
        D, order = self.n_features, self.order
        check_tensor_size(D, order)
        C = self._covariance
        if order == 2:
            return C.copy()
        moment = self._total(_moment, order).reshape((D,) * order) / self.n_samples
        if order == 3:
            return moment
        return np.asarray(moment - pairings(C))

    def squared_norm(self, random_state: Any = None) -> float:
        """Sum of the squares of all entries: the inner product with itself, as `inner` has it.

        Up to 40 features from the tensor, exactly.
        """
        if self.order == 2:
            return float((self._covariance**2).sum())
        if self.n_features > _FEW_FEATURES:
            return self.inner(self, random_state)
        if self.order == 3:
            return float((self.tensor() ** 2).sum())
        return self._pair_cumulant().squared_norm()

    def inner(self, other: Cumulant, random_state: Any = None) -> float:
        """Sum of the products of the entries of two cumulants of samples.

        At order four <kappa, kappa'> = mean_i kappa(y_i, y_i, y_i, y_i) - 3 mean_i (x_i.C' x_i)^2
        + 3 (tr C C')^2 + 6 tr C C' C C', with x, C the samples of one and y, C' those of the
        other; at order three the first term alone. Its mean is over all rows if there are fewer
        than 4096, and over 1024 random ones otherwise: an unbiased estimate.

        Parameters
        ----------
        other : cumulant of samples
            Of the same size and order.
        random_state : int, Generator, RandomState or None, default=None
            Chooses those rows.
        """
        if not isinstance(other, EmpiricalCumulant):
            return super().inner(other, random_state)
        self._check_alike(other)
        if self.order == 2:
            return float((self._covariance * other._covariance).sum())
        rows = other._some_rows(as_generator(random_state))
        is_sampled = len(rows) < other.n_samples
        along = self._rough_strength(rows) if is_sampled else self.strength(rows)
        known = 0.0
        if other is self:
            # What a row contributes to its own term is known for all rows: no need to sample it.
            along -= _squared_lengths(rows) ** self.order / self.n_samples
            known = float(self._total(_norm_power, self.order)) / self.n_samples**2
        if self.order == 3:
            return float(along.mean()) + known
        quadratic = float(self._total(_squared_form, other._covariance)) / self.n_samples
        product = self._covariance @ other._covariance
        gaussian = np.trace(product) ** 2 + 2.0 * (product * product.T).sum()
        if other is self and is_sampled and gaussian > 0.0:
            # The same holds for the part of kappa that is proportional to the pairings of C.
            part = 3.0 * (quadratic / gaussian - 1.0)
            along -= part * _forms(rows, self._covariance) ** 2
            known += part * quadratic
        return float(along.mean() + known - 3.0 * quadratic + 3.0 * gaussian)

    def _some_rows(self, rng: np.random.Generator) -> Array:
        """All centred rows, or a random sample of them."""
        chosen = np.arange(self.n_samples)
        if self.n_samples >= 4 * _NORM_ROWS:
            chosen = np.sort(rng.choice(self.n_samples, _NORM_ROWS, replace=False))
        some, start = [], 0
        for rows in self._chunks():
            inside = chosen[(chosen >= start) & (chosen < start + len(rows))]
            some.append(rows[inside - start])
            start += len(rows)
        return np.concatenate(some)

    def _pair_cumulant(self, dtype: type[np.floating[Any]] = np.float64) -> PairCumulant:
        """All entries of order four, between pairs of features; sums are taken in `dtype`."""
        first, second = np.triu_indices(self.n_features)
        moment = self._total(_moment_of_pairs, first, second, dtype)
        C = self._covariance
        i, j, k, l = first[:, None], second[:, None], first, second  # noqa: E741
        gaussian = C[i, j] * C[k, l] + C[i, k] * C[j, l] + C[i, l] * C[j, k]
        return PairCumulant(moment / self.n_samples - gaussian, self.n_features)


class SampleCumulant(EmpiricalCumulant):
    """Cumulant of samples in memory.

    Parameters
    ----------
    X : array-like of shape (n_samples, n_features)
        Samples of one law, at least two.
    order : int, default=4
        2, 3 or 4.

    Examples
    --------
    >>> import numpy as np
    >>> from rfsk.analysis import SampleCumulant
    >>> X = np.random.default_rng(0).choice([-1.0, 1.0], size=(10_000, 3))
    >>> SampleCumulant(X).strength(np.eye(3)).round(1)
    array([-2., -2., -2.])
    """

    def __init__(self, X: ArrayLike, order: int = 4) -> None:
        data = check_array(X, dtype=np.float64, input_name="X", ensure_min_samples=2)
        self.order = order
        self.n_samples, self.n_features = data.shape
        self.mean = data.mean(axis=0)
        self._data = data - self.mean
        self._covariance = self._data.T @ self._data / len(data)

    def _condensed(self) -> Cumulant:
        return self._in_few_axes

    @cached_property
    def _in_few_axes(self) -> Cumulant:
        """Project on the principal axes, if so many can be left out that this saves time."""
        D = self.n_features
        variances, axes = np.linalg.eigh(self._covariance)  # in rising order
        n_left_out = int(np.searchsorted(np.cumsum(variances), _TAIL * variances.sum()))
        n_left_out = min(n_left_out, 3 * D // 4)  # to leave out more saves little
        if D <= _FEW_FEATURES or n_left_out < D // 4:
            return self
        kept, unit = axes[:, n_left_out:], np.sqrt(variances[-1])
        inner = SampleCumulant(self._data @ (kept / unit), self.order)  # powers stay in range
        if self.order == 4 and inner.n_features <= _PAIR_AXES:
            return SubspaceCumulant(inner._pair_cumulant(np.float32), unit * kept.T)
        return SubspaceCumulant(inner, unit * kept.T)

    def _chunks(self) -> Iterator[Array]:
        step = _CHUNK_ROWS * max(1, _CHUNK_FEATURES // self.n_features)
        for start in range(0, self.n_samples, step):
            yield self._data[start : start + step]


class BlockCumulant(EmpiricalCumulant):
    """Cumulant of samples that come in blocks, read anew for each contraction.

    Parameters
    ----------
    blocks : re-iterable of array-like of shape (n_rows, n_features), or Dask array
        A list, or an object whose ``__iter__`` starts from the beginning every time, as one
        that opens files does. Blocks may be empty.
    order : int, default=4
        2, 3 or 4.

    Examples
    --------
    >>> import numpy as np
    >>> from rfsk.analysis import BlockCumulant
    >>> X = np.random.default_rng(0).choice([-1.0, 1.0], size=(10_000, 3))
    >>> BlockCumulant([X[:4000], X[4000:]]).strength(np.eye(3)).round(1)
    array([-2., -2., -2.])
    """

    def __init__(self, blocks: Iterable[ArrayLike], order: int = 4) -> None:
        if iter(blocks) is blocks:
            raise TypeError(
                f"blocks={blocks!r} can be read only once; expected a list, a Dask array, or an "
                "object whose __iter__ starts anew."
            )
        self._blocks = LazyBlocks(blocks) if is_lazy(blocks) else blocks
        self.order = order
        n_samples, total, largest, width = 0, np.zeros(1), 0.0, None
        for n, part, most in self._map(_block_sums):
            if width is not None and len(part) != width:
                raise ValueError(
                    f"A block has {len(part)} columns and the first one {width}; expected the "
                    "same features in each."
                )
            width = len(part)
            n_samples, total, largest = n_samples + n, total + part, max(largest, most)
        if n_samples < 2:
            raise ValueError(f"blocks hold {n_samples} row(s); expected at least 2.")
        self.n_samples, self.n_features, self.largest = n_samples, len(total), largest
        self.mean = total / n_samples
        self._covariance = self._total(_product) / n_samples

    def _map(self, function: Callable[..., Any]) -> Iterable[Any]:
        """``function(block)`` of each block."""
        if isinstance(self._blocks, LazyBlocks):
            return self._blocks.map(function)
        return map(function, self._blocks)

    def _total(self, function: Callable[..., Array], *arguments: Any) -> Array:
        if isinstance(self._blocks, LazyBlocks):
            return np.asarray(self._blocks.total(_sum_of_block, self.mean, function, arguments))
        return super()._total(function, *arguments)

    def _chunks(self) -> Iterator[Array]:
        for block in self._blocks:
            yield from _centred(block, self.mean)


def _checked(block: Any) -> Array:
    return np.asarray(
        check_array(block, dtype=np.float64, input_name="block", ensure_min_samples=0)
    )


def _block_sums(block: Any) -> tuple[int, Array, float]:
    """Number of rows, their sum, and the largest entry."""
    rows = _checked(block)
    return len(rows), rows.sum(axis=0), float(np.abs(rows).max(initial=0.0))


def _centred(block: Any, mean: Array) -> Iterator[Array]:
    """Rows of a block less the mean, some at a time."""
    rows = _checked(block)
    for start in range(0, len(rows), _CHUNK_ROWS):
        yield rows[start : start + _CHUNK_ROWS] - mean


def _sum_of(
    chunks: Iterable[Array], function: Callable[..., Array], arguments: tuple[Any, ...]
) -> Array:
    total: Any = np.float64(0.0)  # not 0.0, which would leave sums in single precision
    for rows in chunks:
        total = total + function(rows, *arguments)
    return np.asarray(total)


def _sum_of_block(
    block: Any, mean: Array, function: Callable[..., Array], arguments: tuple[Any, ...]
) -> Array:
    """What one block adds to a sum; a block without rows adds nothing."""
    return _sum_of(_centred(block, mean), function, arguments)


def _product(rows: Array) -> Array:
    return np.asarray(rows.T @ rows)


def _columns(directions: Array) -> Array:
    """One direction per column, contiguous: products with few columns take half the time so."""
    return np.ascontiguousarray(directions.T)


def _contraction(rows: Array, directions: Array, order: int) -> Array:
    """Sum of (x.a)^(order - 1) x."""
    projections = rows @ _columns(directions)
    powers = projections * projections
    if order == 4:
        powers *= projections
    return np.asarray(powers.T @ rows)


def _strength(rows: Array, directions: Array, order: int) -> Array:
    """Sum of (x.a)^order."""
    rows = rows.astype(directions.dtype, copy=False)  # a sampled norm is in single precision
    sums = []
    for start in range(0, len(directions), _CHUNK_ROWS):
        projections = rows @ _columns(directions[start : start + _CHUNK_ROWS])
        squares = projections * projections
        sums.append(np.einsum("nr,nr->r", squares, squares if order == 4 else projections))
    return np.concatenate(sums)


def _moment(rows: Array, order: int) -> Array:
    """Sum of x (x) ... (x) x, a matrix."""
    products = pair_products(rows)
    return np.asarray(products.T @ (rows if order == 3 else products))


def _moment_of_pairs(
    rows: Array,
    first: NDArray[np.intp],
    second: NDArray[np.intp],
    dtype: type[np.floating[Any]],
) -> Array:
    """Sum of x_i x_j x_k x_l over pairs i <= j and k <= l."""
    rows = rows.astype(dtype, copy=False)
    products = rows[:, first] * rows[:, second]
    return np.asarray(products.T @ products, dtype=np.float64)


def _squared_lengths(rows: Array) -> Array:
    """|x|^2 of each row."""
    return np.asarray(np.einsum("nd,nd->n", rows, rows))


def _norm_power(rows: Array, order: int) -> Array:
    """Sum of |x|^(2 order)."""
    return np.asarray((_squared_lengths(rows) ** order).sum())


def _forms(rows: Array, matrix: Array) -> Array:
    """x.Mx of each row."""
    return np.asarray(np.einsum("nd,nd->n", rows @ matrix, rows))


def _squared_form(rows: Array, matrix: Array) -> Array:
    """Sum of (x.Mx)^2."""
    return np.asarray((_forms(rows, matrix) ** 2).sum())
