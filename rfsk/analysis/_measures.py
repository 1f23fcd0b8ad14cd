"""Measures of single fields.

Functions with the parameter `images` expect the result of `scaled_images`.
"""

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .._core._types import Array
from .._core._validation import check_fields, check_fields_on, check_numbers, check_positive

_NO_CENTER = 1e-9  # length of the mean direction below which a field has no centre
_ONE_SITE = 1e-14  # rounding error of the length of the mean direction of a single site
_ISOTROPIC = 1e-6  # relative anisotropy of a structure tensor up to which it counts as isotropic


def scaled_images(fields: Array, sides: tuple[int, ...]) -> Array:
    """Fields as arrays on their lattice, scaled to a peak of 1; a field of zeros becomes NaN."""
    peak = np.abs(fields).max(axis=1, keepdims=True)
    scaled = np.divide(fields, peak, out=np.full_like(fields, np.nan), where=peak > 0)
    return np.asarray(scaled.reshape(-1, *sides))


def _checked_images(fields: ArrayLike, shape: int | tuple[int, ...] | None) -> Array:
    return scaled_images(*check_fields_on(fields, shape))


def ipr(fields: ArrayLike) -> Array:
    r"""Inverse participation ratio (IPR), the inverse of the number of sites that a field occupies.

    .. math::

        \mathrm{IPR}(w) = \frac{\sum_i w_i^4}{\left(\sum_i w_i^2\right)^2}

    The IPR does not depend on the scale, sign or position of the field. On D sites, the IPR is 1/D
    for a uniform field, 1.5/D for a sinusoid, about 3/D for Gaussian noise, and 1 for a field with
    one nonzero weight. The IPR of a Gaussian bump is 0.94/FWHM on a ring and 0.883/FWHM^2 on a
    torus, where FWHM is the full width at half maximum. For a field on D sites, D times the IPR
    minus 3 is the excess kurtosis of the weights, computed from their moments about zero.

    Parameters
    ----------
    fields : array-like of shape (n_units, n_features)

    Returns
    -------
    ipr : ndarray of shape (n_units,)
        IPR between 1/n_features and 1; NaN for a field of zeros.

    Examples
    --------
    >>> from rfsk.analysis import ipr
    >>> ipr([[1.0, 1.0, 1.0, 1.0], [0.0, 2.0, 0.0, 0.0]])
    array([0.25, 1.  ])
    """
    weights = check_fields(fields)
    return ipr_of(scaled_images(weights, weights.shape[1:]))


def ipr_of(images: Array) -> Array:
    """IPR of each image."""
    squares = images.reshape(len(images), -1) ** 2
    return np.asarray((squares**2).sum(axis=1) / squares.sum(axis=1) ** 2)


def field_center(fields: ArrayLike, shape: int | tuple[int, ...] | None = None) -> Array:
    """Circular centre of each field: circular mean of the sites, weighted by the squared weights.

    Parameters
    ----------
    fields : array-like of shape (n_units, n_features)
    shape : int or tuple of int, optional
        Lattice of the features, a ring by default.

    Returns
    -------
    center : ndarray of shape (n_units, n_axes)
        Positions of the centres in sites, in [0, side) on an axis with `side` sites. The centre is
        NaN for a field of zeros, and for a field whose squared weights w^2 have no mean direction,
        such as a uniform field.

    Examples
    --------
    >>> from rfsk.analysis import field_center
    >>> field_center([[1.0, 0.0, 0.0, 0.0, 1.0, 2.0]])
    array([[5.]])
    """
    return center_of(_checked_images(fields, shape))


def center_of(images: Array) -> Array:
    """Circular centre of each image, (n_images, n_axes)."""
    sides = images.shape[1:]
    position = np.angle(_mean_directions(images)) * np.array(sides) / (2.0 * np.pi) % sides
    return np.asarray(position % sides)  # a position that rounds to the side becomes 0


