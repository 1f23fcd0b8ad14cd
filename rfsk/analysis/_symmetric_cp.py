"""Symmetric CP decompositions, computed from contractions of cumulants."""

import math
import threading
import warnings
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import OptimizeResult, minimize
from sklearn.exceptions import ConvergenceWarning

from .._core._blas import scipy_on_one_thread
from .._core._random import as_generator
from .._core._types import Array
from .._core._validation import check_fields, check_option, check_positive
from ._cumulant import Cumulant, DenseCumulant, cumulant
from ._matching import unit_fields

_one_at_a_time = threading.Lock()
_METHODS = ("lbfgs", "power", "parafac")
_N_CANDIDATES = 10  # random directions of the search for each initial component
_N_FINALISTS = 3  # candidates that are kept after the first steps of the search
_N_TRIAL_STEPS = 4  # number of these first steps
_N_STEPS = 15  # steps of the search
_OPPOSED = 0.25  # |cosine| above which components with weights of opposite signs conflict
_TRIAL_TOL = 1e-5  # tolerance when two sets of initial components are compared
_CANCELLING = 10.0  # ratio of squared weights to the explained squared norm that causes a warning
_NEGLIGIBLE = 1e-12  # largest residual, relative to the first component, that counts as rounding
_PATIENCE = 5  # iterations over which the decrease of the objective is measured
_STOPPED = 99  # SciPy's status if the callback stopped the optimiser
_INITS = ("svd", "random", "random", "random")  # initializations of TensorLy's parafac
_N_POWER_STEPS = 10  # steps of TensorLy's power method, its default
_LOST = 1e-3  # improvement, relative to the squared norm, above which a component was missed


