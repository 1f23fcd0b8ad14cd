"""Cumulants of samples, input models and tensors, represented by their contractions."""

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from copy import copy
from functools import cached_property
from typing import Any

import numpy as np
import scipy.sparse
from numpy.typing import ArrayLike

from .._core._blas import blas_on_one_thread
from .._core._blocks import is_lazy, sum_over_blocks, take_rows
from .._core._lattice import site_differences
from .._core._random import as_generator
from .._core._types import Array
from .._core._validation import check_array, check_features, check_number, check_numbers, plain

_LARGEST_TENSOR = 2**24  # entries of the largest dense tensor: 64 features at order four
_SYMMETRY = 1e-10
_CHUNK_ROWS = 512  # samples per chunk, so that their projections fit into the cache
_CHUNK_VALUES = 2**16  # smallest number of values per chunk, for inputs with few features
_ONE_THREAD = 256  # with at most this many features, several threads are slower than one
_FEW_FEATURES = 40  # with at most this many features, inner products use dense tensors
_FEW_AXES = 32  # largest number of axes for which a condensed cumulant is a tensor
_NORM_ROWS = 1024  # rows sampled for a norm, if there are at least four times as many
_ROUGH_VALUES = 2**24  # number of values of the sample of rows that approximates blocks
_CONDENSED = 1e-2  # relative error of the approximation of an exact cumulant
_TAIL = 3e-3  # fraction of the variance that a condensed cumulant leaves out


