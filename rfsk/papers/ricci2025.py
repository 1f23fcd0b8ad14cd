r"""Claims of Ricci, Bardone and Goldt (ICML 2025): number of samples that ICA needs.

Inputs x are white, and non-Gaussian only along a direction v, where the fourth cumulant is k. A
field w has the initial overlap b = w.v = D^(-1/2). The direction v counts as found when the mean
overlap w.v is 1/2. Let s = w.x.

*FastICA.* One step on n samples changes the field w to E s^3 x - 3 E s^2 w with s = w.x, which is k
b^3 v plus noise of variance V / n along each direction, where V = E s^6 = 15. After one step of
FastICA on n samples of D sites from the overlap b, the new overlap is 1/2 if 3 k^2 b^6 = 15 (D - 1)
/ n, where k is the fourth cumulant along v, up to corrections by the noise along v, which
`fastica_numbers` includes. Since b = D^(-1/2) initially, FastICA needs a number of samples of order
5 D^4 / k^2.

*Online.* The step w <- unit(w + r sign(k) (s^3 - 3 s) x) at each sample x changes b by

.. math::

    db = \left[r \lvert k \rvert b^3 (1 - b^2) - r^2 V (D - 1) b / 2\right] dn
    + r \sqrt{V (1 - b^2)}\, dB.

The variance of the online gradient along each direction is V = 6. With the learning rate r = 2
abs(k) / (V D^2), drive and noise of the overlap b are initially of equal size. All terms of db/dn,
where n is the number of samples, are then of order b k^2 / (V D^3). Therefore, online ascent needs
a number of samples of order V D^3 / (2 k^2), times a number that `mean_passage_time` computes.

*Smoothed loss.* If the loss is averaged over a wide neighbourhood of the field w, the gradient is
(x.x - D - 2) s x, where s = w.x. The mean of the smoothed gradient is the partial trace of the
fourth cumulant, applied to w: k b v, which is linear in the overlap b. The variance of the smoothed
gradient along each direction is V = 2 (D + 2). With the learning rate abs(k) / (2 V D), ascent on
the smoothed loss needs a number of samples of order D^2 log D.
"""

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, stats

from ..datasets import SpikedCumulant
from ..plotting.style import INPUT, OTHER, OUTCOME
from ..theory import mean_passage_time
from . import _spherical as sphere
from ._bench import Bench
from ._claim import Claim, Quantity

Array = NDArray[Any]

STRENGTH = 8.0
K = 2.0 * (STRENGTH / (1.0 + STRENGTH)) ** 2  # magnitude of the fourth cumulant along v
METHODS = {"FastICA step": OUTCOME, "online": INPUT, "smoothed": OTHER}


def model_of(bench: Bench, size: int) -> SpikedCumulant:
    """Input model with one non-Gaussian direction, the first axis."""
    latent: Any = stats.norm() if bench.control == "Gaussian latent" else "rademacher"
    return SpikedCumulant((size,), strength=STRENGTH, spike=np.eye(size)[0], latent=latent)


def fastica_numbers(size: int) -> float:
    """Predicted number of samples for a mean overlap of 1/2 after one step of FastICA."""
    ranks = (np.arange(200) + 0.5) / 200
    along, across = stats.norm.ppf(ranks)[:, None], stats.chi2.ppf(ranks, size - 1)

    def excess(log_n: float) -> float:
        signal = K * size**-1.5 * np.sqrt(np.exp(log_n) / 15.0) + along
        return float(np.mean(signal / np.sqrt(signal**2 + across))) - 0.5

    return float(np.exp(optimize.brentq(excess, 0.0, 40.0)))