def field_spread(fields: ArrayLike, shape: int | tuple[int, ...] | None = None) -> Array:
    """Circular standard deviation of the squared weights about the centre of each field.

    Along an axis with `side` sites, the spread is sqrt(-2 ln R) side / (2 pi), where R is the
    length of the mean of exp(2 pi i site / side), weighted by the squared weights. Unlike
    `field_width`, the spread depends on side lobes. The spread of a Gaussian bump with standard
    deviation s is s / sqrt 2.

    Parameters
    ----------
    fields : array-like of shape (n_units, n_features)
    shape : int or tuple of int, optional
        Lattice of the features, a ring by default.

    Returns
    -------
    spread : ndarray of shape (n_units,)
        Spread in sites, the geometric mean over the axes; NaN for a field without a centre.

    Examples
    --------
    >>> import numpy as np
    >>> from rfsk.analysis import field_spread
    >>> field_spread([np.exp(-0.5 * (np.arange(100) - 50.0) ** 2 / 4.0**2)]).round(2)
    array([2.83])
    """
    return spread_of(_checked_images(fields, shape))


def spread_of(images: Array) -> Array:
    """Circular standard deviation of the squared values of each image about its centre."""
    sides = np.array(images.shape[1:])
    length = np.abs(_mean_directions(images))
    length[length > 1.0 - _ONE_SITE] = 1.0
    deviation = np.sqrt(2.0 * np.abs(np.log(length))) * sides / (2.0 * np.pi)
    if np.any(sides > 1):  # axes with a single site are ignored
        deviation = deviation[:, sides > 1]
    return np.asarray(deviation.prod(axis=1) ** (1.0 / deviation.shape[1]))


def squared_distances(sides: tuple[int, ...]) -> Array:
    """Squared distance of each site of the lattice from the first site."""
    away = [np.minimum(np.arange(side), side - np.arange(side)) ** 2.0 for side in sides]
    return np.asarray(np.sum(np.meshgrid(*away, indexing="ij"), axis=0).ravel())


def compactness(fields: ArrayLike, shape: int | tuple[int, ...] | None = None) -> Array:
    """Largest fraction of the squared weights of a field that any disc of 1 / IPR sites contains.

    For a binary mask with m ones, the compactness is the largest fraction of the ones that lie in a
    disc of m sites. The compactness of a disc is 1. Masks with few ones can be compact by chance;
    compare them with random masks that have the same number of ones.

    Parameters
    ----------
    fields : array-like of shape (n_units, n_features)
        Fields or masks.
    shape : int or tuple of int, optional
        Lattice of the features, a ring by default.

    Returns
    -------
    compactness : ndarray of shape (n_units,)
        Fraction between 0 and 1; NaN for a field of zeros.

    Examples
    --------
    >>> from rfsk.analysis import compactness
    >>> compactness([[1, 1, 0, 0, 0, 1], [1, 0, 1, 0, 1, 0]]).round(2)
    array([1.  , 0.67])
    """
    return concentration_of(_checked_images(fields, shape))


def concentration_of(images: Array) -> Array:
    """Largest fraction of the energy of an image that any disc of 1 / IPR sites contains."""
    sides, axes = images.shape[1:], tuple(range(1, images.ndim))
    energy = images**2 / (images**2).sum(axis=axes, keepdims=True)
    rank = squared_distances(sides).argsort(kind="stable").argsort()
    disc = (rank < np.round(1.0 / ipr_of(images))[:, None]).reshape(images.shape)
    modes = np.fft.rfftn(energy, axes=axes) * np.fft.rfftn(disc, axes=axes)
    within = np.fft.irfftn(modes, s=sides, axes=axes).reshape(len(images), -1).max(axis=1)
    return np.asarray(np.clip(within, 0.0, 1.0))


def compactness_of(images: Array) -> Array:
    """Magnitude of the mean of exp(2 pi i site / side), weighted by w^2, averaged over the axes."""
    return np.asarray(np.abs(np.nan_to_num(_mean_directions(images))).mean(axis=1))


