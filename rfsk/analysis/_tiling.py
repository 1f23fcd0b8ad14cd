"""How a population of receptive fields covers its lattice."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .._core._validation import check_fields, check_fields_on
from ._measures import field_center

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Tiling:
    """How a population of fields covers its lattice.

    Attributes
    ----------
    n_units : int
        Number of fields that are not zero.
    resultant_length : float
        Length of the mean of exp(2 pi i center / side) over the units that have a centre,
        the largest over axes: 0 for centres spread evenly, 1 for all in one place.
    rayleigh_p : float
        p-value of Rayleigh's test that centres are uniform, corrected for the number of
        axes along which there are centres. A population that tiles has a large one.
    coverage : float
        Share of sites within half the peak of some field.
    random_coverage : float
        Coverage expected of fields with the same footprints at independent uniform places.

    Examples
    --------
    >>> import numpy as np
    >>> sites = np.arange(100)
    >>> bumps = [np.exp(-(((sites - c + 50) % 100 - 50.0) ** 2) / 50) for c in range(0, 100, 10)]
    >>> wave = np.cos(0.2 * np.pi * sites)
    >>> from rfsk.analysis import tiling
    >>> found = tiling(bumps)
    >>> found.n_units, round(found.resultant_length, 6), found.coverage
    (10, 0.0, 1.0)
    """

    n_units: int
    resultant_length: float
    rayleigh_p: float
    coverage: float
    random_coverage: float


def rayleigh_p_value(resultant_length: float, n: int) -> float:
    """p-value of Rayleigh's test of uniformity on a circle.

    Zar's approximation, exp( sqrt(1 + 4n + 4 (n^2 - R^2)) - (1 + 2n) ) with R = n times the
    resultant length (J. H. Zar, Biostatistical Analysis, equation 27.4).

    Parameters
    ----------
    resultant_length : float
        Length of the mean unit vector, in [0, 1].
    n : int
        Number of angles.
    """
    if n == 1:
        return 1.0  # a single place says nothing; the approximation is of more
    resultant = n * resultant_length
    exponent = math.sqrt(1.0 + 4.0 * n + 4.0 * (n**2 - resultant**2)) - (1.0 + 2.0 * n)
    return min(1.0, math.exp(exponent))


def tiling(fields: ArrayLike, shape: int | tuple[int, ...] | None = None) -> Tiling:
    """Measure how evenly a population of receptive fields covers its lattice.

    Parameters
    ----------
    fields : array-like of shape (n_units, n_features)
        Receptive fields, for instance the localized group of a net.
    shape : int or tuple of int, optional
        Lattice of the features, a ring by default.

    Returns
    -------
    tiling : Tiling
        Fields of zeros are left out; where no field is left, or none has a centre, numbers are
        NaN.

    Raises
    ------
    ValueError
        If the fields are not finite numbers or the shape does not fit.

    Examples
    --------
    >>> import numpy as np
    >>> from rfsk.analysis import tiling
    >>> bump = np.exp(-((np.arange(100) - 50.0) ** 2) / 20)
    >>> found = tiling([np.roll(bump, shift) for shift in range(0, 100, 5)])
    >>> found.coverage, round(found.random_coverage, 2), round(found.rayleigh_p, 2)
    (1.0, 0.77, 1.0)
    """
    weights, sides = check_fields_on(fields, shape)
    weights = weights[np.any(weights != 0.0, axis=1)]
    if not len(weights):
        return Tiling(0, *[math.nan] * 4)
    footprint = half_peak_footprint(weights)
    lengths, p_values = [], []
    for position, side in zip(field_center(weights, sides).T, sides, strict=True):
        angles = 2.0 * np.pi * position[np.isfinite(position)] / side
        if side > 1 and len(angles):
            lengths.append(float(abs(np.exp(1j * angles).mean())))
            p_values.append(rayleigh_p_value(lengths[-1], len(angles)))
    return Tiling(
        n_units=len(weights),
        resultant_length=max(lengths, default=math.nan),
        rayleigh_p=min(1.0, len(lengths) * min(p_values)) if lengths else math.nan,
        coverage=float(footprint.any(axis=0).mean()),
        random_coverage=float(1.0 - np.prod(1.0 - footprint.mean(axis=1))),
    )


def half_peak_footprint(fields: ArrayLike) -> NDArray[np.bool_]:
    """Sites where each field is within half of its peak and of the peak's sign.

    Parameters
    ----------
    fields : array-like of shape (n_units, n_features)
        Receptive fields.

    Returns
    -------
    footprint : ndarray of bool of shape (n_units, n_features)
        Empty for a field of zeros.

    Examples
    --------
    >>> from rfsk.analysis import half_peak_footprint
    >>> half_peak_footprint([[0.2, 1.0, 0.6, -0.9, 0.0]])
    array([[False,  True,  True, False, False]])
    """
    weights = check_fields(fields)
    peak = np.take_along_axis(weights, np.abs(weights).argmax(axis=1)[:, None], axis=1)
    relative = np.divide(weights, peak, out=np.zeros_like(weights), where=peak != 0)
    return np.asarray(relative >= 0.5)
