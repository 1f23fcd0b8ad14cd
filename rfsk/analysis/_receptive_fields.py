"""receptive_fields: the one verb for fields, whatever was fitted."""

import warnings
from typing import Any

import numpy as np
import scipy.sparse
from numpy.typing import NDArray

from .._core._validation import check_fields

Array = NDArray[np.float64]

_LINEAR = 1e-6  # relative deviation from a linear response that counts as rounding


def receptive_fields(fitted: Any) -> Array:
    """Receptive fields of anything fitted, one row a unit.

    Through the steps of a pipeline that are linear but for a constant (scalers, PCA, FastICA,
    random projections, a choice of features) they are pulled back to the raw inputs: what comes
    out is the gradient of each unit's input. Through a scaler a feature of small variance gets a
    large weight. Where variances differ much, as at the border of digits, look at the
    last step's fields (``receptive_fields(pipeline[-1])``) to see what the net weighs.

    Parameters
    ----------
    fitted : object
        An rfsk net; an estimator with `components_` (FastICA, PCA, DictionaryLearning,
        CumulantCP), `coefs_` (MLPClassifier: its first layer) or `coef_` (linear models); a
        torch Linear or convolutional layer; a pipeline whose earlier steps are linear, as their
        responses to probes tell; a search, whose best estimator is taken; or an array of fields.

    Returns
    -------
    fields : ndarray of shape (n_units, n_features)
        Float64. Filters of a convolutional layer come as they are, flattened.

    Raises
    ------
    TypeError
        If the object has no fields rfsk knows of, or is not fitted.
    ValueError
        If the fields hold NaN or infinity, or a pipeline has a step through which fields
        cannot be pulled back.

    See Also
    --------
    rfsk.analysis.spike_triggered_average : Fields by reverse correlation, of any unit.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sklearn.decomposition import PCA
    >>> from rfsk import receptive_fields
    >>> receptive_fields(PCA(5).fit(load_digits().data)).shape
    (5, 64)
    """
    if hasattr(fitted, "best_estimator_"):
        return receptive_fields(fitted.best_estimator_)
    if hasattr(fitted, "steps") and hasattr(fitted, "named_steps"):
        return _through_pipeline(fitted)
    for attribute in ("receptive_fields_", "components_"):
        if hasattr(fitted, attribute):
            return _as_rows(getattr(fitted, attribute))
    if hasattr(fitted, "coefs_"):
        return _as_rows(fitted.coefs_[0].T)
    if hasattr(fitted, "coef_"):
        return _as_rows(fitted.coef_)
    weight = getattr(fitted, "weight", None)
    # A torch layer, without importing torch; a normalization has one weight a channel.
    if weight is not None and hasattr(weight, "detach") and weight.ndim >= 2:
        return _as_rows(weight.detach().cpu().numpy())
    if isinstance(fitted, list | tuple) or hasattr(fitted, "__array__"):
        return _as_rows(fitted)
    raise TypeError(
        f"{type(fitted).__name__} has no receptive fields that are known here; expected a "
        "fitted estimator with receptive_fields_, components_, coefs_ or coef_, a torch "
        "layer with a weight, or an array. Was it fitted?"
    )


def _as_rows(values: Any) -> Array:
    if scipy.sparse.issparse(values):
        values = values.toarray()
    weights = np.atleast_1d(np.asarray(values, dtype=np.float64))
    weights = weights[None, :] if weights.ndim == 1 else weights.reshape(len(weights), -1)
    return check_fields(weights)


def _through_pipeline(pipeline: Any) -> Array:
    fields = receptive_fields(pipeline.steps[-1][1])
    for name, step in reversed(pipeline.steps[:-1]):
        if step is not None and step != "passthrough":
            fields = check_fields(fields @ _linear_part(step, name))
    return fields


def _linear_part(step: Any, name: str) -> Array:
    """Matrix of a step that is linear but for a constant, read off its responses.

    Returns
    -------
    matrix : ndarray of shape (n_outputs, n_inputs)

    Raises
    ------
    ValueError
        If the step does not answer to probes as a linear one would.
    """
    n_inputs = getattr(step, "n_features_in_", None)
    try:
        if n_inputs is None:
            raise TypeError("it does not say how many features it takes")
        # Far probes too: a step may be linear near zero and clip, or bend, further out.
        probes = np.random.default_rng(0).standard_normal((12, n_inputs))
        probes *= np.repeat([1e-2, 1.0, 30.0], 4)[:, None]
        # Around where the step was fitted, and in steps of its scale: far off digits are lost.
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
            f"Fields cannot be pulled back through step {name!r} ({type(step).__name__}): "
            f"{error}. Take the fields of the last step instead."
        ) from error
    gain = np.abs(matrix * size[:, None]).max()
    scale = np.abs(probes / size).max(axis=1) * gain + np.abs(origin).max()
    rounding = 16.0 * np.finfo(np.float64).eps * np.abs(center / size).max() * gain
    if not np.all(np.abs(outputs - expected) <= _LINEAR * scale[:, None] + rounding):
        raise ValueError(
            f"Fields cannot be pulled back through step {name!r} ({type(step).__name__}), which is "
            "not linear; expected scalers, PCA and the like before the net. Take the fields of the "
            "last step instead."
        )
    return np.asarray(matrix.T)


def _response(step: Any, probes: Array) -> Array:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="X does not have valid feature names")
        outputs = step.transform(probes)
    if scipy.sparse.issparse(outputs):
        outputs = outputs.toarray()
    return np.asarray(outputs, dtype=np.float64)
