"""Fits of Gaussians, Gabor functions and differences of Gaussians to receptive fields."""

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import least_squares

from .._core._types import Array
from .._core._validation import check_fields_on, check_option
from ._measures import center_of, scaled_images, width_of

PROFILES = ("gaussian", "gabor", "dog")
_FWHM = 2.0 * math.sqrt(2.0 * math.log(2.0))  # full width at half maximum of a Gaussian, in sigma
_SURROUND = [(-1.0, 1.0), (1.1, 10.0)]  # bounds of relative amplitude and width of the surround


def fit_profiles(
    fields: ArrayLike, shape: int | tuple[int, ...] | None = None, *, profile: str = "gaussian"
) -> Any:
    r"""Fit Gaussians, Gabor functions or differences of Gaussians to fields by least squares.

    Let d be the displacement from the centre of the profile, and u the components of d along the
    axes of the profile. On a ring, u = d. On images, the axes of the profile are rotated by an
    angle: u_0 = d_0 cos(angle) + d_1 sin(angle) and u_1 = -d_0 sin(angle) + d_1 cos(angle). With
    widths sigma_a along the axes a of the profile, let q = sum_a u_a^2 / sigma_a^2. A Gabor
    function with amplitude A, wave vector f and phase phi (Daugman, Journal of the Optical Society
    of America A 2, 1160, 1985) is

    .. math:: A\, e^{-q/2} \cos(2 \pi f \cdot d + \phi).

    A Gaussian is a Gabor function with frequency f = 0 and phase phi = 0. A difference
    of Gaussians (Rodieck, Vision Research 5, 583, 1965) is

    .. math:: A \left[e^{-q/2} - \mathrm{ratio}\; e^{-q / (2\, \mathrm{scale}^2)}\right].

    In a difference of Gaussians, the ratio is the amplitude of the surround divided by the
    amplitude of the centre, and the scale is the width of the surround divided by the width of the
    centre.

    Parameters
    ----------
    fields : array-like of shape (n_units, n_features)
    shape : int or tuple of int, optional
        Lattice of the features, a ring by default.
    profile : {"gaussian", "gabor", "dog"}, default="gaussian"
        Profile to fit; "dog" stands for the difference of Gaussians.

    Returns
    -------
    fit : pandas.DataFrame
        One row per field, with NaN for a field of zeros. Columns: amplitude, which is A and is
        positive for Gabor functions; center_0 (and center_1), the centre in sites, in [0, side);
        width_0 (and width_1), the full width at half maximum of exp(-q/2) along each axis of the
        profile, in sites, equal to sqrt(8 ln 2) sigma; frequency_0 (and frequency_1), which is f in
        cycles per site; angle, in degrees, in [-45, 45], and 0 on a ring; phase, which is phi in
        radians, in [0, 2 pi); explained_variance, ``1 - |w - fit|^2 / |w|^2`` for a field w;
        surround_ratio and surround_scale, the ratio in [-1, 1] and the scale in [1.1, 10] of a
        difference of Gaussians, or 0 and NaN for other profiles.

    Examples
    --------
    >>> import numpy as np
    >>> from rfsk.analysis import fit_profiles
    >>> fit = fit_profiles([-2.0 * np.exp(-0.5 * (np.arange(100) - 60.0) ** 2 / 4.0**2)])
    >>> fit[["amplitude", "center_0", "width_0"]].round(2)
       amplitude  center_0  width_0
    0       -2.0      60.0     9.42
    """
    check_option(profile, "profile", PROFILES)
    weights, sides = check_fields_on(fields, shape)
    return profiles_of(weights.reshape(-1, *sides), profile)


def profiles_of(images: Array, profile: str) -> Any:
    """Fit profiles to fields that are given as arrays on their lattice."""
    import pandas as pd

    flat = images.reshape(len(images), -1)
    widths = width_of(scaled_images(flat, images.shape[1:]))
    rows = np.array([_fit(w, width, profile) for w, width in zip(images, widths, strict=True)])
    kinds, axes = ("center", "width", "frequency"), range(images.ndim - 1)
    names = ["amplitude", *(f"{kind}_{axis}" for kind in kinds for axis in axes), "angle", "phase"]
    return pd.DataFrame(
        rows, columns=[*names, "explained_variance", "surround_ratio", "surround_scale"]
    )


