"""Measure the number of samples that `localization_sample_size` predicts, on twelve models.

Run from the root: ``python -m benchmarks.sample_size``; about ten minutes on one core. The models
were chosen before any was measured, and none is among the rings on which a constant was tried.
"""

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from rfsk import NLGP, Ising, symmetric_cp
from rfsk.analysis import cumulant, match_matrix
from rfsk.datasets import Phi4, Pulses
from rfsk.theory import localization_sample_size

SEEDS = 16
LEVEL = 0.9  # match above which the leading factor is that of the distribution
MOST = 2_000_000


def models() -> Iterator[tuple[str, Any]]:
    """Name and model of each case."""
    rings = ((24, 2, 0.5), (80, 4, 0.3), (150, 5, 1), (60, 6, 0.2), (50, 4, 1))
    for shape, xi, gain in (*rings, ((8, 8), 1.5, 0.5), ((10, 10), 2, 3)):
        yield f"NLGP {shape}, xi {xi}, gain {gain}", NLGP(shape, correlation_length=xi, gain=gain)
    exponential = NLGP(48, correlation_length=4, gain=0.5, kernel="exponential")
    yield "NLGP 48, xi 4, gain 0.5, exponential kernel", exponential
    for sites, xi in ((40, 4), (60, 2)):
        yield f"Ising {sites}, xi {xi}", Ising.from_correlation_length(sites, xi)
    yield "phi^4 32, k 1", Phi4(32, coupling=1.0, mass_squared=-3.0, quartic=3.0)
    yield "pulses 40, 6 to 11 long", Pulses(40, length=(6, 12))


def fraction_found(model: Any, exact: np.ndarray, n: int) -> float:
    """Fraction of seeds whose leading factor of n samples matches that of the distribution."""
    found = [
        symmetric_cp(model.sample(n, seed), 1, random_state=seed).components[0]
        for seed in range(SEEDS)
    ]
    return float(np.mean(match_matrix(found, exact) >= LEVEL))


def measured(model: Any, exact: np.ndarray) -> float:
    """Number of samples at which half of the seeds find the factor, between powers of sqrt 2."""
    before, power = (1.0, 0.0), 6
    while (n := round(2.0 ** (power / 2))) <= MOST:
        fraction = fraction_found(model, exact, n)
        if fraction >= 0.5:
            return float(
                before[0] * (n / before[0]) ** ((0.5 - before[1]) / (fraction - before[1]))
            )
        before, power = (n, fraction), power + 1
    return math.nan


def main() -> None:
    """Print the table as Markdown."""
    print("| model | first term | predicted | measured | times first term | times predicted |")
    print("|---|---|---|---|---|---|")
    for name, model in models():
        fit = symmetric_cp(cumulant(model), 1, tol=1e-10, random_state=0)
        first = np.trace(model.covariance()) ** 2 / abs(float(fit.weights[0]))
        predicted = localization_sample_size(model, random_state=0)
        n = measured(model, fit.components)
        ratios = f"{n / first:.2f} | {n / predicted:.2f}"
        print(f"| {name} | {first:.0f} | {predicted:.0f} | {n:.0f} | {ratios} |", flush=True)


if __name__ == "__main__":
    main()