class Cumulant(ABC):
    """Base class of cumulants, symmetric tensors kappa that are represented by contractions.

    Cumulants of the same size and order can be added, subtracted and scaled.

    Attributes
    ----------
    n_features, order : int
        Length of each axis of the tensor, and number of its axes.

    Examples
    --------
    >>> from rfsk.analysis import cumulant
    >>> (cumulant([[1.0], [-1.0]]) / 2).along([[1.0]])
    array([-1.])
    """

    n_features: int
    order: int

    @abstractmethod
    def contract(self, directions: Array) -> Array:
        """Contract all axes but one with each direction a, which gives kappa(a, ..., a, .).

        Parameters
        ----------
        directions : ndarray of shape (n_directions, n_features)
        """

    @abstractmethod
    def tensor(self) -> Array:
        """Compute the dense tensor, an array with `order` axes and at most 2^24 entries."""

    def along(self, directions: Array) -> Array:
        """Cumulant along each direction a, kappa(a, ..., a), by contraction of all axes.

        Parameters
        ----------
        directions : ndarray of shape (n_directions, n_features)
        """
        return np.asarray(np.einsum("rd,rd->r", self.contract(directions), directions))

    def _directions(self, directions: Any) -> Array:
        rows = directions
        is_plain = type(rows) is np.ndarray and rows.dtype == np.float64 and rows.ndim == 2
        # This check must be fast, because a flow calls it at each step.
        if not (is_plain and np.abs(rows).max(initial=0.0) < 1e38):
            rows = check_numbers(directions, "directions")
        return check_features(rows, self.n_features, "directions")

    @property
    def _condensed(self) -> "Cumulant":
        """The cumulant itself or, in some subclasses, an approximation with faster contractions."""
        return self

    def pair_contract(self, direction: Array, others: Array) -> Array:
        """Compute kappa(a, a, b, .) of a cumulant of order four.

        With K(a) = kappa(a, a, a, .), the result is [K(a + b) - K(a - b) - 2 K(b)] / 6.

        Parameters
        ----------
        direction : ndarray of shape (n_features,)
        others : ndarray of shape (n_others, n_features)
            Directions b, one per row.
        """
        if self.order != 4:
            raise ValueError(f"The cumulant must be of order 4, got order {self.order}.")
        both = self.contract(direction + others) - self.contract(direction - others)
        return np.asarray((both - 2.0 * self.contract(others)) / 6.0)

    def inner(self, other: "Cumulant", random_state: Any = None) -> float:
        """Inner product of two cumulants, the sum of the products of their entries.

        The inner product is exact, except for two cumulants of order 3 or 4 of large samples of
        more than 40 features, for which it is estimated from random rows.

        Parameters
        ----------
        other : Cumulant
            Cumulant with the same `n_features` and `order` as this cumulant. If the tensors have
            more than 2^24 entries, both cumulants must be instances of the same Python class.
        random_state : int, Generator, RandomState or None, default=None
            Seed of the random rows from which the result is estimated for a large sample.
        """
        self._check_alike(other)
        if not self._fits:
            if isinstance(other, CombinedCumulant):
                return other.inner(self, random_state)
            raise NotImplementedError(
                f"The inner product of a {type(self).__name__} and a {type(other).__name__} with "
                "more than 2^24 entries is not implemented. Pass two cumulants of samples, or two "
                "of models on the same lattice."
            )
        return float((self.tensor() * other.tensor()).sum())

    def squared_norm(self, random_state: Any = None) -> float:
        """Squared norm, the sum of the squares of all entries; see `inner`.

        Parameters
        ----------
        random_state : int, Generator, RandomState or None, default=None
            Seed of the random rows from which the result is estimated for a large sample.
        """
        return self.inner(self, random_state)

    @property
    def _fits(self) -> bool:
        """Whether the dense tensor has at most 2^24 entries."""
        return bool(self.n_features**self.order <= _LARGEST_TENSOR)

    def _check_fits(self) -> None:
        if not self._fits:
            raise ValueError(
                f"The tensor must have at most 2^24 entries, got {self.n_features}^{self.order}. "
                "Use `contract`, which does not form the tensor."
            )

    def _check_alike(self, other: "Cumulant") -> None:
        """Raise an error unless the two cumulants have the same size and order."""
        if (other.n_features, other.order) != (self.n_features, self.order):
            raise ValueError(
                "Cumulants must have the same number of features and the same order, got "
                f"{self.n_features} features and order {self.order}, and {other.n_features} "
                f"features and order {other.order}."
            )

    def __radd__(self, other: Any) -> "Cumulant":
        # The built-in `sum` adds the first term to 0.
        return self if isinstance(other, int) and other == 0 else NotImplemented

    def __add__(self, other: "Cumulant") -> "Cumulant":
        if not isinstance(other, Cumulant):
            return NotImplemented
        return CombinedCumulant([(1.0, self), (1.0, other)])

    def __sub__(self, other: "Cumulant") -> "Cumulant":
        return self + other * -1.0

    def __mul__(self, factor: float) -> "Cumulant":
        check_number(factor, "factor")
        return CombinedCumulant([(float(factor), self)])

    __rmul__ = __mul__

    def __truediv__(self, divisor: float) -> "Cumulant":
        return self * (1.0 / divisor)


class CombinedCumulant(Cumulant):
    """Linear combination of cumulants."""

    def __init__(self, terms: Sequence[tuple[float, Cumulant]]) -> None:
        first = terms[0][1]
        self.n_features, self.order = first.n_features, first.order
        self.terms: list[tuple[float, Cumulant]] = []
        for factor, kappa in terms:
            first._check_alike(kappa)
            inner = kappa.terms if isinstance(kappa, CombinedCumulant) else [(1.0, kappa)]
            self.terms += [(factor * weight, part) for weight, part in inner]

    def contract(self, directions: Array) -> Array:
        return np.asarray(sum(factor * kappa.contract(directions) for factor, kappa in self.terms))

    @property
    def _condensed(self) -> Cumulant:
        terms = [(factor, kappa._condensed) for factor, kappa in self.terms]
        return self if terms == self.terms else CombinedCumulant(terms)

    def tensor(self) -> Array:
        return np.asarray(sum(factor * kappa.tensor() for factor, kappa in self.terms))

    def inner(self, other: Cumulant, random_state: Any = None) -> float:
        """Inner product, computed term by term if the dense tensors are too large."""
        if self._fits:
            return super().inner(other, random_state)
        return sum(factor * other.inner(kappa, random_state) for factor, kappa in self.terms)