def _fit(field: Array, width: float, profile: str) -> Array:
    """Fit a profile to one field, and return its row of the result of `fit_profiles`."""
    sides, n = np.array(field.shape), field.ndim
    scale = float(np.abs(field).max())
    if scale == 0.0:
        return np.full(3 * n + 6, np.nan)
    target = field / scale
    sites = np.indices(field.shape).reshape(n, -1)
    peak = np.array(np.unravel_index(np.abs(target).argmax(), field.shape), dtype=np.float64)
    sigma, angle = _axes_of(target, peak, max(width, 1.0) / _FWHM)
    n_turns = n - 1  # number of angles: none on a ring

    def basis(parameters: Array) -> Array:
        """Profile of unit amplitude, or the cosine and sine parts of a Gabor function."""
        moved = sites - parameters[:n, None]
        moved -= np.round(moved / sides[:, None]) * sides[:, None]
        sigmas = np.exp(parameters[n : 2 * n, None])
        turn = parameters[2 * n] if n_turns else 0.0
        c, s = math.cos(turn), math.sin(turn)
        turned = np.array([[c, s], [-s, c]])[:n, :n] @ moved
        envelope: Array = np.exp(-0.5 * np.sum((turned / sigmas) ** 2, axis=0))
        if profile == "gaussian":
            return envelope[:, None]
        if profile == "dog":
            ratio, scale = parameters[-2:]
            return np.asarray(envelope - ratio * envelope ** (scale**-2.0))[:, None]
        phase = 2.0 * np.pi * parameters[2 * n + n_turns :] @ moved
        return np.stack([envelope * np.cos(phase), envelope * np.sin(phase)], axis=1)

    def residual(parameters: Array) -> Array:
        columns = basis(parameters)
        # The best amplitudes for these parameters follow from a linear fit (variable projection).
        amplitudes = np.linalg.lstsq(columns, target.ravel(), rcond=None)[0]
        return np.asarray(columns @ amplitudes - target.ravel())

    # Bounds of the centre, logarithmic widths, angle, and further parameters of the profile.
    bounds = [(-np.inf, np.inf)] * n + [(math.log(0.2), math.log(2.0 * side)) for side in sides]
    bounds += [(-np.inf, np.inf)] * n_turns
    bounds += {"gaussian": [], "gabor": [(-0.5, 0.5)] * n, "dog": _SURROUND}[profile]
    lower, upper = np.transpose(bounds)
    fits = [
        least_squares(residual, np.clip(initial, lower, upper), bounds=(lower, upper), max_nfev=200)
        for initial in _initial_parameters(target, peak, sigma, np.full(n_turns, angle), profile)
    ]
    best = min(fits, key=lambda fit: fit.cost)
    amplitudes = np.linalg.lstsq(basis(best.x), target.ravel(), rcond=None)[0]
    frequency, phase, amplitude, ratio, surround = np.zeros(n), 0.0, amplitudes[0], 0.0, np.nan
    if profile == "dog":
        ratio, surround = best.x[-2:]
    if profile == "gabor":
        frequency = best.x[2 * n + n_turns :]
        amplitude, phase = np.hypot(*amplitudes), math.atan2(-amplitudes[1], amplitudes[0])
    explained = 1.0 - 2.0 * best.cost / float(np.sum(target**2))
    widths = _FWHM * np.exp(best.x[n : 2 * n])
    degrees = 0.0
    if n_turns:
        quarters = round(best.x[2 * n] / (0.5 * math.pi))
        degrees = math.degrees(best.x[2 * n] - 0.5 * math.pi * quarters)
        widths = widths[::-1] if quarters % 2 else widths
    numbers = [degrees, phase % (2.0 * np.pi), explained, ratio, surround]
    return np.concatenate([[scale * amplitude], best.x[:n] % sides, widths, frequency, numbers])


def _axes_of(target: Array, peak: Array, sigma: float) -> tuple[Array, float]:
    """Widths of the squared field along its principal axes, and the angle of these axes."""
    if target.ndim == 1:
        return np.array([sigma]), 0.0
    sides = np.array(target.shape)[:, None]
    moved = np.indices(target.shape).reshape(2, -1) - peak[:, None]
    moved -= np.round(moved / sides) * sides
    variances, axes = np.linalg.eigh((moved * target.ravel() ** 2) @ moved.T)
    ratio = (max(variances[0], 1e-3 * variances[1]) / variances[1]) ** 0.25
    return sigma * np.array([ratio, 1.0 / ratio]), math.atan2(axes[1, 0], axes[0, 0])


def _initial_parameters(
    target: Array, peak: Array, sigma: Array, angle: Array, profile: str
) -> list[Array]:
    """Initial parameters of the fits of a profile to one field.

    For a Gabor function, the initial frequencies are the three strongest frequencies of the field.
    """
    bump = np.concatenate([peak, np.log(sigma), angle])
    if profile == "gaussian":
        return [bump]
    if profile == "dog":
        # If the surround is strong, the peak of the field is not at the centre of the profile.
        middle = center_of(target[None])[0]
        places = [peak, middle] if np.isfinite(middle).all() else [peak]
        return [
            np.concatenate([place, np.log(sigma), angle, [ratio, 2.0]])
            for place in places
            for ratio in (0.0, 0.9)
        ]
    power = np.abs(np.fft.rfftn(target)) ** 2
    grids = [np.fft.fftfreq(side) for side in target.shape[:-1]]
    frequencies = np.meshgrid(*grids, np.fft.rfftfreq(target.shape[-1]), indexing="ij")
    return [
        np.concatenate(
            [peak, np.log(spread * sigma), angle, [f.flat[strongest] for f in frequencies]]
        )
        for strongest in np.argsort(-power, axis=None)[:3]
        for spread in (1.0, 2.5)
    ]
