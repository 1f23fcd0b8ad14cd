"""Exact samples of an Ising ring against single-spin Metropolis, per effective sample."""

import math
from collections.abc import Iterator

import numpy as np

from rfsk.datasets import Ising
from rfsk.datasets._markov import autocorrelation_time

from ._timing import best_of

SIDE, TEMPERATURE = 100, 1.0
SWEEPS, BURN_IN = 400, 100
N_CHAINS = 500


def metropolis(rng: np.random.Generator) -> None:
    """One chain, a random site at a time, as textbooks have it."""
    spins = rng.choice([-1, 1], SIDE).tolist()
    acceptance = {change: math.exp(-change / TEMPERATURE) for change in (-4, 0, 4)}
    for _ in range(SWEEPS):
        sites, uniforms = rng.integers(SIDE, size=SIDE).tolist(), rng.random(SIDE).tolist()
        for site, uniform in zip(sites, uniforms, strict=True):
            change = 2 * spins[site] * (spins[site - 1] + spins[(site + 1) % SIDE])
            if uniform < acceptance[change]:
                spins[site] = -spins[site]


def metropolis_in_step(rng: np.random.Generator) -> np.ndarray:
    """500 chains that visit the same random sites together; magnetization by sweep."""
    spins = rng.choice([-1.0, 1.0], (SIDE, N_CHAINS))
    magnetization = []
    for _ in range(SWEEPS):
        uniforms = rng.random((SIDE, N_CHAINS))
        for site, uniform in zip(rng.integers(SIDE, size=SIDE).tolist(), uniforms, strict=True):
            field = spins[site] * (spins[site - 1] + spins[(site + 1) % SIDE])
            spins[site, uniform < np.exp(-2.0 / TEMPERATURE * field)] *= -1.0
        magnetization.append(spins.mean(axis=0))
    return np.array(magnetization[BURN_IN:])


def rows() -> Iterator[dict[str, object]]:
    """Seconds for as much as one independent sample tells of the magnetization."""
    rng = np.random.default_rng(0)
    model = Ising(SIDE, temperature=TEMPERATURE)
    magnetization = model.sample(50_000, rng).mean(axis=1)
    # The slowest mode; one chain and many in step have the same dynamics.
    times = (
        autocorrelation_time(magnetization[:, None]),
        autocorrelation_time(metropolis_in_step(rng)),
    )
    seconds = best_of(
        {
            "ours": lambda: model.sample(50_000, rng),
            "one": lambda: metropolis(rng),
            "many": lambda: metropolis_in_step(rng),
        },
        rounds=3,
    )
    ours = seconds["ours"] / 50_000 * times[0]
    for name, label, n_sweeps, limit in (
        ("one", "one chain of single-spin Metropolis", SWEEPS, 1e-3),
        ("many", f"{N_CHAINS} chains of it in step", SWEEPS * N_CHAINS, None),
    ):
        theirs = seconds[name] / n_sweeps * times[1]
        yield {
            "what": f"Ising ring of {SIDE}, T={TEMPERATURE:g}, an effective sample: "
            f"{ours * 1e6:.2f} us",
            "reference": f"{label}: {theirs * 1e6:.0f} us, {times[1]:.0f} sweeps",
            "ratio": ours / theirs,
            "limit": limit,
            "seconds": ours,
        }
