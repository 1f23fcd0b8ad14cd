"""Predictions of a trained net: classes, probabilities and hidden activations."""

from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from sklearn.base import ClassifierMixin, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted
from torch.func import functional_call

from .._core._mistakes import mark_activations
from .._core._validation import check_layer, validate_inputs
from ._engine import Engine
from ._targets import Coding

Array = NDArray[np.float64]

_FORWARD_NUMBERS = 2**24  # activations held at a time


class PredictionMixin(ClassNamePrefixFeaturesOutMixin, ClassifierMixin, TransformerMixin):
    """Classifier and transformer methods of a fitted net, in double precision on the CPU."""

    net_: Engine
    classes_: NDArray[Any]
    _coding: Coding

    def decision_function(self, X: ArrayLike) -> Array:
        """Signed confidence: positive for ``classes_[1]``; one column a class if several.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Inputs.

        Returns
        -------
        decision : ndarray of shape (n_samples,) or (n_samples, n_classes)
            Minus the output of the net for two classes, whose target is +1 for class 0.
        """
        outputs = forward(self, X)
        return self._coding.decision(outputs)

    def predict_proba(self, X: ArrayLike) -> Array:
        """Class probabilities; with the squared loss from the conditional mean it estimates.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Inputs.

        Returns
        -------
        probability : ndarray of shape (n_samples, n_classes)
        """
        outputs = forward(self, X)
        return self._coding.probability(outputs)

    def predict(self, X: ArrayLike) -> NDArray[Any]:
        """Most likely class of each input.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Inputs.

        Returns
        -------
        labels : ndarray of shape (n_samples,)
        """
        decision = self.decision_function(X)
        index = decision.argmax(axis=1) if decision.ndim == 2 else (decision > 0).astype(int)
        return self.classes_[index]

    def transform(self, X: ArrayLike) -> Array:
        """Hidden activations.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Inputs.

        Returns
        -------
        hidden : ndarray of shape (n_samples, n_activations)
            One column a unit of the last hidden layer; for ConvNet one a channel and place, or
            window if pooled.
        """
        return forward(self, X, return_hidden=True)

    def hidden_activations(self, X: ArrayLike, layer: int = -1) -> Array:
        """Activations of any hidden layer.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Inputs.
        layer : int, default=-1
            Number of the layer, from 0 for the first; negative ones count from the last.

        Returns
        -------
        hidden : ndarray of shape (n_samples, n_activations)

        Raises
        ------
        ValueError
            If there is no such layer.
        """
        check_is_fitted(self, "receptive_fields_")
        number = check_layer(layer, self.net_.module_.n_layers)
        return forward(self, X, return_hidden=True, layer=number)

    @property
    def _n_features_out(self) -> int:
        return self.net_.module_.n_activations


def forward(
    estimator: Any, X: ArrayLike, *, return_hidden: bool = False, layer: int | None = None
) -> Array:
    """Outputs or hidden activations of a fitted net, in double precision on the CPU."""
    check_is_fitted(estimator, "receptive_fields_")
    data = np.ascontiguousarray(validate_inputs(estimator, X, dtype=np.float64, reset=False))
    module = estimator.net_.module_
    state = {name: value.double().cpu() for name, value in module.state_dict().items()}
    options: dict[str, Any] = {"return_hidden": return_hidden}
    if layer is not None:
        options["layer"] = layer
    rows = max(1, _FORWARD_NUMBERS // module.n_widest)
    with torch.no_grad():
        parts = [
            functional_call(module, state, (torch.tensor(data[start : start + rows]),), options)
            for start in range(0, len(data), rows)
        ]
    outputs = torch.cat(parts).numpy()
    return mark_activations(outputs) if return_hidden else outputs