@dataclass(frozen=True)
class SymmetricCP:
    r"""Symmetric CP decomposition of a cumulant.

    The decomposition approximates the cumulant kappa by a sum of symmetric rank-one terms,

    .. math:: \kappa \approx \sum_j \lambda_j\, a_j \otimes \dots \otimes a_j.

    Attributes
    ----------
    components : ndarray of shape (n_components, n_features)
        Unit vectors a_j. At order 4, the sign of a_j is chosen so that the entry of a_j
        with the largest magnitude is positive. At order 3, the sign of each component a_j is chosen
        so that the weight of the component is positive.
    weights : ndarray of shape (n_components,)
        Signed weights lambda_j, sorted by decreasing magnitude; zero for unused components.
    fitted_norm : float
        Explained squared norm: the squared norm of the cumulant minus the squared norm of the
        residual.
    n_iter : int
        Number of iterations of the optimization of all components, without the search for initial
        components.
    converged : bool
        Whether the optimization stopped before `max_iter` and, with TensorLy, found all components.
    order : int
        Order of the cumulant.

    Examples
    --------
    >>> from rfsk.analysis import symmetric_cp
    >>> symmetric_cp([[1.0, 2.0, 0.0], [0.0, -1.0, 3.0]], 1, random_state=0).to_cp_tensor()
    (weights, factors) : rank-1 CPTensor of shape (3, 3, 3, 3)
    """

    components: Array
    weights: Array
    fitted_norm: float
    n_iter: int
    converged: bool
    order: int = 4

    def to_cp_tensor(self) -> Any:
        """Convert to a `tensorly.cp_tensor.CPTensor` with equal factors for all axes."""
        from tensorly.cp_tensor import CPTensor

        return CPTensor((self.weights, [self.components.T] * self.order))

    @classmethod
    def from_cp_tensor(cls, cp_tensor: Any, source: Any) -> "SymmetricCP":
        """Convert a decomposition by TensorLy to a symmetric one with least-squares weights.

        Parameters
        ----------
        cp_tensor : tensorly.cp_tensor.CPTensor
            Decomposition by TensorLy.
        source : array-like, model, blocks or Cumulant
            Cumulant that was decomposed; see `cumulant`.
        """
        from tensorly.cp_tensor import cp_normalize

        factors = np.stack(cp_normalize(cp_tensor).factors)  # (order, n_features, n_components)
        kappa = cumulant(source, len(factors))
        components = np.linalg.svd(factors.transpose(2, 0, 1), full_matrices=False)[2][:, 0]
        return _sorted(kappa, components, _best_weights(kappa, components), 0, True)


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
    r"""Decompose a cumulant into symmetric rank-one terms.

    At order four, the decomposition of the cumulant kappa minimises

    .. math::

        \lVert \kappa - \sum_j \lambda_j a_j^{\otimes 4} \rVert^2
        = \lVert \kappa \rVert^2 - 2 \sum_j \lambda_j\, \kappa(a_j, a_j, a_j, a_j)
        + \sum_{jk} \lambda_j \lambda_k (a_j \cdot a_k)^4.

    The method "lbfgs" requires only contractions of the cumulant with vectors, as in the
    decomposition of moments by Sherman and Kolda (SIAM Journal on Matrix Analysis and Applications
    41, 2020). By default, a power method finds initial components and the signs of their weights
    one by one. L-BFGS then optimises all components jointly, with fixed signs of the weights. If
    two initial components whose weights have opposite signs overlap, a second search excludes
    overlaps of this kind, and the better of the two sets of initial components is used. A warning
    is issued if components nearly cancel, that is, if the sum of the squared weights exceeds ten
    times `fitted_norm`.

    Parameters
    ----------
    source : array-like, model, blocks or Cumulant
        Anything that `cumulant` accepts, such as samples (n_samples, n_features).
    n_components : int
        Rank of the decomposition.
    order : {3, 4}, default=4
    method : {"lbfgs", "power", "parafac"}, default="lbfgs"
        Algorithm. "power" and "parafac" use TensorLy on the dense tensor, which may have at most
        2^24 entries: "power" is TensorLy's symmetric power iteration, and "parafac" takes the
        symmetric part of the best of four runs of TensorLy's `parafac`.
    start : SymmetricCP or array-like of shape (n_start, n_features), optional
        Some or all of the initial components, such as a decomposition of lower rank. `start` is
        allowed only with method="lbfgs".
    max_iter : int, default=500
        Largest number of iterations of each optimization with method="lbfgs" or method="parafac".
    tol : float, default=1e-6
        Stop when five iterations decrease the objective by less than `tol` times its magnitude.
        With method="parafac", stop when the relative error decreases by less than `tol` in one
        iteration.
    random_state : int, Generator, RandomState or None, default=None
        Seed of the initial directions.

    Returns
    -------
    decomposition : SymmetricCP

    Examples
    --------
    >>> from rfsk import symmetric_cp
    >>> X = [[1.0, 1.0], [1.0, -1.0], [-1.0, 1.0], [-1.0, -1.0]]  # independent signs
    >>> symmetric_cp(X, 2, random_state=0).weights.round(3)
    array([-2., -2.])
    """
    check_positive(n_components, "n_components", integer=True)
    check_positive(max_iter, "max_iter", integer=True)
    check_positive(tol, "tol")
    check_option(method, "method", _METHODS)
    if order not in (3, 4):
        raise ValueError(f"`order` must be 3 or 4, got {order!r}.")
    if method != "lbfgs" and start is not None:
        raise ValueError(f"`start` must be None for method={method!r}. Use method='lbfgs'.")
    kappa, rng = cumulant(source, order), as_generator(random_state)
    if method != "lbfgs" and (tensor := kappa.tensor()).any():
        fit = _dense(tensor, n_components, method, max_iter, tol, rng)
    else:
        given = _as_start(kappa, start, n_components)
        rough, trial_tol = kappa._condensed, max(tol, _TRIAL_TOL)
        begin = _initial_components(rough, n_components, rng, given)
        opposing = np.tril(_opposed(*begin, *begin, order)).any(axis=1)
        opposing[: len(given[1])] = False
        if opposing.any():
            given = begin[0][: opposing.argmax()], begin[1][: opposing.argmax()]
            other = _initial_components(rough, n_components, rng, given, may_oppose=False)
            trials = [_lbfgs(rough, *one, max_iter, trial_tol)[:2] for one in (begin, other)]
            begin = max(trials, key=lambda trial: fitted_norm(rough, *trial))
        fit = _sorted(kappa, *_lbfgs(kappa, *begin, max_iter, tol))
    if (squares := float(fit.weights @ fit.weights)) > _CANCELLING * max(fit.fitted_norm, 0.0):
        warnings.warn(
            "Components of opposite signs nearly cancel: their squared weights sum to "
            f"{squares:.2g}, but they explain only {fit.fitted_norm:.2g}. Use fewer components, "
            "more samples or another `random_state`.",
            ConvergenceWarning,
            stacklevel=2,
        )
    return fit


