"""The scalar phi^4 field on a ring, sampled exactly, and on a torus, by a Markov chain."""

import math
from collections.abc import Iterator
from dataclasses import KW_ONLY, dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from .._core._validation import check_lattice_shape, check_number, check_positive
from ._markov import MarkovSampled, flip_clusters
from ._pointwise import PointwiseLaw
from ._stationary import StationaryField
from ._transfer import TransferOperator

if TYPE_CHECKING:
    from ._bridges import RingBridges
    from ._heat_bath import HeatBath

Array = NDArray[np.float64]

_DEEPEST = 1e4
_NEGLIGIBLE = 42.0  # exp(-42) = 6e-19, relative to the largest weight


@dataclass(frozen=True)
class Phi4(MarkovSampled, StationaryField):
    """Scalar field with a quartic potential on a ring or torus, p(phi) ~ exp(-S).

    S = sum over neighbours of (k/2) (phi_i - phi_j)^2 + sum over sites of
    (m2/2) phi_i^2 + (lam/4) phi_i^4. A negative m2 gives two wells at +-sqrt(-m2/lam), between
    which domains form. The third kind of input of Ingrosso and Goldt (PNAS 2022).

    Parameters
    ----------
    shape : int or (int, int)
        Sites of the ring, or (rows, columns) of the torus.
    coupling : float
        k >= 0, the stiffness between neighbours.
    mass_squared : float, default=-12.0
        m2.
    quartic : float, default=8.0
        lam >= 0; zero, with positive m2, is the Gaussian free field.
    standardize : bool, default=False
        Whether to divide the field by its standard deviation (where it has a closed form: on a
        ring, or without quartic term).
    n_sweeps : int, default=5
        Sweeps between two samples of a chain (torus with quartic term only); chains run ten
        times as long before the first.

    Raises
    ------
    ValueError
        If a parameter is out of range.

    Notes
    -----
    On a ring the transfer operator on a grid gives the closed forms, and samples: grid values
    drawn without error, then each site drawn again from its continuous distribution given its
    neighbours (heat bath). Because sums over the grid equal integrals (to 1e-12), the result has
    exactly the distribution of the continuous field. On a torus a sweep is the same heat bath,
    followed by flips of clusters of equal sign (Brower and Tamayo, 1989). Fields are drawn by code
    that numba compiles, once per machine, when the first is drawn.

    Examples
    --------
    >>> from rfsk.datasets import Phi4
    >>> model = Phi4(40, coupling=2.0)
    >>> round(model.correlation_length, 1), round(float(model.autocovariance()[0]), 3)
    (40.4, 1.409)
    >>> model.sample(3, random_state=0).shape
    (3, 40)
    """

    shape: tuple[int, ...]
    _: KW_ONLY
    coupling: float
    mass_squared: float = -12.0
    quartic: float = 8.0
    standardize: bool = False
    n_sweeps: int = 5
    _numbers_at_a_time = 2**21  # chains are advanced together

    def __post_init__(self) -> None:
        object.__setattr__(self, "shape", check_lattice_shape(self.shape))
        check_positive(self.coupling, "coupling", zero=True)
        check_number(self.mass_squared, "mass_squared")
        check_positive(self.quartic, "quartic", zero=True)
        check_positive(self.n_sweeps, "n_sweeps", integer=True)
        if self.quartic == 0.0 and self.mass_squared <= 0.0:
            raise ValueError(
                f"mass_squared={self.mass_squared!r} with quartic=0 leaves the field unbounded; "
                "expected a positive mass_squared or quartic."
            )
        if self.mass_squared < 0.0:
            depth = 0.25 * self.mass_squared**2 / self.quartic
            if depth > _DEEPEST:
                raise ValueError(
                    f"mass_squared={self.mass_squared!r} and quartic={self.quartic!r} make wells "
                    f"{depth:.3g} deep; expected at most {_DEEPEST:g}. In deeper ones the field "
                    "has one size everywhere: take Ising."
                )
        if not isinstance(self.standardize, bool | np.bool_):
            raise ValueError(f"standardize={self.standardize!r}; expected True or False.")
        if self.standardize and not self._has_closed_form:
            raise ValueError(
                "standardize=True needs the variance, which has no closed form on a torus with a "
                "quartic term; divide the samples by their standard deviation instead."
            )

    @property
    def _is_free(self) -> bool:
        return self.quartic == 0.0

    @property
    def _has_closed_form(self) -> bool:
        return self._is_free or len(self.shape) == 1

    @property
    def _scale(self) -> float:
        """Factor of the field: one over its standard deviation if standardized."""
        return 1.0 / math.sqrt(self._raw_autocovariance.flat[0]) if self.standardize else 1.0

    @cached_property
    def _transfer(self) -> TransferOperator:
        m2, lam = self.mass_squared, self.quartic

        def potential(phi: Array) -> Array:
            return np.asarray(0.5 * m2 * phi**2 + 0.25 * lam * phi**4)

        return TransferOperator(potential, self.coupling, self._edge, self._narrowest)

    @cached_property
    def _heat_bath(self) -> "HeatBath":
        from ._heat_bath import HeatBath  # with numba

        parameters = self.coupling, self.mass_squared, self.quartic
        return HeatBath(self.shape, *parameters, self._edge, self._narrowest)

    @cached_property
    def _bridges(self) -> "RingBridges":
        from ._bridges import RingBridges  # with numba

        # The heat bath does not look at values of its first color.
        read = np.concatenate(self._heat_bath.colors[1:])
        return RingBridges(self._transfer, self.shape[0], np.sort(read))

    @property
    def _edge(self) -> float:
        """Where V exceeds its minimum by 42."""
        m2, lam = self.mass_squared, self.quartic
        if m2 < 0.0:
            return math.sqrt(-m2 / lam + math.sqrt(4.0 * _NEGLIGIBLE / lam))
        root = math.sqrt(m2**2 + 4.0 * lam * _NEGLIGIBLE)
        return math.sqrt(4.0 * _NEGLIGIBLE / (m2 + root))

    @property
    def _narrowest(self) -> float:
        """Lower bound of the standard deviation of a site given its neighbours."""
        curvature = -2.0 * self.mass_squared if self.mass_squared < 0.0 else self.mass_squared
        return 1.0 / math.sqrt(
            curvature + math.sqrt(self.quartic) + 2.0 * len(self.shape) * self.coupling
        )

    @property
    def correlation_length(self) -> float:
        """Decay length of correlations on the endless chain, in sites.

        From the transfer operator; without quartic term 1 / arcosh(1 + m2 / 2 k), also along an
        axis of a torus; with one, on a torus, there is no closed form.
        """
        if self._is_free:
            if self.coupling == 0.0:
                return 0.0
            return 1.0 / math.acosh(1.0 + 0.5 * self.mass_squared / self.coupling)
        if len(self.shape) == 2:
            raise NotImplementedError(
                "The correlation length of a phi^4 torus has no closed form; estimate it from "
                "samples."
            )
        return self._transfer.correlation_length

    @cached_property
    def _raw_autocovariance(self) -> Array:
        if self._is_free:  # 1 / (m2 + k |p|^2) on the lattice's modes
            momentum = np.zeros(self.shape)
            for axis, side in enumerate(self.shape):
                squared = 2.0 - 2.0 * np.cos(2.0 * math.pi * np.arange(side) / side)
                momentum += np.expand_dims(squared, [a for a in range(momentum.ndim) if a != axis])
            propagator = 1.0 / (self.mass_squared + self.coupling * momentum)
            return np.asarray(np.fft.ifftn(propagator).real)
        if len(self.shape) == 2:
            raise NotImplementedError(
                "The covariance of a phi^4 torus has no closed form; estimate it from samples. For "
                "a Gaussian control draw rfsk.make_gaussian_clone(X, y)."
            )
        return self._transfer.autocovariance(self.shape[0])

    def autocovariance(self) -> Array:
        """Exact covariance of the first site with every site, of shape `shape`.

        Raises
        ------
        NotImplementedError
            On a torus with a quartic term.
        """
        return self._raw_autocovariance * self._scale**2

    def excess_kurtosis(self) -> float:
        """Excess kurtosis of one pixel, from the transfer operator; errors as autocovariance."""
        if self._is_free:
            return 0.0
        variance = float(self._raw_autocovariance.flat[0])
        return self._transfer.moment(4, self.shape[0]) / variance**2 - 3.0

    def pixel_quadrature(self) -> tuple[Array, Array]:
        """The grid of the transfer operator; of a free field a Gaussian's nodes."""
        if self._is_free:
            deviation = self._scale * math.sqrt(self._raw_autocovariance.flat[0])
            return PointwiseLaw(lambda z: deviation * z).quadrature()
        if len(self.shape) == 2:
            return super().pixel_quadrature()
        return self._scale * self._transfer.grid, self._transfer.density(self.shape[0])

    def _moment(self, sites: NDArray[np.int64]) -> Array:
        if self._is_free:
            return self._gaussian_moment(sites)
        if len(self.shape) == 2:
            return super()._moment(sites)
        side = self.shape[0]
        gaps = np.diff(np.sort(sites, axis=1), axis=1)
        gaps = np.column_stack([gaps, side - gaps.sum(axis=1)])
        return self._transfer.fourth_moment(gaps.astype(np.int64), side) * self._scale**4

    def _fill(self, buffers: Iterator[Array], rng: np.random.Generator) -> Iterator[Array]:
        if len(self.shape) == 2 and not self._is_free:
            yield from self._fill_from_chains(buffers, rng)
            return
        for rows in buffers:
            if self._is_free:
                modes = np.fft.rfftn(self._raw_autocovariance).real
                noise = rng.standard_normal((len(rows), *self.shape))
                axes = tuple(range(1, noise.ndim))
                fields = np.fft.rfftn(noise, axes=axes) * np.sqrt(modes)
                phi = np.fft.irfftn(fields, s=self.shape, axes=axes)
                rows[:] = phi.reshape(rows.shape)
            else:
                if self.shape[0] > 1:
                    self._bridges.draw(rows, rng)
                self._heat_bath.sweep(rows, rng)
            rows *= self._scale
            yield rows

    def _start(self, n_chains: int, rng: np.random.Generator) -> Array:
        """Gaussian noise around zero."""
        return rng.standard_normal((n_chains, *self.shape)).clip(-self._edge, self._edge)

    def _step(self, states: Array, rng: np.random.Generator) -> Array:
        """Heat bath, then clusters of signs."""
        self._heat_bath.sweep(states.reshape(len(states), -1), rng)
        signs = np.where(states < 0.0, -1, 1).astype(np.int8)
        size = np.abs(states)
        activation = [
            -np.expm1(-2.0 * self.coupling * size * np.roll(size, -1, axis)) for axis in (1, 2)
        ]
        return np.asarray(size * flip_clusters(signs, (activation[0], activation[1]), rng))

    def _observe(self, states: Array) -> dict[str, Array]:
        return {
            "mean square": (states**2).mean((1, 2)),
            "squared mean": states.mean((1, 2)) ** 2,
        }
