"""Exact elasticity of the drive of a ReLU neuron at the uniform field, by sampling."""

import math
from functools import partial
from typing import Any

import numpy as np
from scipy.optimize import elementwise
from sklearn.utils import gen_batches

from .._core._random import as_generator
from .._core._types import Array, Integers
from ..datasets._pixel_map import FunctionMap
from ..datasets._stationary import Gaussian, LatentField
from ._statistics import FieldStatistics

_CELLS = 2**20  # pixels held at a time
_FURTHEST = 9.0  # standard deviations of the brightness at which roots are sought
_STEP, _TOLERANCE = 3e-3, 1e-7  # of slopes and of roots, in such standard deviations
_NO_JUMP = 0.1  # relative difference of the slopes on both sides of a root
_FREQUENT, _JUMP = 3.0, 0.05  # range of the latent field, and a step of pixels in the table
_TABLE = np.linspace(-14.0, 14.0, 2**15 + 1)  # standard normals at which slow maps are tabulated
_MEAN = math.sqrt(2.0 / math.pi)  # E|U| of a standard normal U


def exact_elasticity(
    source: Any, statistics: FieldStatistics, modes: Integers, n_samples: int, random_state: Any
) -> tuple[Array, Array]:
    """Elasticities of modes, with standard errors (of the draws; of given rows as well).

    With S the sum of x, x_k its Fourier mode and D sites, the elasticity of mode k is
    2 D s(0) p_S(0) E[|x_k|^2 / D | S = 0] / (E|S| s(k)). Wherever the model is an increasing,
    smooth function of a Gaussian field z, the density is exact: given z minus its mean over the
    sites, S increases with that mean and has one root. Elsewhere p_S is smoothed.
    """
    if statistics.is_elliptical or isinstance(source, Gaussian):
        return np.ones(len(modes)), np.zeros(len(modes))
    D, spectrum = statistics.n_features, statistics.spectrum
    angles = np.stack(np.unravel_index(modes, statistics.shape)) / np.array(statistics.shape)[:, None]
    sites = np.indices(statistics.shape).reshape(len(statistics.shape), -1)
    wave = np.exp(2j * np.pi * sites.T @ angles) / math.sqrt(D)

    def power(rows: Array) -> Array:
        return np.asarray(np.abs(rows @ wave) ** 2)

    is_model = hasattr(source, "covariance")
    n = n_samples if is_model else len(source)
    deviation, width = math.sqrt(D * spectrum[0]), n ** (-1.0 / 9.0)
    smooth = isinstance(source, LatentField) and _is_increasing(source)
    rng = as_generator(random_state) if is_model else None
    smoothed, moments, conditional, controls = [], [], [], []
    for batch in gen_batches(n, max(1, _CELLS // D)):
        if smooth:
            z = source.noise_filter(rng.standard_normal((batch.stop - batch.start, D)))
            rows = np.asarray(source.pixel_map.forward(z.copy()))
            root, control = _at_zero(source, z, power, modes)
            conditional.append(root)
            controls.append(control)
        elif is_model:
            rows = source.sample(batch.stop - batch.start, rng)
        else:
            rows = np.asarray(source[batch], dtype=np.float64)
        total = rows.sum(axis=1)
        weight = _kernel(total / deviation, width) / deviation
        powers = power(rows)
        smoothed.append(np.column_stack([np.abs(total), weight[:, None] * powers]))
        # Their means are known from models; those of samples are zero and change nothing.
        moments.append(np.column_stack([(total / deviation) ** 2, powers / spectrum[modes]]) - 1.0)
    values = np.concatenate(smoothed)
    factor = 2.0 * deviation**2 / spectrum[modes]
    # A smoothed Gaussian density is too low by a known factor at zero; so, nearly, are others.
    correction = 1.0 / (math.sqrt(2.0 * math.pi) * _gaussian_mean(width))
    found = _ratio(values, correction * factor, np.concatenate(moments))
    if smooth:
        values = np.hstack([values[:, :1], np.concatenate(conditional)])
        with np.errstate(all="ignore"):
            exact = _ratio(values, factor, np.concatenate(controls))
        # Densities of spikes, as of steep maps, have no finite error.
        if np.max(exact[1]) < np.max(found[1]):
            return exact
    return found


def _at_zero(model: LatentField, z: Array, power: Any, modes: Integers) -> tuple[Array, Array]:
    """Density of S at zero times the power there, given z minus its mean, and control variates."""
    spectrum = np.fft.fftn(model.latent_autocovariance()).real.ravel() * model.pixel_map.scale**2
    brightness = z.mean(axis=1)
    spread, rest = math.sqrt(spectrum[0] / z.shape[1]), z - brightness[:, None]

    forward = model.pixel_map.forward
    if type(model.pixel_map) is FunctionMap:  # quantile functions of SciPy are slow
        grid = model.pixel_map.scale * _TABLE
        forward = partial(np.interp, xp=grid, fp=np.asarray(forward(grid.copy())))

    def pixels(u: Array, row: Array) -> Array:
        return np.asarray(forward(rest[row.astype(np.intp)] + spread * u[:, None]))

    row, edge = np.arange(len(z)), np.full(len(z), _FURTHEST)
    root = elementwise.find_root(
        lambda u, row: pixels(u, row).sum(axis=1),
        (-edge, edge),
        args=(row,),
        tolerances={"xatol": _TOLERANCE},
    )
    above, below = (pixels(root.x + step, row).sum(axis=1) for step in (_STEP, -_STEP))
    with np.errstate(divide="ignore", invalid="ignore"):
        density = np.exp(-0.5 * root.x**2) / math.sqrt(2.0 * math.pi) * 2.0 * _STEP / (above - below)
    jumps = np.abs(root.f_x) + np.abs(above + below) > _NO_JUMP * (above - below)
    density[jumps] = np.nan
    u = brightness / spread
    u = np.column_stack([np.abs(u) - _MEAN, u**2 - 1.0])
    excess = power(z) / np.maximum(spectrum[modes], 1e-300) - 1.0
    # Brightness and modes of z are independent, so that products have mean zero as well.
    crossed = (excess[:, :, None] * u[:, None, :]).reshape(len(z), -1)
    return density[:, None] * power(pixels(root.x, row)), np.hstack([u, excess, crossed])


def _is_increasing(model: LatentField) -> bool:
    """Whether pixels increase with the latent field, without jumps between frequent values."""
    values = np.asarray(model.pixel_map.forward(model.pixel_map.scale * _TABLE))
    steps, frequent = np.diff(values), np.abs(_TABLE[1:]) < _FREQUENT
    return model.boundary == "periodic" and steps.min() >= 0.0 and steps[frequent].max() < _JUMP


def _ratio(values: Array, factor: Array, controls: Array) -> tuple[Array, Array]:
    """Ratios of means, of the other columns to the first, and their standard errors."""
    n = len(values)
    if not np.isfinite(values).all():
        return np.full(len(factor), np.nan), np.full(len(factor), np.inf)
    parts = np.hstack([np.ones((n, 1)), controls])
    fit = np.linalg.lstsq(parts, values)[0]
    relative = (values - parts @ fit) / fit[0]
    ratios = factor * fit[0, 1:] / fit[0, 0]
    return ratios, ratios * np.std(relative[:, 1:] - relative[:, :1], axis=0) / math.sqrt(n)


def _kernel(u: Array, width: float) -> Array:
    """Kernel of fourth order: the bias of a density goes as width^4."""
    v = (u / width) ** 2
    return np.asarray((1.5 - 0.5 * v) * np.exp(-0.5 * v) / (math.sqrt(2.0 * math.pi) * width))


def _gaussian_mean(width: float) -> float:
    """Mean of that kernel over a standard normal."""
    q = 1.0 / (1.0 + width**2)
    return math.sqrt(q / (2.0 * math.pi)) * (1.5 - 0.5 * q)
