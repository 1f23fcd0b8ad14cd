"""The few Fourier modes that a smooth field on a ring or torus is made of."""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

# Share of the variance that may be left out: what single precision cannot hold anyway.
_LEFT_OUT = float(np.finfo(np.float32).eps) ** 2
# Up to here a matrix product beats noise on all sites and a pair of Fourier transforms.
_MOST_MODES = 128
_MOST_SITES = 4096


def few_modes(autocovariance: Array) -> Array | None:
    """Functions whose sum, with independent standard normal amplitudes, has this covariance.

    Parameters
    ----------
    autocovariance : ndarray of shape (*sides,)
        Covariance of the first site with every site of a ring or torus.

    Returns
    -------
    modes : ndarray of shape (n_modes, n_sites) or None
        Cosines and sines, strongest first; those left out hold less of the variance than single
        precision resolves (1.4e-14). None if so many are needed, or the lattice is so large,
        that filtering white noise is cheaper.
    """
    shape, n_sites = autocovariance.shape, autocovariance.size
    if n_sites > _MOST_SITES:
        return None
    power = np.fft.fftn(autocovariance).real.clip(min=0.0).ravel() / n_sites
    # Every wave k of the lattice stands for the power P_k of cos(k.x) and of sin(k.x): a wave
    # and its opposite have the same, and share them.
    order = np.argsort(-power, kind="stable")
    # Summed from the weakest, so that nothing is lost in rounding.
    weakest = np.cumsum(power[order][::-1])
    kept = order[: n_sites - int(np.searchsorted(weakest, _LEFT_OUT * weakest[-1], "right"))]
    if len(kept) > min(_MOST_MODES, 0.8 * n_sites):
        return None
    waves = np.stack(np.unravel_index(kept, shape), axis=1)
    opposite = np.ravel_multi_index(tuple((-waves % shape).T), shape)
    sites = np.indices(shape).reshape(len(shape), -1)
    phase = 2.0 * np.pi * (waves / np.array(shape)) @ sites
    is_first = kept <= opposite
    amplitude = np.sqrt(np.where(kept == opposite, 1.0, 2.0) * power[kept])[:, None]
    modes = np.where(is_first[:, None], np.cos(phase), np.sin(phase)) * amplitude
    return np.asarray(modes)