def online_numbers(method: str, size: int) -> tuple[float, float]:
    """Learning rate, and predicted mean number of samples to find the direction v."""
    variance = 6.0 if method == "online" else 2.0 * (size + 2.0)
    rate = 2.0 * K / (6.0 * size**2) if method == "online" else K / (2.0 * variance * size)
    power, loss = (3 if method == "online" else 1), rate**2 * variance * (size - 1) / 2.0
    return rate, mean_passage_time(
        lambda b: rate * K * b**power * (1.0 - b**2) - loss * b,
        lambda b: rate**2 * variance * (1.0 - b**2),
        start=size**-0.5,
        level=0.5,
    )


def gradient(X: Array, s: Array, method: str) -> Array:
    """Mean of -(s^3 - 3 s) x or, with method="smoothed", of -(x.x - D - 2) s x, where s = w.x."""
    change = 3.0 - s * s
    if method == "smoothed":
        change = X.shape[2] + 2.0 - np.sum(X**2, axis=2, keepdims=True)
    return np.asarray((change * s).swapaxes(1, 2) @ X / X.shape[1])


def fastica_overlaps(fields: Array, blocks: Iterator[Array], n_blocks: int) -> Iterator[Array]:
    """Overlaps with the first axis after one step of FastICA, from 1, 2, ... blocks of samples."""
    moments, squares = np.zeros_like(fields), 0.0
    for _, X in zip(range(n_blocks), blocks, strict=False):
        s = X @ fields.swapaxes(1, 2)
        moments += (s * s * s).swapaxes(1, 2) @ X
        squares = squares + np.sum(s * s, axis=1)[..., None]
        moved = 3.0 * squares * fields - moments
        yield moved[..., 0] / np.linalg.norm(moved, axis=-1)


def begin(bench: Bench, number: int, size: int, batch: int, n: float, most: int) -> Any:
    """Initial fields and batches of groups of units; fewer groups if they need more samples."""
    seed = [bench.seeds[number], size, most]
    n_groups = int(np.clip((5e7 if bench.quick else 1e8) / (n * size), 8, most))
    rng = np.random.default_rng([*seed, 1])
    fields = sphere.initial_fields(n_groups, 16, np.eye(size)[:1], rng)
    return fields, sphere.batches([model_of(bench, size)], n_groups, batch, seed)


def resampled(bench: Bench, number: int, estimate: Any, *arrays: Array) -> tuple[float, Array]:
    """Value of `estimate` for all groups of units, and for bootstrap samples of the groups."""
    rng, n = np.random.default_rng([bench.seeds[number], 4]), len(arrays[0])
    drawn = rng.integers(n, size=(200, n))
    return estimate(*arrays), np.array([estimate(*(a[rows] for a in arrays)) for rows in drawn])


def by_fastica(bench: Bench, number: int, size: int) -> tuple[float, Array]:
    """Number of samples for a mean overlap of 1/2 after one step, with bootstrap estimates."""
    n_blocks, theory = 40, fastica_numbers(size)
    block = max(1, round(2.0 * theory / n_blocks))
    fields, parts = begin(bench, number, size, block, 2.0 * theory, 100)
    courses = np.array([*fastica_overlaps(fields, parts, n_blocks)]).mean(axis=2).T
    log_n = np.log(block * np.arange(1.0, n_blocks + 1.0))

    def crossing(overlaps: Array) -> float:
        mean = np.maximum.accumulate(overlaps.mean(axis=0))
        return float(np.exp(np.interp(0.5, mean, log_n))) if mean[-1] > 0.5 else np.inf

    return resampled(bench, number, crossing, courses)


def by_ascent(bench: Bench, number: int, method: str, size: int) -> tuple[float, Array]:
    """Mean number of samples until the overlap is 1/2, with bootstrap estimates."""
    batch, (rate, theory) = size // 2, online_numbers(method, size)
    fields, parts = begin(bench, number, size, batch, theory, 25)
    course = sphere.ascend(fields, parts, partial(gradient, method=method), rate * batch)
    steps, arrived = sphere.passages(course, np.eye(size)[0], 4.0 * theory / batch)
    found, again = resampled(bench, number, sphere.mean_passage, steps, arrived)
    return batch * found, batch * again


