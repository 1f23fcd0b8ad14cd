"""Cumulants of order two, three and four, known by their contractions."""

import numbers
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils import check_array

from .._core._validation import check_number

Array = NDArray[np.float64]

_SYMMETRY = 1e-10
LARGEST_TENSOR = 2**24  # entries of the tensors that are formed: 64 features at order four


class Cumulant(ABC):
    """A fully symmetric tensor kappa, known by its contractions.

    Make one with `cumulant`. Cumulants of one size and order add, subtract and scale.

    Attributes
    ----------
    n_features : int
        Length of each axis.
    order : int
        Number of axes.

    Examples
    --------
    >>> import numpy as np
    >>> from rfsk.analysis import cumulant
    >>> rng = np.random.default_rng(0)
    >>> signs, noise = rng.choice([-1.0, 1.0], size=(10_000, 3)), rng.normal(size=(10_000, 3))
    >>> half = (cumulant(signs) - cumulant(noise)) / 2
    >>> half.strength(np.eye(3)).round()
    array([-1., -1., -1.])
    """

    n_features: int
    order: int

    @abstractmethod
    def contract(self, directions: Array) -> Array:
        """Contract all axes but one with each direction.

        Parameters
        ----------
        directions : ndarray of shape (n_directions, n_features)
            One direction per row.

        Returns
        -------
        gradients : ndarray of shape (n_directions, n_features)
            kappa(a, ..., a, .) for each row a: the gradient of kappa(a, ..., a) over the order.
        """

    @abstractmethod
    def tensor(self) -> Array:
        """All entries, as an array of `order` axes; an error if there are more than 2^24."""

    def strength(self, directions: Array) -> Array:
        """Contract all axes with each direction: kappa(a, ..., a).

        Parameters
        ----------
        directions : ndarray of shape (n_directions, n_features)
            One direction per row.
        """
        return np.asarray(np.einsum("rd,rd->r", self.contract(directions), directions))

    @property
    def _condensed(self) -> "Cumulant":
        """A cumulant that is nearly this one and contracts faster, or this one."""
        return self

    def pair_contract(self, direction: Array, others: Array) -> Array:
        """Contract order four twice with one direction and once with others: kappa(a, a, b, .).

        By polarization, 6 kappa(a, a, b, .) = kappa(a+b) - kappa(a-b) - 2 kappa(b), each of
        these contracted three times with the same direction.

        Parameters
        ----------
        direction : ndarray of shape (n_features,)
            a.
        others : ndarray of shape (n_others, n_features)
            One b per row, as of the result.
        """
        if self.order != 4:
            raise ValueError(f"order={self.order}; expected a cumulant of order 4.")
        both = self.contract(direction + others) - self.contract(direction - others)
        return np.asarray((both - 2.0 * self.contract(others)) / 6.0)

    def pair_slice(self, site: int) -> Array:
        """Entries kappa_iijk of order four, row j and column k, from contractions alone.

        Parameters
        ----------
        site : int
            i, from 0.
        """
        if not isinstance(site, numbers.Integral) or not 0 <= site < self.n_features:
            raise ValueError(f"site={site!r}; expected a feature from 0 to {self.n_features - 1}.")
        units = np.eye(self.n_features)
        return self.pair_contract(units[site], units)

    def inner(self, other: "Cumulant", random_state: Any = None) -> float:
        """Sum of the products of the entries of two cumulants, exact or estimated.

        Parameters
        ----------
        other : Cumulant
            Of the same size and order. Above 2^24 entries both must be of samples, or exact and of
            one lattice, or sums of such.
        random_state : int, Generator, RandomState or None, default=None
            Seed of the rows that are drawn where the sum is estimated from samples.
        """
        self._check_alike(other)
        if not self._fits:
            if isinstance(other, CombinedCumulant):
                return other.inner(self, random_state)
            raise NotImplementedError(
                f"The inner product of a {type(self).__name__} and a {type(other).__name__} of "
                "more than 2^24 entries is not known; expected two of samples or of one lattice."
            )
        return float((self.tensor() * other.tensor()).sum())

    def squared_norm(self, random_state: Any = None) -> float:
        """Sum of the squares of all entries: the inner product with itself.

        Parameters
        ----------
        random_state : int, Generator, RandomState or None, default=None
            Seed, as of `inner`.
        """
        return self.inner(self, random_state)

    @property
    def _fits(self) -> bool:
        """Whether the tensor can be formed."""
        return bool(self.n_features**self.order <= LARGEST_TENSOR)

    def _check_fits(self) -> None:
        if not self._fits:
            raise ValueError(
                f"The tensor of order {self.order} has {self.n_features}^{self.order} entries, "
                "more than 2^24; use contract, which needs none of them."
            )

    def _check_alike(self, other: "Cumulant") -> None:
        """Raise unless both have one size and order."""
        if (other.n_features, other.order) != (self.n_features, self.order):
            raise ValueError(
                f"Cumulants of {self.n_features} features and order {self.order}, and of "
                f"{other.n_features} and {other.order}, do not go together."
            )

    def __radd__(self, other: Any) -> "Cumulant":
        # What `sum` starts with.
        return self if isinstance(other, int) and other == 0 else NotImplemented

    def __add__(self, other: "Cumulant") -> "Cumulant":
        if not isinstance(other, Cumulant):
            return NotImplemented
        return CombinedCumulant([(1.0, self), (1.0, other)])

    def __sub__(self, other: "Cumulant") -> "Cumulant":
        return self + -1.0 * other

    def __mul__(self, factor: float) -> "Cumulant":
        check_number(factor, "factor")
        return CombinedCumulant([(float(factor), self)])

    __rmul__ = __mul__

    def __truediv__(self, divisor: float) -> "Cumulant":
        return self * (1.0 / divisor)

    def __neg__(self) -> "Cumulant":
        return self * -1.0


