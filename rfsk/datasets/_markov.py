"""Markov chains on lattices: clusters to flip, thinning, and how long chains remember."""

import math
import warnings
from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Any

import numpy as np
import scipy.sparse
import scipy.sparse.csgraph
from numpy.typing import NDArray

from .._core._random import as_generator
from .._core._validation import check_positive

Array = NDArray[np.float64]

_CHAINS = 256
_MEASURED_CHAINS = 64
_BURN_IN = 10  # sampling intervals, and
_LEAST_BURN_IN = 50  # sweeps, whatever the interval
_LONG_ENOUGH = 20.0  # autocorrelation times that a series must have


class MarkovSampled(ABC):
    """A model that is drawn on a torus by many Markov chains, advanced together."""

    shape: tuple[int, ...]
    n_sweeps: int

    @abstractmethod
    def _start(self, n_chains: int, rng: np.random.Generator) -> NDArray[Any]:
        """States to start from, (n_chains, *shape)."""

    @abstractmethod
    def _step(self, states: NDArray[Any], rng: np.random.Generator) -> NDArray[Any]:
        """States one sweep later; may overwrite `states`."""

    @abstractmethod
    def _observe(self, states: NDArray[Any]) -> dict[str, Array]:
        """Numbers whose memory is of interest, (n_chains,) each."""

    def autocorrelation_times(
        self, n_sweeps: int = 1000, random_state: Any = None
    ) -> dict[str, float]:
        """Measure how long the chains of a torus remember.

        Parameters
        ----------
        n_sweeps : int, default=1000
            Length of the 64 chains measured.
        random_state : int, Generator, RandomState or None, default=None
            Seed.

        Returns
        -------
        times : dict of str to float
            Integrated autocorrelation times, in sweeps, of an energy and of the squared mean.
            Samples are `n_sweeps` of the model apart.

        Raises
        ------
        ValueError
            On a ring, whose samples are independent, or if `n_sweeps` is not a positive integer.
        """
        check_positive(n_sweeps, "n_sweeps", integer=True)
        if len(self.shape) == 1:
            raise ValueError(
                f"Samples of {type(self).__name__} on a ring are independent; only a torus has "
                "chains."
            )
        rng = as_generator(random_state)
        states = self._start(_MEASURED_CHAINS, rng)
        for _ in range(max(100, n_sweeps // 5)):
            states = self._step(states, rng)
        series: dict[str, list[Array]] = {}
        for _ in range(n_sweeps):
            states = self._step(states, rng)
            for name, values in self._observe(states).items():
                series.setdefault(name, []).append(values)
        return {name: autocorrelation_time(np.array(values)) for name, values in series.items()}

    def _fill_from_chains(
        self, buffers: Iterator[Array], rng: np.random.Generator
    ) -> Iterator[Array]:
        """Fill arrays with states `n_sweeps` sweeps apart, of chains that run on between them."""
        states: Array | None = None
        waiting: Array = np.empty((0, 0))
        for rows in buffers:
            done = 0
            while done < len(rows):
                if not len(waiting):
                    if states is None:
                        states = self._start(min(len(rows), _CHAINS), rng)
                        n_steps = max(_BURN_IN * self.n_sweeps, _LEAST_BURN_IN)
                    else:
                        n_steps = self.n_sweeps
                    for _ in range(n_steps):
                        states = self._step(states, rng)
                    waiting = states.reshape(len(states), -1).copy()
                taken = waiting[: len(rows) - done]
                rows[done : done + len(taken)] = taken
                waiting = waiting[len(taken) :]
                done += len(taken)
            yield rows


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


def autocorrelation_time(series: Array) -> float:
    """Integrated autocorrelation time of stationary series.

    tau = 1 + 2 sum_t rho(t), summed to the first window t >= 5 tau (Sokal): the mean of n
    successive steps has the variance of a mean of n / tau independent samples. A warning is issued
    if the series is shorter than 20 tau, because tau is then underestimated.

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
    tau = float(max(1.0, taus[window[0] if len(window) else -1]))
    if n_steps < _LONG_ENOUGH * tau:
        warnings.warn(
            f"The autocorrelation time of {tau:.3g} steps is likely to be larger: it was measured "
            f"on {n_steps} steps; expected at least {_LONG_ENOUGH:g} times as many as its value.",
            stacklevel=2,
        )
    return tau
