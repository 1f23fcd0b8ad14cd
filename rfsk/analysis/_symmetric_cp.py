"""Symmetric CP decompositions of a cumulant that is evaluated by contractions."""

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
_N_CANDIDATES = 10  # random directions, of which the strongest is kept
_N_FINALISTS = 3  # of these that go on
_N_TRIAL_STEPS = 4  # after so many steps
_N_STEPS = 15  # of the search for each initial component
_OPPOSED = 0.25  # |cosine| above which components of opposite signs oppose each other
_TRIAL_TOL = 1e-5  # of the optimization of each of two starts
_CANCELLING = 10.0  # ratio of the squared weights to what they explain that causes a warning
_NEGLIGIBLE = 1e-12  # a residual this much weaker than the first component has no direction
_PATIENCE = 5  # iterations over which a decrease is measured; one may be small by chance
_STOPPED = 99  # SciPy's status of an optimiser that its callback stopped
_INITS = ("svd", "random", "random", "random")  # of TensorLy's parafac
_N_POWER_STEPS = 10  # of TensorLy's power method, its default; each goes once around the axes
_LOST = 1e-3  # fraction of the squared norm by which a better decomposition shows a lost component


@dataclass(frozen=True)
class SymmetricCP:
    """A symmetric CP decomposition, kappa ~ sum_j weights_j a_j (x) ... (x) a_j.

    Attributes
    ----------
    components : ndarray of shape (n_components, n_features)
        Unit vectors a_j, with positive entry of largest magnitude (order 4) or weight (order 3).
    weights : ndarray of shape (n_components,)
        Signed weights, sorted by decreasing magnitude; zero for components that are not needed.
    fitted_norm : float
        ||kappa||^2 - ||kappa - fit||^2, what the components explain.
    n_iter : int
        Number of iterations of the final optimization.
    converged : bool
        Whether it stopped before `max_iter` and, with TensorLy, found all components.
    order : int

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
        """Convert to a `tensorly.cp_tensor.CPTensor` with the same factor for each axis."""
        from tensorly.cp_tensor import CPTensor

        return CPTensor((self.weights, [self.components.T] * self.order))

    @classmethod
    def from_cp_tensor(cls, cp_tensor: Any, source: Any) -> "SymmetricCP":
        """Symmetric part of a decomposition of TensorLy, with the weights that fit best.

        Parameters
        ----------
        cp_tensor : tensorly.cp_tensor.CPTensor
        source : array-like, model, blocks or Cumulant
            Cumulant that it decomposes; see `cumulant`.
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
    """Decompose a cumulant into symmetric rank-one terms.

    At order four, minimises ||kappa - sum_j lambda_j a_j^(x4)||^2 = ||kappa||^2 - 2 sum_j lambda_j
    kappa(a_j, a_j, a_j, a_j) + sum_jk lambda_j lambda_k (a_j.a_k)^4, which needs contractions only
    (S. Sherman and T. Kolda, SIAM J. Matrix Anal. Appl. 41, 2020, for moments). A power method
    finds initial components and their signs one by one; L-BFGS then optimises all of them and
    keeps the signs. If some overlap with earlier ones of the opposite sign, a second search avoids
    that, and the better start is kept. A warning reports components that cancel: their squared
    weights add up to over ten times `fitted_norm`.

    Parameters
    ----------
    source : array-like, model, blocks or Cumulant
        Anything that `cumulant` accepts, such as samples (n_samples, n_features).
    n_components : int
        Rank of the decomposition.
    order : {3, 4}, default=4
    method : {"lbfgs", "power", "parafac"}, default="lbfgs"
        "power" and "parafac" run TensorLy on the dense tensor (at most 2^24 entries): its symmetric
        power iteration, or the symmetric part of the best of four runs of parafac.
    start : SymmetricCP or array-like of shape (n_start, n_features), optional
        Some initial components, such as a decomposition of lower rank. Only for "lbfgs".
    max_iter : int, default=500
        Largest number of iterations of each optimization by "lbfgs" or "parafac".
    tol : float, default=1e-6
        Stop when the objective decreases by less than this fraction in five iterations ("parafac":
        the relative error in one).
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
        raise ValueError(f"order={order!r}; expected 3 or 4.")
    if method != "lbfgs" and start is not None:
        raise ValueError(f"method={method!r} takes no start; expected 'lbfgs' with one.")
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
            f"Components of opposite signs nearly cancel: squared weights of {squares:.2g} explain "
            f"{fit.fitted_norm:.2g}. Use fewer components, more samples or another random_state.",
            ConvergenceWarning,
            stacklevel=2,
        )
    return fit


def _sorted(
    kappa: Cumulant, components: Array, weights: Array, n_iter: int, converged: bool
) -> SymmetricCP:
    """Decomposition sorted by magnitude of the weights, with the sign convention applied."""
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
    """||kappa||^2 - ||kappa - sum_j weights_j a_j (x) ... (x) a_j||^2."""
    overlap = (components @ components.T) ** kappa.order
    return float(2.0 * weights @ kappa.strength(components) - weights @ overlap @ weights)


def relative_error(fitted_norm: float, squared_norm: float) -> float:
    """||kappa - fit|| / ||kappa||; NaN if the norm is unknown or its estimate is negative."""
    if squared_norm == 0.0:
        return 0.0
    # An estimate of the norm may be below what is explained, and below zero.
    return math.sqrt(max(0.0, 1.0 - fitted_norm / squared_norm)) if squared_norm > 0 else math.nan


def _best_weights(kappa: Cumulant, components: Array) -> Array:
    """Least-squares weights of given components."""
    overlap = (components @ components.T) ** kappa.order
    return np.asarray(np.linalg.lstsq(overlap, kappa.strength(components), rcond=None)[0])


def unit(vectors: Array) -> Array:
    """Rows scaled to unit length; rows of zeros are unchanged."""
    return np.nan_to_num(unit_fields(vectors))


def _as_start(
    kappa: Cumulant, start: SymmetricCP | ArrayLike | None, n_components: int
) -> tuple[Array, Array]:
    """Initial unit vectors and their weights, or none."""
    if start is None:
        return np.empty((0, kappa.n_features)), np.empty(0)
    given = start.components if isinstance(start, SymmetricCP) else start
    components = unit(check_fields(given, "start"))
    if components.shape[1] != kappa.n_features or len(components) > n_components:
        raise ValueError(
            f"start has shape {components.shape}; expected at most {n_components} components of "
            f"{kappa.n_features} features."
        )
    if not np.all(np.any(components != 0.0, axis=1)):
        raise ValueError("start has a component of zeros; leave it out.")
    return components, _best_weights(kappa, components)


def _opposed(directions: Array, values: Array, others: Array, weights: Array, order: int) -> Any:
    """Whether each direction overlaps with each of the others, of the opposite sign."""
    cosines = directions @ others.T
    return (np.abs(cosines) > _OPPOSED) & (values[:, None] * weights * cosines**order < 0)


def _initial_components(
    kappa: Cumulant,
    n_components: int,
    rng: np.random.Generator,
    start: tuple[Array, Array],
    may_oppose: bool = True,
) -> tuple[Array, Array]:
    """Components found one by one, each the strongest direction of the residual of the others."""
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
        best, strength = _strongest_direction(contract_residual, candidates)
        if abs(strength) <= _NEGLIGIBLE * np.abs(weights).max():
            break
        components[j], weights[j] = best, strength
    return components, weights


def _strongest_direction(
    contract: Callable[[Array], tuple[Array, Array]], candidates: Array
) -> tuple[Array, float]:
    """Direction of the largest |kappa(a, ..., a)| that the power method finds, and that value.

    See L. De Lathauwer, B. De Moor and J. Vandewalle, SIAM J. Matrix Anal. Appl. 21, 1324, 2000.
    """
    best, strength = candidates[0], 0.0
    for step in range(1, _N_STEPS + 1):
        gradients, values = contract(candidates)
        leader = np.abs(values).argmax()
        if abs(values[leader]) > abs(strength):
            best, strength = candidates[leader], float(values[leader])
        if step == _N_TRIAL_STEPS:
            gradients = gradients[np.argsort(-np.abs(values), kind="stable")[:_N_FINALISTS]]
        candidates = unit(gradients)
    return best, strength


def cp_objective(
    kappa: Cumulant, vectors: Array, signs: Array, scale: float = 1.0
) -> tuple[float, Array]:
    """||K - sum_j signs_j b_j (x) .. (x) b_j||^2 - ||K||^2, K = kappa / scale, and its gradient."""
    contracted = signs[:, None] * kappa.contract(vectors) / scale
    gram = vectors @ vectors.T
    overlap = signs[:, None] * signs * gram ** (kappa.order - 1)
    value = -2.0 * np.sum(contracted * vectors) + np.sum(overlap * gram)
    return float(value), 2.0 * kappa.order * (overlap @ vectors - contracted)


def _lbfgs(
    kappa: Cumulant, components: Array, weights: Array, max_iter: int, tol: float
) -> tuple[Array, Array, int, bool]:
    """Optimise all components at once, with the signs of the weights fixed."""
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
    """Callback that stops an optimiser when its objective hardly decreases."""
    values: deque[float] = deque(maxlen=_PATIENCE + 1)

    def callback(intermediate_result: OptimizeResult) -> None:
        values.append(intermediate_result.fun)
        if len(values) > _PATIENCE and values[0] - values[-1] <= tol * abs(values[-1]):
            raise StopIteration

    return callback


def _dense(
    tensor: Array, n_components: int, method: str, max_iter: int, tol: float, rng: Any
) -> SymmetricCP:
    """Decompose by TensorLy, and warn if another decomposition of this rank explains more."""
    norm = float(np.linalg.norm(tensor))
    dense = DenseCumulant(tensor / norm)
    cp_tensor, n_iter = _by_tensorly(tensor / norm, n_components, method, max_iter, tol, rng)
    fit = SymmetricCP.from_cp_tensor(cp_tensor, dense)
    # One component more, and the best of the decompositions that leave another one out.
    more, _ = _initial_components(dense, n_components + 1, rng, (fit.components, fit.weights))
    others = [np.delete(more, j, axis=0) for j in range(n_components)]
    reached = [fitted_norm(dense, other, _best_weights(dense, other)) for other in others]
    best = max(fit.fitted_norm, *reached)
    converged = best <= fit.fitted_norm + _LOST and (method == "power" or n_iter < max_iter)
    if not converged:
        warnings.warn(
            f"TensorLy's {method} lost a component or did not converge: its relative error "
            f"is {relative_error(fit.fitted_norm, 1.0):.3f}, where {relative_error(best, 1.0):.3f} "
            "was found at the same rank; use method='lbfgs' or another random_state.",
            ConvergenceWarning,
            stacklevel=3,
        )
    weights, explained = fit.weights * norm, fit.fitted_norm * norm**2
    return replace(fit, weights=weights, fitted_norm=explained, n_iter=n_iter, converged=converged)


def _by_tensorly(
    tensor: Array, n_components: int, method: str, max_iter: int, tol: float, rng: Any
) -> tuple[Any, int]:
    """Decompose a tensor of unit norm, and return the best of several runs and its iterations."""
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
                # NaN where nothing was left to find.
                weights, factor = np.nan_to_num(sign * weights), np.nan_to_num(factor)
                runs.append((CPTensor((weights, [factor] * tensor.ndim)), _N_POWER_STEPS))
        else:
            for init in _INITS:
                try:
                    cp_tensor, errors = parafac(tensor, n_components, init=init, **options)
                except np.linalg.LinAlgError:  # two components became one
                    continue
                if np.isfinite(errors[-1]):
                    runs.append((cp_tensor, len(errors)))
    if not runs:
        raise RuntimeError(
            f"TensorLy's parafac met a singular matrix from each of {len(_INITS)} initial factors; "
            "use another seed, fewer components or a larger tol."
        )
    return min(runs, key=lambda run: np.linalg.norm(tensor - cp_to_tensor(run[0])))


@contextmanager
def _global_generator_seeded(rng: np.random.Generator) -> Iterator[None]:
    """Seed NumPy's global generator, which TensorLy uses, and restore its state."""
    with _one_at_a_time:  # all Python threads share it
        state = np.random.get_state()  # noqa: NPY002
        np.random.seed(rng.integers(2**32))  # noqa: NPY002
        try:
            yield
        finally:
            np.random.set_state(state)  # noqa: NPY002
