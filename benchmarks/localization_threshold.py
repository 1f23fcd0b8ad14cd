"""Follow one ReLU neuron on models whose localization index is close to 1.

Run from the root: ``python -m benchmarks.localization_threshold``; about ten minutes on one core.
The neuron follows its exact gradient flow, dw/dt = (1/2) { E_1[x sign(w.x)] - (S_0 + S_1) w }. The
drive is a mean over fresh inputs at each step and over all their shifts, since the distribution
is translation-invariant; the same mean of the latent Gaussian field, whose drive is known exactly,
is a control variate. Two fields start as uniform ones with five per cent of random long Fourier
modes, one as a bump. Fields count as localized if D x IPR exceeds 1.2 at the end. Models, criterion
and times were chosen before any was run.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
from scipy import stats

from rfsk import ipr, localization_index
from rfsk.datasets import NLGP, Algebraic, GaussianField, TransformedField
from rfsk.papers.lufkin2024 import SIDE, drives

LENGTHS = (1.0, 3.0)
END, STEP, BATCH = 4000.0, 1.0, 1000
ABOVE = 1.2
Pair = list[Any]


def three_valued(zeros: float) -> Any:
    """Quantile function of the values -1, 0 and 1, with a given probability of zero."""
    return lambda u: (u > 0.5 + zeros / 2) * 1.0 - (u < 0.5 - zeros / 2)


def models() -> Iterator[tuple[str, Pair]]:
    """Name and classes of each case."""

    def pair(make: Any, **parameters: Any) -> Pair:
        return [make(SIDE, correlation_length=xi, **parameters) for xi in LENGTHS]

    yield "Gaussian", pair(GaussianField)
    for factor in (0.15, 0.2, 0.22, 0.25, 0.3):
        yield f"erf({factor:g} z)", pair(NLGP, gain=factor * 2**0.5)
    for k in (5.8, 5.89, 6.0, 8.0):
        yield f"algebraic({k:g})", pair(TransformedField, marginal=Algebraic(k))
    yield "triangle", pair(TransformedField, marginal=stats.triang(0.5))
    for zeros in (1 / 3, 0.4, 0.6, 2 / 3, 0.72):
        name = f"-s, 0, s, P(0) = {zeros:.2f}"
        yield name, pair(TransformedField, marginal=three_valued(zeros))
    yield "sign(z)", pair(NLGP, gain=1.0, nonlinearity="sign")


def flow(classes: Pair, seed: int) -> np.ndarray:
    """D x IPR of the three fields at half the time and at its end, (2, 3)."""
    model, rng = classes[1], np.random.default_rng(seed)
    rates = 0.5 * sum(np.fft.rfft(each.autocovariance()).real for each in classes)
    latent = np.fft.rfft(model.latent_autocovariance()).real
    table = np.linspace(-7.0, 7.0, 2**16 + 1)
    values = np.asarray(model.pixel_map.forward(model.pixel_map.scale * table))
    slope = float(np.exp(-0.5 * table**2) @ (table * values) / (np.exp(-0.5 * table**2) @ table**2))
    fields = 1.0 + 0.05 * rng.standard_normal((3, 5)) @ np.cos(
        2 * np.pi * (np.arange(1, 6)[:, None] * np.arange(SIDE) / SIDE + rng.random((5, 1)))
    )
    fields[2] = 8.0 * np.exp(-0.5 * ((np.arange(SIDE) - 20) / 2.5) ** 2)
    fields *= 0.03
    decay = np.exp(-rates * STEP)
    ends = []
    for number in range(1, int(END / STEP) + 1):
        noise = np.fft.rfft(rng.standard_normal((BATCH, SIDE)))
        z = np.fft.irfft(noise * np.sqrt(latent), SIDE)
        smooth = np.fft.irfft(np.fft.rfft(fields) * latent, SIDE)
        exact = np.sqrt(2 / np.pi / (fields * smooth).sum(axis=1, keepdims=True)) * smooth
        drive = drives(np.interp(z, table, values), fields) - slope * (drives(z, fields) - exact)
        update = decay * np.fft.rfft(fields) + (1 - decay) / rates * np.fft.rfft(0.5 * drive)
        fields = np.fft.irfft(update, SIDE)
        if number in (int(END / STEP) // 2, int(END / STEP)):
            ends.append(SIDE * ipr(fields))
    return np.array(ends)


def main() -> None:
    """Print the table as Markdown."""
    print(
        "| model | closure | index | D x IPR, at t / 2 and t | localized |\n|---|---|---|---|---|"
    )
    for number, (name, classes) in enumerate(models()):
        found = localization_index(classes, n_samples=200_000, random_state=number)
        half, end = flow(classes, number)
        index = f"{found.closure:.4f} | {found.index:.4f} ± {found.standard_error:.4f}"
        course = ", ".join(f"{a:.3f} {b:.3f}" for a, b in zip(half, end, strict=True))
        print(f"| {name} | {index} | {course} | {(end > ABOVE).sum()} of 3 |", flush=True)


if __name__ == "__main__":
    main()
