"""TensorLy's decompositions of a dense tensor, to compare with."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

_INITS = ("svd", "random", "random", "random")  # of parafac
_N_STEPS = 10  # of the power method, TensorLy's default; each goes once around the axes


def dense_cp(
    tensor: Array,
    n_components: int,
    rng: np.random.Generator,
    *,
    method: str,
    max_iter: int,
    tol: float,
) -> tuple[Any, int, bool]:
    """Decompose a tensor of unit norm by TensorLy, and keep the best of several runs.

    "parafac", alternating least squares, starts from singular vectors and three times at random.
    "power", the symmetric power method with deflation, takes the tensor and its negative, because
    it prefers positive weights. The result is a CPTensor, the number of iterations, and whether
    parafac stopped before `max_iter`.
    """
    from tensorly.cp_tensor import CPTensor, cp_to_tensor
    from tensorly.decomposition import parafac, symmetric_parafac_power_iteration

    options = {"n_iter_max": max_iter, "tol": tol, "normalize_factors": True, "return_errors": True}
    runs: list[tuple[Any, int]] = []
    with _global_generator_seeded(rng), np.errstate(all="ignore"):
        if method == "power":
            for sign in (1.0, -1.0):
                weights, factor = symmetric_parafac_power_iteration(
                    sign * tensor, n_components, n_iteration=_N_STEPS
                )
                # NaN where nothing was left to find.
                weights, factor = np.nan_to_num(sign * weights), np.nan_to_num(factor)
                runs.append((CPTensor((weights, [factor] * tensor.ndim)), _N_STEPS))
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
    cp_tensor, n_iter = min(runs, key=lambda run: np.linalg.norm(tensor - cp_to_tensor(run[0])))
    return cp_tensor, n_iter, method == "power" or n_iter < max_iter


@contextmanager
def _global_generator_seeded(rng: np.random.Generator) -> Iterator[None]:
    """Seed NumPy's global generator, from which TensorLy draws, and put its state back."""
    state = np.random.get_state()  # noqa: NPY002
    np.random.seed(rng.integers(2**32))  # noqa: NPY002
    try:
        yield
    finally:
        np.random.set_state(state)  # noqa: NPY002