class DenseCumulant(Cumulant):
    """Cumulant given by its dense tensor.

    Parameters
    ----------
    tensor : array-like
        Symmetric tensor with two to four axes of equal length.

    Examples
    --------
    >>> from rfsk.analysis import DenseCumulant
    >>> DenseCumulant([[2.0, 0.0], [0.0, 1.0]]).along([[0.6, 0.8]]).round(2)
    array([1.36])
    """

    def __init__(self, tensor: ArrayLike) -> None:
        entries = check_array(tensor, "tensor", allow_nd=True, copy=True)
        if entries.ndim not in (2, 3, 4) or len(set(entries.shape)) != 1:
            raise ValueError(
                "`tensor` must have two to four axes of equal length, such as (D, D, D, D), got "
                f"the shape {entries.shape}."
            )
        scale = np.abs(entries).max()
        for axis in range(entries.ndim - 1):  # transpositions generate all permutations
            if np.abs(entries - entries.swapaxes(axis, axis + 1)).max() > _SYMMETRY * scale:
                raise ValueError("`tensor` must be symmetric under permutations of its axes.")
        self._entries = entries
        self.n_features, self.order = len(entries), entries.ndim

    def contract(self, directions: Array) -> Array:
        """Contract all axes but one; the cost is n_directions D^order for D features."""
        directions = self._directions(directions)
        partial = np.tensordot(directions, self._entries, axes=(1, 0))
        for _ in range(self.order - 2):
            partial = np.einsum("rj...,rj->r...", partial, directions)
        return np.asarray(partial)

    def tensor(self) -> Array:
        return np.array(self._entries)


