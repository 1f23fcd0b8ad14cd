"""TensorLy's parafac on the dense tensor, to compare with."""

import numpy as np
from numpy.typing import NDArray

from ._cumulant import Cumulant
from ._power_method import best_weights, unit

Array = NDArray[np.float64]

_N_STARTS = 4


def parafac_components(
    kappa: Cumulant, n_components: int, rng: np.random.Generator, max_iter: int, tol: float
) -> tuple[Array, Array, int, bool]:
    """Alternating least squares on all entries, and the symmetric part of the best of four starts.

    parafac has one factor for each axis. Those of a component are equal but for their signs where
    it has found a symmetric term; their common direction is returned, with the weights that suit
    these directions best.

    Returns
    -------
    components : ndarray of shape (n_components, n_features)
        Unit vectors.
    weights : ndarray of shape (n_components,)
    n_iter : int
    converged : bool
        Whether the error stopped falling before `max_iter`.
    """
    from tensorly.decomposition import parafac

    tensor = kappa.tensor()
    # In units of its own, so that the error's change is a relative one.
    size = np.linalg.norm(tensor)
    if size == 0.0:
        return (
            unit(rng.standard_normal((n_components, kappa.n_features))),
            np.zeros(n_components),
            0,
            True,
        )
    found = []
    for _ in range(_N_STARTS):
        seed = np.random.RandomState(rng.integers(2**32))
        try:
            cp, errors = parafac(
                tensor / size,
                n_components,
                n_iter_max=max_iter,
                init="random",
                tol=tol,
                normalize_factors=True,
                random_state=seed,
                return_errors=True,
            )
        except np.linalg.LinAlgError:  # two components became one
            continue
        found.append((float(errors[-1]), cp, len(errors)))
    if not found:
        raise RuntimeError(
            f"TensorLy's parafac met a singular matrix from each of {_N_STARTS} starts; use "
            "another seed, fewer components or a larger tol."
        )
    _, cp, n_iter = min(found, key=lambda fit: fit[0])
    components = np.empty((n_components, kappa.n_features))
    for j in range(n_components):
        factors = np.stack([factor[:, j] for factor in cp.factors])
        components[j] = np.linalg.svd(factors, full_matrices=False)[2][0]
    return components, best_weights(kappa, components), n_iter, n_iter < max_iter