def _sorted(
    kappa: Cumulant, components: Array, weights: Array, n_iter: int, converged: bool
) -> SymmetricCP:
    """Decomposition with components sorted by weight and with the signs stated in `SymmetricCP`."""
    rank = np.argsort(-np.abs(weights), kind="stable")
    components, weights = components[rank], weights[rank]
    if kappa.order == 3:
        signs, weights = weights, np.abs(weights)
    else:
        peak = np.abs(components).argmax(axis=1)[:, None]
        signs = np.take_along_axis(components, peak, axis=1)[:, 0]
    components = components * np.where(signs < 0, -1.0, 1.0)[:, None]
    explained = fitted_norm(kappa, components, weights)
    return SymmetricCP(components, weights, explained, n_iter, converged, kappa.order)


def fitted_norm(kappa: Cumulant, components: Array, weights: Array) -> float:
    """Squared norm of the cumulant kappa minus the squared norm of the residual.

    The residual is kappa - sum_j weights_j a_j (x) ... (x) a_j for the `components` a_j.
    """
    overlap = (components @ components.T) ** kappa.order
    return float(2.0 * weights @ kappa.along(components) - weights @ overlap @ weights)


def relative_error(fitted_norm: float, squared_norm: float) -> float:
    """Ratio of the norms of residual and cumulant; NaN if `squared_norm` is NaN or negative."""
    if squared_norm == 0.0:
        return 0.0
    # An estimated squared norm may be negative, or smaller than the explained part.
    return math.sqrt(max(0.0, 1.0 - fitted_norm / squared_norm)) if squared_norm > 0 else math.nan


def _best_weights(kappa: Cumulant, components: Array) -> Array:
    """Least-squares weights of given components."""
    overlap = (components @ components.T) ** kappa.order
    return np.asarray(np.linalg.lstsq(overlap, kappa.along(components), rcond=None)[0])


def unit(vectors: Array) -> Array:
    """Rows scaled to unit length; rows of zeros are unchanged."""
    units = unit_fields(vectors)
    units[~vectors.any(axis=1)] = 0.0
    return units


def _as_start(
    kappa: Cumulant, start: SymmetricCP | ArrayLike | None, n_components: int
) -> tuple[Array, Array]:
    """Initial components from `start` and their weights; empty arrays if `start` is None."""
    if start is None:
        return np.empty((0, kappa.n_features)), np.empty(0)
    given = start.components if isinstance(start, SymmetricCP) else start
    components = unit(check_fields(given, "start"))
    if components.shape[1] != kappa.n_features or len(components) > n_components:
        raise ValueError(
            f"`start` must have at most {n_components} components of {kappa.n_features} features, "
            f"got shape {components.shape}."
        )
    if not np.all(np.any(components != 0.0, axis=1)):
        raise ValueError("`start` must not have components of zeros. Leave them out.")
    return components, _best_weights(kappa, components)


def _opposed(directions: Array, values: Array, others: Array, weights: Array, order: int) -> Any:
    """For each pair of directions, whether they overlap and have weights of opposite signs."""
    cosines = directions @ others.T
    return (np.abs(cosines) > _OPPOSED) & (values[:, None] * weights * cosines**order < 0)