def _mean_directions(images: Array) -> NDArray[np.complex128]:
    """Mean of exp(2 pi i site / side) per axis, weighted by w^2; means near zero become NaN."""
    squares, n_axes = images**2, images.ndim - 1
    directions = np.empty((len(images), n_axes), dtype=np.complex128)
    for axis, side in enumerate(images.shape[1:]):
        profile = squares.sum(axis=tuple(1 + other for other in range(n_axes) if other != axis))
        angle, total = 2.0 * np.pi * np.arange(side) / side, profile.sum(axis=1)
        directions[:, axis].real = (profile * np.cos(angle)).sum(axis=1) / total
        directions[:, axis].imag = (profile * np.sin(angle)).sum(axis=1) / total
    directions[~(np.abs(directions) > _NO_CENTER)] = np.nan
    return directions


def field_orientation(fields: ArrayLike, shape: tuple[int, ...]) -> Array:
    """Direction along which each field varies most.

    The direction is the principal axis of the matrix sum_k P(k) k k', where P(k) is the power of
    the field at wave vector k.

    Parameters
    ----------
    fields : array-like of shape (n_units, n_features)
    shape : (int, int)
        Numbers of rows and columns.

    Returns
    -------
    orientation : ndarray of shape (n_units,)
        Angle in degrees, in [0, 180): 0 for vertical bars and 90 for horizontal bars. The angle is
        NaN if no direction dominates, as for an isotropic bump.

    Examples
    --------
    >>> from rfsk.analysis import field_orientation
    >>> field_orientation([[1.0, 0.0, -1.0] * 3], (3, 3))
    array([0.])
    """
    images = _checked_images(fields, shape)
    if images.ndim != 3:
        raise ValueError(
            f"`shape` must be (rows, columns), got {shape!r}. Fields on a ring have no orientation."
        )
    return orientation_of(images)


def orientation_of(images: Array) -> Array:
    """Direction along which each image varies most, in degrees."""
    rows, columns = np.meshgrid(*map(np.fft.fftfreq, images.shape[1:]), indexing="ij")
    power = np.abs(np.fft.fft2(np.nan_to_num(images))) ** 2
    # The highest frequency of an even side stands for both directions along its axis.
    is_both = (rows == -0.5) | (columns == -0.5)
    along, across, product = (
        (power * factor).sum(axis=(1, 2))
        for factor in (columns**2, rows**2, np.where(is_both, 0.0, rows * columns))
    )
    angle = 0.5 * np.degrees(np.arctan2(2.0 * product, along - across))
    # Rounding must not turn 0 into 180.
    angle = np.where(angle < -1e-9, angle + 180.0, np.abs(angle))
    contrast = np.hypot(2.0 * product, along - across)
    return np.where(contrast > _ISOTROPIC * (along + across), angle, np.nan)


def field_width(fields: ArrayLike, shape: int | tuple[int, ...] | None = None) -> Array:
    """Full width at half maximum of the largest peak of each field.

    Parameters
    ----------
    fields : array-like of shape (n_units, n_features)
    shape : int or tuple of int, optional
        Lattice of the features, a ring by default.

    Returns
    -------
    width : ndarray of shape (n_units,)
        Width in sites, the geometric mean over the axes. Along each axis, the width is at most the
        number of sites. NaN for a field of zeros.

    Examples
    --------
    >>> from rfsk.analysis import field_width
    >>> field_width([[0.0, 1.0, 4.0, 2.0, 0.0, 0.0]]).round(2)
    array([1.67])
    """
    return width_of(_checked_images(fields, shape))


