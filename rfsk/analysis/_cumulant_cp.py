"""CumulantCP: estimator of the symmetric CP decomposition of the inputs' cumulant."""

import warnings
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils.validation import check_is_fitted

from .._core._mistakes import note_pooled_classes
from .._core._random import as_generator
from .._core._types import Array
from .._core._validation import check_labels, check_positive, rows_of_class, validate_inputs
from ._cumulant import Cumulant, SampleCumulant, is_in_blocks
from ._symmetric_cp import relative_error, symmetric_cp


class ProjectionMixin(ClassNamePrefixFeaturesOutMixin, TransformerMixin):
    """Base class of transformers that project centred inputs on `components_`."""

    components_: Array
    mean_: Array

    def transform(self, X: ArrayLike) -> Array:
        """Project centred inputs on the components, ``(X - mean_) @ components_.T``.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
        """
        check_is_fitted(self)
        data: Any = validate_inputs(self, X, dtype=np.float64, reset=False)
        return np.asarray((data - self.mean_) @ self.components_.T)

    @property
    def _n_features_out(self) -> int:
        return len(self.components_)


class CumulantCP(ProjectionMixin, BaseEstimator):
    """Decompose the fourth-order cumulant of the inputs into symmetric CP factors.

    For translation-invariant, non-Gaussian inputs, the CP factors are localized, tile space and
    resemble the receptive fields of a trained network (Ingrosso and Goldt, PNAS 2022).

    Parameters
    ----------
    n_components : int, default=8
        Number of factors.
    target : label, "within" or "difference", default=None
        Label of the class whose cumulant is decomposed. "within" stands for the mean of the
        cumulants of the classes, and "difference" for the cumulant of the second class minus the
        cumulant of the first. None pools all rows. For two classes of equal size and mean with
        covariances C_0 and C_1, the fourth cumulant of the pooled rows is the mean of the fourth
        cumulants of the classes plus 3 sym(D D), where D = (C_0 - C_1) / 2, and sym(D D) is the
        symmetric part of the outer product of D with itself.
    order : {3, 4}, default=4
        Order of the cumulant.
    n_init : int, default=1
        Number of decompositions from different random initial directions. Of these decompositions,
        the one with the smallest residual is kept.
    max_iter : int, default=500
        Largest number of iterations.
    tol : float, default=1e-6
        Stop when the objective decreases by less than the fraction `tol` in five iterations.
    random_state : int, Generator, RandomState or None, default=None
        Seed of the initial directions.

    Attributes
    ----------
    components_ : ndarray of shape (n_components, n_features)
        Factors of unit length, sorted by decreasing magnitude of the weight.
    weights_ : ndarray of shape (n_components,)
        Signed weights of the factors. The weights scale as the inputs to the power of `order`. At
        order four, the weights are negative for sub-Gaussian inputs.
    relative_error_ : float
        Norm of the residual divided by the norm of the empirical cumulant. For at least 4096
        samples of more than 40 features, the squared norm of the cumulant is estimated from 1024
        rows, and the relative error is NaN if the estimate is negative.
    start_scores_ : ndarray of shape (n_init,)
        Explained squared norm of each decomposition, divided by the explained squared norm of the
        best decomposition. The explained squared norm is the squared norm of the cumulant minus
        the squared norm of the residual.
    mean_ : ndarray of shape (n_features,)
        Mean of the inputs; for target="within" and target="difference", the mean of the class
        means.
    n_iter_, n_features_in_ : int
        Number of iterations, and number of features.

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
        order: int = 4,
        n_init: int = 1,
        max_iter: int = 500,
        tol: float = 1e-6,
        random_state: Any = None,
    ) -> None:
        self.n_components = n_components
        self.target = target
        self.order = order
        self.n_init = n_init
        self.max_iter = max_iter
        self.tol = tol
        self.random_state = random_state

    def fit(self, X: ArrayLike, y: ArrayLike | None = None) -> "CumulantCP":
        """Decompose the cumulant of the inputs, and return the estimator.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features), or blocks of rows
            Inputs, as an array or as blocks of rows; see `SampleCumulant`.
        y : array-like of shape (n_samples,), optional
            Labels of the rows; required if `target` is given.
        """
        check_positive(self.n_init, "n_init", integer=True)
        rng = as_generator(self.random_state)
        kappas = self._cumulants(X, y)
        size = max(float(np.sqrt(kappa.covariance.diagonal().max())) for kappa in kappas)
        if not (size == 0.0 or 1e-30 < size < 1e30):  # eighth powers must stay in range
            raise ValueError(
                "The standard deviations of the features must be between 1e-30 and 1e30, got "
                f"{size:.1e}. Scale the inputs to about unit variance."
            )
        kappa: Cumulant = kappas[0]
        if len(kappas) > 1:
            is_mean = self.target == "within"
            kappa = sum(kappas[1:], kappas[0]) / len(kappas) if is_mean else kappas[1] - kappas[0]
        options: dict[str, Any] = {"order": self.order, "max_iter": self.max_iter, "tol": self.tol}
        fits = [
            symmetric_cp(kappa, self.n_components, random_state=rng, **options)
            for _ in range(self.n_init)
        ]
        fit = max(fits, key=lambda one: one.fitted_norm)
        if not fit.converged:
            warnings.warn(
                f"The decomposition did not converge in {fit.n_iter} iterations. Increase "
                "`max_iter` or `tol`.",
                ConvergenceWarning,
                stacklevel=2,
            )
        self.components_, self.weights_ = fit.components, fit.weights
        self.mean_ = np.mean([part.mean for part in kappas], axis=0)
        self.n_iter_ = max(1, fit.n_iter)
        explained = np.array([one.fitted_norm for one in fits])
        self.start_scores_ = explained / (fit.fitted_norm or 1.0)
        self.relative_error_ = relative_error(fit.fitted_norm, kappa.squared_norm(rng))
        return self

    def _cumulants(self, X: Any, y: Any) -> list[SampleCumulant]:
        """List of the cumulant of all rows, of the selected class, or of each class."""
        if is_in_blocks(X):
            if self.target is not None:
                raise ValueError(
                    f"`target` must be None for blocks of inputs, got {self.target!r}. Select the "
                    "rows of one class, for example X[y == label] of a Dask array."
                )
            kappa = SampleCumulant(X, self.order)
            self.n_features_in_ = kappa.n_features
            self.__dict__.pop("feature_names_in_", None)
            return [kappa]
        data = validate_inputs(self, X, dtype=np.float64, ensure_min_samples=2)
        if self.target is None:
            note_pooled_classes(data, y)
            return [SampleCumulant(data, self.order)]
        labels = check_labels(y, data, self.target)
        is_mixture = isinstance(self.target, str) and self.target in ("within", "difference")
        targets = np.unique(labels) if is_mixture else [self.target]
        if is_mixture and self.target == "difference" and len(targets) != 2:
            raise ValueError(
                f"`y` must have two classes for target='difference', got {len(targets)}. Pass the "
                "rows of two classes."
            )
        return [SampleCumulant(rows_of_class(data, labels, one), self.order) for one in targets]
