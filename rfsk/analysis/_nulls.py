"""Surrogates with random phases, and tests whether they are a valid null hypothesis."""

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .._core._mistakes import warn_likely_mistake
from .._core._random import as_generator
from .._core._types import Array
from .._core._validation import (
    check_array,
    check_features,
    check_fields,
    check_fields_on,
    check_image_shape,
)
from ..exceptions import NotTestableWarning
from ._measures import concentration_of, ipr_of, scaled_images
from ._receptive_fields import receptive_fields

_ROUNDING = 1e-9  # rounding error of a fraction of the energy
_MOST = 0.55  # fraction of the energy that one of two equal noisy bumps does not reach
_FEWEST_FIELDS = 8  # fewer fields can concentrate at the same sites by chance
_N_SHIFTS = 999
_N_PARTS = 20  # number of parts of the inputs whose variances are compared
_UNEVEN = 0.2  # squared coefficient of variation, over sites, of the energy common to the fields
_VARIANCE = 0.1  # coefficient of variation of the variances of the sites
_BOUNDARY = 0.1  # difference of correlations of neighbours inside the lattice and across its edge
_CLEARLY = 4.0  # smallest significant difference, in standard errors
_N_ROWS = 2000  # number of inputs drawn from an input model


def random_phases(sides: tuple[int, ...], n_null: int, rng: np.random.Generator) -> Array:
    """Phase factors of the Fourier modes of real white noise, (n_null, *half spectrum)."""
    modes = np.fft.rfftn(rng.standard_normal((n_null, *sides)), axes=range(1, 1 + len(sides)))
    return np.asarray(modes / np.abs(modes))


def with_phases(images: Array, phases: Array) -> Array:
    """Images with the power spectra of the given images and with the given Fourier phases."""
    axes = tuple(range(1 - phases.ndim, 0))
    amplitude = np.abs(np.fft.rfftn(images, axes=axes))
    return np.asarray(np.fft.irfftn(amplitude * phases, s=images.shape[axes[0] :], axes=axes))


def ipr_p_values(images: Array, null: Array) -> Array:
    """p-value of the IPR of each image; `null` holds the IPR of null fields, or random phases."""
    p_values, ratio = np.full(len(images), np.nan), ipr_of(images)
    for unit in np.flatnonzero(np.isfinite(ratio)):
        found = null if null.ndim == 1 else ipr_of(with_phases(images[unit], null))
        # The IPR of a sinusoid equals that of its surrogates and must not exceed it by rounding.
        at_least = np.count_nonzero(found >= ratio[unit] * (1.0 - 1e-9))
        p_values[unit] = (1 + at_least) / (1 + len(null))
    return p_values


def compact_p_values(images: Array, n_null: int) -> Array:
    """p-value of the concentration of each image, compared with permutations of its sites.

    The p-value is 1 if no disc of 1 / IPR sites has 55 % of the energy, as for two equal bumps. If
    a single site has half of the energy, permutations cannot scatter this energy, and the p-value
    is set to the smallest possible value. The p-value of a field of zeros is NaN.
    """
    found, n_sites = concentration_of(images), images[0].size
    p_values = np.where(np.isfinite(found), 1.0, np.nan)
    orders = np.random.default_rng(0).permuted(np.tile(np.arange(n_sites), (n_null, 1)), axis=1)
    for unit in np.flatnonzero(found > _MOST):
        # Sorted weights give the same result for all shifts of a field.
        weights, n_above = np.sort(np.abs(images[unit]), axis=None), 0
        if np.square(weights).sum() >= 2.0:  # the largest is 1
            null = concentration_of(weights[orders].reshape(-1, *images.shape[1:]))
            n_above = int((null >= found[unit] - _ROUNDING).sum())
        p_values[unit] = (1 + n_above) / (1 + n_null)
    return p_values


def null_ipr(null: Any, n_features: int) -> Array:
    """Sorted IPR of the given null fields, or of the fields of a fitted net."""
    fields = check_fields(receptive_fields(null) if hasattr(null, "fit") else null, "null")
    check_features(fields, n_features, "null")
    ratio = ipr_of(scaled_images(fields, fields.shape[1:]))
    alive = np.sort(ratio[np.isfinite(ratio)])
    if not len(alive):
        raise ValueError("`null` must have nonzero fields, got only zeros.")
    return alive


def random_phase_fields(
    fields: ArrayLike, shape: int | tuple[int, ...] | None = None, random_state: Any = None
) -> Array:
    """Surrogates of fields, with the same power spectra and random Fourier phases.

    Parameters
    ----------
    fields : array-like of shape (n_units, n_features)
    shape : int or tuple of int, optional
        Lattice of the features, a ring by default.
    random_state : int, Generator, RandomState or None, default=None
        Seed of the phases.

    Returns
    -------
    surrogates : ndarray of shape (n_units, n_features)

    Examples
    --------
    >>> from rfsk.analysis import ipr, random_phase_fields
    >>> bool(ipr(random_phase_fields([[1.0] + [0.0] * 99], random_state=0))[0] < 0.05)
    True
    """
    weights, sides = check_fields_on(fields, shape)
    phases = random_phases(sides, len(weights), as_generator(random_state))
    return with_phases(weights.reshape(-1, *sides), phases).reshape(weights.shape)


