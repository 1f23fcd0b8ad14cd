"""Decomposing cumulants: against the dense tensor, at the size of images, and streamed."""

import json
import math
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Iterator

import numpy as np
from sklearn.decomposition import FastICA
from sklearn.exceptions import ConvergenceWarning
from tensorly.decomposition import parafac

from rfsk import CumulantCP, FieldMatcher, make_nlgp, symmetric_cp
from rfsk.analysis import cumulant
from rfsk.datasets import NLGP

from ._rows import Row, ratio_row
from ._timing import best_of, median_of

N_SAMPLES, RANK = 20_000, 4
GIB = 2**30


def dense_parafac(X: np.ndarray) -> object:
    """Form every entry, then run parafac."""
    X = X - X.mean(axis=0)
    products = (X[:, :, None] * X[:, None, :]).reshape(len(X), -1)
    moment = (products.T @ products / len(X)).reshape([X.shape[1]] * 4)
    C = X.T @ X / len(X)
    pairs = ("ij,kl->ijkl", "ik,jl->ijkl", "il,jk->ijkl")
    kappa = moment - sum(np.einsum(pair, C, C) for pair in pairs)
    return parafac(kappa, RANK, n_iter_max=100, init="random", random_state=0)


def rows() -> Iterator[Row]:
    """All rows of this room."""
    yield fastica_row()
    yield dense_row(30, limit=None)
    yield dense_row(40, limit=0.2)
    yield from scaling_rows()
    for script, what, seconds in (
        (IMAGES, "symmetric_cp, 28 x 28 pixels, n=20,000, rank 20", 20.0),
        (STREAM, "one pass over 10^6 rows of 28 x 28 pixels on disk, rank 20", 60.0),
    ):
        found = in_a_process(script)
        yield ratio_row(what, f"{seconds:g} s", found["seconds"] / seconds, 1.0, found["seconds"])
        memory = found["bytes"] / GIB
        yield ratio_row(f"{what}: memory", "2 GiB", memory / 2.0, 1.0, found["seconds"])


def fastica_row() -> Row:
    """As many components of the same class of inputs, both with their default settings."""
    X, y = make_nlgp(2 * N_SAMPLES, 100, correlation_length=(5.0, 10.0), gain=3.0, random_state=0)
    X = X[y == 1]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        seconds = median_of(
            {
                "rfsk": lambda: CumulantCP(8, random_state=0).fit(X),
                "scikit-learn": lambda: FastICA(8, random_state=0).fit(X),
            }
        )
    return ratio_row(
        f"CumulantCP, D=100, n={len(X)}, 8 components",
        "scikit-learn's FastICA, 8 components",
        seconds["rfsk"] / seconds["scikit-learn"],
        1.0,
        seconds["rfsk"],
    )


def dense_row(n_features: int, limit: float | None) -> Row:
    """At a size where both are at home."""
    X = NLGP(n_features, correlation_length=n_features / 10, gain=3.0).sample(N_SAMPLES, 0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        seconds = best_of(
            {
                "rfsk": lambda: symmetric_cp(X, RANK, random_state=0),
                "tensorly": lambda: dense_parafac(X),
            },
            rounds=3,
        )
        ours = symmetric_cp(X, RANK, random_state=0).components
        theirs = dense_parafac(X).factors[0].T  # type: ignore[attr-defined]
    match = FieldMatcher().fit(ours).transform(theirs)[:, 0].min()
    return ratio_row(
        f"symmetric_cp, D={n_features}, n={N_SAMPLES}, rank {RANK}: factors match {match:.3f}",
        "dense cumulant and TensorLy's parafac",
        seconds["rfsk"] / seconds["tensorly"],
        limit,
        seconds["rfsk"],
    )


def scaling_rows() -> Iterator[Row]:
    """Exponents of the cost of a contraction, from doublings."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((40_000, 800))
    kappas = {
        "rows": (cumulant(X[:20_000, :400]), cumulant(X[:, :400]), 16, 16),
        "features": (cumulant(X[:20_000, :400]), cumulant(X[:20_000]), 16, 16),
        "components": (cumulant(X[:20_000, :400]),) * 2 + (16, 32),
    }
    for what, (small, large, few, many) in kappas.items():
        one = rng.standard_normal((few, small.n_features))
        two = rng.standard_normal((many, large.n_features))
        seconds = best_of(
            {"small": lambda: small.contract(one), "large": lambda: large.contract(two)}  # noqa: B023
        )
        exponent = math.log2(seconds["large"] / seconds["small"])
        yield ratio_row(
            f"exponent of a contraction's cost in {what}", "1", exponent, 1.3, seconds["large"]
        )


def in_a_process(script: str) -> dict[str, float]:
    """Run a script that prints seconds, and add the most memory its process held."""
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            [sys.executable, "-c", PREAMBLE + script + POSTSCRIPT, folder],
            capture_output=True,
            text=True,
            check=True,
        )
    found: dict[str, float] = json.loads(done.stdout)
    return found


PREAMBLE = """
import json, sys, time
import numpy as np
from rfsk import symmetric_cp
from rfsk.analysis import cumulant
from rfsk.datasets import NLGP
model = NLGP((28, 28), correlation_length=2.8, gain=3.0)
"""
IMAGES = """
X = model.sample(20_000, 0)
start = time.perf_counter()
fit = symmetric_cp(X, 20, random_state=0)
"""
# Rows are written in single precision, block by block, and read back the same way: one file each.
STREAM = """
class Files:
    def __init__(self, folder):
        self.names = [f"{folder}/{i}.npy" for i in range(50)]
        for i, name in enumerate(self.names):
            np.save(name, model.sample(20_000, i).astype(np.float32))
    def __iter__(self):
        return (np.load(name) for name in self.names)

kappa = cumulant(Files(sys.argv[1]))
start = time.perf_counter()
kappa.contract(model.sample(20, 0))
"""
POSTSCRIPT = """
seconds = time.perf_counter() - start
# Not ru_maxrss, which a process inherits from the one that started it.
lines = open("/proc/self/status").read().splitlines()
held = next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) * 1024
print(json.dumps({"seconds": seconds, "bytes": held}))
"""