def numbers(bench: Bench, number: int, method: str) -> tuple[Array, Array, Array, Array]:
    """Dimensions, numbers of samples and their predictions, and bootstrap estimates of them."""

    def run() -> tuple[Array, Array, Array, Array]:
        if method == "FastICA step":
            sizes = [8, 12, 16, 20] if bench.quick else [8, 12, 16, 20, 24]
            found = [by_fastica(bench, number, size) for size in sizes]
            theory = [fastica_numbers(size) for size in sizes]
        else:
            sizes = [16, 20, 24, 32] if bench.quick else [16, 24, 32, 48]
            found = [by_ascent(bench, number, method, size) for size in sizes]
            theory = [online_numbers(method, size)[1] for size in sizes]
        samples, again = (np.array(part) for part in zip(*found, strict=True))
        return np.array(sizes), samples, np.array(theory), again

    return bench.once((bench.control, number, method), run)


def interval(bench: Bench, number: int, method: str) -> Array:
    """Ends of the 95 % bootstrap interval for the exponent of the number of samples."""
    sizes, _, _, again = numbers(bench, number, method)
    return np.percentile([sphere.exponent(sizes, row) for row in again.T], [2.5, 97.5])


def one_step(bench: Bench, number: int) -> dict[str, float]:
    """Claim R1: number of samples for one step of FastICA to find the direction v."""
    found = sphere.compared("FastICA step", *numbers(bench, number, "FastICA step")[:3])
    low = interval(bench, number, "FastICA step")[0]
    return found | {"FastICA step: lower end of the 95 % interval": low}


def by_method(bench: Bench, number: int) -> dict[str, float]:
    """Claim R2: number of samples for online gradient ascent to find the direction v."""
    ends = [interval(bench, number, method) for method in METHODS]
    found = {
        "FastICA over online: gap between the intervals": ends[0][0] - ends[1][1],
        "online over smoothed: gap between the intervals": ends[1][0] - ends[2][1],
    }
    for method in ("online", "smoothed"):
        found |= sphere.compared(method, *numbers(bench, number, method)[:3])
    return found


def draw(bench: Bench) -> Any:
    """Draw the number of samples as a function of the dimension, with predictions."""
    curves: list[Any] = []
    for method, color in METHODS.items():
        sizes, samples, theory, again = numbers(bench, 0, method)
        low, high = interval(bench, 0, method)
        errors = abs(np.percentile(again, [2.5, 97.5], axis=1) - samples)
        label = f"{method}: exponent {low:.2f} to {high:.2f}"
        curves.append((label, color, sizes, samples, errors, theory))
    return sphere.draw_samples(curves)


CLAIMS = (
    Claim(
        "R1",
        "FastICA needs of order D^4 samples",
        "The first step of FastICA from a random initial field requires of order D^4 samples to "
        "find the non-Gaussian direction.",
        (
            *sphere.expected("FastICA step", 3.5, 4.5),
            Quantity("FastICA step: lower end of the 95 % interval", "derivation", 3.5, digits=2),
        ),
        one_step,
        draw,
        ("Gaussian latent",),
    ),
    Claim(
        "R2",
        "online gradient ascent needs fewer samples, and fewest on a smoothed loss",
        "Online gradient ascent requires of order D^3 samples to find the non-Gaussian direction. "
        "On a smoothed loss, online gradient ascent requires of order D^2 log D samples to find "
        "the non-Gaussian direction.",
        (
            *sphere.expected("online", 2.5, 3.5),
            *sphere.expected("smoothed", 2.0, 2.75),
            Quantity("FastICA over online: gap between the intervals", "derivation", 0.0, digits=2),
            Quantity(
                "online over smoothed: gap between the intervals", "derivation", 0.0, digits=2
            ),
        ),
        by_method,
        draw,
        ("Gaussian latent",),
    ),
)