def why_not_testable(
    fields: ArrayLike, shape: int | tuple[int, ...] | None = None, inputs: Any = None
) -> str | None:
    """Reason why random phases are not a valid null hypothesis, or None if they are valid.

    Random phases are a valid null hypothesis if all sites of the lattice are equivalent. If
    `inputs` are given, the function compares the variances of all sites, and it compares the
    correlations of neighbours inside the lattice with those across its boundary. Without `inputs`,
    the function tests whether the fields concentrate at the same sites more than randomly shifted
    fields do.

    Parameters
    ----------
    fields : array-like of shape (n_units, n_features)
    shape : int or tuple of int, optional
        Lattice of the features, a ring by default.
    inputs : array-like of shape (n_samples, n_features), or input model, optional
        Inputs from which the fields were learned.

    Returns
    -------
    reason : str or None
        Reason as a clause without a full stop, or None if random phases are a valid null
        hypothesis.

    Examples
    --------
    >>> import numpy as np
    >>> from rfsk.analysis import why_not_testable
    >>> stimuli = np.random.default_rng(0).standard_normal((1000, 20)) * np.linspace(1.0, 2.0, 20)
    >>> why_not_testable(np.eye(20), inputs=stimuli)
    'the variances of the sites differ, by 41% of their mean'
    """
    weights = check_array(fields, "fields")
    return reason_not_testable(weights, check_image_shape(shape, weights.shape[1]), inputs)


def reason_not_testable(fields: Array, sides: tuple[int, ...], inputs: Any) -> str | None:
    """Reason that `why_not_testable` returns, without a check of the arguments."""
    if inputs is None:
        alive = fields[np.any(fields != 0.0, axis=1)]
        if len(alive) < _FEWEST_FIELDS:
            return None
        energy = np.square(alive / np.abs(alive).max(axis=1, keepdims=True))
        if _unevenness(energy / energy.sum(axis=1, keepdims=True), sides, _UNEVEN) == 0.0:
            return None
        return (
            "the fields concentrate at the same sites, so that the sites of the inputs do not seem "
            "to be equivalent (if they are equivalent, pass `inputs`, and these are tested instead "
            "of the fields)"
        )
    if hasattr(inputs, "sample"):
        inputs = inputs.sample(_N_ROWS, random_state=0)
        inputs = inputs[0] if isinstance(inputs, tuple) else inputs
    rows = check_array(inputs, "inputs", ensure_min_samples=4)
    check_features(rows, fields.shape[1], "inputs")
    if not np.ptp(rows):
        raise ValueError("`inputs` must not be constant. Pass inputs that vary.")
    return _why_inputs(rows - rows.mean(), sides)


def warn_not_testable(fields: Array, sides: tuple[int, ...], inputs: Any) -> str | None:
    """Return the reason why fields cannot be tested, if there is one, and warn."""
    reason = reason_not_testable(fields, sides, inputs)
    if reason is not None:
        warn_likely_mistake(
            f"Localization cannot be tested with random phases: {reason}. "
            "On any data, rfsk.control_test(net, X, y) compares the net with nets trained on "
            "Gaussian controls. LocalizationAnalyzer accepts the fields of such nets as `null`.",
            NotTestableWarning,
        )
    return reason


def _unevenness(energy: Array, sides: tuple[int, ...], least: float) -> float:
    """Squared coefficient of variation, across sites, of the mean energy of all rows.

    The coefficient of variation is estimated from products of different rows. The result is 0 if
    the estimate is at most `least`, or if randomly shifted rows give at least as large an estimate.
    """
    n_sites, sums = energy.shape[1], energy.sum(axis=1)
    pairs = np.square(sums.sum()) - np.square(sums).sum()

    def common(total: Array) -> float:
        products = np.square(total).sum() - np.square(energy).sum()
        return float(n_sites * products / pairs - 1.0)

    found = common(energy.sum(axis=0))
    if found <= least:
        return 0.0
    sites = np.indices(sides).reshape(len(sides), 1, -1)
    rng = np.random.default_rng(0)
    for _ in range(_N_SHIFTS):
        places = np.unravel_index(rng.integers(n_sites, size=len(energy)), sides)
        moved = np.ravel_multi_index([*(sites - np.array(places)[:, :, None])], sides, mode="wrap")
        if common(np.take_along_axis(energy, moved, axis=1).sum(axis=0)) >= found:
            return 0.0
    return found


def _why_inputs(rows: Array, sides: tuple[int, ...]) -> str | None:
    """Reason why the sites of centred inputs are not equivalent, or None."""
    parts = np.array_split(np.square(rows), min(_N_PARTS, len(rows) // 2))
    variances = np.stack([part.mean(axis=0) for part in parts])
    uneven = math.sqrt(_unevenness(variances, sides, _VARIANCE**2))
    if uneven:
        return f"the variances of the sites differ, by {uneven:.0%} of their mean"
    images = rows.reshape(-1, *sides)
    for axis, side in enumerate(sides, start=1):
        if side < 4:
            continue
        neighbours = images * np.roll(images, -1, axis=axis) / variances.mean()
        across = np.take(neighbours, -1, axis=axis).reshape(len(rows), -1).mean(axis=1)
        inside = np.delete(neighbours, -1, axis=axis).reshape(len(rows), -1).mean(axis=1)
        difference = inside - across
        error = difference.std() / np.sqrt(len(rows))
        if abs(difference.mean()) > max(_BOUNDARY, _CLEARLY * error):
            return (
                f"neighbouring sites have a correlation of {inside.mean():.2f} inside the lattice "
                f"and of {across.mean():.2f} across its boundary, which is not periodic"
            )
    return None