def width_of(images: Array) -> Array:
    """Full width at half maximum of the largest peak of each image."""
    sides, units = images.shape[1:], np.arange(len(images))
    magnitude = np.nan_to_num(np.abs(images)).reshape(len(images), -1)
    peak = np.unravel_index(magnitude.argmax(axis=1), sides)
    widths = images[(units, *peak)] ** 2  # 1, or NaN for a field of zeros
    for axis, side in enumerate(sides):
        line: list[NDArray[np.intp]] = [index[:, None] for index in peak]
        line[axis] = (peak[axis][:, None] + np.arange(side + 1)) % side
        profile = images[(units[:, None], *line)]
        profile = profile / profile[:, :1]
        widths *= np.minimum(_half_crossing(profile) + _half_crossing(profile[:, ::-1]), side)
    # Axes with a single site have a width of one and are left out of the mean.
    return np.asarray(widths ** (1.0 / max(sum(side > 1 for side in sides), 1)))


def _half_crossing(profiles: Array) -> Array:
    """Distance over which each row falls from its first entry, 1, to 1/2; inf if it does not."""
    below = profiles <= 0.5
    crossed = np.flatnonzero(below.any(axis=1))
    first = below[crossed].argmax(axis=1)
    before, after = profiles[crossed, first - 1], profiles[crossed, first]
    crossing = np.full(len(profiles), np.inf)
    crossing[crossed] = first - 1 + (before - 0.5) / (before - after)
    return crossing


def dominant_frequency(fields: ArrayLike, shape: int | tuple[int, ...] | None = None) -> Array:
    """Spatial frequency that carries the most power in each field.

    Parameters
    ----------
    fields : array-like of shape (n_units, n_features)
    shape : int or tuple of int, optional
        Lattice of the features, a ring by default.

    Returns
    -------
    frequency : ndarray of shape (n_units,)
        Length of the wave vector with the most power, in cycles per site, at most sqrt(n_axes) / 2.
        NaN for a field of zeros.

    Examples
    --------
    >>> from rfsk.analysis import dominant_frequency
    >>> dominant_frequency([[1.0, 0.0, -1.0, 0.0, 1.0, 0.0, -1.0, 0.0]])
    array([0.25])
    """
    return frequency_of(_checked_images(fields, shape))


def frequency_of(images: Array) -> Array:
    """Spatial frequency that carries the most power in each image."""
    power = np.abs(np.fft.fftn(np.nan_to_num(images), axes=range(1, images.ndim))) ** 2
    power = power.reshape(len(images), -1)
    grids = np.meshgrid(*map(np.fft.fftfreq, images.shape[1:]), indexing="ij")
    radius = np.sqrt(np.sum([grid**2 for grid in grids], axis=0)).ravel()
    # Rounding breaks ties between mirrored wave vectors, which have the same length.
    return np.where(power.any(axis=1), radius[power.argmax(axis=1)], np.nan)


def onset(times: ArrayLike, values: ArrayLike, factor: float = 1.5) -> float:
    """Time at which a curve first exceeds `factor` times the minimum of its earlier values.

    Parameters
    ----------
    times, values : array-like of shape (n,)
        Times in increasing order, and values of the curve. Times and values must not be negative.
    factor : float, default=1.5
        Factor, larger than 1.

    Returns
    -------
    time : float
        Time of the onset, interpolated linearly in the logarithm of time; NaN if there is none.

    Examples
    --------
    >>> from rfsk.analysis import onset
    >>> round(onset([1.0, 10.0, 100.0], [0.02, 0.02, 0.04]), 3)
    31.623
    """
    times, values = check_numbers(times, "times"), check_numbers(values, "values")
    check_positive(factor, "factor")
    is_curve = times.ndim == 1 and times.shape == values.shape
    if not is_curve or np.any(times < 0) or np.any(values < 0) or factor <= 1.0:
        raise ValueError(
            "`times` and `values` must be nonnegative and of the same length, and `factor` must be "
            f"above 1, got shapes {times.shape} and {values.shape}, and factor={factor!r}."
        )
    limits = factor * np.minimum.accumulate(values)
    above = np.flatnonzero(values > limits)
    if not len(above):
        return math.nan
    pair = slice(above[0] - 1, above[0] + 1)  # the first value is its own minimum
    with np.errstate(divide="ignore"):  # at time 0
        return float(np.exp(np.interp(limits[pair][0], values[pair], np.log(times[pair]))))
