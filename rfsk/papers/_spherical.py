"""Units of unit length that climb a gradient, sample by sample, towards hidden directions."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..datasets import InputModel

Array = NDArray[Any]


def starts(n: int, directions: Array, rng: np.random.Generator) -> Array:
    """Random fields of unit length, of overlap D^(-1/2) with each of the orthonormal directions."""
    size = directions.shape[1]
    rest = rng.standard_normal((n, size))
    rest -= rest @ directions.T @ directions
    rest *= np.sqrt(1.0 - len(directions) / size) / np.linalg.norm(rest, axis=1, keepdims=True)
    return np.asarray(rest + directions.sum(axis=0) / np.sqrt(size))


def batches(models: list[InputModel], size: int, seed: Any) -> Iterator[Array]:
    """Endless fresh inputs: in each batch equally many of each model, in order."""
    rng, part = np.random.default_rng(seed), size // len(models)
    n = max(1, 200_000 // size)
    while True:
        rows = [model.sample(n * part, rng).reshape(n, part, -1) for model in models]
        yield from np.concatenate(rows, axis=1)


def ascend(
    fields: Array, inputs: Iterator[Array], gradient: Callable[[Array, Array], Array], rate: float
) -> Iterator[Array]:
    """Fields after each step of w <- unit(w + rate (g - (g . w) w)), g = gradient(X, X w)."""
    for X in inputs:
        yield fields
        slope = gradient(X, X @ fields.T)
        slope -= np.einsum("rd,rd->r", slope, fields)[:, None] * fields
        fields = fields + rate * slope
        fields /= np.linalg.norm(fields, axis=1, keepdims=True)


def passages(courses: Iterator[Array], direction: Array, n_steps: float) -> tuple[Array, Array]:
    """Steps until the overlap of each field first reaches 1/2, and whether it does."""
    steps, waits = 0, True
    for number, fields in enumerate(courses):
        waits = waits & (abs(fields @ direction) < 0.5)
        steps = steps + waits
        if number >= n_steps or not np.any(waits):
            break
    return np.asarray(steps), ~np.asarray(waits)


def mean_passage(steps: Array, arrived: Array) -> float:
    """Mean number of steps; a wait that was cut off counts as in exponential distributions."""
    return float(steps.sum() / arrived.sum()) if arrived.any() else np.inf


def exponent(sizes: Array, values: Array) -> float:
    """Slope of log values as a function of log sizes, not a number if a value is infinite."""
    if not np.isfinite(values).all():
        return np.nan
    return float(np.polyfit(np.log(sizes), np.log(values), 1)[0])
