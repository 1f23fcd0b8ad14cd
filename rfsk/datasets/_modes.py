"""The few Fourier modes that a smooth field on a ring or torus is made of."""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

# Fraction of the variance that may be left out: what single precision cannot hold anyway.
_LEFT_OUT = float(np.finfo(np.float32).eps) ** 2
# Up to here a matrix product beats noise on all sites and a pair of Fourier transforms.
_MOST_MODES = 128
_MOST_SITES = 4096
_SYMMETRY_ROUNDING = 1e-13  # up to here a covariance on a torus is symmetric


def fourier_modes(autocovariance: Array) -> Array:
    """Functions whose sum, with independent standard normal amplitudes, has this covariance.

    Parameters
    ----------
    autocovariance : ndarray of shape (*sides,)
        Covariance of the first site with every site of a ring or torus.

    Returns
    -------
    modes : ndarray of shape (n_modes, n_sites)
        Cosines and sines, strongest first; those left out hold less of the variance than single
        precision resolves (1.4e-14).
    """
    shape, n_sites = autocovariance.shape, autocovariance.size
    power = np.fft.fftn(autocovariance).real.clip(min=0.0).ravel() / n_sites
    # Every mode k of the lattice stands for the power P_k of cos(k.x) and of sin(k.x): a mode
    # and its opposite have the same power, and share them.
    kept = _strongest(power)
    modes = np.stack(np.unravel_index(kept, shape), axis=1)
    opposite = np.ravel_multi_index(tuple((-modes % shape).T), shape)
    sites = np.indices(shape).reshape(len(shape), -1)
    phase = 2.0 * np.pi * (modes / np.array(shape)) @ sites
    is_first = kept <= opposite
    amplitude = np.sqrt(np.where(kept == opposite, 1.0, 2.0) * power[kept])[:, None]
    return np.asarray(np.where(is_first[:, None], np.cos(phase), np.sin(phase)) * amplitude)


def few_modes(autocovariance: Array) -> Array | None:
    """Modes as `fourier_modes` returns them.

    None if so many are needed, or the lattice is so large, that filtering white noise is faster.
    """
    n_sites = autocovariance.size
    if n_sites > _MOST_SITES:
        return None
    modes = fourier_modes(autocovariance)
    return modes if len(modes) <= min(_MOST_MODES, 0.8 * n_sites) else None


def mode_factors(autocovariance: Array) -> tuple[Array, Array, Array] | None:
    """Modes down the rows and across the columns of a lattice, of whose products a field is made.

    A ring is a single row. A torus has such modes if its covariance does not change where one axis
    is reversed; any other small lattice is treated as a ring of all its sites.

    Parameters
    ----------
    autocovariance : ndarray of shape (*sides,)
        Covariance of the first site with every site of a ring or torus.

    Returns
    -------
    factors : (rows, columns, amplitudes) or None
        Arrays of shape (n_a, n_rows), (n_b, n_columns) and (n_a, n_b). The field is
        sum_ab noise_ab amplitudes[a, b] rows[a] columns[b], with standard normal noise. None if
        filtering white noise is faster.
    """
    if autocovariance.ndim == 2 and max(autocovariance.shape) <= _MOST_MODES:
        error = np.abs(np.roll(autocovariance[:, ::-1], 1, axis=1) - autocovariance).max()
        if error <= _SYMMETRY_ROUNDING * autocovariance.flat[0]:
            power = np.fft.fftn(autocovariance).real.clip(min=0.0) / autocovariance.size
            down, across = (_strongest(power.sum(axis=axis)) for axis in (1, 0))
            rows, columns = (_waves(side) for side in autocovariance.shape)
            return rows[down], columns[across], np.sqrt(power[np.ix_(down, across)])
    if autocovariance.size <= 2 * _MOST_MODES:
        modes = fourier_modes(autocovariance)
        return np.ones((1, 1)), modes, np.ones((1, len(modes)))
    return None


def _strongest(power: Array) -> NDArray[np.int64]:
    """Indices of all but the weakest powers, which together are next to nothing."""
    order = np.argsort(-power, kind="stable")
    weakest = np.cumsum(power[order][::-1])  # in this order nothing is lost in rounding
    return order[: len(power) - int(np.searchsorted(weakest, _LEFT_OUT * weakest[-1], "right"))]


def _waves(side: int) -> Array:
    """Cosines and sines on a ring, of mean square one: row k has frequency k or `side` - k."""
    frequency, sites = np.ogrid[:side, :side]
    phase = 2.0 * np.pi * frequency * sites / side
    is_alone = 2 * frequency % side == 0  # has no sine
    size = np.where(is_alone, 1.0, np.sqrt(2.0))
    return np.asarray(size * np.where(2 * frequency <= side, np.cos(phase), np.sin(phase)))
