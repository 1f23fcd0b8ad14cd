"""Reverse correlation: what makes a unit respond, whatever lies between it and the inputs."""

import warnings
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Literal, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.linear_model import RidgeCV
from sklearn.utils import check_array, check_consistent_length

from .._core._validation import check_positive
from ._responses import response_function

Array = NDArray[np.float64]

_CHUNK_ROWS = 8192
_RIDGES = np.geomspace(1e-6, 10.0, 22)  # relative to the variance of the inputs
_SINGULAR = 1e-10  # eigenvalues of the inputs' correlation below this share count as zero


@overload
def spike_triggered_average(
    response: Any,
    X: ArrayLike,
    *,
    layer: int | None = ...,
    whiten: bool = ...,
    ridge: float | str = ...,
    lags: Sequence[int] | None = ...,
    return_std: Literal[False] = ...,
) -> Array: ...


@overload
def spike_triggered_average(
    response: Any,
    X: ArrayLike,
    *,
    layer: int | None = ...,
    whiten: bool = ...,
    ridge: float | str = ...,
    lags: Sequence[int] | None = ...,
    return_std: Literal[True],
) -> tuple[Array, Array]: ...


def spike_triggered_average(
    response: Any,
    X: ArrayLike,
    *,
    layer: int | None = None,
    whiten: bool = True,
    ridge: float | str = 0.0,
    lags: Sequence[int] | None = None,
    return_std: bool = False,
) -> Array | tuple[Array, Array]:
    """Receptive fields by reverse correlation of responses with inputs.

    sta_k = Cov(r_k, x) C^-1 with C the covariance of the inputs: the linear filter that
    describes unit k best. For Gaussian inputs and a unit sigma(w.x + b) it is E[sigma'] w,
    the field itself up to a factor, whatever C (J. J. Bussgang, 1952; E. J. Chichilnisky,
    Network 12, 199, 2001).

    Parameters
    ----------
    response : array-like, fitted estimator, torch module or callable
        Recorded responses of shape (n_samples,) or (n_samples, n_units), such as spike counts or
        rates. Or what responds to inputs (n_samples, n_features) by numbers (n_samples, n_units): a
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
    ridge : float or "cv", default=0.0
        Added to the variance of every input, relative to it, before the covariance is divided by:
        directions in which correlated inputs, as of natural scenes, hardly vary are mostly noise
        in the average. "cv" chooses it for each unit by generalized cross-validation
        (`sklearn.linear_model.RidgeCV`).
    lags : sequence of int, optional
        Samples by which recorded responses follow the inputs that evoke them: rows of X are
        successive frames, and response t is correlated with frame t - lag.
    return_std : bool, default=False
        Whether to return the standard errors of the fields as well.

    Returns
    -------
    fields : ndarray of shape (n_units, n_features), with lags (n_units, n_lags, n_features)
    standard_errors : ndarray of the shape of `fields`
        Only with ``return_std=True``. See Notes.

    Raises
    ------
    TypeError
        If `response` does not respond, or has no layers that are known here.
    ValueError
        If there is no such layer, there are no more samples than features (with `return_std`, than
        features plus one), responses are not finite numbers or not as many as the inputs, a
        parameter is not valid, or lags are given for what is not recorded.

    See Also
    --------
    spike_triggered_covariance : What a unit even in its input answers to.

    Notes
    -----
    The standard errors are those of linear regression that allow the variance of the residuals to
    depend on the stimulus, as that of spike counts does (H. White, Econometrica 48, 817, 1980):

        Cov(sta_k) = P S_k P / (n - p),    S_k = Cov(e_k x),

    with P = C^-1, e_k the residual of the linear filter, n samples and p = 1 + trace(P C)
    coefficients, which corrects for the residuals that the fit removes. With a ridge P is the
    inverse of C plus the ridge, and the errors do not include the bias towards zero. With "cv" they
    do not include the choice of the ridge either: on 30 samples of 8 features they were a quarter
    too small, and on 300 samples 5 %. With ``whiten=False`` P is the identity and e_k the response.
    Samples must be independent given the stimuli: if the noise of the responses is correlated in
    time, as well as the stimuli, the errors are larger.

    Examples
    --------
    >>> import numpy as np
    >>> from rfsk.analysis import spike_triggered_average
    >>> X = np.random.default_rng(0).normal(size=(50_000, 3))
    >>> sta = spike_triggered_average(lambda x: np.tanh(x @ [[2.0], [0.0], [-2.0]]), X)
    >>> (sta / sta.max()).round(1)
    array([[ 1.,  0., -1.]])

    Recorded spikes, which follow the stimulus by two frames:

    >>> rng = np.random.default_rng(0)
    >>> stimuli = rng.normal(size=(20_000, 3))
    >>> counts = rng.poisson(np.exp(np.roll(stimuli @ [0.5, 0.0, -0.5], 2)))
    >>> found = spike_triggered_average(counts, stimuli, lags=[0, 1, 2, 3])
    >>> int(np.linalg.norm(found[0], axis=1).argmax())
    2

    Standard errors show which weights differ from zero:

    >>> counts = rng.poisson(np.exp(stimuli @ [0.5, 0.0, -0.5]))
    >>> fields, errors = spike_triggered_average(counts, stimuli, return_std=True)
    >>> np.abs(fields) > 5.0 * errors
    array([[ True, False,  True]])
    """
    inputs = check_array(X, dtype=np.float64, input_name="X", ensure_min_samples=2)
    if ridge != "cv":
        check_positive(ridge, "ridge", zero=True)
    if ridge != 0.0 and not whiten:
        raise ValueError(f"ridge={ridge!r} with whiten=False; only the division needs it.")
    n_features = inputs.shape[1]
    if _is_recorded(response):
        response = _check_recorded(response, inputs)
    elif lags is not None:
        raise ValueError("lags is given for what is no recording; expected an array of responses.")
    if lags is not None:
        inputs, response = _lagged(inputs, response, lags)
    if whiten and len(inputs) <= inputs.shape[1] + return_std:
        raise ValueError(
            f"X has {len(inputs)} samples of {inputs.shape[1]} features; expected more samples "
            "than features, by far."
        )
    evoked: Iterable[tuple[Array, Array]] = _responses(response, inputs, layer)
    if return_std or ridge == "cv":
        evoked = [(inputs, np.concatenate([part for _, part in evoked]))]
    mean = inputs.mean(axis=0)
    weighted: Any = 0.0
    for rows, responses in evoked:
        weighted = weighted + responses.T @ (rows - mean)
    # In units of each feature: directions without variance are recognized by correlations.
    deviation = inputs.std(axis=0) if whiten else np.ones(inputs.shape[1])
    deviation[deviation == 0.0] = 1.0
    scaled = (inputs - mean) / deviation
    # The mean of the responses drops out: the inputs have mean zero.
    fields = np.asarray(weighted / len(inputs) / deviation)
    errors = np.empty_like(fields)
    if ridge == "cv":
        model = RidgeCV(len(inputs) * _RIDGES, alpha_per_target=True).fit(scaled, responses)
        ridges = np.broadcast_to(model.alpha_ / len(inputs), len(fields))
    else:
        ridges = np.full(len(fields), float(ridge))
    correlation = scaled.T @ scaled / len(scaled)
    for value in np.unique(ridges):
        units = ridges == value
        inverse = _inverse(correlation, value) if whiten else np.eye(len(correlation))
        fields[units] = fields[units] @ inverse
        if return_std:
            residuals, n_coefficients = responses[:, units], 1.0
            if whiten:
                residuals = residuals - scaled @ fields[units].T
                n_coefficients += float(np.sum(inverse * correlation))
            errors[units] = _standard_errors(scaled @ inverse, residuals, n_coefficients)
    shape = (len(fields), n_features) if lags is None else (len(fields), -1, n_features)
    fields = (fields / deviation).reshape(shape)
    return (fields, (errors / deviation).reshape(shape)) if return_std else fields


