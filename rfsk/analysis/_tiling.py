"""How a population of receptive fields covers its lattice."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .._core._validation import check_fields_on
from ._measures import center_of, scaled_images

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Tiling:
    """Coverage of a lattice by a population of fields.

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
        Fraction of the sites at which some field exceeds half of its peak.
    random_coverage : float
        Coverage expected of fields with the same footprints at independent uniform places.

    Examples
    --------
    >>> from rfsk.analysis import tiling
    >>> tiling([[1.0, 0.0, 0.0, 0.0]])
    Tiling(n_units=1, resultant_length=1.0, rayleigh_p=1.0, coverage=0.25, random_coverage=0.25)
    """

    n_units: int
    resultant_length: float
    rayleigh_p: float
    coverage: float
    random_coverage: float


def rayleigh_p_value(resultant_length: float, n: int) -> float:
    """p-value of Rayleigh's test that n angles are uniform, given the length of their mean.

    Zar's approximation, exp( sqrt(1 + 4n + 4 (n^2 - R^2)) - (1 + 2n) ) with R = n times the
    resultant length (J. H. Zar, Biostatistical Analysis, equation 27.4).
    """
    if n == 1:
        return 1.0  # the approximation does not hold for a single angle
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

    Examples
    --------
    >>> import numpy as np
    >>> from rfsk.analysis import tiling
    >>> bump = np.exp(-((np.arange(100) - 50.0) ** 2) / 20)
    >>> found = tiling([np.roll(bump, shift) for shift in range(0, 100, 5)])
    >>> found.coverage, round(found.random_coverage, 2), round(found.rayleigh_p, 2)
    (1.0, 0.77, 1.0)
    """
    return tiling_of(*check_fields_on(fields, shape))


def tiling_of(weights: Array, sides: tuple[int, ...]) -> Tiling:
    """Tiling of fields that are checked already."""
    weights = weights[np.any(weights != 0.0, axis=1)]
    if not len(weights):
        return Tiling(0, *[math.nan] * 4)
    footprint, centers = _footprint(weights), center_of(scaled_images(weights, sides))
    lengths, p_values = [], []
    for position, side in zip(centers.T, sides, strict=True):
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


def _footprint(weights: Array) -> NDArray[np.bool_]:
    """Sites where each field is within half of its peak and of the peak's sign."""
    peak = np.take_along_axis(weights, np.abs(weights).argmax(axis=1)[:, None], axis=1)
    return np.asarray(weights / peak >= 0.5)
