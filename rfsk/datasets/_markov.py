"""Base class of fields drawn by Markov chains, and flips of Swendsen-Wang clusters."""

import itertools
import math
import warnings
from abc import abstractmethod
from collections.abc import Iterator
from typing import Any

import numpy as np
import scipy.sparse
import scipy.sparse.csgraph
from numpy.typing import NDArray

from .._core._random import as_generator
from .._core._types import Array
from .._core._validation import check_lattice_shape, check_positive
from ._model import Take
from ._stationary import StationaryField

States = NDArray[Any]

_CHAINS = 256
_MEASURED_CHAINS = 64
_BURN_IN = 10  # length of the burn-in in sampling intervals
_LEAST_BURN_IN = 50  # smallest length of the burn-in in sweeps
_LONG_ENOUGH = 20.0  # smallest length of a series in autocorrelation times
_INTERVAL = 3.0  # default interval between samples in autocorrelation times
_FIRST_SERIES, _LONGEST_SERIES = 100, 6400  # lengths of series in sweeps


class ChainField(StationaryField):
    """Stationary field that is drawn exactly on a ring, and by Markov chains on a torus."""

    n_sweeps: int | None

    def __post_init__(self) -> None:
        object.__setattr__(self, "shape", check_lattice_shape(self.shape))
        if self.n_sweeps is not None:
            check_positive(self.n_sweeps, "n_sweeps", integer=True)

    @property
    def _has_chains(self) -> bool:
        return len(self.shape) == 2

    @abstractmethod
    def _draw_exactly(self, n_samples: int, rng: np.random.Generator) -> Array:
        """Draw independent samples without chains, (n_samples, n_features)."""

    @abstractmethod
    def _start(self, n_chains: int, rng: np.random.Generator) -> States:
        """Draw initial states of chains, (n_chains, rows, columns)."""

    @abstractmethod
    def _sweep(self, states: States, rng: np.random.Generator) -> States:
        """Return the states after one sweep; the given states may be overwritten."""

    @abstractmethod
    def _observe(self, states: States) -> dict[str, Array]:
        """Observables whose autocorrelation times are measured, each of shape (n_chains,)."""

    def draw(self, n_samples: int, rng: np.random.Generator) -> Array:
        if self._has_chains:
            return self._open(rng, n_samples)(n_samples)
        return self._draw_exactly(n_samples, rng)

    def _open(self, rng: np.random.Generator, n_samples: int | None) -> Take:
        if not self._has_chains:
            return super()._open(rng, n_samples)
        sets = self._sets(_CHAINS if n_samples is None else min(n_samples, _CHAINS), rng)
        rows = itertools.chain.from_iterable(sets)
        return lambda n: np.array([next(rows) for _ in range(n)], dtype=np.float64)

    def _sets(self, n_chains: int, rng: np.random.Generator) -> Iterator[States]:
        """Yield the flattened states of independent Markov chains every `n_sweeps` sweeps.

        If `n_sweeps` is None, the number of sweeps is derived from measured autocorrelation times.
        """
        n_sweeps = self.n_sweeps
        burn_in = max(_BURN_IN * (n_sweeps or 0), _LEAST_BURN_IN)
        states = self._run(self._start(n_chains, rng), burn_in, rng)
        yield states.reshape(n_chains, -1).copy()
        if n_sweeps is None:
            states, n_sweeps = self._measure(states, rng)
        while True:
            states = self._run(states, n_sweeps, rng)
            yield states.reshape(n_chains, -1).copy()

    def _run(self, states: States, n_sweeps: int, rng: np.random.Generator) -> States:
        for _ in range(n_sweeps):
            states = self._sweep(states, rng)
        return states

    def _record(
        self, states: States, n_sweeps: int, rng: np.random.Generator
    ) -> tuple[States, dict[str, float]]:
        """Run the chains and return their states and autocorrelation times."""
        observed = []
        for _ in range(n_sweeps):
            states = self._sweep(states, rng)
            observed.append(self._observe(states))
        names = observed[0]
        series = {name: np.array([values[name] for values in observed]) for name in names}
        return states, {name: autocorrelation_time(values) for name, values in series.items()}

    def _measure(self, states: States, rng: np.random.Generator) -> tuple[States, int]:
        """Run chains until their autocorrelation times are known; return states and `n_sweeps`.

        The returned `n_sweeps` is the number of sweeps between two samples of a chain.
        """
        n_sweeps = _FIRST_SERIES
        while True:
            states, times = self._record(states, n_sweeps, rng)
            longest = float(np.nanmax([1.0, *times.values()]))
            if n_sweeps >= min(_LONG_ENOUGH * longest, _LONGEST_SERIES):
                _warn_if_short(n_sweeps, longest)
                return states, math.ceil(_INTERVAL * longest)
            n_sweeps *= 2

    def autocorrelation_times(
        self, n_sweeps: int = 1000, random_state: Any = None
    ) -> dict[str, float]:
        """Measure autocorrelation times on a torus, in sweeps.

        Autocorrelation times are measured for the energy (for `Phi4`, the mean square) and for the
        square of the mean over all sites.

        Parameters
        ----------
        n_sweeps : int, default=1000
            Length of each of the 64 chains from which the autocorrelation times are computed.
        random_state : int, Generator, RandomState or None, default=None
            Seed of the chains.
        """
        check_positive(n_sweeps, "n_sweeps", integer=True)
        if not self._has_chains:
            raise ValueError(
                f"Samples of {type(self).__name__} on this lattice are independent and have no "
                "autocorrelation times; only fields on a torus are drawn by chains."
            )
        rng = as_generator(random_state)
        states = self._run(self._start(_MEASURED_CHAINS, rng), max(100, n_sweeps // 5), rng)
        _, times = self._record(states, n_sweeps, rng)
        _warn_if_short(n_sweeps, float(np.nanmax([0.0, *times.values()])))
        return times


def flip_clusters(
    spins: NDArray[np.int8],
    activation: tuple[Array | float, Array | float],
    rng: np.random.Generator,
) -> NDArray[np.int8]:
    """Flip each Swendsen-Wang cluster with probability 1/2.

    `spins` is an array of 1 and -1 of shape (n_chains, rows, columns), and `activation` is the
    probability 1 - exp(-2 J) of a bond between equal neighbours along each axis.
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
    """Autocorrelation time of a series, (n_steps, n_chains); NaN if the series is constant.

    The autocorrelation time is 1 + 2 sum_t rho(t), where rho(t) is the autocorrelation at lag t.
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


def _warn_if_short(n_steps: int, tau: float) -> None:
    if n_steps < _LONG_ENOUGH * tau:
        warnings.warn(
            f"The autocorrelation time of {tau:.3g} sweeps is probably underestimated: it was "
            f"measured on {n_steps} sweeps, but reliable values need at least {_LONG_ENOUGH:g} "
            "autocorrelation times.",
            stacklevel=4,
        )