def _inverse(correlation: Array, ridge: float) -> Array:
    """Inverse of a correlation matrix plus a ridge, without directions that do not vary."""
    ridged = correlation + ridge * np.eye(len(correlation))
    return np.asarray(np.linalg.pinv(ridged, rcond=_SINGULAR, hermitian=True))


def _standard_errors(filtered: Array, residuals: Array, n_coefficients: float) -> Array:
    """Standard errors of the means of residual times filtered input, (n_units, n_features)."""
    n_samples = len(filtered)
    residuals = residuals - residuals.mean(axis=0)
    mean = residuals.T @ filtered / n_samples
    variance = (residuals**2).T @ filtered**2 / n_samples - mean**2
    return np.asarray(np.sqrt(np.maximum(variance, 0.0) / (n_samples - n_coefficients)))


def _is_recorded(response: Any) -> bool:
    """Whether these are numbers, rather than something that responds."""
    return isinstance(response, np.ndarray | list | tuple) or hasattr(response, "to_numpy")


def _check_recorded(response: Any, inputs: Array) -> Array:
    """Recorded responses, (n_samples, n_units)."""
    values: Array = check_array(
        response, dtype=np.float64, ensure_2d=False, input_name="response", ensure_min_samples=2
    )
    check_consistent_length(values, inputs)
    return values[:, None] if values.ndim == 1 else values


def _lagged(inputs: Array, responses: Array, lags: Sequence[int]) -> tuple[Array, Array]:
    """Frames before each response side by side, and the responses that have them all."""
    delays = [int(lag) for lag in lags]
    if not delays or min(delays) < 0 or max(delays) >= len(inputs) or list(lags) != delays:
        raise ValueError(
            f"lags={lags!r}; expected one or more whole numbers from 0 to below the number of "
            f"samples, {len(inputs)}."
        )
    times = np.arange(max(delays), len(inputs))
    return np.concatenate([inputs[times - lag] for lag in delays], axis=1), responses[times]


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
    if isinstance(response, np.ndarray):
        yield inputs, response - response.mean(axis=0)
        return
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
