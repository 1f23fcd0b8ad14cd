"""symmetric_cp_path: how a decomposition grows with its rank."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._core._random import as_generator
from .._core._validation import check_positive
from ._cumulant import Cumulant
from ._cumulant_sources import cumulant
from ._symmetric_cp import SymmetricCP, symmetric_cp

Array = NDArray[np.float64]


@dataclass(frozen=True)
class CPPath:
    """Decompositions of one cumulant, of rising rank.

    Attributes
    ----------
    n_components : ndarray of shape (n_ranks,)
        Ranks.
    decompositions : list of SymmetricCP
        One of each rank.
    squared_norm : float
        ||kappa||^2; of samples an estimate where the tensor cannot be formed, and NaN where it is
        out of reach.

    Examples
    --------
    >>> import numpy as np
    >>> from rfsk.analysis import symmetric_cp_path
    >>> X = np.random.default_rng(0).choice([-1.0, 1.0], size=(20_000, 4))
    >>> path = symmetric_cp_path(X, [1, 2, 4], random_state=0)
    >>> path.n_components
    array([1, 2, 4])
    >>> [round(fit.fitted_norm) for fit in path.decompositions]
    [4, 8, 16]
    """

    n_components: NDArray[np.intp]
    decompositions: list[SymmetricCP]
    squared_norm: float

    @property
    def relative_error(self) -> Array:
        """||kappa - fit|| / ||kappa|| at each rank, (n_ranks,); NaN if the norm is."""
        return np.array(
            [relative_error(fit.fitted_norm, self.squared_norm) for fit in self.decompositions]
        )


def symmetric_cp_path(
    source: Any,
    n_components: Iterable[int] = (1, 2, 4, 8, 16),
    *,
    order: int = 4,
    max_iter: int = 500,
    tol: float = 1e-6,
    random_state: Any = None,
) -> CPPath:
    """Decompose a cumulant at rising ranks, each from where the one before ended.

    Parameters
    ----------
    source : array-like, model, blocks or Cumulant
        Whatever `cumulant` takes.
    n_components : iterable of int, default=(1, 2, 4, 8, 16)
        Ranks; sorted first.
    order : int, default=4
        3 or 4.
    max_iter : int, default=500
        As in `symmetric_cp`.
    tol : float, default=1e-6
        As in `symmetric_cp`.
    random_state : int, Generator, RandomState or None, default=None
        Seed of the random starts.

    Returns
    -------
    path : CPPath

    Raises
    ------
    ValueError
        If there is no rank, or as in `symmetric_cp`.

    Examples
    --------
    >>> from rfsk.analysis import symmetric_cp_path
    >>> from rfsk.datasets import NLGP
    >>> path = symmetric_cp_path(NLGP(12, correlation_length=2.0, gain=3.0), random_state=0)
    >>> path.relative_error.round(2)
    array([0.9 , 0.79, 0.51, 0.17, 0.09])
    """
    if not isinstance(n_components, Iterable):
        raise TypeError(f"n_components={n_components!r}; expected several ranks, as (1, 2, 4).")
    ranks = sorted(n_components)
    if not ranks:
        raise ValueError("n_components is empty; expected at least one rank.")
    for rank in ranks:
        check_positive(rank, "n_components", integer=True)
    kappa, rng = cumulant(source, order), as_generator(random_state)
    fits: list[SymmetricCP] = []
    for rank in ranks:
        fits.append(
            symmetric_cp(
                kappa,
                rank,
                order=order,
                start=fits[-1] if fits else None,
                max_iter=max_iter,
                tol=tol,
                random_state=rng,
            )
        )
    return CPPath(np.array(ranks), fits, squared_norm(kappa, rng))


def squared_norm(kappa: Cumulant, random_state: Any) -> float:
    """Squared norm of a cumulant, or NaN where it is out of reach."""
    try:
        return kappa.squared_norm(random_state)
    except NotImplementedError:
        return math.nan


def relative_error(fitted_norm: float, squared_norm: float) -> float:
    """Share of a norm that is left, as a root; NaN if the norm is."""
    if squared_norm == 0.0:
        return 0.0
    # An estimate of the norm may be below what is explained, and below zero.
    return math.sqrt(max(0.0, 1.0 - fitted_norm / squared_norm)) if squared_norm > 0 else math.nan
