"""Cumulants of samples, in memory or in blocks that are read again for each contraction."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import nullcontext
from functools import cached_property
from typing import Any

import numpy as np
import scipy.sparse
from numpy.typing import NDArray
from sklearn.utils import check_array

from .._core._blas import blas_on_one_thread
from .._core._blocks import is_lazy, sum_over_blocks
from .._core._random import as_generator
from ._cumulant import Cumulant

Array = NDArray[np.float64]

_CHUNK_ROWS = 512  # rows, and directions, contracted at a time: their projections stay in cache
_CHUNK_FEATURES = 128  # with fewer features there are more rows in a chunk
_ONE_THREAD = 256  # features up to which products are too small to be shared among threads
_FEW_FEATURES = 40  # up to here inner products come from tensors, and all axes are kept
_PAIR_AXES = 32  # up to here a condensed cumulant is formed, pair of axes by pair of axes
_NORM_ROWS = 1024  # rows that are drawn for the norm if there are at least four times as many
_TAIL = 3e-3  # fraction of the variance that a condensed cumulant leaves out


def is_in_blocks(source: Any) -> bool:
    """Whether samples come in blocks: a list of arrays, a Dask array, or something iterable."""
    if isinstance(source, list | tuple):
        return len(source) > 0 and hasattr(source[0], "__array__") and np.ndim(source[0]) == 2
    return is_lazy(source) or not (hasattr(source, "__array__") or scipy.sparse.issparse(source))


class SampleCumulant(Cumulant):
    """Cumulant of the empirical distribution of samples.

    With x centred and C = mean x x' it is C at order two, mean x x x at order three, and at
    order four kappa(a, a, a, .) = mean (x.a)^3 x - 3 (a.Ca) C a: two matrix products with the
    data, O(n_samples n_features) per direction, where the tensor has n_features^4 entries.

    Parameters
    ----------
    X : array-like of shape (n_samples, n_features), or blocks of such
        Samples of one distribution, at least two. Blocks are a Dask array, a list of arrays, or
        an object whose ``__iter__`` starts from the beginning every time, as one that opens files
        does. They are read again for each contraction and may be empty.
    order : int, default=4
        2, 3 or 4.

    Attributes
    ----------
    n_samples : int
    mean : ndarray of shape (n_features,)
    covariance : ndarray of shape (n_features, n_features)
        C, with divisor n_samples.

    Examples
    --------
    >>> import numpy as np
    >>> from rfsk.analysis import SampleCumulant
    >>> X = np.random.default_rng(0).choice([-1.0, 1.0], size=(10_000, 3))
    >>> SampleCumulant(X).strength(np.eye(3)).round(1)
    array([-2., -2., -2.])
    >>> SampleCumulant([X[:4000], X[4000:]]).strength(np.eye(3)).round(1)
    array([-2., -2., -2.])
    """

    def __init__(self, X: Any, order: int = 4) -> None:
        if order not in (2, 3, 4):
            raise ValueError(f"order={order!r}; expected 2, 3 or 4.")
        self.order = order
        self._data: Array | None = None
        if is_in_blocks(X):
            if iter(X) is X:
                raise TypeError(
                    f"blocks={X!r} can be read only once; expected a list, a Dask array, or an "
                    "object whose __iter__ starts anew."
                )
            self._blocks = X.rechunk({1: -1}) if is_lazy(X) else X
            self.mean = np.zeros(1)
            sums = self._total(lambda rows: np.append(len(rows), rows.sum(axis=0)))
            n_samples, *total = np.atleast_1d(sums)
            if n_samples < 2:
                raise ValueError(f"blocks hold {n_samples:.0f} row(s); expected at least 2.")
            self.n_samples, self.n_features = int(n_samples), len(total)
            self.mean = np.array(total) / n_samples
        else:
            data = check_array(X, dtype=np.float64, input_name="X", ensure_min_samples=2)
            self.n_samples, self.n_features = data.shape
            self.mean = data.mean(axis=0)
            self._data = data - self.mean
        self.covariance = self._total(lambda rows: rows.T @ rows) / self.n_samples

    def _chunks(self) -> Iterator[Array]:
        """Centred rows, some at a time."""
        if self._data is not None:
            step = _chunk_length(self.n_features)
            yield from (self._data[i : i + step] for i in range(0, self.n_samples, step))
            return
        blocks: Iterable[Any] = self._blocks
        if is_lazy(blocks):
            blocks = (block.compute() for block in self._blocks.blocks.ravel())
        width = None
        for block in blocks:
            for rows in _centred(block, self.mean):
                width = width or rows.shape[1]
                if rows.shape[1] != width:
                    raise ValueError(
                        f"A block has {rows.shape[1]} columns and the first one {width}; expected "
                        "the same features in each."
                    )
                yield rows

    def _total(self, function: Callable[[Array], Any]) -> Array:
        """Sum of ``function(rows)`` over all centred rows, some at a time."""
        if self._data is None and is_lazy(self._blocks):
            mean = self.mean
            return sum_over_blocks(
                self._blocks, lambda block: _sum_of(_centred(block, mean), function)
            )
        return _sum_of(self._chunks(), function)

    def _mean(self, function: Callable[[Array], Array], directions: Array) -> Array:
        """Mean over all rows of what a function of directions sums over some."""
        # Threads that share so little work wait for one another in busy loops.
        is_small = self.n_features <= _ONE_THREAD and len(directions) < _CHUNK_ROWS
        with blas_on_one_thread() if is_small else nullcontext():
            return self._total(function) / self.n_samples

    def contract(self, directions: Array) -> Array:
        """Contract by two products with the data."""
        gaussian = directions @ self.covariance
        if self.order == 2:
            return np.asarray(gaussian)
        columns, order = _columns(directions), self.order

        def moment(rows: Array) -> Array:
            """Sum of (x.a)^(order - 1) x."""
            projections = rows @ columns
            powers = projections * projections
            if order == 4:
                powers *= projections
            return np.asarray(powers.T @ rows)

        if order == 3:
            return self._mean(moment, directions)
        variance = np.einsum("rd,rd->r", directions, gaussian)
        return np.asarray(self._mean(moment, directions) - 3.0 * variance[:, None] * gaussian)

    def strength(self, directions: Array) -> Array:
        """Contract all axes by one product with the data."""
        if self.order == 2:
            return super().strength(directions)
        starts = range(0, len(directions), _CHUNK_ROWS)
        columns = [_columns(directions[start : start + _CHUNK_ROWS]) for start in starts]
        dtype, order = directions.dtype, self.order

        def moment(rows: Array) -> Array:
            """Sum of (x.a)^order, in the precision of the directions."""
            rows, sums = rows.astype(dtype, copy=False), []
            for some in columns:
                projections = rows @ some
                squares = projections * projections
                sums.append(np.einsum("nr,nr->r", squares, squares if order == 4 else projections))
            return np.concatenate(sums)

        if order == 3:
            return self._mean(moment, directions)
        gaussian = 3.0 * _forms(directions, self.covariance) ** 2
        return np.asarray(self._mean(moment, directions) - gaussian)

    def _rough_strength(self, rows: Array) -> Array:
        """kappa(y, ..., y) for each row y in single precision, which suffices for an estimate."""
        unit = float(_squared_lengths(rows).max()) or 1.0  # with which powers stay in range
        return np.asarray(self.strength((rows / unit).astype(np.float32))) * unit**self.order

    def tensor(self) -> Array:
        """Form all entries, in one pass."""
        self._check_fits()
        if self.order == 2:
            return self.covariance.copy()
        if self.order == 4:
            return self._pair_cumulant().tensor()
        rule = "ni,nj,nk->ijk"
        total = self._total(lambda rows: np.einsum(rule, rows, rows, rows, optimize=True))
        return total / self.n_samples

    def inner(self, other: Cumulant, random_state: Any = None) -> float:
        """Sum of the products of the entries of two cumulants of samples.

        Up to 40 features from the tensors. Beyond, at order four, <kappa, kappa'> =
        mean_i kappa(y_i, y_i, y_i, y_i) - 3 mean_i (x_i.C' x_i)^2 + 3 (tr C C')^2 + 6 tr C C' C C',
        with x, C the samples of one and y, C' those of the other; at order three the first term
        alone. Its mean is over all rows if there are fewer than 4096, and over 1024 random ones
        otherwise: an unbiased estimate.
        """
        if not isinstance(other, SampleCumulant) or (
            self.order > 2 and self.n_features <= _FEW_FEATURES
        ):
            return super().inner(other, random_state)
        self._check_alike(other)
        order, covariance = self.order, other.covariance
        if order == 2:
            return float((self.covariance * covariance).sum())
        rows = other._some_rows(as_generator(random_state))
        is_sampled = len(rows) < other.n_samples
        along = self._rough_strength(rows) if is_sampled else self.strength(rows)
        known = 0.0
        if other is self:
            # What a row contributes to its own term is known for all rows: no need to sample it.
            along -= _squared_lengths(rows) ** order / self.n_samples
            known = float(self._total(lambda rows: (_squared_lengths(rows) ** order).sum()))
            known /= self.n_samples**2
        if order == 3:
            return float(along.mean()) + known
        quadratic = float(self._total(lambda rows: (_forms(rows, covariance) ** 2).sum()))
        quadratic /= self.n_samples
        product = self.covariance @ covariance
        gaussian = np.trace(product) ** 2 + 2.0 * (product * product.T).sum()
        if other is self and is_sampled and gaussian > 0.0:
            # The same holds for the part of kappa that is proportional to the pairings of C.
            part = 3.0 * (quadratic / gaussian - 1.0)
            along -= part * _forms(rows, covariance) ** 2
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

    def _pair_cumulant(self, dtype: type[np.floating[Any]] = np.float64) -> "PairCumulant":
        """All entries of order four, between pairs of features; sums are taken in `dtype`."""
        first, second = np.triu_indices(self.n_features)

        def products(rows: Array) -> Array:
            rows = rows.astype(dtype, copy=False)
            pairs = rows[:, first] * rows[:, second]
            return np.asarray(pairs.T @ pairs, dtype=np.float64)

        moment, C = self._total(products), self.covariance
        i, j, k, l = first[:, None], second[:, None], first, second  # noqa: E741
        gaussian = C[i, j] * C[k, l] + C[i, k] * C[j, l] + C[i, l] * C[j, k]
        return PairCumulant(moment / self.n_samples - gaussian, self.n_features)

    @cached_property
    def _condensed(self) -> Cumulant:
        """Project on the principal axes, if so many can be left out that this saves time."""
        D = self.n_features
        if self._data is None or D <= _FEW_FEATURES:
            return self
        variances, axes = np.linalg.eigh(self.covariance)  # in rising order
        n_left_out = int(np.searchsorted(np.cumsum(variances), _TAIL * variances.sum()))
        n_left_out = min(n_left_out, 3 * D // 4)  # to leave out more saves little
        if n_left_out < D // 4:
            return self
        kept, unit = axes[:, n_left_out:], np.sqrt(variances[-1])
        inner = SampleCumulant(self._data @ (kept / unit), self.order)  # powers stay in range
        if self.order == 4 and inner.n_features <= _PAIR_AXES:
            return SubspaceCumulant(inner._pair_cumulant(np.float32), unit * kept.T)
        return SubspaceCumulant(inner, unit * kept.T)


class SubspaceCumulant(Cumulant):
    """Cumulant of inputs ``coordinates @ axes`` that are combinations of a few axes."""

    def __init__(self, inner: Cumulant, axes: Array) -> None:
        self._inner, self._axes = inner, axes
        self.n_features, self.order = axes.shape[1], inner.order

    def contract(self, directions: Array) -> Array:
        """Contract the coordinates of the directions."""
        return self._inner.contract(directions @ self._axes.T) @ self._axes

    def tensor(self) -> Array:
        """Tensor of the coordinates, each of its axes turned into features."""
        tensor = self._inner.tensor()
        for _ in range(self.order):
            tensor = np.tensordot(tensor, self._axes, (0, 0))
        return tensor


class PairCumulant(Cumulant):
    """Cumulant of order four as a matrix between pairs of features.

    Contracting it costs n_features^4 / 4 per direction, whatever the number of samples.

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


def _chunk_length(n_features: int) -> int:
    return _CHUNK_ROWS * max(1, _CHUNK_FEATURES // n_features)


def _centred(block: Any, mean: Array) -> Iterator[Array]:
    """Rows of a block less the mean, some at a time; of an empty block, no rows once."""
    rows = check_array(block, dtype=np.float64, input_name="block", ensure_min_samples=0)
    step = _chunk_length(rows.shape[1])
    for start in range(0, max(1, len(rows)), step):
        yield rows[start : start + step] - mean


def _sum_of(chunks: Iterable[Array], function: Callable[[Array], Any]) -> Array:
    total: Any = np.float64(0.0)  # not 0.0, which would leave sums in single precision
    for rows in chunks:
        total = total + function(rows)
    return np.asarray(total)


def _columns(directions: Array) -> Array:
    """One direction per column, contiguous: products with few columns take half the time so."""
    return np.ascontiguousarray(directions.T)


def _squared_lengths(rows: Array) -> Array:
    """|x|^2 of each row."""
    return np.asarray(np.einsum("nd,nd->n", rows, rows))


def _forms(rows: Array, matrix: Array) -> Array:
    """x.Mx of each row."""
    return np.asarray(np.einsum("nd,nd->n", rows @ matrix, rows))