class CombinedCumulant(Cumulant):
    """Sum of cumulants with factors."""

    def __init__(self, terms: Sequence[tuple[float, Cumulant]]) -> None:
        first = terms[0][1]
        self.n_features, self.order = first.n_features, first.order
        self.terms: list[tuple[float, Cumulant]] = []
        for factor, kappa in terms:
            first._check_alike(kappa)
            inner = kappa.terms if isinstance(kappa, CombinedCumulant) else [(1.0, kappa)]
            self.terms += [(factor * weight, part) for weight, part in inner]

    def contract(self, directions: Array) -> Array:
        """Contract each term."""
        return np.asarray(sum(factor * kappa.contract(directions) for factor, kappa in self.terms))

    @property
    def _condensed(self) -> Cumulant:
        terms = [(factor, kappa._condensed) for factor, kappa in self.terms]
        return self if terms == self.terms else CombinedCumulant(terms)

    def tensor(self) -> Array:
        """Sum of the tensors of the terms."""
        return np.asarray(sum(factor * kappa.tensor() for factor, kappa in self.terms))

    def inner(self, other: Cumulant, random_state: Any = None) -> float:
        """From the tensors where these can be formed, else from inner products of the terms."""
        if self._fits:
            return super().inner(other, random_state)
        return sum(factor * other.inner(kappa, random_state) for factor, kappa in self.terms)


class DenseCumulant(Cumulant):
    """Cumulant given as an array, of as many equal axes as its order.

    Parameters
    ----------
    tensor : array-like
        Symmetric, with two, three or four axes of equal length.

    Examples
    --------
    >>> import numpy as np
    >>> from rfsk.analysis import DenseCumulant
    >>> a = np.array([0.6, 0.8])
    >>> DenseCumulant(np.einsum("i,j,k,l->ijkl", a, a, a, a)).strength([a, [1.0, 0.0]]).round(4)
    array([1.    , 0.1296])
    """

    def __init__(self, tensor: ArrayLike) -> None:
        entries = check_array(
            tensor, allow_nd=True, dtype=np.float64, input_name="tensor", copy=True
        )
        if entries.ndim not in (2, 3, 4) or len(set(entries.shape)) != 1:
            raise ValueError(
                f"tensor has shape {entries.shape}; expected two to four equal axes, such as "
                "(D, D, D, D)."
            )
        scale = np.abs(entries).max()
        for axis in range(entries.ndim - 1):  # exchanges of neighbours make all permutations
            if np.abs(entries - entries.swapaxes(axis, axis + 1)).max() > _SYMMETRY * scale:
                raise ValueError("tensor is not symmetric under permutation of its axes.")
        self._entries = entries
        self.n_features, self.order = len(entries), entries.ndim

    def contract(self, directions: Array) -> Array:
        """Contract the array itself; costs n_directions D^order."""
        partial = np.tensordot(directions, self._entries, axes=(1, 0))
        for _ in range(self.order - 2):
            partial = np.einsum("rj...,rj->r...", partial, directions)
        return np.asarray(partial)

    def tensor(self) -> Array:
        """Copy of the array."""
        return np.array(self._entries)