class TranslationInvariantCumulant(Cumulant):
    """Fourth cumulant of a distribution that is invariant under translations of the lattice.

    Parameters
    ----------
    entries : ndarray of shape (n_features, n_features, n_features)
        Entries kappa_0jkl of the cumulant, which are symmetric in j, k and l.
    shape : tuple of int
        Lattice of the features.

    Examples
    --------
    >>> from rfsk import NLGP
    >>> from rfsk.analysis import TranslationInvariantCumulant
    >>> model = NLGP(12, correlation_length=1.5, gain=3.0)
    >>> TranslationInvariantCumulant(model.fourth_cumulant_slice(), (12,)).tensor().shape
    (12, 12, 12, 12)
    """

    order = 4

    def __init__(self, entries: ArrayLike, shape: tuple[int, ...]) -> None:
        self._slice = check_array(entries, "entries", allow_nd=True)
        self.n_features = D = math.prod(shape)
        if self._slice.shape != (D,) * 3:
            raise ValueError(
                f"`entries` must have the shape ({D}, {D}, {D}) for a lattice of shape {shape}, "
                f"got {self._slice.shape}."
            )
        self.shape = tuple(shape)
        # Entry (i, j) is the index of the site, or of the wave vector, i - j.
        self._minus = site_differences(self.shape)
        modes, opposite = np.arange(D), self._minus[0]
        # Let s be the sum of two wave vectors. Inputs are real, so that one of s and -s is enough.
        sums = np.flatnonzero(modes <= opposite)
        times = np.where(sums == opposite[sums], 1.0, 2.0)
        axes = range(3 * len(shape))
        transform = np.conj(np.fft.fftn(self._slice.reshape(shape * 3), axes=axes))
        transform = transform.reshape((D,) * 3) / D**2
        second = self._minus[sums]
        # Two pairs p and q of wave vectors have the sum s. Entry (s, p, q) is the trispectrum at
        # the wave vectors k1, s - k1 and -k3.
        trispectrum = transform[modes, second][:, :, opposite].transpose(0, 2, 1)
        # The trispectrum is real if the distribution is invariant under reflection.
        is_real = np.abs(trispectrum.imag).max() <= _SYMMETRY * np.abs(trispectrum.real).max()
        trispectrum = trispectrum.real if is_real else trispectrum
        first = np.broadcast_to(modes, second.shape)
        self._keep(first <= second, first, second, times, trispectrum)

    def _keep(self, kept: Any, first: Any, second: Any, times: Array, trispectrum: Any) -> None:
        """Store the pairs of wave vectors that are marked in `kept`, (n_sums, n_pairs).

        The pairs of wave vectors in one row of `kept` have the same sum. In each row, the marked
        pairs are stored before the other pairs.
        """
        rows = kept.any(axis=1)
        order = np.argsort(~kept[rows], axis=1, kind="stable")[:, : kept.sum(axis=1).max()]
        kept, self._first, self._second = (
            np.take_along_axis(each[rows], order, axis=1) for each in (kept, first, second)
        )
        self._times, self._counts = times[rows], kept * (1.0 + (self._first != self._second))
        packed = trispectrum[np.flatnonzero(rows)[:, None, None], order[:, :, None], order[:, None]]
        self._trispectrum = packed * (kept[:, :, None] & kept[:, None])
        # Sparse matrices that sum over all pairs with a given wave vector.
        weights = 0.5 * self._times[:, None] * self._counts
        columns = np.arange(kept.size)
        self._collect = [
            scipy.sparse.csr_array(
                (weights.ravel(), (modes.ravel(), columns)), shape=(self.n_features, kept.size)
            )
            for modes in (self._first, self._second)
        ]
        self._weighted = self._trispectrum * self._counts[:, None]

    def contract(self, directions: Array) -> Array:
        """Contract in Fourier space; the cost is n_directions D^3 / 4 for D features."""
        axes, n_pairs = tuple(range(1, 1 + len(self.shape))), self._first.size
        images = self._directions(directions).reshape(-1, *self.shape)
        modes = np.fft.fftn(images, axes=axes).reshape(-1, self.n_features).T
        real = self._weighted.real.dtype
        modes = modes.astype(np.result_type(real, np.complex64))
        first, second = modes[self._first], modes[self._second]  # (s, pair, direction)
        if np.isrealobj(self._weighted):  # products of real matrices are twice as fast
            pairs = (self._weighted @ (first * second).view(real)).view(modes.dtype)
        else:
            pairs = self._weighted @ (first * second)
        # The third and the fourth wave vector are opposite to the wave vectors of a pair.
        total = sum(
            collect @ (pairs * other.conj()).reshape(n_pairs, -1).view(real)
            for collect, other in zip(self._collect, (second, first), strict=True)
        )
        total = total.view(modes.dtype).T.reshape(-1, *self.shape)
        return np.asarray(np.fft.ifftn(total, axes=axes).real.reshape(-1, self.n_features))

    @cached_property
    def _condensed(self) -> Cumulant:
        """Approximation of this cumulant in single precision, without its weakest Fourier modes.

        The approximate cumulant has a relative error of 1e-2.
        """
        of_pairs = np.einsum("sqp,sp->sq", np.abs(self._trispectrum) ** 2, self._counts).ravel()
        power = sum(collect @ of_pairs for collect in self._collect)
        power = power + power[self._minus[0]]
        rising = np.sort(power)
        n_left_out = np.searchsorted(4.0 * np.cumsum(rising), _CONDENSED**2 * rising.sum())
        # A wave vector and its opposite have equal power and must be kept or left out together.
        strong = power > (1.0 + 1e-6) * rising[n_left_out - 1] if n_left_out else power >= 0.0
        strong |= strong.mean() > 0.9
        other, kept = copy(self), strong[self._first] & strong[self._second] & (self._counts > 0)
        other._keep(kept, self._first, self._second, self._times, self._trispectrum)
        single = np.float32 if np.isrealobj(self._weighted) else np.complex64
        other._weighted = other._weighted.astype(single)
        other._collect = [collect.astype(np.float32) for collect in other._collect]
        return other

    def tensor(self) -> Array:
        self._check_fits()
        return np.stack([self._slice[np.ix_(d, d, d)] for d in self._minus.T])

    def inner(self, other: Cumulant, random_state: Any = None) -> float:
        """Exact inner product; if the lattices are equal, the tensors can be of any size."""
        if not isinstance(other, TranslationInvariantCumulant) or other.shape != self.shape:
            return super().inner(other, random_state)
        return self.n_features * float((self._slice * other._slice).sum())


