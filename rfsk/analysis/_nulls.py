"""Null fields: what an IPR would be if only the spectrum of a field mattered."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .._core._random import as_generator
from .._core._validation import check_fields_on

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


def phase_p_values(fields: Array, ratio: Array, shape: tuple[int, ...], phases: Array) -> Array:
    """p-value of each field's IPR, `ratio`, among its surrogates with these phases.

    NaN for a field of zeros, whose IPR is NaN.
    """
    p_values, n_null = np.full(len(fields), np.nan), len(phases)
    for unit in np.flatnonzero(np.isfinite(ratio)):
        field = fields[unit] / np.abs(fields[unit]).max()
        null = phase_randomized_ipr(field.reshape(shape), phases)
        # A pure sinusoid equals its surrogates; rounding must not make it exceed them.
        at_least = np.count_nonzero(null >= ratio[unit] * (1.0 - 1e-9))
        p_values[unit] = (1 + at_least) / (1 + n_null)
    return p_values


def random_phase_fields(
    fields: ArrayLike, shape: int | tuple[int, ...] | None = None, random_state: Any = None
) -> Array:
    """Surrogates of fields: each keeps its power spectrum and takes the phases of white noise.

    Parameters
    ----------
    fields : array-like of shape (n_units, n_features)
        Receptive fields.
    shape : int or tuple of int, optional
        Lattice of the features, a ring by default.
    random_state : int, Generator, RandomState or None, default=None
        Seed of the phases.

    Returns
    -------
    surrogates : ndarray of shape (n_units, n_features)

    Examples
    --------
    >>> import numpy as np
    >>> from rfsk.analysis import ipr, random_phase_fields
    >>> surrogate = random_phase_fields([np.eye(100)[3]], random_state=0)
    >>> float(np.linalg.norm(surrogate).round(6)), bool(ipr(surrogate)[0] < 0.05)
    (1.0, True)
    """
    weights, sides = check_fields_on(fields, shape)
    axes = tuple(range(1, 1 + len(sides)))
    amplitude = np.abs(np.fft.rfftn(weights.reshape(-1, *sides), axes=axes))
    phases = random_phases(sides, len(weights), as_generator(random_state))
    return np.asarray(np.fft.irfftn(amplitude * phases, s=sides, axes=axes).reshape(weights.shape))
