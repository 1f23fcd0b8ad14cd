"""NonlinearHebbian: receptive fields of independent units with a nonlinear Hebbian rule."""

import warnings
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator
from sklearn.exceptions import ConvergenceWarning

from .._core._random import as_generator
from .._core._validation import check_option, check_positive, validate_inputs
from ._cumulant_cp import ProjectionMixin
from ._symmetric_cp import unit

_RULES: dict[str, Any] = {"cube": lambda y: y * y * y, "tanh": np.tanh}
_SINGULAR = 1e-7  # standard deviation, relative to the largest, below which directions are dropped


class NonlinearHebbian(ProjectionMixin, BaseEstimator):
    r"""Learn the receptive fields of independent units with a nonlinear Hebbian rule.

    Each step of the rule on whitened inputs z is

    .. math::

        w \leftarrow \frac{E[f(w \cdot z)\, z]}{\lVert E[f(w \cdot z)\, z] \rVert}

    The rule finds unit vectors w that are local maxima of E[F(w.z)], where the derivative of F is
    the nonlinearity f of the rule. If F increases faster than a square, the projections w.z of the
    inputs on the learned fields have heavy tails (Brito and Gerstner, PLoS Computational Biology
    12, e1005070, 2016). If the inputs have positive excess kurtosis, the cubic rule learns
    localized fields, whereas `FCNet` does not. If the inputs are saturated, `FCNet` learns
    localized fields, whereas the cubic rule learns oscillating fields of short wavelength. The
    projections of saturated inputs on oscillating fields of short wavelength have positive excess
    kurtosis. The cubic rule learns oscillating fields only from enough samples, and only if the
    whitening keeps principal components of short wavelength; see `locality_ledger`.

    Parameters
    ----------
    n_components : int, default=8
        Number of units, which differ only in their random initial fields.
    rule : {"cube", "tanh"}, default="cube"
        Function f. With rule="tanh", the projections of the inputs on the learned fields have light
        tails, and the fields are localized if the inputs are saturated.
    n_whitened : int, optional
        Number of principal components that whitening keeps; by default, all with nonzero variance.
    max_iter : int, default=200
        Largest number of passes over the data.
    tol : float, default=1e-5
        Training stops when the absolute cosine between the fields before and after a pass exceeds
        1 - tol for each unit.
    random_state : int, Generator, RandomState or None, default=None
        Seed of the initial fields.

    Attributes
    ----------
    components_ : ndarray of shape (n_components, n_features)
        Fields of unit length, in the space of the inputs before whitening.
    mean_ : ndarray of shape (n_features,)
    n_iter_, n_features_in_ : int
        Number of passes over the data, and number of features.

    Examples
    --------
    >>> import numpy as np
    >>> from rfsk.analysis import NonlinearHebbian
    >>> sources = np.random.default_rng(0).laplace(size=(20_000, 3))
    >>> fields = NonlinearHebbian(2, random_state=0).fit(sources).components_
    >>> np.abs(fields).max(axis=1).round(1)  # each unit finds one of the sources
    array([1., 1.])
    """

    def __init__(
        self,
        n_components: int = 8,
        *,
        rule: str = "cube",
        n_whitened: int | None = None,
        max_iter: int = 200,
        tol: float = 1e-5,
        random_state: Any = None,
    ) -> None:
        self.n_components = n_components
        self.rule = rule
        self.n_whitened = n_whitened
        self.max_iter = max_iter
        self.tol = tol
        self.random_state = random_state

    def fit(self, X: ArrayLike, y: Any = None) -> "NonlinearHebbian":
        """Learn receptive fields, and return the estimator.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
        y : ignored
        """
        check_positive(self.n_components, "n_components", integer=True)
        check_positive(self.max_iter, "max_iter", integer=True)
        check_positive(self.tol, "tol")
        if self.n_whitened is not None:
            check_positive(self.n_whitened, "n_whitened", integer=True)
        check_option(self.rule, "rule", _RULES)
        data = validate_inputs(self, X, dtype=np.float64, ensure_min_samples=2)
        self.mean_ = data.mean(axis=0)
        size = np.abs(data - self.mean_).max()
        if size == 0.0:
            raise ValueError("`X` must not be constant. Pass inputs that vary.")
        scaled = (data - self.mean_) / size
        deviation, axes = np.linalg.svd(scaled / np.sqrt(len(scaled)), full_matrices=False)[1:]
        kept = int((deviation > _SINGULAR * deviation[0]).sum())
        kept = min(kept, self.n_whitened or kept)
        whitening = axes[:kept] / deviation[:kept, None]
        inputs = scaled @ whitening.T
        rng = as_generator(self.random_state)
        fields = unit(rng.standard_normal((self.n_components, len(whitening))))
        self.n_iter_, moves = 0, True
        while moves and self.n_iter_ < self.max_iter:
            before = fields
            fields = unit(_RULES[self.rule](inputs @ fields.T).T @ inputs)
            cosine = np.abs(np.einsum("rd,rd->r", fields, before))
            moves = not np.all((cosine >= 1.0 - self.tol) | (cosine == 0.0))
            self.n_iter_ += 1
        if moves:
            warnings.warn(
                f"The fields did not converge in {self.n_iter_} passes. Increase `max_iter` or "
                "`tol`.",
                ConvergenceWarning,
                stacklevel=2,
            )
        self.components_ = unit(fields @ whitening)
        return self
