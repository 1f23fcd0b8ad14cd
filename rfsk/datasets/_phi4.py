"""Scalar phi^4 field, sampled exactly on a ring and by Markov chains on a torus."""

import math
from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass
from functools import cached_property, reduce
from typing import Any

import numpy as np
from numpy.polynomial import Polynomial

from .._core._types import Array, Integers
from .._core._validation import check_number, check_positive
from ._gaussian_clone import GaussianClone
from ._generator_decorator import Classes, family, generator
from ._markov import ChainField, flip_clusters
from ._transfer import TransferOperator

_NEGLIGIBLE = 42.0  # weights below exp(-42) = 6e-19 times the largest are neglected


@dataclass(frozen=True)
class Phi4(ChainField):
    r"""Scalar field with a quartic potential on a ring or torus.

    .. math::
        p(\phi) \propto e^{-S}, \quad S = \sum_{\langle i, j \rangle} \frac{k}{2}
        (\phi_i - \phi_j)^2 + \sum_i ( \frac{m_2}{2} \phi_i^2 + \frac{\lambda}{4} \phi_i^4 )

    In the action S, the sum over <i, j> is over pairs of neighbouring sites. If m2 is negative, the
    potential has two wells at +-sqrt(-m2 / lambda), and the field forms domains of either sign
    (Ingrosso and Goldt, PNAS 2022). On a ring, samples and moments are exact up to errors of 1e-12.
    On a torus, samples come from Markov chains of heat-bath sweeps and cluster flips (Brower and
    Tamayo, 1989).

    Parameters
    ----------
    shape : int or (int, int)
        Sites of the ring, or (rows, columns) of the torus.
    coupling : float
        Stiffness k >= 0 between neighbours.
    mass_squared : float, default=-12.0
        Coefficient m2 of phi^2 / 2 in the potential, which must be positive if `quartic` is zero.
    quartic : float, default=8.0
        Coefficient lambda >= 0 of phi^4 / 4 in the potential. If lambda is zero, the field is the
        Gaussian free field.
    standardize : bool, default=False
        Whether to divide fields by their standard deviation (only on a ring or for `quartic` zero).
    n_sweeps : int, optional
        Sweeps between two samples of a chain, as in `Ising`; used only on a torus with positive
        `quartic`.

    Examples
    --------
    >>> from rfsk.datasets import Phi4
    >>> round(Phi4(40, coupling=2.0).correlation_length, 1)
    40.4
    """

    shape: tuple[int, ...]
    _: KW_ONLY
    coupling: float
    mass_squared: float = -12.0
    quartic: float = 8.0
    standardize: bool = False
    n_sweeps: int | None = None
    block_size = 2**21  # chains are advanced together

    def __post_init__(self) -> None:
        super().__post_init__()
        check_positive(self.coupling, "coupling", zero=True)
        check_number(self.mass_squared, "mass_squared")
        check_positive(self.quartic, "quartic", zero=True)
        if self.quartic == 0.0 and self.mass_squared <= 0.0:
            raise ValueError(
                "`mass_squared` must be positive if `quartic` is 0, because the field is unbounded "
                f"otherwise, got {self.mass_squared!r}."
            )
        if not isinstance(self.standardize, bool | np.bool_):
            raise ValueError(f"`standardize` must be True or False, got {self.standardize!r}.")
        if self.standardize and self._has_chains:
            raise ValueError(
                "`standardize` must be False on a torus with a quartic term, whose variance has no "
                "closed form; divide the samples by their standard deviation instead."
            )

    @property
    def _is_free(self) -> bool:
        return self.quartic == 0.0

    @property
    def _has_chains(self) -> bool:
        return len(self.shape) == 2 and not self._is_free

    @property
    def _scale(self) -> float:
        """Factor that multiplies the field: 1, or 1 / standard deviation with `standardize`."""
        return 1.0 / math.sqrt(self._raw_autocovariance.flat[0]) if self.standardize else 1.0

    @cached_property
    def _transfer(self) -> TransferOperator:
        if len(self.shape) == 2:
            raise NotImplementedError(
                "Moments of a phi^4 torus have no closed form; estimate them from samples. To draw "
                "a control, use rfsk.make_gaussian_clone(X, y)."
            )

        m2, lam = self.mass_squared, self.quartic
        potential = Polynomial([0.0, 0.0, 0.5 * m2, 0.0, 0.25 * lam])
        return TransferOperator(potential, self.coupling, self._edge, self._narrowest)

    @cached_property
    def _heat_bath(self) -> Any:
        from ._heat_bath import HeatBath  # with numba

        parameters = self.coupling, self.mass_squared, self.quartic
        return HeatBath(self.shape, *parameters, self._edge, self._narrowest)

    @cached_property
    def _bridges(self) -> Any:
        from ._heat_bath import RingBridges  # with numba

        # The heat bath does not use the values at the sites `colors[0]`, which it draws first.
        read = np.concatenate(self._heat_bath.colors[1:])
        return RingBridges(self._transfer, self.shape[0], np.sort(read))

    @property
    def _edge(self) -> float:
        """Field value at which the potential exceeds its minimum by 42."""
        m2, lam = self.mass_squared, self.quartic
        if m2 < 0.0:
            return math.sqrt(-m2 / lam + math.sqrt(4.0 * _NEGLIGIBLE / lam))
        root = math.sqrt(m2**2 + 4.0 * lam * _NEGLIGIBLE)
        return math.sqrt(4.0 * _NEGLIGIBLE / (m2 + root))

    @property
    def _narrowest(self) -> float:
        """Lower bound of the standard deviation of a site given its neighbours."""
        curvature = max(self.mass_squared, -2.0 * self.mass_squared) + math.sqrt(self.quartic)
        return 1.0 / math.sqrt(curvature + 2.0 * len(self.shape) * self.coupling)

    @property
    def correlation_length(self) -> float:
        """Correlation length on an infinite lattice, in sites, along an axis.

        On a torus, the correlation length is known only for the free field (`quartic` zero).
        """
        if self._is_free:
            if self.coupling == 0.0:
                return 0.0
            return 1.0 / math.acosh(1.0 + 0.5 * self.mass_squared / self.coupling)
        return self._transfer.correlation_length

    @cached_property
    def _raw_autocovariance(self) -> Array:
        if self._is_free:  # the propagator 1 / (m2 + k |p|^2) for the wave vectors p of the lattice
            phases = [2.0 * math.pi * np.arange(side) / side for side in self.shape]
            momentum = reduce(np.add.outer, [2.0 - 2.0 * np.cos(phase) for phase in phases])
            propagator = 1.0 / (self.mass_squared + self.coupling * momentum)
            return np.asarray(np.fft.ifftn(propagator).real)
        return self._transfer.autocovariance(self.shape[0])

    def autocovariance(self) -> Array:
        return self._raw_autocovariance * self._scale**2

    def excess_kurtosis(self) -> float:
        if self._is_free:
            return 0.0
        variance = float(self._raw_autocovariance.flat[0])
        return self._transfer.moment(4, self.shape[0]) / variance**2 - 3.0

    @cached_property
    def _clone(self) -> GaussianClone:
        """Gaussian field with the distribution of the free field."""
        return GaussianClone(self)

    def pixel_quadrature(self) -> tuple[Array, Array]:
        if self._is_free:
            return self._clone.pixel_quadrature()
        return self._scale * self._transfer.grid, self._transfer.density(self.shape[0])

    def product_moment(self, sites: Integers) -> Array:
        if self._is_free:
            return self._gaussian_moment(sites)
        side = self.shape[0]
        gaps = np.diff(np.sort(sites, axis=1), axis=1)
        gaps = np.column_stack([gaps, side - gaps.sum(axis=1)])
        return self._transfer.fourth_moment(gaps.astype(np.int64), side) * self._scale**4

    def _draw_exactly(self, n_samples: int, rng: np.random.Generator) -> Array:
        if self._is_free:
            return self._clone.draw(n_samples, rng)
        rows = np.empty((n_samples, self.n_features))
        if self.shape[0] > 1:
            self._bridges.draw(rows, rng)
        self._heat_bath.sweep(rows, rng)
        rows *= self._scale
        return rows

    def _start(self, n_chains: int, rng: np.random.Generator) -> Array:
        return rng.standard_normal((n_chains, *self.shape)).clip(-self._edge, self._edge)

    def _sweep(self, states: Array, rng: np.random.Generator) -> Array:
        self._heat_bath.sweep(states.reshape(len(states), -1), rng)
        signs = np.where(states < 0.0, -1, 1).astype(np.int8)
        size = np.abs(states)
        first, second = (
            -np.expm1(-2.0 * self.coupling * size * np.roll(size, -1, axis)) for axis in (1, 2)
        )
        return np.asarray(size * flip_clusters(signs, (first, second), rng))

    def _observe(self, states: Array) -> dict[str, Array]:
        mean = states.mean((1, 2))
        return {"mean square": (states**2).mean((1, 2)), "squared mean": mean**2}


@generator
def make_phi4(
    shape: int | tuple[int, int] = 100,
    *,
    coupling: Sequence[float] = (0.6, 1.2),
    mass_squared: float = -12.0,
    quartic: float = 8.0,
    standardize: bool = False,
    n_sweeps: int | None = None,
) -> Classes:
    """Draw classes of scalar phi^4 fields that differ in their coupling.

    On a ring with the default potential, couplings 0.6, 1, 1.2 and 2 give correlation lengths of
    2.3, 5.6, 8.6 and 40.4 sites. The variances of the classes differ by a few per cent unless
    `standardize` is True.

    Parameters
    ----------
    @shape
    coupling : sequence of float, default=(0.6, 1.2)
        Stiffness k of each class.
    mass_squared : float, default=-12.0
        Coefficient m2 of the potential (m2/2) phi^2 + (lambda/4) phi^4.
    quartic : float, default=8.0
        Coefficient lambda of the potential.
    standardize : bool, default=False
        Whether to divide each class by its standard deviation (only on a ring).
    @n_sweeps

    Examples
    --------
    >>> from rfsk.datasets import make_phi4
    >>> X, y = make_phi4(1000, 40, random_state=0)
    """
    return family(Phi4, "coupling", **locals())
