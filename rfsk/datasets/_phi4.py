"""The scalar phi^4 field on a ring, sampled exactly, and on a torus, by a Markov chain."""

import math
from collections.abc import Iterator
from dataclasses import KW_ONLY, dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from .._core._validation import check_lattice_shape, check_number, check_positive
from ._markov import MarkovSampled, flip_clusters
from ._pointwise import PointwiseLaw
from ._stationary import StationaryField
from ._transfer import TransferOperator

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
    drawn without error, then each site drawn anew from its continuous law given its neighbours.
    Because sums over the grid equal integrals (to 1e-12), the result has exactly the law of the
    continuous field. On a torus a sweep draws each site given its neighbours, without
    rejections left over (heat bath), and flips clusters of equal sign (Brower and Tamayo, 1989).

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
    _numbers_at_a_time = 2**21  # tables of the transfer operator are made for each chunk

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

        # Where V exceeds its minimum by 42.
        if m2 < 0.0:
            edge = math.sqrt(-m2 / lam + math.sqrt(4.0 * _NEGLIGIBLE / lam))
        else:
            root = math.sqrt(m2**2 + 4.0 * lam * _NEGLIGIBLE)
            edge = math.sqrt(4.0 * _NEGLIGIBLE / (m2 + root))
        curvature = -2.0 * m2 if m2 < 0.0 else m2
        narrowest = 1.0 / math.sqrt(curvature + math.sqrt(lam) + 2.0 * self.coupling)
        return TransferOperator(potential, self.coupling, edge, narrowest)

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
            else:
                grid = self._transfer.sample(len(rows), self.shape[0], rng)
                phi = self._heat_bath(grid, rng)
            np.multiply(phi.reshape(rows.shape), self._scale, out=rows)
            yield rows

    @property
    def _axes(self) -> tuple[int, ...]:
        """Axes of a stack of lattices along which a site has neighbours other than itself."""
        return tuple(axis for axis, side in enumerate(self.shape, start=1) if side > 1)

    @cached_property
    def _colors(self) -> list[NDArray[np.bool_]]:
        """Masks of sites none of which neighbour each other; together they cover the lattice."""
        classes = []
        for side in self.shape:
            alternate = np.arange(side) % 2
            if side % 2 == 1 and side > 1:
                alternate[-1] = 2
            classes.append(alternate)
        n_colors = 2 if max(map(np.max, classes)) < 2 else 3
        color = classes[0] if len(classes) == 1 else np.add.outer(*classes)
        return [color % n_colors == c for c in range(n_colors) if (color % n_colors == c).any()]

    def _heat_bath(self, phi: Array, rng: np.random.Generator) -> Array:
        """Draw every site anew given its neighbours, one color after another."""
        quadratic = self.mass_squared + 2.0 * len(self._axes) * self.coupling
        for mask in self._colors:
            neighbours = np.zeros_like(phi)
            for axis in self._axes:
                neighbours += np.roll(phi, 1, axis) + np.roll(phi, -1, axis)
            linear = self.coupling * neighbours[:, mask]
            phi[:, mask] = _quartic_variate(quadratic, linear, self.quartic, rng)
        return phi

    def _start(self, n_chains: int, rng: np.random.Generator) -> Array:
        """Gaussian noise around zero."""
        return rng.standard_normal((n_chains, *self.shape))

    def _step(self, states: Array, rng: np.random.Generator) -> Array:
        """Heat bath, then clusters of signs."""
        phi = self._heat_bath(states, rng)
        signs = np.where(phi < 0.0, -1, 1).astype(np.int8)
        size = np.abs(phi)
        activation = [
            -np.expm1(-2.0 * self.coupling * size * np.roll(size, -1, axis)) for axis in (1, 2)
        ]
        return np.asarray(size * flip_clusters(signs, (activation[0], activation[1]), rng))

    def _observe(self, states: Array) -> dict[str, Array]:
        return {
            "mean square": (states**2).mean((1, 2)),
            "squared mean": states.mean((1, 2)) ** 2,
        }


def _quartic_variate(
    quadratic: float, linear: Array, quartic: float, rng: np.random.Generator
) -> Array:
    """Draw from densities ~ exp(-a/2 x^2 + b x - lam/4 x^4), exactly, by rejection.

    x^4 >= 2 c x^2 - c^2 bounds each by a Gaussian of precision A = a + lam c, whose draws are
    kept with probability exp(-lam/4 (x^2 - c)^2). Most are at c = 1/A + b^2/A^2, the mean square
    of that Gaussian; any c near it is as exact, so that a table of A over |b| will do.

    Parameters
    ----------
    quadratic, quartic : float
        a and lam; lam = 0 needs a positive a.
    linear : ndarray
        b, one for each draw.
    rng : Generator

    Returns
    -------
    x : ndarray
        Of the shape of `linear`.
    """
    b = linear.ravel()
    if quartic == 0.0:
        x = b / quadratic + rng.standard_normal(b.shape) / math.sqrt(quadratic)
        return x.reshape(linear.shape)
    root = math.sqrt(quadratic**2 + 4.0 * quartic)
    lowest = 2.0 * quartic / (root - quadratic) if quadratic < 0.0 else 0.5 * (quadratic + root)
    largest = np.abs(b).max(initial=0.0)
    highest = lowest + max(0.0, quadratic) + quartic ** (1 / 3) * (largest + 1.0) ** (2 / 3) + 1.0
    table = np.geomspace(lowest, 4.0 * highest, 2000)
    slopes = np.sqrt(np.maximum(table**3 - quadratic * table**2 - quartic * table, 0.0) / quartic)
    precision = np.interp(np.abs(b), slopes, table)
    c = (precision - quadratic) / quartic
    x = np.empty_like(b)
    pending = np.arange(len(b))
    while len(pending):
        A, center = precision[pending], c[pending]
        draws = b[pending] / A + rng.standard_normal(len(pending)) / np.sqrt(A)
        kept = rng.random(len(pending)) < np.exp(-0.25 * quartic * (draws**2 - center) ** 2)
        x[pending[kept]] = draws[kept]
        pending = pending[~kept]
    return x.reshape(linear.shape)
