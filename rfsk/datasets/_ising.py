"""Ising model, sampled exactly on a ring and by cluster flips on a torus."""

import math
from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq

from .._core._types import Array, Integers
from .._core._validation import check_lattice_shape, check_one_per_class, check_positive
from ._generator_decorator import Classes, family, generator
from ._markov import ChainField, flip_clusters

_CRITICAL_COUPLING = 0.5 * math.log(1.0 + math.sqrt(2.0))
_MAX_ATTEMPTS = 2**11  # number of rings drawn at a time, so that they stay in the cache


@dataclass(frozen=True)
class Ising(ChainField):
    r"""Ising spins +-1 on a ring or torus.

    .. math:: p(s) \propto \exp ( J \sum_{\langle i, j \rangle} s_i s_j ), \quad J = 1 / T

    In the probability p(s) of the spins s, the sum is over pairs of neighbouring spins. Samples
    are exact and independent on a ring. On a torus, samples come in turn from up to 256 independent
    Markov chains of Swendsen-Wang sweeps. With the default `n_sweeps`, the energies and squared
    magnetizations of successive samples of a chain have correlations below 1 %.

    Parameters
    ----------
    shape : int or (int, int)
        Sites of the ring, or (rows, columns) of the torus. On a side with only two sites,
        neighbours are joined by two bonds.
    temperature : float
        Temperature T, in units of the coupling. On a torus, spins are ordered below T = 2.269.
    n_sweeps : int, optional
        Sweeps between two samples of a chain (torus only); by default three times the largest of
        `autocorrelation_times`. If `n_sweeps` is too small, training and test sets are correlated.
        The first sample of each chain is taken after max(50, 10 `n_sweeps`) sweeps.

    Examples
    --------
    >>> from rfsk.datasets import Ising
    >>> round(Ising(100, temperature=1.0).correlation_length, 3)  # -1 / ln tanh J
    3.672
    """

    shape: tuple[int, ...]
    _: KW_ONLY
    temperature: float
    n_sweeps: int | None = None
    block_size = 2**20  # chains are advanced together

    def __post_init__(self) -> None:
        super().__post_init__()
        check_positive(self.temperature, "temperature")
        if self.temperature < 1e-2:
            raise ValueError(f"`temperature` must be at least 0.01, got {self.temperature!r}.")

    @classmethod
    def from_correlation_length(
        cls, shape: int | tuple[int, int], correlation_length: float, **parameters: Any
    ) -> "Ising":
        """Construct the model that has the correlation length xi on an infinite chain or plane.

        With the coupling J, the correlation length of a ring is xi = -1 / ln tanh J, and that of a
        torus along an axis is xi = 1 / (-ln tanh J - 2 J).

        Parameters
        ----------
        shape : int or (int, int)
        correlation_length : float
        **parameters
            Other parameters of `Ising`.
        """
        check_positive(correlation_length, "correlation_length")
        if not 0.1 <= correlation_length <= 1e6:
            raise ValueError(
                f"`correlation_length` must be from 0.1 to 1e+06 sites, got {correlation_length!r}."
            )
        if len(check_lattice_shape(shape)) == 1:
            coupling = math.atanh(math.exp(-1.0 / correlation_length))
        else:
            coupling = brentq(
                lambda J: -math.log(math.tanh(J)) - 2.0 * J - 1.0 / correlation_length,
                1e-300,
                _CRITICAL_COUPLING,
                xtol=1e-15,
            )
        return cls(shape, temperature=1.0 / coupling, **parameters)  # type: ignore[arg-type]

    @property
    def coupling(self) -> float:
        """Coupling J = 1 / temperature."""
        return 1.0 / self.temperature

    @property
    def correlation_length(self) -> float:
        """Correlation length xi, in sites, on an infinite chain or along an axis of the plane."""
        J = self.coupling
        decay = 2.0 * math.atanh(math.exp(-2.0 * J))  # -ln tanh J without cancellation
        if len(self.shape) == 2:
            decay = decay - 2.0 * J if J < _CRITICAL_COUPLING else 2.0 * (2.0 * J - decay)
        return 1.0 / decay if decay > 0.0 else math.inf

    def autocovariance(self) -> Array:
        """Exact covariance of spins on a ring.

        With coupling J and a = tanh J, the covariance at distance d on a ring of L sites is (a^d +
        a^(L - d)) / (1 + a^L). On a torus, the covariance has no closed form.
        """
        if len(self.shape) == 2:
            raise NotImplementedError(
                "The covariance of an Ising torus has no closed form; estimate it from samples. "
                "To draw a control, use rfsk.make_gaussian_clone(X, y)."
            )
        a, d = math.tanh(self.coupling), np.arange(self.n_features)
        return np.asarray((a**d + a ** (len(d) - d)) / (1.0 + a ** len(d)))

    def pixel_quadrature(self) -> tuple[Array, Array]:
        return np.array([-1.0, 1.0]), np.array([0.5, 0.5])

    def excess_kurtosis(self) -> float:
        return -2.0

    def product_moment(self, sites: Integers) -> Array:
        if len(self.shape) == 2:
            return super().product_moment(sites)
        a, side = math.tanh(self.coupling), self.shape[0]
        i, j, k, l = np.sort(sites, axis=1).T  # noqa: E741
        between = (j - i) + (l - k)  # number of bonds in the product of the four spins
        return np.asarray((a**between + a ** (side - between)) / (1.0 + a**side))

    def _draw_exactly(self, n_samples: int, rng: np.random.Generator) -> Array:
        # Draw independent bonds and keep the rings on which their product is +1.
        spins = np.empty((n_samples, self.n_features))
        side, negative = self.shape[0], 1.0 / (1.0 + math.exp(2.0 * self.coupling))
        acceptance = 0.5 * (1.0 + math.tanh(self.coupling) ** side)
        done = 0
        while done < len(spins):
            missing = min(len(spins) - done, _MAX_ATTEMPTS)
            attempts = math.ceil(1.02 * missing / acceptance) + 20
            bonds = _bernoulli(negative, (attempts, side), rng)
            flips = np.logical_xor.accumulate(bonds, axis=1)
            flips = flips[~flips[:, -1]][:missing]
            signs = rng.integers(2, size=(len(flips), 1), dtype=np.uint8)
            rows = spins[done : done + len(flips)]
            np.subtract(1, 2 * (flips ^ signs.view(np.bool_)).view(np.int8), out=rows)
            done += len(flips)
        return spins

    def _start(self, n_chains: int, rng: np.random.Generator) -> NDArray[np.int8]:
        return rng.choice(np.array([-1, 1], dtype=np.int8), size=(n_chains, *self.shape))

    def _sweep(self, states: NDArray[np.int8], rng: np.random.Generator) -> NDArray[np.int8]:
        activation = -math.expm1(-2.0 * self.coupling)
        return flip_clusters(states, (activation, activation), rng)

    def _observe(self, states: NDArray[np.int8]) -> dict[str, Array]:
        energy = -sum((states * np.roll(states, 1, axis)).mean((1, 2)) for axis in (1, 2))
        return {"energy": np.asarray(energy), "squared magnetization": states.mean((1, 2)) ** 2}


