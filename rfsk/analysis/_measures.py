"""Measures of one receptive field: how localized, how wide, where, at which frequency."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .._core._validation import check_fields, check_fields_on

Array = NDArray[np.float64]

# A field whose weight is spread this evenly around the ring has no centre.
_NO_CENTER = 1e-9
# Rounding of the length of a mean direction, below which a field is on one site of an axis.
_ONE_SITE = 1e-14
_ISOTROPIC = 1e-6  # difference of the principal values of a structure tensor that is rounding


def _normalized(fields: Array) -> Array:
    """Fields scaled to a largest magnitude of 1, so that powers neither over- nor underflow."""
    peak = np.abs(fields).max(axis=1, keepdims=True)
    return np.asarray(np.divide(fields, peak, out=np.full_like(fields, np.nan), where=peak > 0))


def ipr(fields: ArrayLike) -> Array:
    """Inverse participation ratio: the inverse of the number of sites a field lives on.

    IPR(w) = sum_i w_i^4 / (sum_i w_i^2)^2. With D sites it is 1/D for a uniform field,
    1.5/D for a sinusoid, 3/D on average for Gaussian noise, 0.94/FWHM for a Gaussian bump on
    a ring (0.883/FWHM^2 on a torus) and 1 for a single site. It does not change with the
    scale, sign or position of the field; D IPR - 3 is the excess kurtosis of the weights.

    Parameters
    ----------
    fields : array-like of shape (n_units, n_features)
        Receptive fields.

    Returns
    -------
    ipr : ndarray of shape (n_units,)
        Between 1/n_features and 1; NaN for a field of zeros.

    Examples
    --------
    >>> import numpy as np
    >>> from rfsk.analysis import ipr
    >>> sites = np.arange(100)
    >>> ipr([np.ones(100), np.cos(2 * np.pi * 3 * sites / 100), np.eye(100)[7]])
    array([0.01 , 0.015, 1.   ])
    """
    squares = _normalized(check_fields(fields)) ** 2
    return np.asarray((squares**2).sum(axis=1) / squares.sum(axis=1) ** 2)


def field_center(fields: ArrayLike, shape: int | tuple[int, ...] | None = None) -> Array:
    """Circular centre of each field: the mean direction of w^2 around every axis.

    Parameters
    ----------
    fields : array-like of shape (n_units, n_features)
        Receptive fields.
    shape : int or tuple of int, optional
        Lattice of the features, a ring by default.

    Returns
    -------
    center : ndarray of shape (n_units, n_axes)
        Position in sites, in [0, side); NaN where the weight is spread evenly around the
        axis or the field is zero.

    Examples
    --------
    >>> import numpy as np
    >>> from rfsk.analysis import field_center
    >>> field_center([np.roll([1.0, 2.0, 1.0, 0.0, 0.0, 0.0], -2)])  # across the seam
    array([[5.]])
    """
    directions, sides = _mean_directions(fields, shape)
    position = np.angle(directions) * np.array(sides) / (2.0 * np.pi) % sides
    return np.asarray(position % sides)  # what rounds to the side is at its first site


def field_spread(fields: ArrayLike, shape: int | tuple[int, ...] | None = None) -> Array:
    """Circular standard deviation of w^2 about its centre, sqrt(-2 ln R) side / (2 pi).

    R is the length of the mean direction around an axis. Unlike the width it counts all of the
    field, side lobes included; a Gaussian bump w of standard deviation s has s / sqrt 2.

    Parameters
    ----------
    fields : array-like of shape (n_units, n_features)
        Receptive fields.
    shape : int or tuple of int, optional
        Lattice of the features, a ring by default.

    Returns
    -------
    spread : ndarray of shape (n_units,)
        In sites, the geometric mean over axes; 0 for a single site, NaN where a field has no
        centre.

    Examples
    --------
    >>> import numpy as np
    >>> from rfsk.analysis import field_spread
    >>> bump = np.exp(-0.5 * (np.arange(100) - 50.0) ** 2 / 4.0**2)
    >>> field_spread([bump]).round(2)
    array([2.83])
    """
    directions, sides = _mean_directions(fields, shape)
    length = np.abs(directions)
    length[length > 1.0 - _ONE_SITE] = 1.0
    deviation = np.sqrt(2.0 * np.abs(np.log(length))) * np.array(sides) / (2.0 * np.pi)
    # An axis of a single site spreads nothing, and leaves the others' mean as it is.
    deviation[:, np.array(sides) == 1] += 1.0
    spread = np.asarray(deviation.prod(axis=1))
    wide = sum(side > 1 for side in sides)
    return spread ** (1.0 / wide) if wide else spread - 1.0


def field_orientation(fields: ArrayLike, shape: tuple[int, ...]) -> Array:
    """Direction along which each image varies most.

    It is the principal axis of sum_k P(k) k k', P the power of the wave vector k: the structure
    tensor of the image.

    Parameters
    ----------
    fields : array-like of shape (n_units, n_features)
        Receptive fields.
    shape : (int, int)
        (rows, columns).

    Returns
    -------
    orientation : ndarray of shape (n_units,)
        In degrees, in [0, 180): 0 for a wave that runs along the columns (vertical bars), 90 for
        one that runs down the rows. NaN where no direction stands out, as of a round bump.

    Examples
    --------
    >>> import numpy as np
    >>> from rfsk.analysis import field_orientation
    >>> bars = np.tile([1.0, 0.0, -1.0, 0.0], (4, 1))
    >>> field_orientation([bars.ravel(), bars.T.ravel()], (4, 4))
    array([ 0., 90.])
    """
    images, sides = scaled_images(fields, shape)
    if len(sides) != 2:
        raise ValueError(f"shape={shape!r}; expected (rows, columns): lines have no orientation.")
    rows, columns = np.meshgrid(*[np.fft.fftfreq(side) for side in sides], indexing="ij")
    power = np.abs(np.fft.fft2(np.nan_to_num(images))) ** 2
    # Waves of the highest frequency run both ways along their axis.
    is_both = (rows == -0.5) | (columns == -0.5)
    along, across, product = (
        (power * factor).sum(axis=(1, 2))
        for factor in (columns**2, rows**2, np.where(is_both, 0.0, rows * columns))
    )
    angle = 0.5 * np.degrees(np.arctan2(2.0 * product, along - across))
    angle = np.where(angle < -1e-9, angle + 180.0, np.abs(angle))  # 0, not 180, up to rounding
    contrast = np.hypot(2.0 * product, along - across)
    return np.where(contrast > _ISOTROPIC * (along + across), angle, np.nan)


def field_width(fields: ArrayLike, shape: int | tuple[int, ...] | None = None) -> Array:
    """Full width at half maximum of the largest peak of each field.

    From the site of largest magnitude the field is followed along each axis, with linear
    interpolation between sites, until it falls to half the peak. Two dimensions take the
    geometric mean of both axes.

    Parameters
    ----------
    fields : array-like of shape (n_units, n_features)
        Receptive fields.
    shape : int or tuple of int, optional
        Lattice of the features, a ring by default.

    Returns
    -------
    width : ndarray of shape (n_units,)
        In sites; the side of the lattice where a field never falls to half its peak, NaN
        for a field of zeros.

    Examples
    --------
    >>> import numpy as np
    >>> from rfsk.analysis import field_width
    >>> bump = np.exp(-((np.arange(100) - 50.0) ** 2) / (2 * 4.0**2))
    >>> field_width([bump]).round(1)  # 2 sqrt(2 ln 2) standard deviations
    array([9.4])
    """
    images, sides = scaled_images(fields, shape)
    flat = images.reshape(len(images), -1)
    dead = np.isnan(flat[:, 0])
    peak_site = np.abs(np.where(dead[:, None], 0.0, flat)).argmax(axis=1)
    peak_index = np.unravel_index(peak_site, sides)
    units = np.arange(len(images))
    widths = np.ones(len(images))
    for axis, side in enumerate(sides):
        line: list[NDArray[np.intp]] = [index[:, None] for index in peak_index]
        line[axis] = (peak_index[axis][:, None] + np.arange(side + 1)) % side
        profile = images[(units[:, None], *line)]
        profile = profile / profile[:, :1]
        forward, backward = _half_crossing(profile), _half_crossing(profile[:, ::-1])
        # An axis of a single site has no width, and leaves the others' mean as it is.
        widths *= np.minimum(forward + backward, side) if side > 1 else 1.0
    wide = sum(side > 1 for side in sides)
    return np.where(dead, np.nan, widths ** (1.0 / max(wide, 1)))


def _half_crossing(profiles: Array) -> Array:
    """Distance from the first entry of each row, which is 1, to where it falls to a half."""
    below = profiles <= 0.5
    first = np.where(below.any(axis=1), below.argmax(axis=1), profiles.shape[1])
    crossing = np.full(len(profiles), np.inf)
    crossed = np.flatnonzero(first < profiles.shape[1])
    after = profiles[crossed, first[crossed]]
    before = profiles[crossed, first[crossed] - 1]
    crossing[crossed] = first[crossed] - 1 + (before - 0.5) / (before - after)
    return crossing


def dominant_frequency(fields: ArrayLike, shape: int | tuple[int, ...] | None = None) -> Array:
    """Spatial frequency that carries the most power in each field.

    Parameters
    ----------
    fields : array-like of shape (n_units, n_features)
        Receptive fields.
    shape : int or tuple of int, optional
        Lattice of the features, a ring by default.

    Returns
    -------
    frequency : ndarray of shape (n_units,)
        In cycles a site (length of the wave vector in two dimensions), between 0 and
        sqrt(n_axes)/2; NaN for a field of zeros.

    Examples
    --------
    >>> import numpy as np
    >>> from rfsk.analysis import dominant_frequency
    >>> dominant_frequency([np.cos(2 * np.pi * 7 * np.arange(100) / 100)])
    array([0.07])
    """
    images, sides = scaled_images(fields, shape)
    dead = np.isnan(images.reshape(len(images), -1)[:, 0])
    power = np.abs(np.fft.fftn(np.nan_to_num(images), axes=range(1, 1 + len(sides)))) ** 2
    grids = np.meshgrid(*[np.fft.fftfreq(side) for side in sides], indexing="ij")
    radius = np.sqrt(np.sum([grid**2 for grid in grids], axis=0)).ravel()
    # Ties between a wave vector and its mirror images are broken by rounding; all of them
    # have one length.
    return np.where(dead, np.nan, radius[power.reshape(len(images), -1).argmax(axis=1)])


def _mean_directions(
    fields: ArrayLike, shape: int | tuple[int, ...] | None
) -> tuple[NDArray[np.complex128], tuple[int, ...]]:
    """Mean of exp(2 pi i site / side), weighted by w^2, around each axis; and the lattice.

    (n_units, n_axes) numbers within the unit circle; NaN where the weight is spread evenly.
    """
    weights, sides = scaled_images(fields, shape)
    squares = weights**2
    directions = np.empty((len(squares), len(sides)), dtype=np.complex128)
    for axis, side in enumerate(sides):
        others = tuple(1 + other for other in range(len(sides)) if other != axis)
        profile = squares.sum(axis=others)
        angle = 2.0 * np.pi * np.arange(side) / side
        total = profile.sum(axis=1)
        directions[:, axis].real = (profile * np.cos(angle)).sum(axis=1) / total
        directions[:, axis].imag = (profile * np.sin(angle)).sum(axis=1) / total
    directions[~(np.abs(directions) > _NO_CENTER)] = np.nan
    return directions, sides


def scaled_images(
    fields: ArrayLike, shape: int | tuple[int, ...] | None
) -> tuple[Array, tuple[int, ...]]:
    """Fields scaled to a peak of 1 and laid out on their lattice; a zero field is NaN."""
    weights, sides = check_fields_on(fields, shape)
    return _normalized(weights).reshape(len(weights), *sides), sides
