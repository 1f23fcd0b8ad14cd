"""Cumulants of order two, three and four, known by their contractions."""

import itertools
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

    Build one with `cumulant`. The optimiser asks for nothing but `contract`. Cumulants of one
    size and order add, subtract and scale: ``(kappa_0 - kappa_1) / 2``.

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
    >>> half.n_features, half.order
    (3, 4)
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
            One direction a row.

        Returns
        -------
        gradients : ndarray of shape (n_directions, n_features)
            kappa(a, ..., a, .) for each row a; the gradient of kappa(a, ..., a) over the order.
        """

    def strength(self, directions: Array) -> Array:
        """kappa(a, ..., a) for each row a of (n_directions, n_features).

        Parameters
        ----------
        directions : ndarray of shape (n_directions, n_features)
            One direction a row.
        """
        return np.asarray(np.einsum("rd,rd->r", self.contract(directions), directions))

    def _condensed(self) -> "Cumulant":
        """Return a cumulant that is nearly this one and contracts faster, or this one."""
        return self

    def pair_contract(self, direction: Array, others: Array) -> Array:
        """kappa(a, a, b, .) of order four for one direction a and each row b, by polarization.

        6 kappa(a, a, b, .) = kappa(a+b) - kappa(a-b) - 2 kappa(b), each of these contracted three
        times with the same direction: no more than `contract` is needed.

        Parameters
        ----------
        direction : ndarray of shape (n_features,)
            a.
        others : ndarray of shape (n_others, n_features)
            One b a row.

        Returns
        -------
        entries : ndarray of shape (n_others, n_features)

        Raises
        ------
        ValueError
            If the order is not four.
        """
        if self.order != 4:
            raise ValueError(f"order={self.order}; expected a cumulant of order 4.")
        both = self.contract(direction + others) - self.contract(direction - others)
        return np.asarray((both - 2.0 * self.contract(others)) / 6.0)

    def pair_slice(self, site: int) -> Array:
        """Entries kappa_iijk of order four for one feature i, from contractions alone.

        Parameters
        ----------
        site : int
            i, from 0.

        Returns
        -------
        entries : ndarray of shape (n_features, n_features)
            Row j, column k.

        Raises
        ------
        ValueError
            If there is no such feature, or the order is not four.
        """
        if not isinstance(site, numbers.Integral) or not 0 <= site < self.n_features:
            raise ValueError(f"site={site!r}; expected a feature from 0 to {self.n_features - 1}.")
        units = np.eye(self.n_features)
        return self.pair_contract(units[site], units)

    @abstractmethod
    def tensor(self) -> Array:
        """All entries, as an array of `order` axes.

        Raises
        ------
        ValueError
            If there are more than 2^24 of them: 64 features at order four.
        """

    def squared_norm(self, random_state: Any = None) -> float:
        """Sum of the squares of all entries (see each kind for how it is computed).

        Parameters
        ----------
        random_state : int, Generator, RandomState or None, default=None
            Seed of the rows that are drawn where the sum is estimated.
        """
        return float((self.tensor() ** 2).sum())

    def inner(self, other: Any, random_state: Any = None) -> float:
        """Sum of the products of the entries of two cumulants.

        Parameters
        ----------
        other : Cumulant
            Of the same size and order.
        random_state : int, Generator, RandomState or None, default=None
            Seed of the rows that are drawn where the sum is estimated.
        """
        raise NotImplementedError(
            f"The inner product of a {type(self).__name__} and a {type(other).__name__} is not "
            "known; both must be of samples."
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
        if not isinstance(other, Cumulant):
            return NotImplemented
        return CombinedCumulant([(1.0, self), (-1.0, other)])

    def __mul__(self, factor: float) -> "Cumulant":
        check_number(factor, "factor")
        return CombinedCumulant([(float(factor), self)])

    __rmul__ = __mul__

    def __truediv__(self, divisor: float) -> "Cumulant":
        return self * (1.0 / divisor)

    def __neg__(self) -> "Cumulant":
        return self * -1.0


def check_tensor_size(n_features: int, order: int) -> None:
    """Raise if a tensor is too large to be formed."""
    if n_features**order > LARGEST_TENSOR:
        raise ValueError(
            f"The tensor of order {order} has {n_features}^{order} entries, more than 2^24; use "
            "contract, which needs none of them."
        )


def check_order(order: Any) -> None:
    """Raise unless there are cumulants of this order here."""
    if order not in (2, 3, 4):
        raise ValueError(f"order={order!r}; expected 2, 3 or 4.")


def pair_products(rows: Array) -> Array:
    """Products of any two features of each row, (n_rows, n_features^2)."""
    return np.asarray((rows[:, :, None] * rows[:, None, :]).reshape(len(rows), -1))


def pairings(covariance: Array) -> Array:
    """C_ij C_kl + C_ik C_jl + C_il C_jk: the fourth moment of a Gaussian."""
    pairs = np.multiply.outer(covariance, covariance)
    return np.asarray(pairs + pairs.transpose(0, 2, 1, 3) + pairs.transpose(0, 3, 2, 1))


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

    def strength(self, directions: Array) -> Array:
        """Sum of the terms' strengths."""
        return np.asarray(sum(factor * kappa.strength(directions) for factor, kappa in self.terms))

    def _condensed(self) -> Cumulant:
        """Condense each term."""
        terms = [(factor, kappa._condensed()) for factor, kappa in self.terms]
        return self if terms == self.terms else CombinedCumulant(terms)

    def tensor(self) -> Array:
        """Sum of the terms' tensors."""
        return np.asarray(sum(factor * kappa.tensor() for factor, kappa in self.terms))

    def squared_norm(self, random_state: Any = None) -> float:
        """From the tensor; where it is too large, from the inner products of the terms.

        Raises
        ------
        NotImplementedError
            If there is neither: terms that are not samples, and more than 2^24 entries.
        """
        if len(self.terms) == 1:
            ((factor, kappa),) = self.terms
            return factor**2 * kappa.squared_norm(random_state)
        if self.n_features**self.order <= LARGEST_TENSOR:
            return super().squared_norm(random_state)
        total = 0.0
        for i, (one, left) in enumerate(self.terms):
            for j, (two, right) in enumerate(self.terms[: i + 1]):
                times = 1.0 if i == j else 2.0
                total += times * one * two * left.inner(right, random_state)
        return total


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
    >>> tensor = np.einsum("i,j,k,l->ijkl", a, a, a, a)
    >>> DenseCumulant(tensor).strength([a, [1.0, 0.0]]).round(4)
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
        for axes in itertools.islice(itertools.permutations(range(entries.ndim)), 1, None):
            if np.abs(entries - entries.transpose(axes)).max() > _SYMMETRY * scale:
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
        """The array."""
        return np.array(self._entries)


def symmetrized(tensor: Array) -> Array:
    """Mean of a tensor over the orders of its axes, which rids it of rounding's asymmetry."""
    orders = list(itertools.permutations(range(tensor.ndim)))
    return np.asarray(sum(tensor.transpose(axes) for axes in orders) / len(orders))
