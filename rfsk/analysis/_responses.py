"""How anything fitted responds to inputs, by its outputs or a hidden layer."""

from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.special
from numpy.typing import NDArray
from sklearn.base import is_regressor

from .._core._validation import check_layer

Array = NDArray[np.float64]

# Of scikit-learn's multi-layer perceptrons, by name.
_ACTIVATIONS: dict[str, Callable[[Array], Array]] = {
    "identity": lambda z: z,
    "logistic": scipy.special.expit,
    "tanh": np.tanh,
    "relu": lambda z: np.maximum(z, 0.0),
}


def response_function(response: Any, layer: int | None = None) -> Callable[[Array], Any]:
    """Function from inputs (n_samples, n_features) to the responses of units.

    Parameters
    ----------
    response : fitted estimator, torch module or callable
        As `spike_triggered_average` takes it.
    layer : int, optional
        Hidden layer of an estimator that has several.

    Raises
    ------
    TypeError
        If it does not respond to inputs, or has no layers that are known here.
    ValueError
        If there is no such layer.
    """
    response = getattr(response, "best_estimator_", response)
    if layer is not None:
        return _layer_function(response, layer)
    if hasattr(response, "named_modules"):
        return _module_function(response)
    # Labels are no responses: of a classifier not even where they are numbers.
    for name in ("transform", "decision_function", "predict_proba", "predict"):
        if hasattr(response, name) and (name != "predict" or is_regressor(response)):
            method: Callable[[Array], Any] = getattr(response, name)
            return method
    if callable(response):
        function: Callable[[Array], Any] = response
        return function
    raise TypeError(
        f"Got a {type(response).__name__}; expected a fitted estimator or a function of inputs."
    )


def _layer_function(response: Any, layer: int) -> Callable[[Array], Any]:
    """Responses of one hidden layer."""
    response = getattr(response, "best_estimator_", response)
    if hasattr(response, "named_steps"):
        last = _layer_function(response.steps[-1][1], layer)
        before = response[:-1] if len(response.steps) > 1 else None
        return lambda X: last(X if before is None else before.transform(X))
    if hasattr(response, "hidden_activations"):
        return lambda X: response.hidden_activations(X, layer)
    if hasattr(response, "coefs_"):
        n_layers = len(response.coefs_) - 1
        number = check_layer(layer, n_layers)
        return lambda X: _perceptron_layer(response, X, number)
    raise TypeError(
        f"{type(response).__name__} has no hidden layers that are known here; expected an FCNet, a "
        "ConvNet, a fitted MLPClassifier or MLPRegressor. Of a torch Sequential take module[:n]."
    )


def _perceptron_layer(perceptron: Any, X: Array, layer: int) -> Array:
    activation = _ACTIVATIONS[perceptron.activation]
    values = np.asarray(X, dtype=np.float64)
    for weight, bias in zip(
        perceptron.coefs_[: layer + 1], perceptron.intercepts_[: layer + 1], strict=True
    ):
        values = activation(values @ weight + bias)
    return values


def _module_function(module: Any) -> Callable[[Array], Any]:
    """Outputs of a torch module as NumPy arrays, in its own precision, as it predicts."""
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
