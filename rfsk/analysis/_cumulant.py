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
_EXACT_ROWS = 4096  # up to here all pairs of rows enter the norm, beyond a sample of them
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
        """Sum of the squares of all entries, from pairs of rows.

        ||kappa||^2 = mean_ij (x_i.x_j)^4 - 6 mean_i (x_i.C x_i)^2 + 3 (tr C^2)^2 + 6 tr C^4.
        Beyond 4096 rows the mean over pairs of different rows is taken over 4096 random rows
        against all others: an unbiased estimate.

        Parameters
        ----------
        random_state : int, Generator, RandomState or None, default=None
            Chooses those rows.
        """
        n = len(self._data)
        chosen = np.arange(n)
        if n > _EXACT_ROWS:
            chosen = as_generator(random_state).choice(n, _EXACT_ROWS, replace=False)
        with_itself = (self._data**2).sum(axis=1) ** 4
        with_others = 0.0
        for start in range(0, n, _CHUNK_ROWS):
            squares = (self._data[chosen] @ self._data[start : start + _CHUNK_ROWS].T) ** 2
            with_others += float(np.einsum("ij,ij->", squares, squares))
        with_others -= float(with_itself[chosen].sum())
        moment = (with_itself.sum() + with_others * n / len(chosen)) / n**2
        quadratic = np.einsum("nd,nd->n", self._data @ self._covariance, self._data)
        square = self._covariance @ self._covariance
        gaussian = 3.0 * np.trace(square) ** 2 + 6.0 * (square**2).sum()
        return float(moment - 6.0 * (quadratic**2).mean() + gaussian)


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
