"""Markov chains on lattices: clusters to flip, thinning, and how long chains remember."""

import math
from collections.abc import Iterator
from typing import Protocol, TypeVar

import numpy as np
import scipy.sparse
import scipy.sparse.csgraph
from numpy.typing import NDArray

Array = NDArray[np.float64]
Lattices = TypeVar("Lattices", bound=np.ndarray)

_CHAINS = 256
_BURN_IN = 10  # in sampling intervals


class Chain(Protocol):
    """Many independent Markov chains on lattices, advanced together."""

    def start(self, n_chains: int, rng: np.random.Generator) -> Array:
        """States to start from, (n_chains, *shape)."""

    def step(self, states: Array, rng: np.random.Generator) -> Array:
        """States one sweep later; may overwrite `states`."""


def flip_clusters(
    spins: NDArray[np.int8],
    activation: tuple[Array | float, Array | float],
    rng: np.random.Generator,
) -> NDArray[np.int8]:
    """Flip Swendsen-Wang clusters of spins on a torus.

    Parameters
    ----------
    spins : ndarray of int8, (n_chains, rows, columns)
        +1 and -1.
    activation : pair of float or ndarray of that shape
        Probability 1 - exp(-2 J) of activating the bond from a site to the next along each
        axis, if the two spins are equal.
    rng : Generator

    Returns
    -------
    spins : ndarray of int8
        With each cluster of sites connected by active bonds flipped or not, at equal odds.
    """
    sites = np.arange(spins.size, dtype=np.int32).reshape(spins.shape)
    starts, ends = [], []
    for axis, probability in zip((1, 2), activation, strict=True):
        active = spins == np.roll(spins, -1, axis)
        active &= rng.random(spins.shape) < probability
        starts.append(sites[active])
        ends.append(np.roll(sites, -1, axis)[active])
    start, end = np.concatenate(starts), np.concatenate(ends)
    graph = scipy.sparse.coo_array(
        (np.ones(len(start), dtype=np.int8), (start, end)), shape=(spins.size, spins.size)
    )
    n_clusters, cluster = scipy.sparse.csgraph.connected_components(graph, directed=False)
    signs = rng.choice(np.array([-1, 1], dtype=np.int8), size=n_clusters)
    return np.asarray(spins * signs[cluster].reshape(spins.shape))


def run_chains(
    chain: Chain, n_sweeps: int, buffers: Iterator[Array], rng: np.random.Generator
) -> Iterator[Array]:
    """Fill arrays with states `n_sweeps` sweeps apart, of chains that run on between them."""
    states: Array | None = None
    waiting: Array = np.empty((0, 0))
    for rows in buffers:
        done = 0
        while done < len(rows):
            if not len(waiting):
                if states is None:
                    states = chain.start(min(len(rows), _CHAINS), rng)
                    n_steps = _BURN_IN * n_sweeps
                else:
                    n_steps = n_sweeps
                for _ in range(n_steps):
                    states = chain.step(states, rng)
                waiting = states.reshape(len(states), -1).copy()
            taken = waiting[: len(rows) - done]
            rows[done : done + len(taken)] = taken
            waiting = waiting[len(taken) :]
            done += len(taken)
        yield rows


def autocorrelation_time(series: Array) -> float:
    """Integrated autocorrelation time of stationary series.

    tau = 1 + 2 sum_t rho(t), summed to the first window t >= 5 tau (Sokal): n samples a step
    apart tell as much about a mean as n / tau independent ones.

    Parameters
    ----------
    series : ndarray of shape (n_steps, n_chains)
        An observable along independent chains.

    Returns
    -------
    tau : float
        In steps; 1 if the samples are uncorrelated, NaN if the observable is constant.
    """
    centred = series - series.mean()
    n_steps = len(centred)
    padded = np.fft.rfft(centred, 2 * n_steps, axis=0)
    products = np.fft.irfft(np.abs(padded) ** 2, axis=0)[:n_steps].mean(axis=1)
    covariances = products / (n_steps - np.arange(n_steps))
    if not covariances[0] > 0.0:
        return math.nan
    taus = 2.0 * np.cumsum(covariances / covariances[0]) - 1.0
    window = np.flatnonzero(np.arange(n_steps) >= 5.0 * taus)
    return float(max(1.0, taus[window[0] if len(window) else -1]))


def measured_times(
    chain: Chain, n_sweeps: int, rng: np.random.Generator, observables: dict[str, "Observable"]
) -> dict[str, float]:
    """Integrated autocorrelation time of each observable, in sweeps, over 64 chains."""
    states = chain.start(64, rng)
    for _ in range(max(100, n_sweeps // 5)):
        states = chain.step(states, rng)
    series: dict[str, list[Array]] = {name: [] for name in observables}
    for _ in range(n_sweeps):
        states = chain.step(states, rng)
        for name, observable in observables.items():
            series[name].append(observable(states))
    return {name: autocorrelation_time(np.array(values)) for name, values in series.items()}


class Observable(Protocol):
    """One number for each lattice."""

    def __call__(self, states: Array) -> Array:
        """From (n_chains, *shape) to (n_chains,)."""
