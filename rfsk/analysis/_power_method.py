"""The symmetric higher-order power method, and decomposition by deflation."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from ._cumulant import Cumulant

Array = NDArray[np.float64]

_N_CANDIDATES = 10  # random starts, of which the strongest is kept
_N_FINALISTS = 3  # of these that go on
_N_TRIAL_STEPS = 4  # after so many steps
# A residual this much weaker than the first component holds nothing to start from.
_NEGLIGIBLE = 1e-12


def deflate(
    kappa: Cumulant,
    n_components: int,
    rng: np.random.Generator,
    *,
    start: tuple[Array, Array] | None = None,
    n_steps: int = 15,
    tol: float = 0.0,
) -> tuple[Array, Array, int, bool]:
    """Components one by one, each the strongest direction found in what the others leave.

    Parameters
    ----------
    kappa : Cumulant
        What is decomposed.
    n_components : int
        How many components.
    rng : numpy.random.Generator
        Draws the starts.
    start : (components, weights), optional
        Components to begin with, at most `n_components` of them.
    n_steps : int, default=15
        Most steps of the power method for each component.
    tol : float, default=0.0
        Relative change of the strength at which it stops before.

    Returns
    -------
    components : ndarray of shape (n_components, n_features)
        Unit vectors. Where nothing is left, random ones, of weight zero.
    weights : ndarray of shape (n_components,)
        kappa(a, ..., a) of what the components before have left, of either sign.
    n_iter : int
        Most steps taken for one component.
    converged : bool
        Whether all of them stopped before `n_steps`.
    """
    components = unit(rng.standard_normal((n_components, kappa.n_features)))
    weights = np.zeros(n_components)
    first = 0
    if start is not None:
        first = len(start[1])
        components[:first], weights[:first] = start

    def contract_residual(directions: Array) -> Array:
        overlap = directions @ components.T
        fit = (weights * overlap ** (kappa.order - 1)) @ components
        return np.asarray(kappa.contract(directions) - fit)

    n_iter, converged = 0, True
    for j in range(first, n_components):
        candidates = unit(rng.standard_normal((_N_CANDIDATES, kappa.n_features)))
        best, strength, taken = strongest_direction(contract_residual, candidates, n_steps, tol)
        n_iter, converged = max(n_iter, taken), converged and taken < n_steps
        if abs(strength) <= _NEGLIGIBLE * np.abs(weights).max():
            break
        components[j], weights[j] = best, strength
    return components, weights, n_iter, converged


def strongest_direction(
    contract: Callable[[Array], Array], candidates: Array, n_steps: int, tol: float
) -> tuple[Array, float, int]:
    """Direction of the largest |kappa(a, ..., a)| met by the power method, from many starts.

    Each start moves to its own gradient, a <- kappa(a, ..., a, .), as L. De Lathauwer, B. De Moor
    and J. Vandewalle (SIAM J. Matrix Anal. Appl. 21, 1324, 2000) have it; after four steps the
    three strongest go on alone. For tensors that are neither convex nor concave the strength need
    not rise at each step, hence the best is kept.

    Returns
    -------
    direction : ndarray of shape (n_features,)
    strength : float
        kappa(a, ..., a), of either sign.
    n_iter : int
    """
    best, strength, before, n_iter = candidates[0], 0.0, np.zeros(len(candidates)), 0
    while n_iter < n_steps:
        n_iter += 1
        gradients = contract(candidates)
        values = np.einsum("rd,rd->r", gradients, candidates)
        leader = np.abs(values).argmax()
        if abs(values[leader]) > abs(strength):
            best, strength = candidates[leader].copy(), float(values[leader])
        if not np.any(gradients) or np.all(np.abs(values - before) < tol * abs(strength)):
            break
        if n_iter == _N_TRIAL_STEPS:
            ahead = np.argsort(-np.abs(values), kind="stable")[:_N_FINALISTS]
            gradients, values = gradients[ahead], values[ahead]
        candidates, before = unit(gradients), values
    return best, strength, n_iter


def best_weights(kappa: Cumulant, components: Array) -> Array:
    """Weights with which given components describe a cumulant best, all of them at once."""
    overlap = (components @ components.T) ** kappa.order
    return np.asarray(np.linalg.lstsq(overlap, kappa.strength(components), rcond=None)[0])


def unit(vectors: Array) -> Array:
    """Rows scaled to unit length; rows of zeros as they are."""
    # By the largest entry first, so that squares neither over- nor underflow.
    largest = np.abs(vectors).max(axis=1, keepdims=True)
    vectors = vectors / np.where(largest > 0, largest, 1.0)
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.where(length > 0, length, 1.0))
