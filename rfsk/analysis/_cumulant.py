"""Fourth-order cumulants that are never formed: only their contractions are computed."""

import itertools
from abc import ABC, abstractmethod
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils import check_array

from .._core._random import as_generator

Array = NDArray[np.float64]

_CHUNK_ROWS = 2048  # rows contracted at a time: the block of projections stays in cache
_FEW_FEATURES = 40  # up to here the norm is computed from products of features
_EXACT_ROWS = 16384  # up to here all pairs of rows enter the norm, beyond a sample of them
_SYMMETRY = 1e-10


class Cumulant(ABC):
    """A fully symmetric tensor kappa of order four, known by its contractions.

    Build one with `cumulant`. The optimiser asks for nothing but `contract`.

    Attributes
    ----------
    n_features : int
        Length of each of the four axes.
    """

    n_features: int

    @abstractmethod
    def contract(self, directions: Array) -> Array:
        """Contract three of the four axes with each direction.

        Parameters
        ----------
        directions : ndarray of shape (n_directions, n_features)
            One direction a row.

        Returns
        -------
        gradients : ndarray of shape (n_directions, n_features)
            kappa(a, a, a, .) for each row a; a quarter of the gradient of kappa(a, a, a, a).
        """

    @abstractmethod
    def squared_norm(self, random_state: Any = None) -> float:
        """Sum of the squares of all entries (see each kind for how it is computed)."""


class DenseCumulant(Cumulant):
    """Cumulant given as an array of shape (n_features,) * 4."""

    def __init__(self, tensor: ArrayLike) -> None:
        entries = check_array(tensor, allow_nd=True, dtype=np.float64, input_name="tensor")
        if entries.ndim != 4 or len(set(entries.shape)) != 1:
            raise ValueError(f"tensor has shape {entries.shape}; expected (D, D, D, D).")
        scale = np.abs(entries).max()
        for axes in itertools.islice(itertools.permutations(range(4)), 1, None):
            if np.abs(entries - entries.transpose(axes)).max() > _SYMMETRY * scale:
                raise ValueError("tensor is not symmetric under permutation of its axes.")
        self.tensor = entries
        self.n_features = len(entries)

    def contract(self, directions: Array) -> Array:
        """Contract the array itself; costs n_directions D^4."""
        partial = np.tensordot(directions, self.tensor, axes=(1, 0))
        partial = np.einsum("rjkl,rj->rkl", partial, directions)
        return np.asarray(np.einsum("rkl,rk->rl", partial, directions))

    def squared_norm(self, random_state: Any = None) -> float:
        """Sum of the squares of all entries, exactly."""
        return float((self.tensor**2).sum())


class SampleCumulant(Cumulant):
    """Fourth cumulant of the empirical law of samples.

    kappa(a, a, a, .) = mean (x.a)^3 x - 3 (a.Ca) C a with x centred and C = mean x x': two
    matrix products with the data, O(n_samples n_features) a direction, where the tensor
    itself has n_features^4 entries.
    """

    def __init__(self, X: ArrayLike) -> None:
        data = check_array(X, dtype=np.float64, input_name="X", ensure_min_samples=2)
        self.mean = data.mean(axis=0)
        self._data = data - self.mean
        self._covariance = self._data.T @ self._data / len(data)
        self.n_features = data.shape[1]

    def contract(self, directions: Array) -> Array:
        """Contract by two passes over the data."""
        moment = np.zeros((len(directions), self.n_features))
        for start in range(0, len(self._data), _CHUNK_ROWS):
            rows = self._data[start : start + _CHUNK_ROWS]
            projections = rows @ directions.T
            moment += (projections * projections * projections).T @ rows
        gaussian = directions @ self._covariance
        variance = np.einsum("rd,rd->r", directions, gaussian)
        return np.asarray(moment / len(self._data) - 3.0 * variance[:, None] * gaussian)

    def squared_norm(self, random_state: Any = None) -> float:
        """Sum of the squares of all entries.

        ||kappa||^2 = ||M||^2 - 6 mean_i (x_i.C x_i)^2 + 3 (tr C^2)^2 + 6 tr C^4 with M the
        fourth moment. Up to 40 features ||M||^2 comes from the products x_i x_j, exactly;
        beyond it is mean_ij (x_i.x_j)^4, over all pairs up to 16384 rows and over that many
        random rows against all others where there are more: an unbiased estimate.

        Parameters
        ----------
        random_state : int, Generator, RandomState or None, default=None
            Chooses those rows.
        """
        quadratic = np.einsum("nd,nd->n", self._data @ self._covariance, self._data)
        square = self._covariance @ self._covariance
        gaussian = 3.0 * np.trace(square) ** 2 + 6.0 * (square**2).sum()
        if self.n_features <= _FEW_FEATURES:
            moment = self._moment_norm_from_products()
        else:
            moment = self._moment_norm_from_rows(random_state)
        return float(moment - 6.0 * (quadratic**2).mean() + gaussian)

    def _moment_norm_from_products(self) -> float:
        first, second = np.triu_indices(self.n_features)
        moment = np.zeros((len(first), len(first)))
        for start in range(0, len(self._data), _CHUNK_ROWS):
            rows = self._data[start : start + _CHUNK_ROWS]
            products = rows[:, first] * rows[:, second]
            moment += products.T @ products
        times = np.where(first == second, 1.0, 2.0)  # of each product among all ordered pairs
        return float(times @ (moment / len(self._data)) ** 2 @ times)

    def _moment_norm_from_rows(self, random_state: Any) -> float:
        n = len(self._data)
        chosen = self._data
        if n > _EXACT_ROWS:
            chosen = chosen[as_generator(random_state).choice(n, _EXACT_ROWS, replace=False)]
        with_others = -float(((chosen**2).sum(axis=1) ** 4).sum())
        for start in range(0, n, _CHUNK_ROWS):
            squares = (chosen @ self._data[start : start + _CHUNK_ROWS].T) ** 2
            with_others += float(np.einsum("ij,ij->", squares, squares))
        with_itself = float(((self._data**2).sum(axis=1) ** 4).sum())
        return (with_itself + with_others * n / len(chosen)) / n**2


def cumulant(source: ArrayLike | Cumulant) -> Cumulant:
    """Fourth-order cumulant of samples, or of a dense tensor, as a contraction operator.

    Parameters
    ----------
    source : array-like of shape (n_samples, n_features) or (D, D, D, D), or Cumulant
        Samples (one law: pooling classes of different covariance adds a term that is not
        zero even for Gaussians), or the symmetric tensor itself. A Cumulant is returned as
        it is.

    Returns
    -------
    kappa : Cumulant

    Raises
    ------
    ValueError
        If the source is neither, holds NaN or infinity, has fewer than two samples, or the
        tensor is not symmetric.

    Examples
    --------
    >>> import numpy as np
    >>> from rfsk.analysis import cumulant
    >>> X = np.random.default_rng(0).choice([-1.0, 1.0], size=(10_000, 3))
    >>> kappa = cumulant(X)  # independent signs: kappa_iiii = -2, else 0
    >>> kappa.contract(np.eye(3)).round(1).diagonal()
    array([-2., -2., -2.])
    """
    if isinstance(source, Cumulant):
        return source
    if np.ndim(source) == 2:
        return SampleCumulant(source)
    return DenseCumulant(source)
