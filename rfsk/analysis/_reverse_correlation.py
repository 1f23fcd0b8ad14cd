"""Reverse correlation: what makes a unit respond, whatever lies between it and the inputs."""

import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils import check_array

from ._responses import response_function

Array = NDArray[np.float64]

_CHUNK_ROWS = 8192
_SINGULAR = 1e-10  # eigenvalues of the inputs' correlation below this share count as zero


def spike_triggered_average(
    response: Any, X: ArrayLike, *, layer: int | None = None, whiten: bool = True
) -> Array:
    """Receptive fields by reverse correlation of responses with inputs.

    sta_k = Cov(r_k, x) C^-1 with C the covariance of the inputs: the linear filter that
    describes unit k best. For Gaussian inputs and a unit sigma(w.x + b) it is E[sigma'] w,
    the field itself up to a factor, whatever C (J. J. Bussgang, 1952; E. J. Chichilnisky,
    Network 12, 199, 2001).

    Parameters
    ----------
    response : fitted estimator, torch module or callable
        What responds to inputs (n_samples, n_features) by numbers (n_samples, n_units): a
        function; a transformer, by its `transform`, such as the hidden units of a net; or else
        by its `decision_function`, `predict_proba` or, if it is a regressor, `predict`; a torch
        module by its outputs (of a Sequential, ``module[:3]`` is one as well).
    X : array-like of shape (n_samples, n_features)
        Stimuli, best Gaussian: of other laws, as of natural scenes, the average depends on more
        than the unit.
    layer : int, optional
        Hidden layer whose units are meant, from 0 for the first: of an FCNet or ConvNet, or of an
        MLPClassifier or MLPRegressor; of the last step of a pipeline.
    whiten : bool, default=True
        Whether to divide by the covariance of the inputs; otherwise the average is smoothed by
        it.

    Returns
    -------
    fields : ndarray of shape (n_units, n_features)

    Raises
    ------
    TypeError
        If `response` does not respond, or has no layers that are known here.
    ValueError
        If there is no such layer, there are no more samples than features, or responses are not
        finite numbers.

    See Also
    --------
    spike_triggered_covariance : What a unit even in its input answers to.

    Examples
    --------
    >>> import numpy as np
    >>> from rfsk.analysis import spike_triggered_average
    >>> X = np.random.default_rng(0).normal(size=(50_000, 3))
    >>> sta = spike_triggered_average(lambda x: np.tanh(x @ [[2.0], [0.0], [-2.0]]), X)
    >>> (sta / sta.max()).round(1)
    array([[ 1.,  0., -1.]])
    """
    inputs = check_array(X, dtype=np.float64, input_name="X", ensure_min_samples=2)
    if whiten and len(inputs) <= inputs.shape[1]:
        raise ValueError(
            f"X has {len(inputs)} samples of {inputs.shape[1]} features; expected more samples "
            "than features, by far."
        )
    mean = inputs.mean(axis=0)
    weighted: Any = 0.0
    for rows, responses in _responses(response, inputs, layer):
        weighted = weighted + responses.T @ (rows - mean)
    # The mean of the responses drops out: the inputs have mean zero.
    average = np.asarray(weighted / len(inputs))
    if not whiten:
        return average
    # In units of each feature: directions without variance are told by correlations.
    deviation = inputs.std(axis=0)
    deviation[deviation == 0.0] = 1.0
    correlation = np.atleast_2d(np.cov((inputs / deviation).T, bias=True))
    inverse = np.linalg.pinv(correlation, rcond=_SINGULAR, hermitian=True)
    return np.asarray((average / deviation) @ inverse / deviation)


def spike_triggered_covariance(response: Any, X: ArrayLike, *, layer: int | None = None) -> Array:
    """Second-order reverse correlation, E[(r_k - mean r_k) (x - mean x)(x - mean x)'].

    For white Gaussian inputs and a unit sigma(w.x + b) it is E[sigma''] w w': its leading
    eigenvector is the field, also of a unit that is even in its input and has no average.

    Parameters
    ----------
    response : fitted estimator or callable
        As in `spike_triggered_average`.
    X : array-like of shape (n_samples, n_features)
        Stimuli, best white and Gaussian.
    layer : int, optional
        As there.

    Returns
    -------
    covariances : ndarray of shape (n_units, n_features, n_features)

    Raises
    ------
    TypeError, ValueError
        As in `spike_triggered_average`.

    Examples
    --------
    >>> import numpy as np
    >>> from rfsk.analysis import spike_triggered_covariance
    >>> w = np.array([0.6, 0.8, 0.0])
    >>> stimuli = np.random.default_rng(0).normal(size=(20_000, 3))
    >>> covariance = spike_triggered_covariance(lambda x: (x @ w)[:, None] ** 2, stimuli)[0]
    >>> bool(np.abs(covariance - 2.0 * np.outer(w, w)).max() < 0.1)
    True
    """
    inputs = check_array(X, dtype=np.float64, input_name="X", ensure_min_samples=2)
    mean = inputs.mean(axis=0)
    total: Any = 0.0
    weighted: Any = 0.0
    for rows, responses in _responses(response, inputs, layer):
        centred = rows - mean
        total = total + responses.sum(axis=0)
        weighted = weighted + np.einsum("nk,ni,nj->kij", responses, centred, centred, optimize=True)
    covariance = np.cov(inputs.T, bias=True)
    average = np.atleast_1d(total / len(inputs))[:, None, None]
    return np.asarray(weighted / len(inputs) - average * covariance)


def _responses(response: Any, inputs: Array, layer: int | None) -> Iterator[tuple[Array, Array]]:
    """Inputs and what they evoke but for a constant, (n_rows, n_units), some rows at a time."""
    respond = response_function(response, layer)
    offset: Any = None
    for start in range(0, len(inputs), _CHUNK_ROWS):
        rows = inputs[start : start + _CHUNK_ROWS]
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="X does not have valid feature names")
            values = np.asarray(respond(rows), dtype=np.float64)
        values = values.reshape(len(values), -1) if values.ndim else values[None, None]
        if len(values) != len(rows) or not np.isfinite(values).all():
            raise ValueError(
                f"Responses to {len(rows)} inputs have shape {values.shape}; expected finite "
                "numbers, a row an input."
            )
        # Any constant does; one near the mean keeps the digits of large responses.
        offset = values.mean(axis=0) if offset is None else offset
        yield rows, values - offset