def _initial_components(
    kappa: Cumulant,
    n_components: int,
    rng: np.random.Generator,
    start: tuple[Array, Array],
    may_oppose: bool = True,
) -> tuple[Array, Array]:
    """Initial components, each of which is the dominant direction of the residual cumulant."""
    components = unit(rng.standard_normal((n_components, kappa.n_features)))
    weights = np.zeros(n_components)
    first = len(start[1])
    components[:first], weights[:first] = start

    def contract_residual(directions: Array) -> tuple[Array, Array]:
        overlap = weights * (directions @ components.T) ** (kappa.order - 1)
        gradients = kappa.contract(directions) - overlap @ components
        values = np.einsum("rd,rd->r", gradients, directions)
        opposed = _opposed(directions, values, components, weights, kappa.order).any(axis=1)
        return gradients, np.where(opposed & (not may_oppose), 0.0, values)

    for j in range(first, n_components):
        candidates = unit(rng.standard_normal((_N_CANDIDATES, kappa.n_features)))
        best, weight = _strongest_direction(contract_residual, candidates)
        if abs(weight) <= _NEGLIGIBLE * np.abs(weights).max():
            break
        components[j], weights[j] = best, weight
    return components, weights


def _strongest_direction(
    contract: Callable[[Array], tuple[Array, Array]], candidates: Array
) -> tuple[Array, float]:
    """Direction a with the largest magnitude of kappa(a, ..., a) that the power method finds.

    The direction is returned with the value of kappa(a, ..., a). See De Lathauwer, De Moor and
    Vandewalle, SIAM Journal on Matrix Analysis and Applications 21, 1324, 2000.
    """
    best, largest = candidates[0], 0.0
    for step in range(1, _N_STEPS + 1):
        gradients, values = contract(candidates)
        leader = np.abs(values).argmax()
        if abs(values[leader]) > abs(largest):
            best, largest = candidates[leader], float(values[leader])
        if step == _N_TRIAL_STEPS:
            gradients = gradients[np.argsort(-np.abs(values), kind="stable")[:_N_FINALISTS]]
        candidates = unit(gradients)
    return best, largest


def cp_objective(
    kappa: Cumulant, vectors: Array, signs: Array, scale: float = 1.0
) -> tuple[float, Array]:
    """Objective of the decomposition, and its gradient with respect to the scaled components b_j.

    With K = kappa / scale, the objective is the squared norm of the residual
    K - sum_j signs_j b_j (x) ... (x) b_j minus the squared norm of K.
    """
    contracted = signs[:, None] * kappa.contract(vectors) / scale
    gram = vectors @ vectors.T
    overlap = signs[:, None] * signs * gram ** (kappa.order - 1)
    value = -2.0 * np.sum(contracted * vectors) + np.sum(overlap * gram)
    return float(value), 2.0 * kappa.order * (overlap @ vectors - contracted)


def _lbfgs(
    kappa: Cumulant, components: Array, weights: Array, max_iter: int, tol: float
) -> tuple[Array, Array, int, bool]:
    """Optimise all components jointly, with fixed signs of the weights."""
    strongest = np.abs(weights).max()
    if strongest == 0.0:
        return components, weights, 0, True
    order = kappa.order
    signs = np.where(weights < 0, -1.0, 1.0)
    start = components * (np.abs(weights) / strongest)[:, None] ** (1.0 / order)

    def objective(flat: Array, kappa: Cumulant) -> tuple[float, Array]:
        value, gradient = cp_objective(kappa, flat.reshape(start.shape), signs, strongest)
        return value, gradient.ravel()

    rough = kappa._condensed
    x, n_iter = start.ravel(), 0
    with scipy_on_one_thread():
        for stage in [kappa] if rough is kappa else [rough, kappa]:
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
    components = np.where(length[:, None] > 0, unit(vectors), components)
    converged = bool(result.success or result.status == _STOPPED)
    return components, signs * strongest * length**order, n_iter, converged


