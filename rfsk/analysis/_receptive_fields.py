"""Receptive fields of fitted objects."""

from typing import Any

import numpy as np
import scipy.sparse

from .._core._types import Array
from .._core._validation import check_array, check_fields, check_option, plain
from ._reverse_correlation import named_inputs, spike_triggered_average

_LINEAR = 1e-6  # largest relative deviation from a linear response that counts as rounding


def receptive_fields(
    fitted: Any, *, method: str = "weights", X: Any = None, layer: int | None = None
) -> Array:
    """Receptive fields of a fitted object, one row per unit.

    The fields of a pipeline are the gradients of the units' inputs with respect to the inputs of
    the pipeline. All steps of a pipeline before the last must be affine, as scalers, PCA and random
    projections are. A scaler in a pipeline increases the weights of features with a small variance.
    To get the weights of the last step of a pipeline alone, call
    ``receptive_fields(pipeline[-1])``.

    Parameters
    ----------
    fitted : object
        One of the following: a fitted net of rfsk; an estimator with `components_`, `coef_` or
        `coefs_` (of which the first layer is used); a linear or convolutional layer of torch; a
        pipeline; a parameter search, of which the best estimator is used; an array of fields.
    method : {"weights", "sta"}, default="weights"
        With method="weights", the fields are the weights of the first layer. With method="sta", the
        fields are computed from the correlation of the outputs of `fitted`, or of the activations
        of a hidden layer, with the stimuli `X`; see `spike_triggered_average`.
    X : array-like of shape (n_samples, n_features), optional
        Stimuli for method="sta", preferably Gaussian.
    layer : int, optional
        Index of the hidden layer whose activations method="sta" uses. By default, method="sta" uses
        the outputs of `fitted`.

    Returns
    -------
    fields : ndarray of shape (n_units, n_features)
        Filters of a convolutional layer are flattened.

    Examples
    --------
    >>> import torch
    >>> from rfsk import receptive_fields
    >>> module = torch.nn.Sequential(torch.nn.Linear(144, 8), torch.nn.ReLU())
    >>> receptive_fields(module[0]).shape
    (8, 144)
    """
    check_option(method, "method", ("weights", "sta"))
    if method == "sta":
        if X is None:
            raise ValueError("`X` must be given for method='sta'. Pass stimuli.")
        fields: Array = spike_triggered_average(fitted, X, layer=layer)
        return fields
    if X is not None or layer is not None:
        raise ValueError("`X` and `layer` must be None for method='weights'. Pass method='sta'.")
    if hasattr(fitted, "best_estimator_"):
        return receptive_fields(fitted.best_estimator_)
    if hasattr(fitted, "steps") and hasattr(fitted, "named_steps"):
        return _through_pipeline(fitted)
    if hasattr(fitted, "coefs_"):
        return _as_rows(fitted.coefs_[0].T)
    for attribute in ("receptive_fields_", "components_", "coef_"):
        if hasattr(fitted, attribute):
            return _as_rows(getattr(fitted, attribute))
    weight = getattr(fitted, "weight", None)
    # Recognize torch layers without importing torch, and exclude normalizations, whose weights have
    # a single axis.
    if weight is not None and hasattr(weight, "detach") and weight.ndim >= 2:
        return _as_rows(weight.detach().cpu().numpy())
    if isinstance(fitted, list | tuple) or hasattr(fitted, "__array__"):
        return check_fields(np.atleast_2d(plain(fitted, "fields")))
    raise TypeError(
        "`fitted` must be a fitted estimator with receptive_fields_, components_, coefs_ or coef_, "
        f"a torch layer with a weight, or an array, got a {type(fitted).__name__}. Fit it first."
    )


def _as_rows(values: Any) -> Array:
    if scipy.sparse.issparse(values):
        values = values.toarray()
    weights = np.atleast_2d(np.asarray(values, dtype=np.float64))
    return check_array(weights.reshape(len(weights), -1), "fields")


def _through_pipeline(pipeline: Any) -> Array:
    fields = receptive_fields(pipeline.steps[-1][1])
    for name, step in reversed(pipeline.steps[:-1]):
        if step is not None and step != "passthrough":
            fields = check_array(fields @ _linear_part(step, name), "fields")
    return fields


def _linear_part(step: Any, name: str) -> Array:
    """Matrix (n_outputs, n_inputs) of an affine pipeline step; else raise ValueError."""
    n_inputs = getattr(step, "n_features_in_", None)
    try:
        if n_inputs is None:
            raise TypeError("it has no attribute n_features_in_")
        # Some probes are large, because a step may be linear near zero but not everywhere.
        probes = np.random.default_rng(0).standard_normal((12, n_inputs))
        probes *= np.repeat([1e-2, 1.0, 30.0], 4)[:, None]
        # Probes around the fitted mean, in units of the fitted scale, avoid rounding errors.
        center = np.asarray(getattr(step, "mean_", None), dtype=np.float64)
        center = center if center.shape == (n_inputs,) else np.zeros(n_inputs)
        size = np.asarray(getattr(step, "scale_", None), dtype=np.float64)
        size = size if size.shape == (n_inputs,) and (size > 0).all() else np.ones(n_inputs)
        origin = _response(step, center[None])
        matrix = (_response(step, center + np.diag(size)) - origin) / size[:, None]
        probes *= size
        outputs = _response(step, center + probes)
        expected = origin + probes @ matrix
    except (TypeError, ValueError, NotImplementedError) as error:
        raise ValueError(
            f"Fields cannot be computed through step {name!r} ({type(step).__name__}): {error}. "
            "Use the fields of the last step, receptive_fields(pipeline[-1])."
        ) from error
    gain = np.abs(matrix * size[:, None]).max()
    scale = np.abs(probes / size).max(axis=1) * gain + np.abs(origin).max()
    rounding = 16.0 * np.finfo(np.float64).eps * np.abs(center / size).max() * gain
    if not np.all(np.abs(outputs - expected) <= _LINEAR * scale[:, None] + rounding):
        raise ValueError(
            f"Step {name!r} ({type(step).__name__}) must be affine, as scalers and PCA are, but is "
            "not. Use the fields of the last step, receptive_fields(pipeline[-1])."
        )
    return np.asarray(matrix.T)


def _response(step: Any, probes: Array) -> Array:
    return _as_rows(step.transform(named_inputs(step, probes)))
