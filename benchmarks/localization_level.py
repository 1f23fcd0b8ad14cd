"""Print how often fields with and without one compact bump count as localized.

Run from the root: ``python -m benchmarks.localization_level``; about a minute on one core. Fields
are compared at a level of 5 %, each on its own. The columns are the fraction of fields with a high
IPR, and of those that are compact as well. Noise has the norm of the field times the number given.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from rfsk import GaussianField, LocalizationAnalyzer

N_FIELDS = 200
FWHM = 2.0 * np.sqrt(2.0 * np.log(2.0))
Array = NDArray[np.float64]


def profile(kind: str, width: float, shape: tuple[int, ...], rng: np.random.Generator) -> Array:
    """Draw a field of unit norm at a random place."""
    away = [
        (site - place + side / 2) % side - side / 2
        for site, side, place in zip(np.indices(shape), shape, rng.uniform(0, shape), strict=True)
    ]
    squares = np.sum(np.square(away), axis=0) / (width / FWHM) ** 2
    field = np.exp(-squares / 2)
    if kind == "Gabor":
        field *= np.cos(2 * np.pi * away[0] / width * 1.2 + rng.uniform(0, 2 * np.pi))
    if kind == "DoG":
        field -= 0.5 ** len(shape) * 0.9 * np.exp(-squares / 8)
    if kind == "two opposite bumps":
        field += np.roll(field, [side // 2 for side in shape], range(len(shape)))
    field = rng.permutation(field.ravel()) if kind == "permuted bump" else field.ravel()
    return np.asarray(field / np.linalg.norm(field))


def cases(shape: tuple[int, ...], rng: np.random.Generator) -> Iterator[tuple[str, Array]]:
    """Names and fields."""
    n_sites = int(np.prod(shape))
    white = rng.standard_normal((N_FIELDS, n_sites)) / np.sqrt(n_sites)
    yield "white noise", white
    for xi in (2.0, 5.0):
        model = GaussianField(shape, correlation_length=xi)
        yield f"smooth noise, xi = {xi:g}", model.sample(N_FIELDS, rng)
    waves = np.indices(shape)[0].ravel() / shape[0]
    numbers, phases = rng.integers(2, 8, (2, N_FIELDS, 1)), rng.random((2, N_FIELDS, 1))
    yield "two Fourier modes", np.cos(2 * np.pi * (numbers * waves + phases)).sum(axis=0)
    widths = (1.5, 3.0, 4.0, 6.0, 12.0, 20.0) if len(shape) == 1 else (1.5, 2.5, 3.8, 6.0)
    for kind in ("bump", "Gabor", "DoG", "permuted bump", "two opposite bumps"):
        for width in widths:
            fields = np.array([profile(kind, width, shape, rng) for _ in range(N_FIELDS)])
            for noise in (0.0, 0.2, 0.6):
                yield f"{kind}, FWHM {width:g}, noise {noise:g}", fields + noise * white


if __name__ == "__main__":
    for shape in ((100,), (20, 20)):
        for name, fields in cases(shape, np.random.default_rng(0)):
            analyzer = LocalizationAnalyzer(shape, random_state=1)
            analyzer.fit(fields, inputs=GaussianField(shape, correlation_length=2.0))
            p_value, is_localized = analyzer.transform(fields)[:, -2:].T
            label = " x ".join(map(str, shape)) + ": " + name
            print(f"{label:48} {(p_value <= 0.05).mean():5.2f} {is_localized.mean():5.2f}")
