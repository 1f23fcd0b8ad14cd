"""Null fields: what an IPR would be if only the spectrum of a field mattered."""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def random_phases(shape: tuple[int, ...], n_null: int, rng: np.random.Generator) -> Array:
    """Unit-modulus Fourier phases of real white noise, (n_null, *half spectrum)."""
    noise = rng.standard_normal((n_null, *shape))
    modes = np.fft.rfftn(noise, axes=range(1, 1 + len(shape)))
    return np.asarray(modes / np.abs(modes))


def phase_randomized_ipr(field: Array, phases: Array) -> Array:
    """IPR of one field's phase-randomised surrogates.

    The surrogates keep the power spectrum of the field, hence all that the covariance of
    the inputs can set, and lose the alignment of phases that makes a bump.

    Parameters
    ----------
    field : ndarray of shape `shape`
        One field on its lattice.
    phases : ndarray of shape (n_null, *half spectrum)
        From `random_phases`.

    Returns
    -------
    ipr : ndarray of shape (n_null,)
        One IPR a surrogate.
    """
    axes = tuple(range(1, 1 + field.ndim))
    amplitude = np.abs(np.fft.rfftn(field))
    surrogates = np.fft.irfftn(amplitude * phases, s=field.shape, axes=axes)
    squares = surrogates**2
    total = squares.sum(axis=axes)
    return np.asarray((squares**2).sum(axis=axes) / total**2)