class SampleCumulant(Cumulant):
    """Cumulant of the empirical distribution of samples.

    For centred samples x, the second cumulant is the covariance C = mean x x', the third cumulant
    is the mean of the outer product x x x, and the fourth cumulant is given by kappa(a, a, a, .) =
    mean (x.a)^3 x - 3 (a.Ca) C a.

    Parameters
    ----------
    X : array-like of shape (n_samples, n_features), or blocks of rows
        Samples of one distribution. Blocks of rows are a Dask array, a list of arrays, or another
        iterable of arrays. It must be possible to iterate over the blocks repeatedly, because every
        contraction reads all blocks.
    order : {2, 3, 4}, default=4

    Attributes
    ----------
    n_samples : int
    mean : ndarray of shape (n_features,)
    covariance : ndarray of shape (n_features, n_features)

    Examples
    --------
    >>> import numpy as np
    >>> from rfsk.analysis import SampleCumulant
    >>> X = np.random.default_rng(0).choice([-1.0, 1.0], size=(10_000, 3))
    >>> SampleCumulant([X[:4000], X[4000:]]).along(np.eye(3)).round(1)
    array([-2., -2., -2.])
    """

    def __init__(self, X: Any, order: int = 4) -> None:
        if order not in (2, 3, 4):
            raise ValueError(f"`order` must be 2, 3 or 4, got {order!r}.")
        self.order = order
        self._data: Array | None = None
        if is_in_blocks(X):
            if iter(X) is X:
                raise TypeError(
                    f"The blocks must be readable more than once, got {X!r}. Pass a list, a Dask "
                    "array, or an object whose __iter__ returns a new iterator."
                )
            self._blocks = X.rechunk({1: -1}) if is_lazy(X) else X
            first = X if is_lazy(X) else next(iter(X), np.empty((0, 0)))
            self.mean = np.zeros(np.shape(first)[-1:])
            n_samples, *total = self._total(lambda rows: np.append(len(rows), rows.sum(axis=0)))
            if n_samples < 2:
                raise ValueError(f"The blocks must have at least 2 rows, got {n_samples:.0f}.")
            self.n_samples, self.mean = int(n_samples), np.array(total) / n_samples
        else:
            data = check_array(X, "X", ensure_min_samples=2)
            self.n_samples, self.mean = len(data), data.mean(axis=0)
            self._data = data - self.mean
        self.n_features = len(self.mean)
        self.covariance = self._mean(lambda rows: rows.T @ rows, self.n_features)

    def _chunks(self) -> Iterator[Array]:
        """Centred rows of an array or of blocks other than Dask's, in chunks."""
        if self._data is not None:
            yield from _parts(self._data)
            return
        for block in self._blocks:
            yield from _centred(block, self.mean)

    def _total(self, function: Callable[[Array], Any]) -> Array:
        """Sum of ``function(rows)`` over all chunks of centred rows."""
        if self._data is None and is_lazy(self._blocks):
            mean = self.mean  # because `self` would be sent to the workers as a whole
            return sum_over_blocks(
                self._blocks, lambda block: np.asarray(sum(map(function, _centred(block, mean))))
            )
        return np.asarray(sum(map(function, self._chunks())))

    def _mean(self, function: Callable[[Array], Any], n_directions: int = _CHUNK_ROWS) -> Array:
        """Mean over all rows of a quantity that `function` sums over the rows of a chunk."""
        # For small matrices, several threads mostly wait for one another.
        is_small = self.n_features <= _ONE_THREAD and n_directions < _CHUNK_ROWS
        with blas_on_one_thread() if is_small else nullcontext():
            return self._total(function) / self.n_samples

    def contract(self, directions: Array) -> Array:
        directions = self._directions(directions)
        gaussian = directions @ self.covariance
        if self.order == 2:
            return np.asarray(gaussian)
        # Contiguous columns make products faster.
        columns, order = np.ascontiguousarray(np.transpose(directions)), self.order

        def moment(rows: Array) -> Array:
            """Sum of (x.a)^(order - 1) x over the rows x, for each direction a."""
            projections = rows @ columns
            powers = projections * projections
            if order == 4:
                powers *= projections
            return np.asarray(powers.T @ rows)

        mean = self._mean(moment, len(directions))
        if order == 3:
            return mean
        return np.asarray(mean - 3.0 * _forms(directions, self.covariance)[:, None] * gaussian)

    def along(self, directions: Array) -> Array:  # three times as fast as with `contract`
        directions = self._directions(directions)
        if self.order == 2:
            return _forms(directions, self.covariance)
        columns, order = np.ascontiguousarray(np.transpose(directions)), self.order

        def moment(rows: Array) -> Array:
            """Sum of (x.a)^order over the rows x, for each direction a."""
            projections = rows @ columns
            squares = projections * projections
            rest = squares if order == 4 else projections
            return np.asarray(np.einsum("nr,nr->r", squares, rest))

        mean = self._mean(moment, len(directions))
        return mean - 3.0 * _forms(directions, self.covariance) ** 2 if order == 4 else mean

    def tensor(self) -> Array:
        self._check_fits()
        if self.order == 2:
            return self.covariance.copy()
        if self.order == 3:
            rule = "ni,nj,nk->ijk"
            return self._mean(lambda rows: np.einsum(rule, rows, rows, rows, optimize=True))
        first, second = np.triu_indices(self.n_features)

        def products(rows: Array) -> Array:
            """Sum over rows of the product of each pair of features with each other pair."""
            pairs = rows[:, first] * rows[:, second]
            return np.asarray(pairs.T @ pairs)

        place = np.empty((self.n_features,) * 2, dtype=np.intp)  # index of each pair of features
        place[first, second] = place[second, first] = np.arange(len(first))
        tensor = self._mean(products, len(first))[place[:, :, None, None], place]
        pairing = np.multiply.outer(self.covariance, self.covariance)
        for axes in ((0, 1, 2, 3), (0, 2, 1, 3), (0, 2, 3, 1)):
            tensor -= pairing.transpose(axes)
        return np.asarray(tensor)

    def inner(self, other: Cumulant, random_state: Any = None) -> float:
        r"""Inner product of two cumulants of samples x_i and y_i with covariances C and C'.

        For order four and more than 40 features, the inner product is computed from the following
        formula, where kappa is the cumulant of the x_i.

        .. math::

            \mathrm{mean}_i\, \kappa(y_i, y_i, y_i, y_i) - 3\, \mathrm{mean}_i (x_i \cdot C' x_i)^2
            + 3 (\mathrm{tr}\, CC')^2 + 6\, \mathrm{tr}\, CC'CC'

        If there are at least 4096 samples y_i, the mean of kappa(y_i, y_i, y_i, y_i) is over 1024
        of these samples, chosen at random.
        """
        if not isinstance(other, SampleCumulant) or (
            self.order > 2 and self.n_features <= _FEW_FEATURES
        ):
            return super().inner(other, random_state)
        self._check_alike(other)
        order, covariance = self.order, other.covariance
        if order == 2:
            return float((self.covariance * covariance).sum())
        n_rows = _NORM_ROWS if other.n_samples >= 4 * _NORM_ROWS else other.n_samples
        rows = other._some_rows(n_rows, as_generator(random_state))
        along, known = self.along(rows), 0.0
        if other is self:
            # The contribution of each row to its own term is computed exactly, not from a sample.
            along -= (rows * rows).sum(axis=1) ** order / self.n_samples
            known = float(self._mean(lambda rows: ((rows * rows).sum(axis=1) ** order).sum()))
            known /= self.n_samples
        if order == 3:
            return float(along.mean()) + known
        quadratic = float(self._mean(lambda rows: (_forms(rows, covariance) ** 2).sum()))
        product = self.covariance @ covariance
        gaussian = np.trace(product) ** 2 + 2.0 * (product * product.T).sum()
        if other is self and gaussian > 0.0:
            # The part of kappa that is proportional to the sum of the pairings of C is also exact.
            part = 3.0 * (quadratic / gaussian - 1.0)
            along -= part * _forms(rows, covariance) ** 2
            known += part * quadratic
        return float(along.mean() + known - 3.0 * quadratic + 3.0 * gaussian)

    def _some_rows(self, n_rows: int, rng: np.random.Generator) -> Array:
        """Random sample of `n_rows` centred rows, or all rows if there are fewer than `n_rows`."""
        is_chosen = np.ones(self.n_samples, dtype=bool)
        if n_rows < self.n_samples:
            is_chosen[:] = False
            is_chosen[rng.choice(self.n_samples, n_rows, replace=False)] = True
        if self._data is None and is_lazy(self._blocks):
            rows = take_rows(self._blocks, np.flatnonzero(is_chosen))
            return check_array(rows, "block", ensure_min_samples=0) - self.mean
        some, start = [], 0
        for rows in self._chunks():
            some.append(rows[is_chosen[start : start + len(rows)]])
            start += len(rows)
        return np.concatenate(some)

    @cached_property
    def _condensed(self) -> Cumulant:
        """Approximation by leading principal axes, or this cumulant if few axes can be left out.

        If the samples are given in blocks, the approximation uses only some of the rows.
        """
        D = self.n_features
        if self._data is None:
            rows = self._some_rows(max(2, _ROUGH_VALUES // D), as_generator(0))
            return SampleCumulant(rows, self.order)._condensed
        if D <= _FEW_FEATURES:
            return self
        variances, axes = np.linalg.eigh(self.covariance)  # in rising order
        n_left_out = int(np.searchsorted(np.cumsum(variances), _TAIL * variances.sum()))
        n_left_out = min(n_left_out, 3 * D // 4)  # leaving out more axes saves little time
        if n_left_out < D // 4:
            return self
        kept, unit = axes[:, n_left_out:], np.sqrt(variances[-1])
        inner: Cumulant = SampleCumulant(self._data @ (kept / unit), self.order)
        if inner.n_features <= _FEW_AXES:
            inner = DenseCumulant(inner.tensor())
        return SubspaceCumulant(inner, unit * kept.T)  # the unit avoids overflow


class SubspaceCumulant(Cumulant):
    """Cumulant of the inputs ``coordinates @ axes``, which lie in the span of a few axes."""

    def __init__(self, inner: Cumulant, axes: Array) -> None:
        self._inner, self._axes = inner, axes
        self.n_features, self.order = axes.shape[1], inner.order

    def contract(self, directions: Array) -> Array:
        return self._inner.contract(directions @ self._axes.T) @ self._axes

    def tensor(self) -> Array:
        tensor = self._inner.tensor()
        for _ in range(self.order):
            tensor = np.tensordot(tensor, self._axes, (0, 0))
        return tensor


def cumulant(source: Any, order: int = 4) -> Cumulant:
    """Cumulant of samples, of an input model or of a tensor, represented by its contractions.

    Parameters
    ----------
    source : array-like, model, blocks or Cumulant
        Samples of one distribution, an array (n_samples, n_features) or blocks of rows; a periodic
        input model of up to 256 sites, whose exact cumulant of order 2 or 4 is used; or a symmetric
        tensor with three or four axes (use `DenseCumulant` for a matrix). A Cumulant is returned
        unchanged.
    order : {2, 3, 4}, default=4

    Returns
    -------
    kappa : SampleCumulant, TranslationInvariantCumulant or DenseCumulant

    Examples
    --------
    >>> from rfsk.analysis import cumulant
    >>> X = [[1.0, 1.0], [1.0, -1.0], [-1.0, 1.0], [-1.0, -1.0]]
    >>> cumulant(X).contract([[1.0, 0.0], [0.0, 1.0]])  # independent signs: kappa_iiii = -2
    array([[-2.,  0.],
           [ 0., -2.]])
    """
    known = ("__iter__", "contract", "covariance")
    if hasattr(source, "get_params") or not any(hasattr(source, name) for name in known):
        raise TypeError(
            f"`source` must be samples or an input model, got a {type(source).__name__}. Pass the "
            "inputs of one class, such as the rows X[y == 1] that a net was fitted to."
        )
    if isinstance(source, tuple) and [np.ndim(part) for part in source] == [2, 1]:
        raise ValueError(
            "`source` must be the samples of one class, got a pair (X, y). Pass the rows of a "
            "class, such as X[y == 1]."
        )
    kappa: Cumulant
    if isinstance(source, Cumulant):
        kappa = source
    elif hasattr(source, "sample") and hasattr(source, "covariance"):
        if order == 2:
            return DenseCumulant(source.covariance())
        if order == 3:
            raise NotImplementedError(
                "Third cumulants of models have no closed form. Estimate the cumulant from "
                "samples: cumulant(model.sample(n), 3)."
            )
        is_periodic = getattr(source, "boundary", None) == "periodic"
        if not is_periodic or not hasattr(source, "fourth_cumulant_slice"):
            raise NotImplementedError(
                f"The fourth cumulant of this {type(source).__name__} has no closed form. Estimate "
                "it from samples: cumulant(model.sample(n))."
            )
        kappa = TranslationInvariantCumulant(source.fourth_cumulant_slice(), source.shape)
    elif is_in_blocks(source) or np.ndim(plain(source, "source")) == 2:
        kappa = SampleCumulant(source, order)
    else:
        kappa = DenseCumulant(source)
    if kappa.order != order:
        raise ValueError(f"`order` must be {kappa.order}, the order of `source`, got {order!r}.")
    return kappa


def is_in_blocks(source: Any) -> bool:
    """Whether `source` contains blocks of rows, in a list, a Dask array or another iterable."""
    if isinstance(source, list | tuple):
        return len(source) > 0 and hasattr(source[0], "__array__") and np.ndim(source[0]) == 2
    is_array = hasattr(source, "__array__") or scipy.sparse.issparse(source)
    return is_lazy(source) or (hasattr(source, "__iter__") and not is_array)


def _parts(rows: Array) -> Iterator[Array]:
    """Rows of a block in chunks; an empty block gives one empty chunk."""
    step = max(_CHUNK_ROWS, _CHUNK_VALUES // rows.shape[1])
    return (rows[start : start + step] for start in range(0, max(1, len(rows)), step))


def _centred(block: Any, mean: Array) -> Iterator[Array]:
    """Chunks of the centred rows of a block; each chunk overwrites the previous chunk in memory."""
    rows = block
    if not isinstance(rows, np.ndarray) or rows.ndim != 2 or rows.dtype.kind not in "biuf":
        rows = check_array(block, "block", ensure_min_samples=0)
    if rows.shape[1] != len(mean):
        raise ValueError(
            f"Blocks must have the same number of columns, got {len(mean)} and {rows.shape[1]}."
        )
    # Allocating new memory for each block or chunk can take more time than the sums.
    place = np.empty((0, len(mean)))
    for part in _parts(rows):
        place = place if len(place) >= len(part) else np.empty(part.shape)
        centred = np.subtract(part, mean, out=place[: len(part)])
        yield check_array(centred, "block", ensure_min_samples=0)


def _forms(rows: Array, matrix: Array) -> Array:
    """Quadratic form x.Mx of each row x, where M is `matrix`."""
    return np.asarray(np.einsum("nd,nd->n", np.asarray(rows) @ matrix, rows))