def _stop_at(tol: float) -> Callable[[OptimizeResult], None]:
    """Callback that stops an optimiser when the objective hardly decreases."""
    values: deque[float] = deque(maxlen=_PATIENCE + 1)

    def callback(intermediate_result: OptimizeResult) -> None:
        values.append(intermediate_result.fun)
        if len(values) > _PATIENCE and values[0] - values[-1] <= tol * abs(values[-1]):
            raise StopIteration

    return callback


def _dense(
    tensor: Array, n_components: int, method: str, max_iter: int, tol: float, rng: Any
) -> SymmetricCP:
    """Decompose with TensorLy, and warn if a better decomposition of equal rank is found."""
    norm = float(np.linalg.norm(tensor))
    dense = DenseCumulant(tensor / norm)
    cp_tensor, n_iter = _by_tensorly(tensor / norm, n_components, method, max_iter, tol, rng)
    fit = SymmetricCP.from_cp_tensor(cp_tensor, dense)
    # Add one component, and leave out each of the others in turn.
    more, _ = _initial_components(dense, n_components + 1, rng, (fit.components, fit.weights))
    others = [np.delete(more, j, axis=0) for j in range(n_components)]
    reached = [fitted_norm(dense, other, _best_weights(dense, other)) for other in others]
    best = max(fit.fitted_norm, *reached)
    converged = best <= fit.fitted_norm + _LOST and (method == "power" or n_iter < max_iter)
    if not converged:
        warnings.warn(
            f"TensorLy's {method} missed a component or did not converge: its relative error is "
            f"{relative_error(fit.fitted_norm, 1.0):.3f}, but {relative_error(best, 1.0):.3f} is "
            "possible with the same rank. Use method='lbfgs' or another `random_state`.",
            ConvergenceWarning,
            stacklevel=3,
        )
    weights, explained = fit.weights * norm, fit.fitted_norm * norm**2
    return replace(fit, weights=weights, fitted_norm=explained, n_iter=n_iter, converged=converged)


def _by_tensorly(
    tensor: Array, n_components: int, method: str, max_iter: int, tol: float, rng: Any
) -> tuple[Any, int]:
    """Best of several decompositions of a tensor, and the number of iterations of the best."""
    from tensorly.cp_tensor import CPTensor, cp_to_tensor
    from tensorly.decomposition import parafac, symmetric_parafac_power_iteration

    options = {"n_iter_max": max_iter, "tol": tol, "normalize_factors": True, "return_errors": True}
    runs: list[tuple[Any, int]] = []
    with _global_generator_seeded(rng), np.errstate(all="ignore"):
        if method == "power":
            for sign in (1.0, -1.0):
                weights, factor = symmetric_parafac_power_iteration(
                    sign * tensor, n_components, n_iteration=_N_POWER_STEPS
                )
                # Entries are NaN if the residual is zero.
                weights, factor = np.nan_to_num(sign * weights), np.nan_to_num(factor)
                runs.append((CPTensor((weights, [factor] * tensor.ndim)), _N_POWER_STEPS))
        else:
            for init in _INITS:
                try:
                    cp_tensor, errors = parafac(tensor, n_components, init=init, **options)
                except np.linalg.LinAlgError:  # two components became equal
                    continue
                if np.isfinite(errors[-1]):
                    runs.append((cp_tensor, len(errors)))
    if not runs:
        raise RuntimeError(
            f"TensorLy's parafac failed with a singular matrix in all {len(_INITS)} runs. Use "
            "another `random_state`, fewer components or a larger `tol`."
        )
    return min(runs, key=lambda run: np.linalg.norm(tensor - cp_to_tensor(run[0])))


@contextmanager
def _global_generator_seeded(rng: np.random.Generator) -> Iterator[None]:
    """Seed NumPy's global generator, which TensorLy uses, and restore its state at the end."""
    with _one_at_a_time:  # all Python threads share the generator
        state = np.random.get_state()  # noqa: NPY002
        np.random.seed(rng.integers(2**32))  # noqa: NPY002
        try:
            yield
        finally:
            np.random.set_state(state)  # noqa: NPY002
