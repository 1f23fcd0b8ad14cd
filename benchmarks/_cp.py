"""symmetric_cp against forming the dense cumulant and decomposing it with TensorLy."""

import warnings
from collections.abc import Iterator

import numpy as np
from tensorly.decomposition import parafac

from rfsk import symmetric_cp
from rfsk.datasets import NLGP

from ._timing import best_of

N_FEATURES, N_SAMPLES, RANK = 30, 20_000, 4


def dense_parafac(X: np.ndarray) -> object:
    """Form every entry, then run parafac."""
    X = X - X.mean(axis=0)
    products = (X[:, :, None] * X[:, None, :]).reshape(len(X), -1)
    moment = (products.T @ products / len(X)).reshape([X.shape[1]] * 4)
    C = X.T @ X / len(X)
    pairs = ("ij,kl->ijkl", "ik,jl->ijkl", "il,jk->ijkl")
    kappa = moment - sum(np.einsum(pair, C, C) for pair in pairs)
    return parafac(kappa, RANK, n_iter_max=100, init="random", random_state=0)


def rows() -> Iterator[dict[str, object]]:
    """One row at the size where both are at home."""
    X = NLGP(N_FEATURES, correlation_length=3.0, gain=3.0).sample(N_SAMPLES, random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        seconds = best_of(
            {
                "rfsk": lambda: symmetric_cp(X, RANK, random_state=0),
                "tensorly": lambda: dense_parafac(X),
            },
            rounds=3,
        )
    yield {
        "what": f"symmetric_cp, D={N_FEATURES}, n={N_SAMPLES}, rank {RANK}",
        "reference": "dense cumulant and TensorLy's parafac",
        "ratio": seconds["rfsk"] / seconds["tensorly"],
        "limit": None,
        "seconds": seconds["rfsk"],
    }
