"""CumulantCP: the CP factors of the inputs' fourth-order cumulant, as an estimator."""

import math
import warnings
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import column_or_1d
from sklearn.utils.validation import check_consistent_length, check_is_fitted, validate_data

from .._core._random import as_generator
from .._core._validation import check_positive
from ._empirical_cumulant import SampleCumulant
from ._symmetric_cp import symmetric_cp

Array = NDArray[np.float64]


class CumulantCP(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """Decompose the fourth-order cumulant of the inputs into localized factors.

    For translation-invariant, non-Gaussian inputs the factors are localized, tile space and
    resemble the receptive fields that a network trained on them grows (Ingrosso and Goldt,
    PNAS 2022). No tensor is formed: cost is linear in samples, features and components.

    Parameters
    ----------
    n_components : int, default=8
        Number of factors.
    target : label, default=None
        Class whose cumulant is decomposed, one of the labels in `y`. None takes all rows as
        one law and ignores `y`. Pooling classes of different covariance C_0 and C_1 adds
        3 sym(D D) with D = (C_0 - C_1) / 2 to the mean of the classes' cumulants, which is
        not zero even if both are Gaussian: name a class to leave it out.
    max_iter : int, default=500
        Most iterations of the optimiser.
    tol : float, default=1e-6
        Relative decrease of the objective at which it stops.
    random_state : int, Generator, RandomState or None, default=None
        Seed of the starts.

    Attributes
    ----------
    components_ : ndarray of shape (n_components, n_features)
        Unit factors, in input units, strongest first.
    weights_ : ndarray of shape (n_components,)
        Signed strengths, in the inputs' units to the fourth; negative for sub-Gaussian
        inputs.
    relative_error_ : float
        ||kappa - fit|| / ||kappa|| of the empirical cumulant, sampling noise included.
        Exact up to 40 features or 16384 samples; beyond, the norm of the cumulant is an
        estimate, and this a noisy figure.
    mean_ : ndarray of shape (n_features,)
        Mean of the rows decomposed.
    n_iter_ : int
        Iterations of the optimiser.
    n_features_in_ : int
        Number of features.

    Raises
    ------
    ValueError
        If `target` is not among the labels, or the data are not valid.

    Warns
    -----
    ConvergenceWarning
        If `max_iter` is reached first.

    See Also
    --------
    symmetric_cp : The same as a function, for dense tensors too.

    Examples
    --------
    >>> from rfsk import CumulantCP, make_nlgp
    >>> X, y = make_nlgp(20_000, 30, correlation_length=(1.5, 3.0), random_state=0)
    >>> cp = CumulantCP(n_components=3, target=1, random_state=0).fit(X, y)
    >>> bool((cp.weights_ < 0).all())  # saturated pixels: negative cumulants
    True
    """

    def __init__(
        self,
        n_components: int = 8,
        *,
        target: Any = None,
        max_iter: int = 500,
        tol: float = 1e-6,
        random_state: Any = None,
    ) -> None:
        self.n_components = n_components
        self.target = target
        self.max_iter = max_iter
        self.tol = tol
        self.random_state = random_state

    def fit(self, X: ArrayLike, y: ArrayLike | None = None) -> "CumulantCP":
        """Decompose the cumulant of the rows of X.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Inputs.
        y : array-like of shape (n_samples,), optional
            Labels, needed where `target` names a class.

        Returns
        -------
        self : CumulantCP
        """
        check_positive(self.n_components, "n_components", integer=True)
        data = validate_data(self, X, dtype=np.float64, ensure_min_samples=2)
        rows = self._rows_of_target(data, y)
        # In units of their own size, whatever the scale, fourth powers stay in range.
        size = float(np.abs(rows - rows.mean(axis=0)).max()) or 1.0
        kappa = SampleCumulant(rows / size)
        rng = as_generator(self.random_state)
        fit = symmetric_cp(
            kappa, self.n_components, max_iter=self.max_iter, tol=self.tol, random_state=rng
        )
        if not fit.converged:
            warnings.warn(
                f"The decomposition did not converge in {fit.n_iter} iterations; increase "
                "max_iter or tol.",
                ConvergenceWarning,
                stacklevel=2,
            )
        self.components_ = fit.components
        self.weights_ = fit.weights * size**4
        self.mean_ = kappa.mean * size
        self.n_iter_ = max(1, fit.n_iter)
        squared_norm = kappa.squared_norm(rng)
        left = max(0.0, squared_norm - fit.fitted_norm)
        self.relative_error_ = math.sqrt(left / squared_norm) if squared_norm > 0 else 0.0
        return self

    def transform(self, X: ArrayLike) -> Array:
        """Project centred inputs on the factors.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Inputs.

        Returns
        -------
        projections : ndarray of shape (n_samples, n_components)
            (X - mean_) @ components_.T
        """
        check_is_fitted(self)
        data = validate_data(self, X, dtype=np.float64, reset=False)
        return np.asarray((data - self.mean_) @ self.components_.T)

    def _rows_of_target(self, data: Array, y: ArrayLike | None) -> Array:
        if self.target is None:
            return data
        if y is None:
            raise ValueError(f"target={self.target!r} names a class, but y is None; pass labels.")
        labels = column_or_1d(y, warn=True)
        check_consistent_length(data, labels)
        rows = labels == self.target
        if np.count_nonzero(rows) < 2:
            raise ValueError(
                f"target={self.target!r} has {np.count_nonzero(rows)} row(s) in y; expected at "
                f"least 2. Labels in y: {np.unique(labels).tolist()}."
            )
        return np.asarray(data[rows])

    @property
    def _n_features_out(self) -> int:
        return len(self.components_)
