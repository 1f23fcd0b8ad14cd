"""Symmetric CP decomposition of a cumulant known only by its contractions."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import OptimizeResult, minimize

from .._core._blas import scipy_on_one_thread
from .._core._random import as_generator
from .._core._validation import check_fields, check_option, check_positive
from ._cumulant import Cumulant
from ._cumulant_sources import cumulant
from ._dense_cp import parafac_components
from ._power_method import best_weights, deflate, unit

Array = NDArray[np.float64]

_METHODS = ("lbfgs", "power", "parafac")
_PATIENCE = 5  # iterations over which a decrease is measured; one may be small by chance
_STOPPED = 99  # SciPy's status of an optimiser that its callback stopped


@dataclass(frozen=True)
class SymmetricCP:
    """A symmetric CP decomposition, kappa ~ sum_j weights_j a_j (x) ... (x) a_j.

    Attributes
    ----------
    components : ndarray of shape (n_components, n_features)
        Unit vectors a_j, the entry of largest magnitude positive (at order three signed so
        that the weight is).
    weights : ndarray of shape (n_components,)
        Signed, sorted by decreasing magnitude. A component the tensor has no use for has
        weight zero.
    fitted_norm : float
        ||kappa||^2 - ||kappa - fit||^2: what the components explain.
    n_iter : int
        Iterations of the optimiser.
    converged : bool
        Whether it stopped before `max_iter`.

    Examples
    --------
    >>> import numpy as np
    >>> from rfsk.analysis import symmetric_cp
    >>> X = np.random.default_rng(0).choice([-1.0, 1.0], size=(20_000, 4))
    >>> fit = symmetric_cp(X, 2, random_state=0)
    >>> fit.components.shape, fit.weights.round(1), fit.converged
    ((2, 4), array([-2., -2.]), True)
    """

    components: Array
    weights: Array
    fitted_norm: float
    n_iter: int
    converged: bool


def symmetric_cp(
    source: Any,
    n_components: int,
    *,
    order: int = 4,
    method: str = "lbfgs",
    start: SymmetricCP | ArrayLike | None = None,
    max_iter: int = 500,
    tol: float = 1e-6,
    random_state: Any = None,
) -> SymmetricCP:
    """Decompose a cumulant into symmetric rank-one terms.

    Minimises, at order four, ||kappa - sum_j lambda_j a_j^(x4)||^2, which equals ||kappa||^2
    - 2 sum_j lambda_j kappa(a_j, a_j, a_j, a_j) + sum_jk lambda_j lambda_k (a_j.a_k)^4 and so
    needs contractions only (S. Sherman and T. Kolda, SIAM J. Matrix Anal. Appl. 41, 2020, do
    so for moments). Components start one by one at the strongest directions of what is
    left, found by the symmetric higher-order power method, which also sets their signs;
    then L-BFGS moves all of them at once. Samples in memory whose variance lies mostly along
    few principal axes are first projected on these; L-BFGS ends with all axes.

    Parameters
    ----------
    source : array-like, model, blocks or Cumulant
        Samples (n_samples, n_features) of one law, or whatever `cumulant` takes.
    n_components : int
        Rank of the decomposition.
    order : int, default=4
        3 or 4; of order two there are as many decompositions as there are bases.
    method : {"lbfgs", "power", "parafac"}, default="lbfgs"
        "lbfgs" is the above. The others are to compare with: "power" stops after its first part,
        each component iterated until it stands still (deflation); "parafac" is TensorLy's
        alternating least squares on the dense tensor, at most 2^24 entries.
    start : SymmetricCP or array-like of shape (n_start, n_features), optional
        Components to begin with, such as those of a decomposition of lower rank; the remaining
        ones are found in what they leave. Not for "parafac".
    max_iter : int, default=500
        Most iterations of L-BFGS or parafac, or of the power method for each component.
    tol : float, default=1e-6
        L-BFGS stops when five iterations lower the objective by less than this fraction; "power"
        and "parafac" when one step changes the strength of a component, or the error, by less.
    random_state : int, Generator, RandomState or None, default=None
        Seed of the random starts.

    Returns
    -------
    decomposition : SymmetricCP

    Raises
    ------
    ValueError
        If the source is not valid or a parameter is out of range.

    See Also
    --------
    symmetric_cp_path : Decompositions of rising rank.
    CumulantCP : The same as an estimator.

    Examples
    --------
    >>> import numpy as np
    >>> from rfsk.analysis import symmetric_cp
    >>> X = np.random.default_rng(0).choice([-1.0, 1.0], size=(100_000, 3))
    >>> fit = symmetric_cp(X, 3, random_state=0)
    >>> fit.weights.round(1), np.abs(fit.components).max(axis=1).round(2)
    (array([-2., -2., -2.]), array([1., 1., 1.]))
    """
    check_positive(n_components, "n_components", integer=True)
    check_positive(max_iter, "max_iter", integer=True)
    check_positive(tol, "tol")
    check_option(method, "method", _METHODS)
    if order not in (3, 4):
        raise ValueError(f"order={order!r}; expected 3 or 4.")
    if method == "parafac" and start is not None:
        raise ValueError("method='parafac' takes no start; expected 'lbfgs' or 'power' with one.")
    kappa = cumulant(source, order)
    given = None if start is None else _as_start(kappa, start, n_components)
    rng = as_generator(random_state)
    if method == "lbfgs":
        components, weights, *_ = deflate(kappa._condensed(), n_components, rng, start=given)
        components, weights, n_iter, converged = _lbfgs(kappa, components, weights, max_iter, tol)
    elif method == "power":
        components, weights, n_iter, converged = deflate(
            kappa, n_components, rng, start=given, n_steps=max_iter, tol=tol
        )
    else:
        components, weights, n_iter, converged = parafac_components(
            kappa, n_components, rng, max_iter, tol
        )
    rank = np.argsort(-np.abs(weights), kind="stable")
    components, weights = _flipped(components[rank], weights[rank], order)
    return SymmetricCP(
        components, weights, fitted_norm(kappa, components, weights), n_iter, converged
    )


def fitted_norm(kappa: Cumulant, components: Array, weights: Array) -> float:
    """||kappa||^2 - ||kappa - sum_j weights_j a_j (x) ... (x) a_j||^2."""
    strengths = kappa.strength(components)
    overlap = (components @ components.T) ** kappa.order
    return float(2.0 * weights @ strengths - weights @ overlap @ weights)


def cp_objective(
    kappa: Cumulant, vectors: Array, signs: Array, scale: float = 1.0
) -> tuple[float, Array]:
    """Squared residual norm of a decomposition but for ||kappa||^2, and its gradient.

    Of ||kappa - scale sum_j signs_j b_j (x) ... (x) b_j||^2 / scale^2.

    Parameters
    ----------
    kappa : Cumulant
        What is decomposed.
    vectors : ndarray of shape (n_components, n_features)
        b_j, whose length carries the weight.
    signs : ndarray of shape (n_components,)
        +1 or -1.
    scale : float, default=1.0
        Unit of the cumulant.

    Returns
    -------
    value : float
    gradient : ndarray of shape (n_components, n_features)
    """
    contracted = signs[:, None] * kappa.contract(vectors) / scale
    gram = vectors @ vectors.T
    overlap = signs[:, None] * signs * gram ** (kappa.order - 1)
    value = -2.0 * np.sum(contracted * vectors) + np.sum(overlap * gram)
    return float(value), 2.0 * kappa.order * (overlap @ vectors - contracted)


def _lbfgs(
    kappa: Cumulant, components: Array, weights: Array, max_iter: int, tol: float
) -> tuple[Array, Array, int, bool]:
    """Move all components at once, each in the sign of its weight."""
    strongest = np.abs(weights).max()
    if strongest == 0.0:
        return components, weights, 0, True
    order = kappa.order
    signs = np.where(weights < 0, -1.0, 1.0)
    start = components * (np.abs(weights) / strongest)[:, None] ** (1.0 / order)

    def objective(flat: Array, kappa: Cumulant) -> tuple[float, Array]:
        value, gradient = cp_objective(kappa, flat.reshape(start.shape), signs, strongest)
        return value, gradient.ravel()

    rough = kappa._condensed()
    stages = [kappa] if rough is kappa else [rough, kappa]
    x, n_iter = start.ravel(), 0
    with scipy_on_one_thread():
        for stage in stages:
            left = max_iter - n_iter
            result = minimize(
                objective,
                x,
                (stage,),
                jac=True,
                method="L-BFGS-B",
                callback=_stop_at(tol),
                options={"maxiter": left, "maxfun": 4 * left, "maxcor": 20, "ftol": 0.0},
            )
            x, n_iter = result.x, n_iter + int(result.nit)
            if n_iter >= max_iter:
                break
    vectors = x.reshape(start.shape)
    length = np.linalg.norm(vectors, axis=1)
    used = length > 0
    components = np.where(used[:, None], unit(vectors), components)
    converged = bool(result.success or result.status == _STOPPED)
    return components, signs * strongest * length**order, n_iter, converged


def _stop_at(tol: float) -> Callable[[OptimizeResult], None]:
    """Callback that stops an optimiser when its objective hardly falls any more."""
    values: deque[float] = deque(maxlen=_PATIENCE + 1)

    def callback(intermediate_result: OptimizeResult) -> None:
        values.append(intermediate_result.fun)
        if len(values) > _PATIENCE and values[0] - values[-1] <= tol * abs(values[-1]):
            raise StopIteration

    return callback


def _as_start(
    kappa: Cumulant, start: SymmetricCP | ArrayLike, n_components: int
) -> tuple[Array, Array]:
    """Unit vectors to begin with, and their weights."""
    given = start.components if isinstance(start, SymmetricCP) else start
    components = unit(check_fields(given, "start"))
    if components.shape[1] != kappa.n_features or len(components) > n_components:
        raise ValueError(
            f"start has shape {components.shape}; expected at most {n_components} components of "
            f"{kappa.n_features} features."
        )
    if not np.all(np.any(components != 0.0, axis=1)):
        raise ValueError("start has a component of zeros; leave it out.")
    return components, best_weights(kappa, components)


def _flipped(components: Array, weights: Array, order: int) -> tuple[Array, Array]:
    """Each component in its free sign.

    At even order its entry of largest magnitude is positive; at odd order, where the sign
    goes with that of the weight, the weight is.
    """
    if order % 2:
        return components * np.where(weights < 0, -1.0, 1.0)[:, None], np.abs(weights)
    peak = np.take_along_axis(components, np.abs(components).argmax(axis=1)[:, None], axis=1)
    return components * np.where(peak < 0, -1.0, 1.0), weights
