"""What estimators with components have in common: inputs projected on them."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from .._core._validation import validate_inputs

Array = NDArray[np.float64]


class ProjectionMixin(ClassNamePrefixFeaturesOutMixin, TransformerMixin):
    """Transformer by projection on `components_`, about `mean_`."""

    components_: Array
    mean_: Array

    def transform(self, X: ArrayLike) -> Array:
        """Project centred inputs on the components.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Inputs.

        Returns
        -------
        projections : ndarray of shape (n_samples, n_components)
            ``(X - mean_) @ components_.T``
        """
        check_is_fitted(self)
        data: Any = validate_inputs(self, X, dtype=np.float64, reset=False)
        return np.asarray((data - self.mean_) @ self.components_.T)

    @property
    def _n_features_out(self) -> int:
        return len(self.components_)
