"""Elasticity of the drive of a ReLU neuron at the uniform field, estimated by sampling."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.optimize import elementwise
from sklearn.utils import gen_batches

from .._core._random import as_generator
from .._core._types import Array, Integers
from ..datasets import GaussianClone, GaussianField, LatentField
from ._statistics import FieldStatistics

Map = Callable[[Array], Array]

_CELLS = 2**20  # pixels sampled at a time
_FURTHEST = 9.0  # bound on the roots, in standard deviations of the mean of the latent field
_STEP, _TOLERANCE = 3e-3, 1e-7  # step for slopes, and tolerance of roots, in the same units
_NO_JUMP = 0.1  # largest relative difference of the slopes on both sides of a root without a jump
_FREQUENT, _JUMP = 3.0, 0.05  # range of the latent field; smallest step that is a jump
_TABLE = np.linspace(-14.0, 14.0, 2**15 + 1)  # latent values at which maps are tabulated
_MEAN = math.sqrt(2.0 / math.pi)  # E|U| of a standard normal U


def exact_elasticity(
    source: Any, statistics: FieldStatistics, modes: Integers, n_samples: int, random_state: Any
) -> tuple[Array, Array]:
    r"""Elasticities of Fourier modes, and their standard errors due to sampling from a model.

    Let S be the sum of an input x over the D sites, x_k the Fourier mode k of x, p_S the density of
    S, and s the spectrum of the inputs. The elasticity of mode k is

    .. math::

        \frac{2 D\, s(0)\, p_S(0)\, E[\, \lvert x_k \rvert^2 / D \mid S = 0]}
        {E\lvert S \rvert\, s(k)}.

    If the pixels are a smooth increasing function of a Gaussian field z, the density p_S is
    computed exactly: if the differences of z from its mean over the sites are held fixed, the sum S
    increases with the mean of z and is zero at a single value of the mean. For other inputs, the
    density p_S is estimated with a kernel.
    """
    if statistics.is_elliptical or isinstance(source, GaussianField | GaussianClone):
        return np.ones(len(modes)), np.zeros(len(modes))
    D, spectrum, sides = statistics.n_features, statistics.spectrum, statistics.shape
    angles = np.stack(np.unravel_index(modes, sides)) / np.array(sides)[:, None]
    sites = np.indices(sides).reshape(len(sides), -1)
    modes_of_sites = np.exp(2j * np.pi * sites.T @ angles) / math.sqrt(D)

    def power(rows: Array) -> Array:
        return np.asarray(np.abs(rows @ modes_of_sites) ** 2)

    is_model = hasattr(source, "covariance")
    n, rng = n_samples if is_model else len(source), as_generator(random_state)
    deviation, width = math.sqrt(D * spectrum[0]), n ** (-1.0 / 9.0)
    forward = _increasing_map(source) if isinstance(source, LatentField) else None
    smoothed, moments, conditional, controls = [], [], [], []
    for batch in gen_batches(n, max(1, _CELLS // D)):
        if forward is not None:
            z = source.noise_filter(rng.standard_normal((batch.stop - batch.start, D)))
            rows = forward(z.copy())
            density, control = _at_zero(source, forward, z, power, modes)
            conditional.append(density)
            controls.append(control)
        elif is_model:
            rows = source.sample(batch.stop - batch.start, rng)
        else:
            rows = np.asarray(source[batch], dtype=np.float64)
        total, powers = rows.sum(axis=1), power(rows)
        weight = _kernel(total / deviation, width) / deviation
        smoothed.append(np.column_stack([np.abs(total), weight[:, None] * powers]))
        # Control variates: their means are zero for models, and are made zero for samples.
        moments.append(np.column_stack([(total / deviation) ** 2, powers / spectrum[modes]]) - 1.0)
    values = np.concatenate(smoothed)
    factor = 2.0 * deviation**2 / spectrum[modes]
    # Smoothing lowers a Gaussian density at zero by a known factor, and others by nearly the same.
    correction = 1.0 / (math.sqrt(2.0 * math.pi) * _gaussian_mean(width))
    found = _ratio(values, correction * factor, np.concatenate(moments))
    if forward is not None:
        values = np.hstack([values[:, :1], np.concatenate(conditional)])
        exact = _ratio(values, factor, np.concatenate(controls))
        # The exact densities of steep maps can have a large or infinite error.
        if np.max(exact[1]) < np.max(found[1]):
            return exact
    return found


def _increasing_map(model: LatentField) -> Map | None:
    """Map of the latent field to pixels, or None if the map is not smooth and increasing."""
    forward: Map = model.pixel_map.forward
    latent = model.pixel_map.scale * _TABLE
    values = np.asarray(forward(latent.copy()))
    steps, frequent = np.diff(values), np.abs(_TABLE[1:]) < _FREQUENT
    if steps.min() < 0.0 or steps[frequent].max() > _JUMP:
        return None
    if model.pixel_map.compiled is None:  # the quantile functions of SciPy are slow
        return lambda z: _interpolated((z - latent[0]) / (latent[1] - latent[0]), values, steps)
    return forward


def _interpolated(place: Array, values: Array, steps: Array) -> Array:
    """Interpolate linearly in an evenly spaced table, several times as fast as np.interp."""
    place = np.clip(place, 0, len(steps))
    below = np.minimum(place.astype(np.intp), len(steps) - 1)
    return np.asarray(values[below] + (place - below) * steps[below])


def _at_zero(
    model: LatentField, forward: Map, z: Array, power: Map, modes: Integers
) -> tuple[Array, Array]:
    """Compute samples whose column means `_ratio` divides, and control variates.

    The samples are the density of the sum S at 0, given z minus its mean, times the powers of
    modes.
    """
    spectrum = np.fft.fftn(model.latent_autocovariance()).real.ravel() * model.pixel_map.scale**2
    brightness = z.mean(axis=1)
    spread, rest = math.sqrt(spectrum[0] / z.shape[1]), z - brightness[:, None]

    def pixels(u: Array, row: Any) -> Array:
        return forward(rest[row] + spread * u[:, None])

    row, edge = np.arange(len(z)), np.full(len(z), _FURTHEST)
    root = elementwise.find_root(
        lambda u, row: pixels(u, row.astype(np.intp)).sum(axis=1),
        (-edge, edge),
        args=(row,),
        tolerances={"xatol": _TOLERANCE},
    )
    above, below = (pixels(root.x + step, row).sum(axis=1) for step in (_STEP, -_STEP))
    with np.errstate(divide="ignore", invalid="ignore"):
        density = _MEAN * _STEP * np.exp(-0.5 * root.x**2) / (above - below)
    jumps = np.abs(root.f_x) + np.abs(above + below) > _NO_JUMP * (above - below)
    density[jumps] = np.nan
    u = brightness / spread
    u = np.column_stack([np.abs(u) - _MEAN, u**2 - 1.0])
    excess = power(z) / np.maximum(spectrum[modes], 1e-300) - 1.0
    # The mean and the other modes of z are independent, so that these products have mean zero.
    crossed = (excess[:, :, None] * u[:, None, :]).reshape(len(z), -1)
    return density[:, None] * power(pixels(root.x, row)), np.hstack([u, excess, crossed])


def _ratio(values: Array, factor: Array, controls: Array) -> tuple[Array, Array]:
    """Ratios of the means of columns 1, 2, ... to the mean of column 0, and standard errors."""
    n = len(values)
    if not np.isfinite(values).all():
        return np.full(len(factor), np.nan), np.full(len(factor), np.inf)
    parts = np.hstack([np.ones((n, 1)), controls])
    fit = np.linalg.lstsq(parts, values, rcond=None)[0]
    relative = (values - parts @ fit) / fit[0]
    ratios = factor * fit[0, 1:] / fit[0, 0]
    return ratios, ratios * np.std(relative[:, 1:] - relative[:, :1], axis=0) / math.sqrt(n)


def _kernel(u: Array, width: float) -> Array:
    """Kernel of fourth order, for which the bias of the density is of order width^4."""
    v = (u / width) ** 2
    return np.asarray((1.5 - 0.5 * v) * np.exp(-0.5 * v) / (math.sqrt(2.0 * math.pi) * width))


def _gaussian_mean(width: float) -> float:
    """Mean of the smoothing kernel over a standard normal distribution."""
    q = 1.0 / (1.0 + width**2)
    return math.sqrt(q / (2.0 * math.pi)) * (1.5 - 0.5 * q)
