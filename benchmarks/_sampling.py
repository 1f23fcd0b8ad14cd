"""Drawing an NLGP against its primitives, and how the cost grows with samples and sites."""

import itertools
import tracemalloc
from collections.abc import Callable, Iterator

import numpy as np
import scipy.special
import scipy.stats
import torch

from rfsk.datasets import NLGP, GaussianField

from ._timing import best_of

LIMIT = 1.5


def model(shape: int | tuple[int, int]) -> NLGP:
    return NLGP(shape, correlation_length=5.0, gain=3.0)


def numpy_parts(field: NLGP, n: int) -> dict[str, Callable[[], object]]:
    """One piece in cache after another, as ours draws them; the same number of numbers."""
    rows = min(n, field.block_size // field.n_features)
    n_pieces = n // rows
    rng = np.random.default_rng(0)
    noise = rng.standard_normal((rows, *field.shape))
    axes = tuple(range(1, noise.ndim))
    fields = noise.copy()

    def pair() -> None:
        np.fft.irfftn(np.fft.rfftn(noise, axes=axes), s=field.shape, axes=axes)

    def repeat(part: Callable[[], object]) -> Callable[[], object]:
        return lambda: [part() for _ in range(n_pieces)]

    return {
        "normal": repeat(lambda: rng.standard_normal(noise.shape)),
        "FFT pair": repeat(pair),
        "erf": repeat(lambda: scipy.special.erf(fields, out=fields)),
    }


def torch_parts(field: NLGP, n: int) -> dict[str, Callable[[], object]]:
    noise = torch.randn((n, *field.shape), generator=torch.Generator().manual_seed(0))
    dim = tuple(range(1, noise.ndim))
    fields = noise.clone()
    return {
        "normal": lambda: torch.randn(noise.shape),
        "FFT pair": lambda: torch.fft.irfftn(
            torch.fft.rfftn(noise, dim=dim), s=field.shape, dim=dim
        ),
        "erf": lambda: torch.erf_(fields),
    }


def against_parts() -> Iterator[dict[str, object]]:
    for shape, n in ((100, 10_480), ((20, 20), 3270), ((1024, 1024), 1), (10**6, 1)):
        field = model(shape)
        elements = n * field.n_features
        for library, parts, ours in (
            ("NumPy", numpy_parts(field, n), lambda f=field, n=n: f.sample(n, 0)),
            (
                "torch",
                torch_parts(field, n),
                lambda f=field, n=n: f.from_noise(torch.randn((n, *f.noise_shape))),
            ),
        ):
            seconds = best_of({"ours": ours, **parts}, rounds=7)
            total = sum(seconds[name] for name in parts)
            costs = ", ".join(f"{name} {seconds[name] / elements * 1e9:.1f}" for name in parts)
            ns = seconds["ours"] / elements * 1e9
            yield {
                "what": f"NLGP, {library}, {field.shape} x {n}: {ns:.1f} ns an element",
                "reference": f"its parts alone, in ns: {costs}",
                "ratio": seconds["ours"] / total,
                "limit": LIMIT,
                "seconds": seconds["ours"],
            }


def growth() -> Iterator[dict[str, object]]:
    """Cost an element as samples, and sites, become ten or a hundred times as many."""
    by_samples = {n: best_of({"ours": lambda n=n: model(100).sample(n, 0)}) for n in (10**4, 10**5)}
    yield {
        "what": "NLGP, 100,000 samples of 100 sites, an element",
        "reference": "10,000 samples",
        "ratio": by_samples[10**5]["ours"] / by_samples[10**4]["ours"] / 10.0,
        "limit": LIMIT,
    }
    sizes = (10**2, 10**4, 10**6)
    fields = {side: model(side) for side in sizes}
    costs = {
        side: best_of({"ours": lambda f=f, s=side: f.sample(10**6 // s, 0)})["ours"]
        for side, f in fields.items()
    }
    for small, large in itertools.pairwise(sizes):
        yield {
            "what": f"NLGP, a ring of {large} sites, an element over log(sites)",
            "reference": f"a ring of {small} sites",
            "ratio": costs[large] / costs[small] * np.log(small) / np.log(large),
            "limit": LIMIT,
        }


def memory() -> Iterator[dict[str, object]]:
    for shape, n in ((100, 100_000), ((1024, 1024), 4)):
        field = model(shape)
        field.sample(1, 0)
        tracemalloc.start()
        size = field.sample(n, 0).nbytes
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        yield {
            "what": f"NLGP, peak memory of drawing {n} of {field.shape}",
            "reference": "the samples themselves",
            "ratio": peak / size,
            "limit": 4.0,
        }


def against_scipy() -> Iterator[dict[str, object]]:
    """Dense: a factor of the covariance, of all sites by all sites."""
    for n_features, n in ((100, 20_000), (784, 5000)):
        field = NLGP(n_features, correlation_length=5.0, gain=3.0)
        covariance = GaussianField(n_features, correlation_length=5.0).covariance()
        scale = 3.0 / np.sqrt(2.0)

        def dense(covariance=covariance, n=n, scale=scale) -> np.ndarray:
            rng = np.random.default_rng(0)
            law = scipy.stats.multivariate_normal(cov=covariance, allow_singular=True, seed=rng)
            return scipy.special.erf(scale * law.rvs(n))

        seconds = best_of({"ours": lambda f=field, n=n: f.sample(n, 0), "scipy": dense}, rounds=3)
        yield {
            "what": f"NLGP.sample, {n} x {n_features} sites",
            "reference": "scipy.stats.multivariate_normal and erf",
            "ratio": seconds["ours"] / seconds["scipy"],
            "limit": 1.0,
            "seconds": seconds["ours"],
        }


def rows() -> Iterator[dict[str, object]]:
    """NumPy and torch against parts, growth and memory; and SciPy."""
    yield from against_parts()
    yield from against_scipy()
    yield from growth()
    yield from memory()
