"""Linear map from white noise to a stationary Gaussian field."""

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from .._core._array import array_namespace, as_array_like
from .._core._types import Array, Integers
from ._kernels import ROUNDING, is_dense, spectrum, square_root

# Fraction of the variance that may be left out, because it is not resolved in single precision.
_LEFT_OUT = float(np.finfo(np.float32).eps) ** 2
# With fewer modes and sites, a matrix product is faster than a pair of Fourier transforms of noise
# on all sites.
_MOST_MODES = 128
_MOST_SITES = 4096
_MOST_DENSE_SITES = 256
_SYMMETRY_ROUNDING = 1e-13  # largest asymmetry of a covariance on a torus due to rounding


@dataclass(eq=False)
class NoiseFilter:
    """Linear map from white noise to `scale` times a Gaussian field of autocovariance `torus`."""

    torus: Array
    shape: tuple[int, ...]
    boundary: str
    scale: float = 1.0
    rounding: float = ROUNDING  # tolerance for negative eigenvalues, relative to the largest

    def __post_init__(self) -> None:
        self.is_dense = is_dense(self.shape, self.boundary)
        self.is_periodic = self.boundary == "periodic" and self.torus.shape == self.shape

    @cached_property
    def response(self) -> Array:
        """Factor that multiplies each Fourier mode of the noise, in the layout of `rfftn`."""
        return self.scale * np.sqrt(spectrum(self.torus, self.rounding))

    @cached_property
    def root(self) -> Array:
        """Square root of the covariance matrix of the field on a small open lattice."""
        return self.scale * square_root(self.torus, self.rounding)

    def __call__(self, noise: Any) -> Any:
        """Transform noise, a NumPy array or torch tensor, into fields, (n_samples, n_features)."""
        if not getattr(noise, "ndim", 0):
            raise TypeError(
                f"`noise` must be an array or a tensor, got an instance of {type(noise).__name__}."
            )
        xp = array_namespace(noise)
        n_samples, lattice = noise.shape[0], self.torus.shape
        if not xp.isdtype(noise.dtype, "real floating"):
            raise ValueError(
                f"`noise` must be in single or double precision, got dtype {noise.dtype}."
            )
        if tuple(noise.shape[1:]) not in ((math.prod(lattice),), lattice):
            expected = f"(n_samples, {math.prod(lattice)})"
            if len(lattice) > 1:
                expected += f" or (n_samples, {', '.join(map(str, lattice))})"
            raise ValueError(f"`noise` must have shape {expected}, got {tuple(noise.shape)}.")
        with np.errstate(invalid="ignore", over="ignore"):
            total = float(xp.sum(noise))  # one pass, in half of the time of `isfinite`
        if not (math.isfinite(total) or bool(xp.all(xp.isfinite(noise)))):
            raise ValueError(
                "`noise` must be finite, got NaN or infinity. Pass standard normal numbers."
            )
        if self.is_dense:
            flat = xp.reshape(noise, (n_samples, math.prod(lattice)))
            return flat @ as_array_like(self.root, like=noise)
        axes = tuple(range(1, 1 + len(lattice)))
        modes = xp.fft.rfftn(xp.reshape(noise, (n_samples, *lattice)), axes=axes)
        modes *= as_array_like(self.response, like=noise)
        fields = xp.fft.irfftn(modes, s=lattice, axes=axes)
        if lattice != self.shape:
            fields = fields[(slice(None), *(slice(side) for side in self.shape))]
        return xp.reshape(fields, (n_samples, math.prod(self.shape)))

    @cached_property
    def modes(self) -> Array | None:
        """Fourier modes, (n_modes, n_sites); their sum with standard normal weights is a field.

        `modes` is None if there are so many Fourier modes that a Fourier transform is faster.
        """
        if not self.is_periodic or self.torus.size > _MOST_SITES:
            return None
        modes = self._fourier_modes()
        is_few = len(modes) <= min(_MOST_MODES, 0.8 * self.torus.size)
        return self.scale * modes if is_few else None

    @cached_property
    def mode_factors(self) -> tuple[Array, Array, Array] | None:
        """Arrays (rows, columns, amplitudes) of separable modes, or None.

        `mode_factors` is None if there are so many modes that a Fourier transform is faster.
        With standard normal noise_ab, the field is the sum over a and b of noise_ab amplitudes[a,
        b] rows[a] columns[b]. On a ring, `rows` has shape (1, 1).
        """
        torus, alone = self.torus, np.ones((1, 1))
        if not self.is_periodic:
            if not self.is_dense or torus.size > _MOST_DENSE_SITES:
                return None
            return alone, self.root, np.ones((1, torus.size))
        if torus.ndim == 2 and max(torus.shape) <= _MOST_MODES:
            error = np.abs(np.roll(torus[:, ::-1], 1, axis=1) - torus).max()
            if error <= _SYMMETRY_ROUNDING * torus.flat[0]:
                power = self._power()
                down, across = (_strongest(power.sum(axis=axis)) for axis in (1, 0))
                rows, columns = map(_unit_modes, [torus.shape[:1], torus.shape[1:]], [down, across])
                return rows, columns, self.scale * np.sqrt(power[np.ix_(down, across)])
        if torus.size <= 2 * _MOST_MODES:
            modes = self._fourier_modes()
            return alone, modes, np.full((1, len(modes)), self.scale)
        return None

    def _power(self) -> Array:
        self.response  # noqa: B018  # raises an error if the covariance is not positive
        return np.fft.fftn(self.torus).real.clip(min=0.0) / self.torus.size

    def _fourier_modes(self) -> Array:
        power = self._power().ravel()
        kept = _strongest(power)
        return _unit_modes(self.torus.shape, kept) * np.sqrt(power[kept])[:, None]


def _strongest(power: Array) -> Integers:
    """Indices of all Fourier modes except the weakest ones, whose total power is negligible."""
    order = np.argsort(-power, kind="stable")
    weakest = np.cumsum(power[order][::-1])  # adds the smallest first, which avoids rounding errors
    return order[: len(power) - int(np.searchsorted(weakest, _LEFT_OUT * weakest[-1], "right"))]


def _unit_modes(shape: tuple[int, ...], numbers: Integers) -> Array:
    """Cosine or sine Fourier mode of each flat index in `numbers`, with mean square one.

    The modes have shape (n_modes, n_sites). Of two opposite wave vectors, which have equal power,
    one gives the cosine mode and the other the sine mode.
    """
    modes = np.stack(np.unravel_index(numbers, shape), axis=1)
    opposite = np.ravel_multi_index(tuple((-modes % shape).T), shape)[:, None]
    numbers = numbers[:, None]
    phase = 2.0 * np.pi * (modes / np.array(shape)) @ np.indices(shape).reshape(len(shape), -1)
    size = np.where(numbers == opposite, 1.0, np.sqrt(2.0))
    return np.asarray(size * np.where(numbers <= opposite, np.cos(phase), np.sin(phase)))
