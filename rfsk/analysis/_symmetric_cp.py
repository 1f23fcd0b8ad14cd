"""Symmetric CP decomposition of a cumulant known only by its contractions."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from .._core._random import as_generator
from .._core._validation import check_positive
from ._cumulant import Cumulant
from ._cumulant_sources import cumulant

Array = NDArray[np.float64]

_N_CANDIDATES = 10  # starts of the power iteration, of which the strongest is kept
_N_POWER_STEPS = 15
# A residual this much weaker than the first component holds nothing to start from.
_NEGLIGIBLE = 1e-12


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
    then L-BFGS moves all of them at once.

    Parameters
    ----------
    source : array-like, model, blocks or Cumulant
        Samples (n_samples, n_features) of one law, or whatever `cumulant` takes.
    n_components : int
        Rank of the decomposition.
    order : int, default=4
        3 or 4; of order two there are as many decompositions as there are bases.
    max_iter : int, default=500
        Most iterations of L-BFGS.
    tol : float, default=1e-6
        Relative decrease of the objective at which it stops.
    random_state : int, Generator, RandomState or None, default=None
        Seed of the power method's starts.

    Returns
    -------
    decomposition : SymmetricCP

    Raises
    ------
    ValueError
        If the source is not valid or a parameter is out of range.

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
    if order not in (3, 4):
        raise ValueError(f"order={order!r}; expected 3 or 4.")
    kappa = cumulant(source, order)
    components, weights = _greedy_start(kappa, n_components, as_generator(random_state))
    strongest = np.abs(weights).max()
    if strongest == 0.0:
        return SymmetricCP(*_flipped(components, weights, order), 0.0, 0, True)
    signs = np.where(weights < 0, -1.0, 1.0)
    start = components * (np.abs(weights) / strongest)[:, None] ** (1.0 / order)

    def objective(flat: Array) -> tuple[float, Array]:
        b = flat.reshape(components.shape)
        gradient = signs[:, None] * kappa.contract(b) / strongest
        gram = b @ b.T
        overlap = signs[:, None] * signs * gram ** (order - 1)
        value = -2.0 * np.sum(gradient * b) + np.sum(overlap * gram)
        return float(value), (2.0 * order * (overlap @ b - gradient)).ravel()

    result = minimize(
        objective,
        start.ravel(),
        jac=True,
        method="L-BFGS-B",
        options={"maxiter": max_iter, "maxfun": 4 * max_iter, "maxcor": 20, "ftol": tol},
    )
    b = result.x.reshape(components.shape)
    length = np.linalg.norm(b, axis=1)
    used = length > 0
    components[used] = b[used] / length[used, None]
    weights = signs * strongest * length**order
    rank = np.argsort(-np.abs(weights), kind="stable")
    components, weights = _flipped(components[rank], weights[rank], order)
    return SymmetricCP(
        components=components,
        weights=weights,
        fitted_norm=float(-result.fun * strongest**2),
        n_iter=int(result.nit),
        converged=bool(result.success),
    )


def _greedy_start(
    kappa: Cumulant, n_components: int, rng: np.random.Generator
) -> tuple[Array, Array]:
    """Components one by one, each the strongest direction found in what the others leave."""
    components = _unit(rng.standard_normal((n_components, kappa.n_features)))
    weights = np.zeros(n_components)

    def contract_residual(directions: Array) -> Array:
        overlap = directions @ components.T
        fit = (weights * overlap ** (kappa.order - 1)) @ components
        return np.asarray(kappa.contract(directions) - fit)

    for j in range(n_components):
        candidates = _unit(rng.standard_normal((_N_CANDIDATES, kappa.n_features)))
        best, strength = candidates[0], 0.0
        for _ in range(_N_POWER_STEPS):
            gradients = contract_residual(candidates)
            values = np.einsum("rd,rd->r", gradients, candidates)
            leader = np.abs(values).argmax()
            if abs(values[leader]) > abs(strength):
                best, strength = candidates[leader].copy(), values[leader]
            if not np.any(gradients):
                break
            candidates = _unit(gradients)
        if abs(strength) <= _NEGLIGIBLE * np.abs(weights).max():
            break
        components[j], weights[j] = best, strength
    return components, weights


def _unit(vectors: Array) -> Array:
    # By the largest entry first, so that squares neither over- nor underflow.
    largest = np.abs(vectors).max(axis=1, keepdims=True)
    vectors = vectors / np.where(largest > 0, largest, 1.0)
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.where(length > 0, length, 1.0))


def _flipped(components: Array, weights: Array, order: int) -> tuple[Array, Array]:
    """Each component in its free sign.

    At even order its entry of largest magnitude is positive; at odd order, where the sign
    goes with that of the weight, the weight is.
    """
    if order % 2:
        return components * np.where(weights < 0, -1.0, 1.0)[:, None], np.abs(weights)
    peak = np.take_along_axis(components, np.abs(components).argmax(axis=1)[:, None], axis=1)
    return components * np.where(peak < 0, -1.0, 1.0), weights
