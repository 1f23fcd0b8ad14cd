"""TensorLy's parafac on the dense tensor, to compare with."""

import numpy as np
from numpy.typing import NDArray

from ._cumulant import Cumulant

Array = NDArray[np.float64]


def parafac_components(
    kappa: Cumulant, n_components: int, rng: np.random.Generator, max_iter: int, tol: float
) -> tuple[Array, Array, int, bool]:
    """Alternating least squares on all entries, and the symmetric part of what it finds.

    parafac has one factor for each axis. Those of a component are equal but for their signs where
    it has found a symmetric term; their common direction, weighted by how well they agree, is
    returned.

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
    cp, errors = parafac(
        tensor / size,
        n_components,
        n_iter_max=max_iter,
        init="random",
        tol=tol,
        normalize_factors=True,
        random_state=np.random.RandomState(rng.integers(2**32)),
        return_errors=True,
    )
    components = np.empty((n_components, kappa.n_features))
    weights = np.empty(n_components)
    for j, weight in enumerate(cp.weights):
        factors = np.stack([factor[:, j] for factor in cp.factors])
        components[j] = np.linalg.svd(factors, full_matrices=False)[2][0]
        weights[j] = size * weight * np.prod(factors @ components[j])
    return components, weights, len(errors), len(errors) < max_iter
