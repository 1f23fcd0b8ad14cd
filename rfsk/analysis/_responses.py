"""Responses of estimators, torch modules and functions to inputs."""

from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.special
from sklearn.base import is_regressor
from sklearn.utils import gen_batches

from .._core._types import Array
from .._core._validation import check_layer

_CHUNK_ROWS = 8192
# Activations of scikit-learn's multi-layer perceptrons, by name.
_ACTIVATIONS: dict[str, Callable[[Array], Array]] = {
    "identity": lambda z: z,
    "logistic": scipy.special.expit,
    "tanh": np.tanh,
    "relu": lambda z: np.maximum(z, 0.0),
}


def responses_to(inputs: Array, response: Any, layer: int | None = None) -> Array:
    """Responses (n_samples, n_units) of a model that `spike_triggered_average` takes."""
    respond = _response_function(response, layer)
    parts = [respond(inputs[rows]) for rows in gen_batches(len(inputs), _CHUNK_ROWS)]
    values = np.concatenate([np.atleast_1d(np.asarray(part, dtype=np.float64)) for part in parts])
    values = values.reshape(len(values), -1)
    if len(values) != len(inputs) or not np.isfinite(values).all():
        raise ValueError(
            f"Responses to {len(inputs)} inputs have shape {values.shape}; expected finite "
            "numbers, one row per input."
        )
    return values


def named_inputs(estimator: Any, inputs: Array) -> Any:
    """Inputs as a DataFrame if the estimator was fitted with feature names."""
    names = getattr(estimator, "feature_names_in_", None)
    if names is None or len(names) != inputs.shape[1]:
        return inputs
    import pandas as pd

    return pd.DataFrame(inputs, columns=names)


def _response_function(response: Any, layer: int | None) -> Callable[[Array], Any]:
    """Function from inputs (n_samples, n_features) to the responses of units."""
    response = getattr(response, "best_estimator_", response)
    if layer is not None:
        return _layer_function(response, layer)
    if hasattr(response, "named_modules"):
        return _module_function(response)
    # Labels are not responses, even if they are numbers.
    for name in ("transform", "decision_function", "predict_proba", "predict"):
        if hasattr(response, name) and (name != "predict" or is_regressor(response)):
            return lambda X: getattr(response, name)(named_inputs(response, X))
    if callable(response):
        function: Callable[[Array], Any] = response
        return function
    raise TypeError(
        f"Got a {type(response).__name__}; expected a fitted estimator or a function of inputs."
    )


def _layer_function(response: Any, layer: int) -> Callable[[Array], Any]:
    """Function from inputs to the responses of one hidden layer."""
    response = getattr(response, "best_estimator_", response)
    if hasattr(response, "named_steps"):
        last, before = _layer_function(response.steps[-1][1], layer), response[:-1]
        if not before.steps:
            return last
        return lambda X: last(before.transform(named_inputs(response, X)))
    if hasattr(response, "hidden_activations"):
        return lambda X: response.hidden_activations(named_inputs(response, X), layer)
    if hasattr(response, "coefs_"):
        number = check_layer(layer, len(response.coefs_) - 1)
        return lambda X: _perceptron_layer(response, X, number)
    raise TypeError(
        f"{type(response).__name__} has no hidden layers that are known here; expected an FCNet, a "
        "ConvNet, a fitted MLPClassifier or MLPRegressor. Of a torch Sequential take module[:n]."
    )


def _perceptron_layer(perceptron: Any, X: Array, layer: int) -> Array:
    activation = _ACTIVATIONS[perceptron.activation]
    values = np.asarray(X, dtype=np.float64)
    for number in range(layer + 1):
        values = activation(values @ perceptron.coefs_[number] + perceptron.intercepts_[number])
    return values


def _module_function(module: Any) -> Callable[[Array], Any]:
    """Function that evaluates a torch module in its own precision and returns NumPy arrays."""
    import torch

    parameter = next(module.parameters(), torch.zeros(()))

    def respond(X: Array) -> Array:
        modes = [(part, part.training) for part in module.modules()]
        module.eval()
        try:
            with torch.no_grad():
                inputs = torch.as_tensor(X, dtype=parameter.dtype, device=parameter.device)
                return np.asarray(module(inputs).cpu().numpy(), dtype=np.float64)
        finally:
            for part, mode in modes:
                part.training = mode

    return respond
