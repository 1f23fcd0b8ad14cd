"""Online gradient ascent of fields of unit length towards hidden directions.

Units are divided into groups. The units of a group are trained on the same samples, and the groups
are independent.
"""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..datasets import InputModel
from ..plotting.style import tidy
from ._claim import Quantity

Array = NDArray[Any]


def initial_fields(n_groups: int, n: int, directions: Array, rng: np.random.Generator) -> Array:
    """Random unit vectors of D sites whose overlap with each row of `directions` is D^(-1/2)."""
    size = directions.shape[1]
    rest = rng.standard_normal((n_groups, n, size))
    rest -= rest @ directions.T @ directions
    rest *= np.sqrt(1.0 - len(directions) / size) / np.linalg.norm(rest, axis=-1, keepdims=True)
    return np.asarray(rest + directions.sum(axis=0) / np.sqrt(size))


def batches(models: list[InputModel], n_groups: int, size: int, seed: Any) -> Iterator[Array]:
    """Yield new batches for each group: equally many samples of each input model, in order."""
    rng, part = np.random.default_rng(seed), size // len(models)
    n = max(1, 100_000 // (size * n_groups))
    while True:
        rows = [
            model.sample(n * n_groups * part, rng).reshape(n, n_groups, part, -1)
            for model in models
        ]
        yield from np.concatenate(rows, axis=2)


def ascend(
    fields: Array, inputs: Iterator[Array], gradient: Callable[[Array, Array], Array], rate: float
) -> Iterator[Array]:
    """Yield fields w; a step adds rate (g - (g.w) w), g = gradient(X, X w), and normalizes w."""
    for X in inputs:
        yield fields
        slope = gradient(X, X @ fields.swapaxes(1, 2))
        slope -= np.sum(slope * fields, axis=-1, keepdims=True) * fields
        fields = fields + rate * slope
        fields /= np.linalg.norm(fields, axis=-1, keepdims=True)


def passages(courses: Iterator[Array], direction: Array, n_steps: float) -> tuple[Array, Array]:
    """Steps until the overlap of each field with `direction` is 1/2, and whether it reached 1/2."""
    steps: Any = 0
    waits: Any = True
    for number, fields in enumerate(courses):
        waits = waits & (abs(fields @ direction) < 0.5)
        steps = steps + waits
        if number >= n_steps or not waits.any():
            break
    return steps, ~waits


def mean_passage(steps: Array, arrived: Array) -> float:
    """Mean of exponentially distributed passage times in steps, some of which are censored."""
    return float(steps.sum() / arrived.sum()) if arrived.any() else np.inf


def exponent(sizes: Array, values: Array) -> float:
    """Exponent of a power law of values as a function of sizes; NaN if a value is infinite."""
    if not np.isfinite(values).all():
        return np.nan
    return float(np.polyfit(np.log(sizes), np.log(values), 1)[0])


def compared(name: str, sizes: Array, samples: Array, theory: Array) -> dict[str, float]:
    """Measured values of the quantities that the function `expected` returns."""
    slope = exponent(sizes, samples)
    return {
        f"{name}: exponent": slope,
        f"{name}: exponent over theory": slope / exponent(sizes, theory),
        f"{name}: samples over theory, largest size": samples[-1] / theory[-1],
    }


def near(name: str, tolerance: float) -> Quantity:
    """Make a `Quantity`: the ratio of a measured to a predicted value, which must be close to 1."""
    return Quantity(name, "derivation", value=1.0, tolerance=tolerance)


def expected(name: str, low: float, high: float) -> tuple[Quantity, ...]:
    """Make the exponent of the number of samples, and ratios of both to their predictions."""
    return (
        Quantity(f"{name}: exponent", "derivation", low, high, digits=2),
        near(f"{name}: exponent over theory", 0.1),
        near(f"{name}: samples over theory, largest size", 0.25),
    )


def draw_samples(curves: list[tuple[str, str, Any, Any, Any, Any]]) -> Any:
    """Draw measured and predicted numbers of samples as a function of the dimension."""
    import matplotlib.pyplot as plt

    figure, ax = plt.subplots(figsize=(5, 4), layout="constrained")
    for marker, (label, color, sizes, samples, errors, theory) in zip("os^", curves, strict=False):
        ax.errorbar(sizes, samples, errors, fmt=marker, color=color, label=label)
        ax.loglog(sizes, theory, color=color)
    ax.plot([], [], "k-", label="theory")
    ax.set(xlabel="dimension D", ylabel="number of samples until overlap 1/2")
    low, high = ax.get_xlim()
    ticks = [tick for tick in (8, 12, 16, 24, 32, 48, 64, 96) if low < tick < high]
    ax.set_xticks(ticks, map(str, ticks))
    ax.minorticks_off()
    ax.legend(frameon=False, fontsize="small", loc="lower left", bbox_to_anchor=(0.0, 1.0))
    tidy(ax)
    return figure