def _bernoulli(
    probability: float, shape: tuple[int, int], rng: np.random.Generator
) -> NDArray[np.bool_]:
    """Draw bits that are one with a given probability; most bits need only one random byte."""
    threshold = math.floor(256.0 * probability)
    n_bits = math.prod(shape)
    words = rng.integers(2**64, size=-(-n_bits // 8), dtype=np.uint64)  # eight random bytes each
    random = words.view(np.uint8)[:n_bits].reshape(shape)
    bits = random < threshold
    ties = np.flatnonzero(random == threshold)
    bits.ravel()[ties] = rng.random(len(ties)) < 256.0 * probability - threshold
    return bits


@generator
def make_ising(
    shape: int | tuple[int, int] = 100,
    *,
    correlation_length: Sequence[float] | None = (2.0, 5.0),
    temperature: Sequence[float] | None = None,
    n_sweeps: int | None = None,
) -> Classes:
    """Draw classes of Ising spins that differ in their temperature.

    Parameters
    ----------
    @shape
    correlation_length : sequence of float or None, default=(2.0, 5.0)
        Correlation length of each class, in sites.
    temperature : sequence of float, optional
        Temperature of each class, in units of the coupling, instead of `correlation_length`.
    @n_sweeps

    Examples
    --------
    >>> from rfsk.datasets import make_ising
    >>> X, y = make_ising(1000, temperature=(1.0, 3.0), random_state=0)
    """
    if temperature is not None:
        return family(Ising, "temperature", shape=shape, temperature=temperature, n_sweeps=n_sweeps)
    lengths = check_one_per_class(correlation_length, "correlation_length")
    models = [Ising.from_correlation_length(shape, xi, n_sweeps=n_sweeps) for xi in lengths]
    return models, {"correlation_length": lengths, "n_sweeps": n_sweeps}
